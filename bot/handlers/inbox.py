"""What somebody was told, to read again."""

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.home import Inbox, OpenNotice, ReadAll
from bot.handlers.home import home
from bot.screens import inbox as screens
from domain.notices import following, inbox
from domain.notices.kinds import RULES
from domain.people.queries import Person

PER_PAGE = 5


async def on_inbox(update: Update, context: Context) -> None:
    """/inbox, and its pages."""
    page = pressed(update, Inbox).page if update.callback_query else 0
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
        else:
            await _page(act, act.person, page, context)


async def on_read_all(update: Update, context: Context) -> None:
    latest = pressed(update, ReadAll).notification_id
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
        else:
            await inbox.mark_all_read(act.session, act.person.id, latest)
            await _page(act, act.person, 0, context)
            await following.follow_homes(act.session, act.now, of=[act.person.id], first=act.person.id)


async def on_open_notice(update: Update, context: Context) -> None:
    """The card of what an entry is about, as a message of its own: the inbox stays where it is."""
    entry_id = pressed(update, OpenNotice).notification_id
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        entry = await inbox.inbox_entry(act.session, act.person.id, entry_id)
        kinds = context.bot_data.kinds
        if (
            entry is None
            or entry.kind not in _cards(context)
            or entry.about is None
            or await kinds[entry.kind].load(act.session, act.person.id, entry.about, act.now) is None
        ):
            act.toast(screens.nothing_to_open(act.reader), alert=True)
        else:
            await act.show(entry.kind, entry.about, fresh=True)


def _cards(context: Context) -> tuple[str, ...]:
    """The kinds of notices that have a card."""
    return tuple(kind for kind in RULES if kind in context.bot_data.kinds)


async def _page(act: Acting, person: Person, number: int, context: Context) -> None:
    """Shows a page, with what was new on it still marked; once it is there that is read (R11.1), and the home card
    follows. A page that Telegram never took was never before his eyes."""
    page = await inbox.inbox_page(act.session, person.id, number, PER_PAGE)
    new = [entry.id for entry in page.entries if entry.new]

    async def read(session: AsyncSession) -> None:
        await inbox.mark_shown(session, person.id, new)
        await following.follow_homes(session, act.now, of=[person.id], first=person.id)

    await act.say(screens.inbox(page, _cards(context), act.reader), once_shown=read if new else None)
