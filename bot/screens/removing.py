"""A manager takes today's shift off its driver, and others are asked at once (R6.9)."""

from datetime import datetime

from bot.callbacks.arrivals import Driven as ToDriven
from bot.callbacks.coverage import TakeOff, TakeOffNow
from bot.reader import Reader
from bot.screens.coverage import hour_rows
from bot.screens.screen import Button, Screen, escape
from domain.refusals import Refusal
from domain.shifts.driven import Driven
from domain.shifts.removing import Removed


def button(facts: Driven, reader: Reader) -> Button:
    """On the card of a shift of today whose driver has not arrived."""
    return Button(reader.gettext("🚨 Ask others instead"), TakeOff(facts.shift.assignment_id))


def consequence(facts: Driven, bonus: int, until: tuple[datetime, ...], reader: Reader) -> Screen:
    """What follows, before the last button. `until`: from 13:00 on, the closing times to choose from."""
    _ = reader.gettext
    shift = facts.shift
    text = _(
        "<b>Take {route}, {warehouse} off {driver}?</b>\n{day}\n\n"
        "{driver} is told at once not to travel; nothing is held against {driver}. Others are asked at once{bonus}."
    ).format(
        route=escape(shift.route),
        warehouse=escape(shift.warehouse),
        day=reader.day(shift.on),
        driver=escape(facts.driver),
        bonus=reader.bonus(bonus),
    )
    now = ((Button(_("🚨 Yes, ask others"), TakeOffNow(shift.assignment_id, 0)),),)
    rows = hour_rows(until, lambda hour: TakeOffNow(shift.assignment_id, hour), reader) if until else now
    return Screen(text, (*rows, (Button(_("‹ Change nothing"), ToDriven(shift.assignment_id)),)))


def removed(result: Removed, reader: Reader) -> str:
    _ = reader.gettext
    text = _("{driver} is being told. Others are being asked.") if result.reopened else _("{driver} is being told.")
    return text.format(driver=result.driver)


def refusal(why: Refusal, reader: Reader) -> str:
    """Why it stays as it is."""
    _ = reader.gettext
    texts = {
        Refusal.ARRIVED_ALREADY: _("The driver is there already, so the shift stays."),
        Refusal.COMPLETED_ALREADY: _("This shift is done already."),
        Refusal.SHIFT_GONE: _("The driver doesn't have this shift any more."),
        Refusal.NOT_TODAY: _("Only a shift of today can be opened again like this."),
        Refusal.DAY_OVER: _("That day is over."),
        Refusal.SAY_UNTIL: _("The usual time has passed: choose until when drivers shall be asked."),
    }
    return texts.get(why, _("I can't find that in your warehouses."))
