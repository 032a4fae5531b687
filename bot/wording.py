"""Words what people are told, for the title and body columns of their inbox (R11.1). Pure; handed to the domain."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.reader import LANGUAGES, Reader
from bot.screens.alerts import sentence
from bot.screens.shifts import cause
from domain.notices.wording import (
    DriverMissing,
    EmergencyOffered,
    FallbackGone,
    LinkMoved,
    Notice,
    OperatorAlert,
    RouteCancelled,
    RouteUnfilled,
    ShiftDropped,
    ShiftMissed,
    ShiftToday,
    ShiftWon,
    ToConfirm,
    Worded,
    Written,
)


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
        match notice:
            case EmergencyOffered():
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
            case RouteUnfilled():
                return Worded(
                    _("Nobody took {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                    _("{day}, start {start}. Try again with another bonus, or call somebody.").format(
                        day=reader.day(notice.on), start=reader.time(notice.starts_at)
                    ),
                )
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
            case LinkMoved():
                return Worded(
                    _("This chat is no longer yours"),
                    _("Your account was linked from another Telegram account. If that wasn't you, tell your manager."),
                )
            case Written():
                return Worded(_("Message from {name}").format(name=notice.author), notice.text)
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
