"""/drivers: a manager's drivers, those who need him first."""

from typing import Final

from bot.callbacks.drivers import DriverCard
from bot.callbacks.his_standing import Drivers
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.paging import pager
from bot.screens.screen import Button, Screen, shortened
from domain.health.attention import Listed, Need, Page

PER_PAGE: Final = 10
NAME_MOST: Final = 30


def drivers(facts: Page, reader: Reader) -> Screen:
    _ = reader.gettext
    if not facts.total:
        return Screen(_("👥 There are no drivers in your warehouses yet."), ((home_button(reader),),))
    title = reader.ngettext("👥 <b>{n} driver</b>", "👥 <b>{n} drivers</b>", facts.total).format(n=facts.total)
    waiting = reader.ngettext("{n} waits for you.", "{n} wait for you.", facts.waiting).format(n=facts.waiting)
    calm = _("👍 Nobody waits for you.")
    how = _("Who needs you comes first. /driver Amara finds one by name.")
    rows = [(Button(_label(each, reader), DriverCard(each.id)),) for each in facts.drivers]
    turn = pager(facts.page, facts.pages, Drivers, reader)
    text = f"{title}\n{waiting if facts.waiting else calm}\n{how}"
    return Screen(text, (*rows, *turn, (home_button(reader),)))


def _label(each: Listed, reader: Reader) -> str:
    """Namesakes are told apart by the end of their numbers."""
    _ = reader.gettext
    score = "" if each.score is None else f" · {each.score}"
    who = f"{shortened(each.name, NAME_MOST)} (…{each.phone[-4:]}){score}"
    needs = {
        Need.STOPPED: _("⛔ {who}: stopped, decide"),
        Need.UNDECIDED: _("⏸ {who}: stopped, back for now, decide"),
        Need.APPEALS: _("⚖️ {who}: appeals"),
        Need.STUCK: _("🚩 {who}: flagged, no shift left"),
        Need.FLAGGED: _("🚩 {who}: flagged"),
        Need.OUT: _("⏸ {who}: stays out"),
        Need.FALLING: _("📉 {who}: down {n}"),
        Need.LEFT: _("🚪 {who}"),
    }
    return needs[each.need].format(who=who, n=each.fallen) if each.need in needs else f"👤 {who}"
