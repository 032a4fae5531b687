"""Notices about how people are reached, and to those who run Rollcall."""

from bot.reader import Reader
from bot.screens.alerts import sentence
from bot.screens.home import home_button
from bot.screens.screen import Screen, escape
from domain.notices.digest import Digest
from domain.notices.facts.people import OperatorAlert
from domain.people.queries import Fallback

DETAIL_MOST = 1000  # characters
LISTED_MOST = 20


def fallback_gone(facts: Fallback, reader: Reader) -> Screen:
    """A driver takes no SMS any more; to his managers. Once he takes them again, it says so."""
    _ = reader.gettext
    name = escape(facts.name)
    if not facts.gone:
        return Screen(_("📱 <b>{name} gets SMS again</b>").format(name=name), ((home_button(reader),),))
    title = _("{name} gets no SMS any more").format(name=name)
    rest = (
        _("{name} has texted STOP. Telegram still works.")
        if facts.linked
        else _("{name} has texted STOP and has no Telegram: call when it matters.")
    )
    return Screen(f"📵 <b>{title}</b>\n{rest.format(name=name)}", ((home_button(reader),),))


def alert(facts: OperatorAlert, reader: Reader) -> Screen:
    """Something that an operator must put right; to the owners."""
    title = reader.gettext("Rollcall needs an operator")
    what, detail = escape(sentence(facts.alert, reader), DETAIL_MOST), escape(facts.detail, DETAIL_MOST)
    return Screen(f"🛠 <b>{title}</b>\n{what}\n\n<i>{detail}</i>", ((home_button(reader),),))


def digest(facts: Digest, reader: Reader) -> Screen:
    """What the day's SMS told, as Telegram would show it."""
    title = reader.ngettext("<b>{n} message</b>", "<b>{n} messages</b>", len(facts.notices))
    lines = [escape(notice.title) for notice in facts.notices[:LISTED_MOST]]
    return Screen("\n".join([title.format(n=len(facts.notices)), *lines]), ((home_button(reader),),))
