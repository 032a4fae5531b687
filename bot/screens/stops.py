"""A driver who is out of the pool: for the manager who decides, and what the driver reads of it (R10.2, R10.3)."""

from typing import Final

from bot.callbacks.appeals import Whys
from bot.callbacks.drivers import DriverCard
from bot.callbacks.home import OpenHealth
from bot.callbacks.stops import KeepOut, Reinstate, StopOf
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.plain import fitting, name_of, plain
from bot.screens.screen import Button, Screen, escape
from bot.wording_of_health import OfHealth, worded
from domain.db.models.words import IncidentKind
from domain.health.asking import Blamed, StopCard
from domain.health.reinstating import Decided
from domain.policy import Policy
from domain.refusals import Refusal

LISTED_MOST: Final = 8  # incidents
REASON_MOST: Final = 500

Row = tuple[Button, ...]


def card(facts: StopCard, reader: Reader) -> Screen:
    _ = reader.gettext
    head = (
        _("⏸ <b>{driver}</b> gets no new shifts until a manager has decided.")
        if facts.adopted
        else _("⏸ <b>{driver}</b> was stopped {when}: no new shifts until a manager has decided.")
    )
    lines = [head.format(driver=escape(facts.driver), when=reader.moment(facts.stopped_at))]
    lines += ["• " + _blamed(each, reader) for each in facts.blamed[:LISTED_MOST]]
    lines += ["", _stands(facts, reader)]
    return Screen("\n".join(lines), (*_acts(facts, reader), (home_button(reader),)))


def _blamed(each: Blamed, reader: Reader) -> str:
    _ = reader.gettext
    kind = _("No-show") if each.kind is IncidentKind.NO_SHOW else _("Late cancellation")
    where = f"{escape(each.route)}, {escape(each.warehouse)}, {reader.day(each.on)}"
    return reader.said(kind, where)


def _stands(facts: StopCard, reader: Reader) -> str:
    _ = reader.gettext
    reason = _("Reason: {reason}").format(reason=escape(facts.reason or "", REASON_MOST))
    if facts.lifted:
        return _("✅ Lifted: what it stood on is excused.")
    if facts.reinstated is not None:
        said = _("✅ {name}: back again.") if facts.reinstated else _("⛔ {name}: stays out.")
        return f"{said.format(name=escape(facts.by or ''))} {reason}"
    if facts.over:
        return _("Stopped again since then: a newer message asks about it.")
    if facts.back:
        return _("Back in the meantime, until somebody decides.")
    if facts.adopted:
        return _("It stays so until one of you has decided.")
    text = _("Please decide by {until}. Undecided, it ends for the time being {back}.")
    return text.format(until=reader.moment(facts.decide_by), back=reader.moment(facts.back_at))


def _acts(facts: StopCard, reader: Reader) -> tuple[Row, ...]:
    _ = reader.gettext
    back, out = (
        Button(_("↩️ Reinstate"), Reinstate(facts.driver_id)),
        Button(_("⏸ Stays out"), KeepOut(facts.driver_id)),
    )
    who: Row = (Button(f"👤 {facts.driver}", DriverCard(facts.driver_id)),)
    if facts.over:
        return (who,)
    return ((back, out) if facts.reinstated is None else (back,)), who


def ask_why(facts: StopCard, reinstates: bool, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    text = (
        _("Why is {driver} back? Write the reason now, in one message of at most {n} characters; {driver} reads it.")
        if reinstates
        else _("Why does {driver} stay out? Write the reason now, in one message of at most {n} characters; "
               "{driver} reads it.")
    )  # fmt: skip
    return Screen(text.format(driver=escape(facts.driver), n=policy.reasons_most), ((_unchanged(facts, reader),),))


def _unchanged(facts: StopCard, reader: Reader) -> Button:
    return Button(reader.gettext("‹ Change nothing"), StopOf(facts.stop_id))


def write_again(facts: StopCard, why: Refusal, policy: Policy, reader: Reader) -> Screen:
    return Screen(refusal(why, policy, reader), ((_unchanged(facts, reader),),))


def not_done(why: Refusal, policy: Policy, reader: Reader) -> Screen:
    return Screen(refusal(why, policy, reader), ((home_button(reader),),))


def decided(result: Decided, reader: Reader) -> str:
    _ = reader.gettext
    return _("Back again. The driver knows.") if result.reinstated else _("Stays out. The driver knows, and why.")


def refusal(why: Refusal, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    texts = {
        Refusal.NOT_STOPPED: _("This driver gets new shifts already."),
        Refusal.DECIDED_ALREADY: _("That has been decided already."),
        Refusal.NO_REASON: _("It takes a reason."),
        Refusal.NOTES_TOO_LONG: _("That is over {n} characters. Please write it again, a bit shorter."),
    }
    return texts.get(why, _("I can't find that in your warehouses.")).format(n=policy.reasons_most)


# -- what people read of it, as it was told

_MARKS: Final = {"PoolLost": "⏸", "StarsLost": "☆", "StarGained": "⭐", "BonusAhead": "🎁", "DeliversTooLittle": "📦"}


def told(notice: OfHealth, reader: Reader) -> Screen:
    """To the driver, with what it follows from a press away."""
    _ = reader.gettext
    title, body = worded(notice, reader)
    mark = _MARKS.get(type(notice).__name__, "ℹ️")
    rows = (Button(_("❔ How I stand"), Whys(0)), Button(_("⭐ My score"), OpenHealth())), (home_button(reader),)
    return Screen(f"{mark} <b>{escape(title)}</b>\n{escape(body, 2 * REASON_MOST)}", rows)


def text(notice: OfHealth, company: str, reader: Reader, behind: str = "") -> str:
    """By SMS: the title, and as much of the rest as fits."""
    title, body = worded(notice, reader)
    return fitting(lambda rest: plain(f"{name_of(company)}: {name_of(title, 100)}. {rest}"), plain(body), behind)
