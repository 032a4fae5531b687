"""What somebody was told, to read again."""

from bot.callbacks.home import Inbox, OpenNotice, ReadAll
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.paging import Rows, pager
from bot.screens.screen import Button, Screen, escape, shortened
from domain.notices.inbox import InboxEntry, InboxPage

# In Telegram's characters, of which a message has 4096: five entries fit, whatever was written.
TITLE_MOST = 120
BODY_MOST = 600
LABEL_MOST = 40


def inbox(page: InboxPage, cards: tuple[str, ...], reader: Reader) -> Screen:
    """A page; `cards`: the kinds of which there is a card to open. What was new when it was opened is marked."""
    _ = reader.gettext
    if not page.entries:
        text = _("📭 <b>Nothing here yet</b>\n\nWhatever you are told is kept here, to read again in peace.")
        return Screen(text, ((home_button(reader),),))
    parts = [_head(page, reader), *(_entry(entry, reader) for entry in page.entries)]
    rows: Rows = [
        (Button("🔎 " + shortened(entry.title, LABEL_MOST), OpenNotice(entry.id)),)
        for entry in page.entries
        if entry.kind in cards and entry.about is not None
    ]
    rows += pager(page.page, page.pages, Inbox, reader, back=_("‹ Newer"), more=_("Older ›"))
    if page.unread > sum(entry.new for entry in page.entries):
        rows.append((Button(_("✔️ Mark all read"), ReadAll(page.entries[0].id)),))
    return Screen("\n\n".join(parts), (*rows, (home_button(reader),)))


def _head(page: InboxPage, reader: Reader) -> str:
    total = reader.ngettext("{n} message", "{n} messages", page.total).format(n=page.total)
    unread = reader.ngettext("{n} new", "{n} new", page.unread).format(n=page.unread)
    return reader.said(f"📥 <b>{reader.gettext('Inbox')}</b>", f"{total}, {unread}" if page.unread else total)


def _entry(entry: InboxEntry, reader: Reader) -> str:
    """The title and body are in the language of when they were written."""
    mark = "🔵 " if entry.new else ""
    title = f"{mark}<b>{escape(entry.title, TITLE_MOST)}</b>"
    return "\n".join((title, f"<i>{reader.moment(entry.at)}</i>", escape(entry.body, BODY_MOST)))


def nothing_to_open(reader: Reader) -> str:
    """Its window or message is gone, or is no longer his to see."""
    return reader.gettext("There is nothing more to see of this one.")
