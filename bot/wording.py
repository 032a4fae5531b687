"""Words what people are told, for the title and body columns of their inbox (R11.1). Pure; handed to the domain."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.reader import LANGUAGES, Reader
from bot.screens import flags
from bot.screens.absences import by_manager
from bot.screens.alerts import sentence
from bot.screens.appeals import worded as worded_of_appeals
from bot.screens.bidding import why_lost
from bot.screens.calendar import why_off
from bot.screens.cancelling import cause
from bot.screens.cover import summary
from bot.screens.places_told import worded as worded_of_places
from bot.wording_of_giving import worded as worded_of_giving
from bot.wording_of_health import OfHealth
from bot.wording_of_health import worded as worded_of_health
from bot.wording_of_the_day import worded
from bot.wording_of_weeks import worded as worded_of_weeks
from domain.db.models.words import BidWindowMode
from domain.notices.facts.appeals import Appealed, PenaltyDecided
from domain.notices.facts.arrivals import (
    ArrivalsHeld,
    ArrivedLate,
    DriverLate,
    DriverMissing,
    LateAnswered,
    MissingListed,
    NotCheckedIn,
    ShiftMissed,
)
from domain.notices.facts.giving import GiveAwayAsked, GiveAwayEnded, ShiftGiven, ShiftToGive
from domain.notices.facts.offers import BidLost, ShiftAssigned, ShiftOffered, ShiftWon
from domain.notices.facts.people import (
    EmploymentEnds,
    EmploymentGoesOn,
    FallbackGone,
    InCharge,
    Invitation,
    LinkMoved,
    NumberChanged,
    OperatorAlert,
    TimeOffEnded,
    TimeOffNoted,
    Written,
)
from domain.notices.facts.routes import (
    HolidayAhead,
    Morning,
    RouteCancelled,
    RouteMoved,
    RouteUnfilled,
    ShiftCancelled,
    TomorrowCover,
)
from domain.notices.facts.shifts import (
    DriverStopped,
    ReviewDecided,
    ShiftDropped,
    ShiftOverdue,
    ShiftReturned,
    ShiftToday,
    ToConfirm,
)
from domain.notices.facts.standing import CapChanged, Flagged, FlagStuck, Unflagged
from domain.notices.facts.weeks import WeekGiven, WeekLocked, WeekOpen, WeekReported
from domain.notices.wording import Notice, Worded


@dataclass(frozen=True, slots=True)
class Words:
    """The wording function of the product, in the company's time zone."""

    zone: ZoneInfo

    @property
    def languages(self) -> tuple[str, ...]:
        return LANGUAGES

    def __call__(self, notice: Notice, language: str) -> Worded:
        reader = Reader(language, self.zone)
        _ = reader.gettext
        if isinstance(notice, OfHealth):
            return worded_of_health(notice, reader)
        match notice:
            case ShiftOffered(mode=BidWindowMode.COMPETITIVE):
                return Worded(
                    _("{route}, {warehouse} is open for bids").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}, start {start}{bonus}. Bid by {until}; the best score gets it.").format(
                        day=reader.day(notice.on),
                        start=reader.time(notice.starts_at),
                        bonus=reader.bonus(notice.bonus_percent),
                        until=reader.moment(notice.closes_at),
                    ),
                )
            case ShiftOffered():
                return Worded(
                    _("{route}, {warehouse} needs a driver").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}, start {start}{bonus}. Whoever accepts first has it.").format(
                        day=reader.day(notice.on),
                        start=reader.time(notice.starts_at),
                        bonus=reader.bonus(notice.bonus_percent),
                    ),
                )
            case ShiftWon():
                return Worded(
                    _("{route}, {warehouse} is yours").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}, start {start}. Be there by {arrive_by}.").format(
                        day=reader.day(notice.on),
                        start=reader.time(notice.starts_at),
                        arrive_by=reader.moment(notice.arrive_by),
                    ),
                )
            case ShiftAssigned():
                return Worded(
                    _("{route}, {warehouse} is yours").format(route=notice.route, warehouse=notice.warehouse)
                    if notice.confirmed
                    else _("Can you drive {route}, {warehouse}?").format(
                        route=notice.route, warehouse=notice.warehouse
                    ),
                    _of_assigned(notice, reader),
                )
            case WeekGiven() | WeekLocked() | WeekOpen() | WeekReported():
                return worded_of_weeks(notice, reader)
            case RouteUnfilled():
                return Worded(
                    _("Nobody took {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}, start {start}. Try again with another bonus, or call somebody.").format(
                        day=reader.day(notice.on), start=reader.time(notice.starts_at)
                    ),
                )
            case TomorrowCover() | Morning():
                return Worded(*_of_a_day(notice, reader))
            case RouteCancelled():
                return Worded(
                    _("{driver} can't drive {route}, {warehouse}").format(
                        driver=notice.driver, route=notice.route, warehouse=notice.warehouse
                    ),
                    _("{day}, start {start}. {reason}.").format(
                        day=reader.day(notice.on),
                        start=reader.time(notice.starts_at),
                        reason=cause(notice.reason, reader),
                    ),
                )
            case ShiftToday():
                return Worded(
                    _("Today: {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    _("Start {start}. Be there by {arrive_by}.").format(
                        start=reader.time(notice.starts_at), arrive_by=reader.time(notice.arrive_by)
                    ),
                )
            case ToConfirm():
                return Worded(
                    _("Will you be there? {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}, start {start}. Confirm by {confirm_by}.").format(
                        day=reader.day(notice.on),
                        start=reader.time(notice.starts_at),
                        confirm_by=reader.moment(notice.confirm_by),
                    ),
                )
            case ShiftDropped():
                return Worded(
                    _("Not yours any more: {route}, {warehouse}").format(
                        route=notice.route, warehouse=notice.warehouse
                    ),
                    _("{day}, start {start}. It wasn't confirmed in time and is open to others.").format(
                        day=reader.day(notice.on), start=reader.time(notice.starts_at)
                    ),
                )
            case ShiftMissed():
                return Worded(
                    _("You weren't there: {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}. You were due by {arrive_by}. Please call your manager.").format(
                        day=reader.day(notice.on), arrive_by=reader.time(notice.arrive_by)
                    ),
                )
            case DriverMissing():
                return Worded(
                    _("{driver} is not there: {route}, {warehouse}").format(
                        driver=notice.driver, route=notice.route, warehouse=notice.warehouse
                    ),
                    _("{day}, start {start}. Others are being asked.").format(
                        day=reader.day(notice.on), start=reader.time(notice.starts_at)
                    )
                    if notice.asked
                    else _("{day}, start {start}. The day is too far gone to ask others.").format(
                        day=reader.day(notice.on), start=reader.time(notice.starts_at)
                    ),
                )
            case (
                NotCheckedIn()
                | MissingListed()
                | ArrivalsHeld()
                | DriverLate()
                | LateAnswered()
                | ArrivedLate()
                | ShiftReturned()
            ):
                return worded(notice, reader)
            case ShiftCancelled():
                return Worded(
                    _("Don't travel: {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    f"{reader.day(notice.on)}. {why_off(notice.cause, reader)}",
                )
            case BidLost():
                return Worded(
                    _("Your bid for {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    why_lost(notice.why, reader).format(day=reader.day(notice.on)),
                )
            case HolidayAhead():
                return Worded(
                    _("{day} is {holiday}").format(day=reader.day(notice.on), holiday=reader.holiday(notice.on)),
                    _("Do your routes run?"),
                )
            case ShiftOverdue():
                return Worded(
                    _("Not finished: {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}. {driver}: the parcels brought back are still missing.").format(
                        day=reader.day(notice.on), driver=notice.driver
                    ),
                )
            case DriverStopped():
                return Worded(
                    _("{driver} had to stop on {route}, {warehouse}").format(
                        driver=notice.driver, route=notice.route, warehouse=notice.warehouse
                    ),
                    _("{day}. {reason}.").format(day=reader.day(notice.on), reason=cause(notice.reason, reader)),
                )
            case ReviewDecided():
                return Worded(
                    _("Decided: {route}, {warehouse}, {day}").format(
                        route=notice.route, warehouse=notice.warehouse, day=reader.day(notice.on)
                    ),
                    _decided(notice, reader),
                )
            case Appealed() | PenaltyDecided():
                return worded_of_appeals(notice, reader)
            case ShiftToGive() | GiveAwayEnded() | GiveAwayAsked() | ShiftGiven():
                return worded_of_giving(notice, reader)
            case LinkMoved():
                return Worded(
                    _("This chat is no longer yours"),
                    _("Your account was linked from another Telegram account. If that wasn't you, tell your manager."),
                )
            case Written():
                return Worded(_("Message from {name}").format(name=notice.author), notice.text)
            case TimeOffNoted() | TimeOffEnded() | EmploymentEnds() | EmploymentGoesOn():
                return by_manager(notice, reader)
            case Flagged() | Unflagged() | CapChanged() | FlagStuck():
                return Worded(*flags.worded(notice, reader))
            case RouteMoved() | InCharge() | NumberChanged() | Invitation():
                return worded_of_places(notice, reader)
            case FallbackGone():
                return Worded(
                    _("{name} gets no SMS any more").format(name=notice.driver),
                    _("{name} has texted STOP. Telegram still works.").format(name=notice.driver)
                    if notice.linked
                    else _("{name} has texted STOP and has no Telegram: call when it matters.").format(
                        name=notice.driver
                    ),
                )
            case OperatorAlert():
                return Worded(_("Rollcall needs an operator"), f"{sentence(notice.alert, reader)} ({notice.detail})")


def _of_assigned(notice: ShiftAssigned, reader: Reader) -> str:
    _ = reader.gettext
    text = (
        _("{day}, start {start}. {name} has given it to you. Be there by {arrive_by}.")
        if notice.confirmed
        else _("{day}, start {start}. {name} has given it to you. Answer by {confirm_by}.")
    )
    return text.format(
        day=reader.day(notice.on),
        start=reader.time(notice.starts_at),
        name=notice.by,
        arrive_by=reader.moment(notice.arrive_by),
        confirm_by=reader.moment(notice.confirm_by),
    )


def _of_a_day(notice: TomorrowCover | Morning, reader: Reader) -> tuple[str, str]:
    _ = reader.gettext
    text = summary(notice.uncovered, notice.slots, reader)
    near = _("Today, {day}") if isinstance(notice, Morning) else _("Tomorrow, {day}")
    title = _("{day}: {summary}").format(day=near.format(day=reader.day(notice.on)), summary=text.rstrip("."))
    parts = [", ".join(notice.routes) + (" …" if notice.uncovered > len(notice.routes) else "") + "."]
    parts = parts if notice.routes else []
    if notice.unconfirmed:
        waits = reader.ngettext(
            "{n} driver hasn't confirmed yet.", "{n} drivers haven't confirmed yet.", notice.unconfirmed
        )
        parts.append(waits.format(n=notice.unconfirmed))
    return title, " ".join(parts) or reader.gettext("Nothing to do.")


def _decided(notice: ReviewDecided, reader: Reader) -> str:
    _ = reader.gettext
    if notice.accepted:
        return _("All right, nothing is held against you.")
    text = (
        _("Your manager counts what you delivered that day. Reason: {reason}")
        if notice.stopped
        else _("Your manager counts this as a late cancellation. Reason: {reason}")
    )
    return text.format(reason=notice.reason)
