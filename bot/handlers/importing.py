"""A file dropped into the chat: drivers, warehouses or routes, shown before they are entered (R12.5)."""

import secrets

from telegram import Update

from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.importing import GetLinks, ImportNow, TextThem
from bot.delivery.files import NotFetched, fetched
from bot.handlers.coverage import manager_of
from bot.handlers.home import on_not_understood
from bot.screens import importing as screens
from domain.db.models.words import UserRole
from domain.importing import desk
from domain.importing.desk import Done, Pending
from domain.importing.sheets import Sheet, read_sheet
from domain.people.queries import person_in_chat
from domain.refusals import Refused


async def on_document(update: Update, context: Context) -> None:
    """Only a manager's is fetched; what it says is read before any transaction is open."""
    message, edge = update.effective_message, context.bot_data
    assert message is not None and message.document is not None, "the handler was found by it"
    if not await _manages(update, context):
        await on_not_understood(update, context)
        return
    name, text = message.document.file_name or "", await fetched(context.bot, message.document)
    workshop = edge.mail.workshop  # 5,000 lines take seconds
    read = text if isinstance(text, NotFetched) else await workshop.run(read_sheet, text, edge.policy)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        if isinstance(read, NotFetched):
            await act.say(screens.not_fetched(read, act.reader))
            return
        kept = (
            await desk.keep_sheet(act.session, manager, name, read, act.policy, act.now)
            if isinstance(read, Sheet)
            else read
        )
        if isinstance(kept, Pending):
            await act.say(screens.preview(kept, act.reader))
        else:
            await act.say(screens.faults(name, kept, act.policy, act.reader))


async def _manages(update: Update, context: Context) -> bool:
    chat = update.effective_chat
    assert chat is not None
    async with context.bot_data.sessions() as session:
        person = await person_in_chat(session, chat.id)
    return person is not None and person.role is UserRole.MANAGER


async def on_import(update: Update, context: Context) -> None:
    import_id = pressed(update, ImportNow).import_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        result = await desk.import_kept(act.session, manager, import_id, act.policy, act.now)
        match result:
            case Refused():
                await act.say(screens.gone(act.reader))
            case Done():
                await act.say(screens.done(result, _texts(context), act.reader))
            case _:  # something has changed since it was shown
                await act.say(screens.faults("", result, act.policy, act.reader))


def _texts(context: Context) -> bool:
    return context.bot_data.settings.sms_is_on


async def on_links(update: Update, context: Context) -> None:
    """A message of its own, with new links; nobody can show them again."""
    import_id = pressed(update, GetLinks).import_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return

        def token() -> str:
            return secrets.token_urlsafe(24)

        links = await desk.make_links(act.session, manager, import_id, token, act.policy, act.now)
        if links.made:
            address = f"https://t.me/{context.bot.username}?start="
            until = act.now + act.policy.invite_good_for
            await act.say(screens.links(links, address, until, act.reader), fresh=True)
        elif links.just_made:
            act.toast(screens.just_made(act.reader), alert=True)
        else:
            await _nobody_left(act)


async def on_text_them(update: Update, context: Context) -> None:
    import_id = pressed(update, TextThem).import_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        if not _texts(context):
            await _nobody_left(act)
            return
        address = f"t.me/{context.bot.username}"
        given = (act.session, manager, import_id, address)
        told = await desk.text_invitations(*given, act.words, act.policy, act.now)
        act.toast(screens.texted(told, act.reader), alert=True)


async def _nobody_left(act: Acting) -> None:
    act.toast(screens.nobody_left(act.reader), alert=True)
