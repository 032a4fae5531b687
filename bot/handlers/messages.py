"""A manager writes to somebody, and whoever is told answers."""

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.home import GotIt
from bot.callbacks.messages import DiscardMessage, MessageStands, Recipients, SendMessage, WriteTo
from bot.conversations import Step
from bot.handlers import broadcasts as to_many
from bot.handlers.coverage import manager_of
from bot.handlers.home import home
from bot.screens import messages as screens
from domain.notices import actions as notices
from domain.notices import broadcasts, messages
from domain.notices.kinds import Kind
from domain.notices.messages import AlreadySent, Draft
from domain.notices.recipients import Recipient, addressed, recipients
from domain.people.queries import Person
from domain.refusals import Refusal, Refused


async def on_message(update: Update, context: Context) -> None:
    """/message, with a name and a text, or without. The text keeps its lines, which PTB's `args` would not."""
    message = update.effective_message
    _, *rest = (message.text or "").split(maxsplit=1) if message else [""]
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)  # what was to be written to others
        if not rest:
            await to_many.choose(act, manager)
            return
        if await to_many.addressed(act, manager, rest[0]):
            return
        draft = await messages.draft_message(act.session, manager, rest[0], act.policy, act.now)
        if isinstance(draft, Refused):
            await _not_drafted(act, manager, draft.why, rest[0])
        elif len(draft.found) == 1:
            await preview(act, manager, draft, draft.found[0])
        else:
            await act.say(screens.choose(draft, 0, act.reader))


async def _not_drafted(act: Acting, manager: Person, why: Refusal, written: str) -> None:
    """Many may be meant, without a colon; and of one who is named alone it is still to be asked what he is told."""
    if why is Refusal.NOBODY_CALLED_SO and await to_many.named_first(act, manager, written):
        return
    if why is Refusal.NO_TEXT:
        found = addressed(written, await recipients(act.session, manager.id, act.policy, act.now)).found
        if len(found) == 1:
            about = {"user_id": str(found[0].id)}
            await conversations.ask(act.session, manager.id, Step.MESSAGE_TEXT, about, act.now)
            await act.say(screens.what_to_write(found[0], act.reader))
            return
    await act.say(screens.not_drafted(why, written, act.policy, act.reader))


async def on_recipients(update: Update, context: Context) -> None:
    press = pressed(update, Recipients)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (draft := await _draft(act, manager, press)):
            await act.say(screens.choose(draft, press.page, act.reader))


async def on_write_to(update: Update, context: Context) -> None:
    press = pressed(update, WriteTo)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (draft := await _draft(act, manager, press)):
            to = await recipients(act.session, manager.id, act.policy, act.now, of=[press.user_id])
            if to:
                await preview(act, manager, draft, to[0])
            else:
                await act.say(screens.choose(draft, 0, act.reader))


async def preview(act: Acting, manager: Person, draft: Draft, to: Recipient) -> None:
    absence = await messages.away(act.session, manager.id, to, act.now)
    await act.say(screens.preview(draft, to, absence, act.policy, act.reader))


async def _draft(act: Acting, manager: Person, press: Recipients | WriteTo) -> Draft | None:
    """The draft that a press is about; otherwise he is told what has become of it."""
    draft = await messages.draft(act.session, manager, press.message_id, act.policy, act.now)
    match draft:
        case AlreadySent():
            await act.show(Kind.MESSAGE, press.message_id, toast=screens.sent_toast(True, act.reader))
        case Refused(why=why):
            await act.say(screens.gone(why, act.reader))
        case Draft():
            return draft
    return None


async def on_send(update: Update, context: Context) -> None:
    press = pressed(update, SendMessage)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        result = await messages.send_message(
            act.session, manager, press.message_id, press.user_id, press.level, act.words, act.policy, act.now
        )
        if isinstance(result, Refused):
            await act.say(screens.gone(result.why, act.reader))
        else:
            toast = screens.sent_toast(isinstance(result, AlreadySent), act.reader)
            await act.show(Kind.MESSAGE, press.message_id, toast=toast)


async def on_discard(update: Update, context: Context) -> None:
    message_id = pressed(update, DiscardMessage).message_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        if isinstance(await messages.discard_message(act.session, manager, message_id), AlreadySent):
            await act.show(Kind.MESSAGE, message_id, toast=screens.sent_toast(True, act.reader))
        else:
            await act.say(screens.discarded(act.reader))


async def on_message_stands(update: Update, context: Context) -> None:
    message_id = pressed(update, MessageStands).message_id
    async with acting(update, context) as act:
        if await manager_of(act):
            await act.show(Kind.MESSAGE, message_id)


async def on_got_it(update: Update, context: Context) -> None:
    """[Got it]: drivers and managers alike."""
    message_id = pressed(update, GotIt).message_id
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        kind = await broadcasts.kind_of(act.session, message_id)
        first = await notices.acknowledge(act.session, act.person.id, kind, message_id, act.now)
        await act.show(kind, message_id, toast=screens.got_it_toast(first, act.reader))
