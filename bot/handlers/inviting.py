"""/invite: a manager brings a driver in, and gives him a link (R12.1, R12.2)."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from telegram import Update

from bot import contact_line, conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.inviting import AskNumber, InviteAgain, InviteTo, InviteWhere, NewTo, NewWhere
from bot.conversations import ANSWER, Step
from bot.handlers.coverage import manager_of
from bot.handlers.drivers import show_card
from bot.screens import inviting as screens
from domain.people import drivers, inviting, numbers
from domain.people.inviting import HereAlready, Invited, JustMade, Newcomer, Relinked
from domain.people.queries import Person
from domain.places.queries import warehouses
from domain.refusals import Refusal, Refused
from domain.time import local_day


async def on_invite(update: Update, context: Context) -> None:
    """/invite, with a name and a number, or without; and its button."""
    written = "" if update.callback_query else " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.ask(act.session, manager.id, Step.INVITE, {}, act.now)
        if written:
            await whom_typed(act, manager, {}, written)
        else:
            await act.say(screens.ask_whom(act.reader))


async def whom_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """A name and a number; what will not do is asked for again."""
    name, phone = contact_line.parted(text)
    found = await inviting.newcomer(act.session, manager, name, phone, act.policy, act.now)
    if isinstance(found, HereAlready):
        await conversations.end(act.session, manager.id)
    await _propose(act, manager, {"name": name, "phone": phone, ANSWER: text}, found)


async def _propose(act: Acting, manager: Person, data: dict[str, Any], found: Newcomer | HereAlready | Refused) -> None:
    """Whom it is about, or, where the number was that of somebody who has left, first whether it is he."""
    match found:
        case Refused(why=why):
            await act.say(screens.refused(why, act.reader))
        case HereAlready():
            await act.say(screens.here_already(found, act.reader))
        case Newcomer(comes_back=former):
            seen = data | {"former": str(former) if former else None}
            await conversations.keep(act.session, manager.id, Step.INVITE, seen, act.now)
            of = contact_line.mark(data[ANSWER])
            if former is None:
                mine = await warehouses(act.session, manager.id)
                await act.say(screens.proposed(found, mine, 0, of, act.reader))
            else:
                await act.say(screens.who_is_it(found, of, act.reader))


async def on_invite_where(update: Update, context: Context) -> None:
    """Another page of his warehouses, or [It is he]."""
    press = pressed(update, InviteWhere)
    await _where(update, context, press.of, press.page, as_new=False)


async def on_new_where(update: Update, context: Context) -> None:
    """[Somebody new], or another page of warehouses for him."""
    press = pressed(update, NewWhere)
    await _where(update, context, press.of, press.page, as_new=True)


async def _where(update: Update, context: Context, of: int, page: int, *, as_new: bool) -> None:
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (data := await _proposed(act, manager, of)):
            written = (str(data["name"]), str(data["phone"]))
            found = await inviting.newcomer(act.session, manager, *written, act.policy, act.now)
            if isinstance(found, Newcomer) and found.comes_back == _former(data):
                mine = await warehouses(act.session, manager.id)
                await act.say(screens.proposed(found, mine, page, of, act.reader, as_new=as_new))
            else:
                await _propose(act, manager, data, found)


def _former(data: dict[str, Any]) -> UUID | None:
    """Who had the number and has left, as it was shown."""
    return UUID(data["former"]) if data.get("former") else None


async def on_invite_to(update: Update, context: Context) -> None:
    press = pressed(update, InviteTo)
    await _to(update, context, press.warehouse_id, press.of, as_new=False)


async def on_new_to(update: Update, context: Context) -> None:
    press = pressed(update, NewTo)
    await _to(update, context, press.warehouse_id, press.of, as_new=True)


async def _to(update: Update, context: Context, warehouse_id: UUID, of: int, *, as_new: bool) -> None:
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (data := await _proposed(act, manager, of)):
            await _invite(act, manager, warehouse_id, data, context.bot.username, as_new=as_new)


async def _proposed(act: Acting, manager: Person, of: int) -> dict[str, Any] | None:
    """What was written of whom a button is `of`; None where that is over, or done, which is shown."""
    asked = await conversations.asked(act.session, manager.id, act.now)
    if (
        asked is None
        or asked.step is not Step.INVITE
        or not asked.answered
        or contact_line.mark(asked.data[ANSWER]) != of  # somebody else has been proposed since
    ):
        await act.say(screens.over(act.reader))
        return None
    if "user_id" in asked.data:  # pressed twice
        await show_card(act, manager, UUID(asked.data["user_id"]))
        return None
    return asked.data


async def _invite(
    act: Acting, manager: Person, warehouse_id: UUID, data: dict[str, Any], bot: str, *, as_new: bool
) -> None:
    token = secrets.token_urlsafe(24)
    given = (warehouse_id, str(data["name"]), str(data["phone"]), token, act.policy, act.now)
    result = await inviting.invite_driver(act.session, manager, *given, former=_former(data), as_new=as_new)
    match result:
        case Refused() | HereAlready() | Newcomer():
            await _propose(act, manager, data, result)
        case Invited():
            done = data | {"user_id": str(result.user_id)}
            await conversations.keep(act.session, manager.id, Step.INVITE, done, act.now)
            await act.say(screens.invited(result, act.reader))
            await say_link(act, result.name.first, token, result.until, bot)


async def say_link(act: Acting, first_name: str, token: str, until: datetime, bot: str) -> None:
    """In a message of its own, to be forwarded; nobody can show it again."""
    address = f"https://t.me/{bot}?start={token}"
    await act.say(screens.link(first_name, act.company, address, until, act.reader), fresh=True)


async def on_invite_again(update: Update, context: Context) -> None:
    """[Invite link], on a driver's card."""
    user_id = pressed(update, InviteAgain).user_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        token = secrets.token_urlsafe(24)
        result = await inviting.invite_again(act.session, manager, user_id, token, act.policy, act.now)
        match result:
            case Refused(why=why):
                await act.say(screens.refused(why, act.reader))
            case JustMade():
                act.toast(screens.just_made(result, act.reader), alert=True)
            case Relinked():
                await show_card(act, manager, user_id)
                await say_link(act, result.name.first, token, result.until, context.bot.username)


# -- another number


async def on_ask_number(update: Update, context: Context) -> None:
    """[Another number], on a driver's card."""
    user_id = pressed(update, AskNumber).user_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        driver = await drivers.his_driver(act.session, manager.id, user_id, local_day(act.now, act.policy))
        if driver is None:
            await act.say(screens.refused(Refusal.NOT_FOUND, act.reader))
        else:
            about = {"user_id": str(user_id)}
            await conversations.ask(act.session, manager.id, Step.HIS_NUMBER, about, act.now)
            await act.say(screens.ask_number(driver, act.reader))


async def number_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """What is no number, or somebody else's, is asked for again."""
    user_id = UUID(str(data["user_id"]))
    result = await numbers.correct_number(act.session, manager, user_id, text, act.words, act.policy, act.now)
    if isinstance(result, Refused) and result.why is not Refusal.NOT_FOUND:
        await act.say(screens.refused(result.why, act.reader))
        return
    await conversations.end(act.session, manager.id)
    if isinstance(result, Refused):
        await act.say(screens.refused(result.why, act.reader))
    else:
        await show_card(act, manager, user_id)
