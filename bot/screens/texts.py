"""What an SMS says: short and plain, the company named, one segment with ordinary names (R11.5). Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from bot.delivery.gsm7 import segments
from bot.reader import Reader
from bot.screens import absences
from bot.screens.absences import ByManager
from bot.screens.alerts import sentence
from bot.screens.bidding import why_lost
from bot.screens.cover import summary
from bot.screens.plain import NAME_MOST, fitting, name_of, plain
from domain.bidding.offers import Offer
from domain.coverage.board import Mark
from domain.coverage.cover import Cover
from domain.coverage.windows import WindowCard
from domain.notices.digest import Digest
from domain.notices.facts.arrivals import DriverMissing
from domain.notices.facts.offers import BidLost, Lost, ShiftAssigned
from domain.notices.facts.people import OperatorAlert, Written
from domain.notices.facts.routes import RouteCancelled, ShiftCancelled
from domain.notices.facts.shifts import DriverStopped, ReviewDecided, ShiftDropped
from domain.people.queries import Fallback
from domain.shifts.driven import Driven
from domain.shifts.queries import OwnShift

# What has a route, a warehouse, a day and a start.
Placed = OwnShift | ShiftDropped | DriverMissing | DriverStopped | ReviewDecided | ShiftCancelled | BidLost
ADDRESS_LEAST: Final = 20  # what is shorter than this leads nowhere
LISTED_MOST: Final = 5  # shifts in one SMS


def offer(facts: Offer, code: str | None, company: str, reader: Reader) -> str:
    _ = reader.gettext
    text = _("{company}: {route} at {warehouse} needs a driver, {day} {start}{bonus}. Reply {take}.")
    return plain(text.format(**offer_of(facts, company, reader), take=reply_take(code, reader)))


def offer_line(facts: Offer, reader: Reader, code: str | None) -> str:
    """Of it in the day's digest."""
    what = {"route": name_of(facts.route), "day": reader.day(facts.on), "bonus": reader.bonus(facts.bonus_percent)}
    return reader.gettext("{route}, {day}{bonus}: {take}").format(**what, take=reply_take(code, reader))


def won(
    shift: OwnShift | Offer, company: str, reader: Reader, behind: str = "", back_until: datetime | None = None
) -> str:
    """`back_until`: until when it may be handed back, which a manager does on his word (R6.4, R8.9)."""
    _ = reader.gettext
    text = _("{company}: It's yours: {route} at {warehouse}, {day}. Be at {address} by {arrive_by}.")
    if back_until is not None:
        text += " " + _("Can't you? Call by {until}.").format(until=reader.time(back_until))
    return placed(text, shift, company, reader, behind)


def placed(text: str, facts: OwnShift | Offer, company: str, reader: Reader, behind: str) -> str:
    """With as much of a long address as fits, if that leads there; otherwise with all of it."""
    what = offer_of(facts, company, reader)
    for length in range(len(what["address"]), ADDRESS_LEAST, -1):
        shorter = what | {"address": name_of(what["address"], length)}
        if segments((said := plain(text.format(**shorter))) + behind) == 1:
            return said
    return plain(text.format(**what))


def route_unfilled(card: WindowCard, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: nobody took {route} at {warehouse}, {day}. Open our Telegram bot to try again.")
    what = {"route": name_of(card.route), "warehouse": name_of(card.warehouse), "day": reader.day(card.on)}
    return plain(text.format(company=name_of(company), **what))


def cover(facts: Cover, company: str, reader: Reader, behind: str = "") -> str:
    """The evening's list: the figures, and as many of the routes without a driver as fit."""
    uncovered = [name_of(route.route) for _warehouse, route in facts.standing(Mark.UNCOVERED)]
    text = summary(len(uncovered), facts.slots, reader)
    said = reader.gettext("{day}: {summary}").format(day=reader.day(facts.on), summary=text)
    head = f"{name_of(company)}, {said}"
    if not uncovered:
        return plain(head)
    how = reader.gettext("Open our Telegram bot to fill them.")
    for count in range(min(len(uncovered), LISTED_MOST), 0, -1):
        if segments((text := plain(f"{head} {first_of(uncovered, count, reader)}. {how}")) + behind) == 1:
            return text
    return plain(f"{head} {how}")


def route_cancelled(notice: RouteCancelled, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {driver} can't drive {route} at {warehouse}, {day}, start {start}. {next}")
    over = reader.gettext("Call somebody.")
    asked = reader.gettext("Others are being asked.")
    what = {"route": name_of(notice.route), "warehouse": name_of(notice.warehouse), "day": reader.day(notice.on)}
    start, driver = reader.time(notice.starts_at), name_of(notice.driver)
    next_ = over if notice.mode is None else asked
    return plain(text.format(company=name_of(company), driver=driver, start=start, next=next_, **what))


def of_the_day(shift: OwnShift, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: today {route} at {warehouse}, start {start}. Be there by {arrive_by}.")
    what, by = place_of(shift, company, reader), reader.time(shift.arrive_by)
    return plain(text.format(**what, arrive_by=by))


def to_confirm(shift: OwnShift, code: str | None, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: {route} at {warehouse}, {day}, start {start}. Reply C {code} by {until} to confirm."
    )
    until = reader.moment(shift.confirm_by)
    return plain(text.format(**place_of(shift, company, reader), code=code or "", until=until))


def to_confirm_line(shift: OwnShift, code: str | None, reader: Reader) -> str:
    """Of it in the day's digest."""
    text = reader.gettext("confirm {route}, {day}: C {code}")
    return text.format(route=name_of(shift.route), day=reader.day(shift.on), code=code or "")


def assigned(
    notice: ShiftAssigned, shift: OwnShift | None, code: str | None, company: str, reader: Reader, behind: str = ""
) -> str:
    """Confirmed already, as what he has won; otherwise by whom it was given, if that fits, and how to agree."""
    _ = reader.gettext
    if shift is None:
        return plain(_("{company}: this shift isn't yours any more.").format(company=name_of(company)))
    if shift.confirmed:
        return won(shift, company, reader, behind)
    named = _("{company}: {name} gives you {route} at {warehouse}, {day} {start}. Reply C {code} by {until} to agree.")
    short = _("{company}: you're given {route} at {warehouse}, {day} {start}. Reply C {code} by {until} to agree.")
    what = place_of(shift, company, reader)
    what |= {"name": name_of(notice.by), "code": code or "", "until": reader.moment(shift.confirm_by)}
    said = plain(named.format(**what))
    return said if segments(said + behind) == 1 else plain(short.format(**what))


def dropped(notice: ShiftDropped, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {route} at {warehouse}, {day}, wasn't confirmed in time and is open to others.")
    return plain(text.format(**place_of(notice, company, reader)))


def dont_travel(notice: ShiftCancelled, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: don't travel! {route} at {warehouse}, {day}, is cancelled. Reply OK.")
    return plain(text.format(**place_of(notice, company, reader)))


def bid_lost(notice: BidLost, company: str, reader: Reader) -> str:
    _ = reader.gettext
    text = {
        Lost.TAKEN: _("{company}: {route} at {warehouse}, {day}, went to somebody else."),
        Lost.CLOSED: _("{company}: {route} at {warehouse}, {day}, doesn't run, so your bid is off."),
        Lost.EMERGENCY: _("{company}: {route} at {warehouse}, {day}, is an emergency now, so your bid is off."),
        Lost.TOO_LATE: _("{company}: nobody could be given {route} at {warehouse}, {day}, in time."),
    }[notice.why]
    return plain(text.format(**place_of(notice, company, reader)))


def bid_lost_line(notice: BidLost, reader: Reader) -> str:
    """Of it in the day's digest."""
    return f"{name_of(notice.route)}, {why_lost(notice.why, reader).format(day=reader.day(notice.on)).rstrip('.')}"


def holiday(on: date, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {day} is {holiday}. Do your routes run? Open our Telegram bot to say so.")
    return plain(text.format(company=name_of(company), day=reader.day(on), holiday=reader.holiday(on)))


def missing(notice: DriverMissing, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {driver} isn't there for {route} at {warehouse}, {day}. {next}")
    next_ = reader.gettext("Others are being asked.") if notice.asked else reader.gettext("Call somebody.")
    return plain(text.format(**place_of(notice, company, reader), driver=name_of(notice.driver), next=next_))


def stopped(notice: DriverStopped, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {driver} had to stop on {route} at {warehouse}, {day}. {next}")
    asked, call = reader.gettext("Others are being asked."), reader.gettext("Please call.")
    next_ = asked if notice.asked else call
    return plain(text.format(**place_of(notice, company, reader), driver=name_of(notice.driver), next=next_))


def overdue(shift: OwnShift, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: are you back from {route}? Reply BACK and how many parcels you bring back.")
    return plain(text.format(**place_of(shift, company, reader)))


def still_out(driven: Driven, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {driver} hasn't finished {route} at {warehouse}, {day}. Please call.")
    return plain(text.format(**place_of(driven.shift, company, reader), driver=name_of(driven.driver)))


def decided(notice: ReviewDecided, company: str, reader: Reader) -> str:
    _ = reader.gettext
    text = (
        _("{company}: {route}, {day}: all right, nothing is held against you.")
        if notice.accepted
        else _("{company}: {route}, {day}: your manager has decided that it counts. Call if that's not right.")
    )
    return plain(text.format(**place_of(notice, company, reader)))


def place_of(what: Placed, company: str, reader: Reader) -> dict[str, str]:
    return {
        "company": name_of(company),
        "route": name_of(what.route),
        "warehouse": name_of(what.warehouse),
        "day": reader.day(what.on),
        "start": reader.time(what.starts_at),
    }


def written(facts: Written, linked: bool, company: str, reader: Reader, behind: str = "") -> str:
    """A manager's words. What is too long for one SMS is in Telegram; who has none gets it whole."""
    _ = reader.gettext
    who = {"company": name_of(company), "name": name_of(facts.author)}
    words = plain(facts.text)
    whole = _("{company}, from {name}: {text} Reply OK.").format(**who, text=words)
    if not linked or segments(plain(whole) + behind) == 1:
        return plain(whole)
    cut = _("{company}, from {name}: {text}... The rest is in Telegram. Reply OK.")
    return fitting(lambda text: plain(cut.format(**who, text=text)), words, behind)


def by_manager(facts: ByManager, company: str, reader: Reader) -> str:
    """Days off, or the last day, as his manager has entered them."""
    title, body = absences.by_manager(facts, reader)
    return plain(f"{name_of(company)}: {title}. {body}")


def fallback_gone(facts: Fallback, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {name} has texted STOP and gets no SMS any more. Call when it matters.")
    return plain(text.format(company=name_of(company), name=name_of(facts.name)))


def alert(facts: OperatorAlert, company: str, reader: Reader, behind: str = "") -> str:
    """What to do about it, and of the detail what fits."""
    text = plain(f"{sentence(facts.alert, reader)} {facts.detail}")
    return fitting(lambda text: plain(f"{name_of(company)}: {text}"), text, behind)


def digest(facts: Digest, company: str, reader: Reader, behind: str = "") -> str:
    """As many titles as fit; of a single notice the whole of it, if that fits."""
    _ = reader.gettext
    titles = [plain(notice.title) for notice in facts.notices]
    if len(titles) == 1:
        whole = plain(f"{name_of(company)}: {titles[0]}. {facts.notices[0].body}")
        if segments(whole + behind) == 1:
            return whole
    head = reader.ngettext("{company}: {n} message for you:", "{company}: {n} messages for you:", len(titles))
    head = head.format(company=name_of(company), n=len(titles))
    how = _("Open our Telegram bot to read all.") if facts.linked else _("Ask your manager for Telegram to read all.")
    for count in range(len(titles), 0, -1):
        if segments((text := plain(f"{head} {first_of(titles, count, reader)}. {how}")) + behind) == 1:
            return text
    more = _and_more(len(titles) - 1, reader)
    return fitting(lambda title: plain(f"{head} {title}...{more}. {how}"), titles[0], behind)


def first_of(items: Sequence[str], count: int, reader: Reader) -> str:
    return "; ".join(items[:count]) + _and_more(len(items) - count, reader)


def _and_more(left: int, reader: Reader) -> str:
    return reader.ngettext(" and {n} more", " and {n} more", left).format(n=left) if left else ""


def reply_take(code: str | None, reader: Reader) -> str:
    return reader.gettext("TAKE") + (f" {code}" if code else "")


def offer_of(facts: Offer | OwnShift, company: str, reader: Reader) -> dict[str, str]:
    by_day = facts.arrive_by.astimezone(reader.zone).date()
    return {
        "company": name_of(company),
        "route": name_of(facts.route),
        "warehouse": name_of(facts.warehouse),
        "address": name_of(facts.address, 2 * NAME_MOST),
        "day": reader.day(facts.on),
        "start": reader.time(facts.starts_at),
        "bonus": reader.bonus(facts.bonus_percent) if isinstance(facts, Offer) else "",
        "arrive_by": reader.moment(facts.arrive_by, near=by_day == facts.on),
    }
