"""A manager writes to all drivers of a warehouse, or to all of his (R11)."""

import re
from typing import Any, Final
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.messages import SendToMany, ToManyPreview, ToManySure, UnseenBy, WriteToAll, WriteToWarehouse
from bot.conversations import Step
from bot.handlers.coverage import manager_of
from bot.screens import broadcasts as screens
from bot.screens import messages as message_screens
from domain.db.models.words import Urgency
from domain.names import folded
from domain.notices import broadcasts
from domain.notices.broadcasts import ToMany
from domain.notices.kinds import Kind
from domain.notices.messages import LEVELS, AlreadySent
from domain.notices.recipients import NAME_WORDS
from domain.notices.spreading import unseen
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule.queries import Place, places

# Who is meant by `/message all: …`, without accents, spaces and signs.
ALL: Final = frozenset({"all", "everyone", "everybody", "tous", "toutes", "toutlemonde"})


async def _warehouses(act: Acting, manager: Person) -> tuple[Place, ...]:
    return tuple(place for place in await places(act.session, manager.id) if not place.is_route)


async def choose(act: Acting, manager: Person) -> None:
    """/message alone."""
    await act.say(screens.choose(await _warehouses(act, manager), act.reader))


async def addressed(act: Acting, manager: Person, written: str) -> bool:
    """Takes up `North: the dock is closed`, or `all: …`; False: it is to somebody by his name."""
    name, colon, text = written.partition(":")
    return bool(colon) and await _meant(act, manager, name, text.strip())


async def named_first(act: Acting, manager: Person, written: str) -> bool:
    """The same without a colon, `North the dock is closed`; the longest name counts. Without a text it is asked for."""
    for end in reversed([word.end() for word in re.finditer(r"\S+", written)][:NAME_WORDS]):
        if await _meant(act, manager, written[:end], written[end:].strip(), ask=True):
            return True
    return False


async def _meant(act: Acting, manager: Person, name: str, text: str, *, ask: bool = False) -> bool:
    """False: neither all of his drivers nor a warehouse of his is called so. `ask`: for the text, if there is none."""
    if folded(name) in ALL:
        await (_ask(act, manager, None) if ask and not text else _draft(act, manager, None, text))
        return True
    there = tuple(place for place in await _warehouses(act, manager) if folded(place.name) == folded(name))
    if not folded(name) or not there:
        return False
    if len(there) > 1:
        await act.say(screens.choose(there, act.reader))
    elif ask and not text:
        await _ask(act, manager, there[0].id)
    else:
        await _draft(act, manager, there[0].id, text)
    return True


async def on_write_to_warehouse(update: Update, context: Context) -> None:
    warehouse_id = pressed(update, WriteToWarehouse).warehouse_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _ask(act, manager, warehouse_id)


async def on_write_to_all(update: Update, context: Context) -> None:
    pressed(update, WriteToAll)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _ask(act, manager, None)


async def _ask(act: Acting, manager: Person, warehouse_id: UUID | None) -> None:
    to = await broadcasts.audience(act.session, manager, warehouse_id, act.policy, act.now)
    if isinstance(to, Refused):
        await act.say(screens.not_drafted(to.why, act.policy, act.reader))
        return
    about = {"warehouse_id": str(warehouse_id) if warehouse_id else None}
    await conversations.ask(act.session, manager.id, Step.BROADCAST_TEXT, about, act.now)
    await act.say(screens.what_to_write(to, act.reader))


async def text_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written what they are to be told."""
    warehouse_id = UUID(data["warehouse_id"]) if data["warehouse_id"] else None
    why = await _draft(act, manager, warehouse_id, text)
    if why is not Refusal.TEXT_TOO_LONG:  # otherwise he is still asked
        await conversations.end(act.session, manager.id)


async def _draft(act: Acting, manager: Person, warehouse_id: UUID | None, text: str) -> Refusal | None:
    draft = await broadcasts.draft_to_many(act.session, manager, warehouse_id, text, act.policy, act.now)
    if isinstance(draft, Refused):
        await act.say(screens.not_drafted(draft.why, act.policy, act.reader))
        return draft.why
    await act.say(screens.preview(draft, act.policy, act.reader))
    return None


async def on_preview(update: Update, context: Context) -> None:
    """Also the way back from being asked whether he is sure."""
    message_id = pressed(update, ToManyPreview).message_id
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (draft := await _own(act, manager, message_id)):
            await act.say(screens.preview(draft, act.policy, act.reader))


async def on_sure(update: Update, context: Context) -> None:
    press = pressed(update, ToManySure)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (draft := await _own(act, manager, press.message_id)):
            known = press.level in LEVELS
            shown = screens.sure(draft, Urgency(press.level), act.reader) if known else None
            await act.say(shown or screens.preview(draft, act.policy, act.reader))


async def _own(act: Acting, manager: Person, message_id: UUID) -> ToMany | None:
    """The draft that a press is about; otherwise he is told what has become of it."""
    draft = await broadcasts.to_many(act.session, manager, message_id, act.policy, act.now)
    if isinstance(draft, ToMany):
        return draft
    await _answer(act, message_id, draft)
    return None


async def _answer(act: Acting, message_id: UUID, result: object) -> None:
    if isinstance(result, Refused):
        await act.say(message_screens.gone(result.why, act.reader))
    else:
        toast = message_screens.sent_toast(isinstance(result, AlreadySent), act.reader)
        await act.show(Kind.MESSAGE, message_id, toast=toast)


async def on_send(update: Update, context: Context) -> None:
    press = pressed(update, SendToMany)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        given = act.session, manager, press.message_id, press.level, press.drivers
        result = await broadcasts.send_to_many(*given, act.words, act.policy, act.now)
        if isinstance(result, ToMany):
            await act.say(screens.preview(result, act.policy, act.reader, asked=press.drivers))
        else:
            await _answer(act, press.message_id, result)


async def on_unseen(update: Update, context: Context) -> None:
    press = pressed(update, UnseenBy)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        asked = manager.id, press.message_id, press.page, screens.PER_PAGE, act.policy, act.now
        found = await unseen(act.session, *asked)
        if found is None:
            await act.say(message_screens.gone(Refusal.DRAFT_GONE, act.reader))
        else:
            await act.say(screens.unseen(found, act.reader))
