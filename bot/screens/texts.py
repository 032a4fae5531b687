"""What an SMS says: short and plain, the company named, one segment with ordinary names (R11.5). Pure."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.delivery.gsm7 import is_gsm7, segments
from bot.reader import Reader
from bot.screens.alerts import sentence
from bot.screens.bidding import refusal
from bot.screens.shifts import refusal as refusal_of_shift
from domain.bidding.offers import Offer
from domain.coverage.queries import WindowCard
from domain.notices.digest import Digest
from domain.notices.wording import DriverMissing, OperatorAlert, RouteCancelled, ShiftDropped, ShiftMissed, Written
from domain.people.queries import Fallback
from domain.refusals import Refusal, Refused
from domain.shifts.queries import OwnShift

NAME_MOST: Final = 40  # characters of a name; an address may have twice as many
ADDRESS_LEAST: Final = 20  # what is shorter than this leads nowhere
LISTED_MOST: Final = 5  # shifts in one SMS

# What GSM-7 has not, and NFKD does not take apart.
_LETTERS = {"œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"}
_LETTERS |= {"ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ẞ": "SS", "ə": "e", "Ə": "E"}
_SIGNS = {"’": "'", "‘": "'", "‚": "'", "‹": "'", "›": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
_SIGNS |= {"–": "-", "—": "-", "‐": "-", "−": "-", "•": "-", "·": "-", "×": "x", "÷": "/"}
_INSTEAD: Final = _LETTERS | _SIGNS


def plain(text: str) -> str:
    """The text on one line, in GSM-7 as far as its language allows: other accents go, and so do emoji and signs.

    The letters of other scripts stay: somebody wrote them to be read.
    """
    signs = (_plain(sign) for sign in unicodedata.normalize("NFC", text))
    return " ".join("".join(signs).split())


def _plain(sign: str) -> str:
    if is_gsm7(sign):
        return sign
    bare = "".join(
        _INSTEAD.get(part, part) for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part)
    )
    if is_gsm7(bare):
        return bare
    return sign if unicodedata.category(sign)[0] in "LMN" else ""


def _name(text: str, most: int = NAME_MOST) -> str:
    """A name may be anything, but not as long as that."""
    name = plain(text)
    return name if len(name) <= most else f"{name[: most - 3].rstrip()}..."


def _fitting(make: Callable[[str], str], text: str, behind: str) -> str:
    """What `make` makes of as much of the text as one segment holds, together with what comes `behind`."""
    for length in range(len(text), 0, -1):
        if segments((whole := make(text[:length].rstrip())) + behind) == 1:
            return whole
    return make("")


# -- notices


def offer(facts: Offer, code: str | None, company: str, reader: Reader) -> str:
    _ = reader.gettext
    text = _("{company}: {route} at {warehouse} needs a driver, {day} {start}{bonus}. Reply {take}.")
    return plain(text.format(**_what(facts, company, reader), take=_take(code, reader)))


def won(shift: OwnShift | Offer, company: str, reader: Reader, behind: str = "") -> str:
    _ = reader.gettext
    text = _("{company}: It's yours: {route} at {warehouse}, {day}. Be at {address} by {arrive_by}.")
    return _placed(text, shift, company, reader, behind)


def _placed(text: str, facts: OwnShift | Offer, company: str, reader: Reader, behind: str) -> str:
    """With as much of a long address as fits, if that leads there; otherwise with all of it."""
    what = _what(facts, company, reader)
    for length in range(len(what["address"]), ADDRESS_LEAST, -1):
        shorter = what | {"address": _name(what["address"], length)}
        if segments((said := plain(text.format(**shorter))) + behind) == 1:
            return said
    return plain(text.format(**what))


def route_unfilled(card: WindowCard, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: nobody took {route} at {warehouse}, {day}. Open our Telegram bot to try again.")
    what = {"route": _name(card.route), "warehouse": _name(card.warehouse), "day": reader.day(card.on)}
    return plain(text.format(company=_name(company), **what))


def route_cancelled(notice: RouteCancelled, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {driver} can't drive {route} at {warehouse}, {day}, start {start}. {next}")
    over = reader.gettext("Call somebody.")
    asked = reader.gettext("Others are being asked.")
    what = {"route": _name(notice.route), "warehouse": _name(notice.warehouse), "day": reader.day(notice.on)}
    start, driver = reader.time(notice.starts_at), _name(notice.driver)
    next_ = over if notice.mode is None else asked
    return plain(text.format(company=_name(company), driver=driver, start=start, next=next_, **what))


def of_the_day(shift: OwnShift, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: today {route} at {warehouse}, start {start}. Be there by {arrive_by}.")
    what, by = _of(shift, company, reader), reader.time(shift.arrive_by)
    return plain(text.format(**what, arrive_by=by))


def to_confirm(shift: OwnShift, code: str | None, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: {route} at {warehouse}, {day}, start {start}. Reply C {code} by {until} to confirm."
    )
    until = reader.moment(shift.confirm_by)
    return plain(text.format(**_of(shift, company, reader), code=code or "", until=until))


def dropped(notice: ShiftDropped, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {route} at {warehouse}, {day}, wasn't confirmed in time and is open to others.")
    return plain(text.format(**_of(notice, company, reader)))


def missed(notice: ShiftMissed, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: you weren't at {warehouse} in time, {route} goes to others. Call your manager.")
    return plain(text.format(**_of(notice, company, reader)))


def missing(notice: DriverMissing, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {driver} isn't there for {route} at {warehouse}, {day}. {next}")
    next_ = reader.gettext("Others are being asked.") if notice.asked else reader.gettext("Call somebody.")
    return plain(text.format(**_of(notice, company, reader), driver=_name(notice.driver), next=next_))


def confirmed(shift: OwnShift, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: confirmed, {route} at {warehouse}, {day}, start {start}. Thank you!")
    return plain(text.format(**_of(shift, company, reader)))


def several_to_confirm(shifts: Sequence[tuple[OwnShift, str]], company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: reply C and the code of the one you mean: {shifts}")
    listed = ", ".join(f"{code} = {_name(shift.route)} {reader.day(shift.on)}" for shift, code in shifts)
    return _fitting(lambda some: plain(text.format(company=_name(company), shifts=some)), listed, "")


def nothing_to_confirm(company: str, reader: Reader) -> str:
    return plain(reader.gettext("{company}: there is nothing to confirm right now.").format(company=_name(company)))


def no_shift_today(company: str, reader: Reader) -> str:
    return plain(
        reader.gettext("{company}: you have no shift today. Call us if that is wrong.").format(company=_name(company))
    )


def checked_in(company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: you're checked in. Reply LOAD and how many parcels you have loaded.")
    return plain(text.format(company=_name(company)))


def loaded(parcels: int, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {n} parcels loaded. Once you're back, reply BACK and how many you bring back.")
    return plain(text.format(company=_name(company), n=parcels))


def brought_back(parcels: int, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {n} brought back, your shift is done. Thank you!")
    return plain(text.format(company=_name(company), n=parcels))


def shift_refused(refused: Refused, company: str, reader: Reader) -> str:
    return plain(f"{_name(company)}: {refusal_of_shift(refused, reader)}")


def _of(what: OwnShift | ShiftDropped | ShiftMissed | DriverMissing, company: str, reader: Reader) -> dict[str, str]:
    return {
        "company": _name(company),
        "route": _name(what.route),
        "warehouse": _name(what.warehouse),
        "day": reader.day(what.on),
        "start": reader.time(what.starts_at),
    }


def written(facts: Written, linked: bool, company: str, reader: Reader, behind: str = "") -> str:
    """A manager's words. What is too long for one SMS is in Telegram; who has none gets it whole."""
    _ = reader.gettext
    who = {"company": _name(company), "name": _name(facts.author)}
    words = plain(facts.text)
    whole = _("{company}, from {name}: {text} Reply OK.").format(**who, text=words)
    if not linked or segments(plain(whole) + behind) == 1:
        return plain(whole)
    cut = _("{company}, from {name}: {text}... The rest is in Telegram. Reply OK.")
    return _fitting(lambda text: plain(cut.format(**who, text=text)), words, behind)


def fallback_gone(facts: Fallback, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {name} has texted STOP and gets no SMS any more. Call when it matters.")
    return plain(text.format(company=_name(company), name=_name(facts.name)))


def alert(facts: OperatorAlert, company: str, reader: Reader, behind: str = "") -> str:
    """What to do about it, and of the detail what fits."""
    text = plain(f"{sentence(facts.alert, reader)} {facts.detail}")
    return _fitting(lambda text: plain(f"{_name(company)}: {text}"), text, behind)


def digest(facts: Digest, company: str, reader: Reader, behind: str = "") -> str:
    """As many titles as fit; of a single notice the whole of it, if that fits."""
    _ = reader.gettext
    titles = [plain(notice.title) for notice in facts.notices]
    if len(titles) == 1:
        whole = plain(f"{_name(company)}: {titles[0]}. {facts.notices[0].body}")
        if segments(whole + behind) == 1:
            return whole
    head = reader.ngettext("{company}: {n} message for you:", "{company}: {n} messages for you:", len(titles))
    head = head.format(company=_name(company), n=len(titles))
    how = _("Open our Telegram bot to read all.") if facts.linked else _("Ask your manager for Telegram to read all.")
    for count in range(len(titles), 0, -1):
        if segments((text := plain(f"{head} {_some(titles, count, reader)}. {how}")) + behind) == 1:
            return text
    more = _and_more(len(titles) - 1, reader)
    return _fitting(lambda title: plain(f"{head} {title}...{more}. {how}"), titles[0], behind)


def _some(items: Sequence[str], count: int, reader: Reader) -> str:
    return "; ".join(items[:count]) + _and_more(len(items) - count, reader)


def _and_more(left: int, reader: Reader) -> str:
    return reader.ngettext(" and {n} more", " and {n} more", left).format(n=left) if left else ""


# -- answers


@dataclass(frozen=True, slots=True)
class Takeable:
    """An offer with its code; `whose` is named where several people share the phone."""

    offer: Offer
    code: str
    whose: str | None = None


def already_yours(facts: Offer, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: You have it already: {route} at {warehouse}, {day}. Be at {address} by {arrive_by}."
    )
    return _placed(text, facts, company, reader, "")


def refused(why: Refusal, company: str, reader: Reader) -> str:
    return plain(f"{_name(company)}: {refusal(why, reader)}")


def none_open(company: str, reader: Reader) -> str:
    return plain(reader.gettext("{company}: nothing is open to you right now.").format(company=_name(company)))


def several_open(open_: Sequence[Takeable], company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: several shifts are open. Reply {take} and the code: {shifts}")
    return _listed(text, open_, company, reader)


def wrong_code(open_: Sequence[Takeable], company: str, reader: Reader) -> str:
    _ = reader.gettext
    if not open_:
        text = _("{company}: that code is not good any more, and nothing is open to you right now.")
        return plain(text.format(company=_name(company)))
    text = _("{company}: that code is not good any more. Reply {take} and the code of what is open: {shifts}")
    return _listed(text, open_, company, reader)


def _listed(text: str, open_: Sequence[Takeable], company: str, reader: Reader) -> str:
    lines = [_line(each, reader) for each in open_]
    some = _some(lines, min(len(lines), LISTED_MOST), reader)
    return plain(text.format(company=_name(company), take=_take(None, reader), shifts=some))


def _line(this: Takeable, reader: Reader) -> str:
    facts, whose = this.offer, f" ({_name(this.whose)})" if this.whose else ""
    when = f"{reader.day(facts.on)} {reader.time(facts.starts_at)}{reader.bonus(facts.bonus_percent)}"
    return f"{this.code}{whose} {_name(facts.route)}, {_name(facts.warehouse)}, {when}"


def noted(company: str, reader: Reader) -> str:
    return plain(reader.gettext("{company}: thank you, noted.").format(company=_name(company)))


def help_(drives: bool, company: str, reader: Reader) -> str:
    """What can be texted."""
    _ = reader.gettext
    text = (
        _(
            "{company}: reply {take} and the code to take a shift, OK for read, STOP for no more SMS. "
            "Else call your warehouse."
        )
        if drives
        else _("{company}: reply OK for read, STOP for no more SMS. All else is in our Telegram bot.")
    )
    return plain(text.format(company=_name(company), take=_take(None, reader)))


def not_understood(drives: bool, company: str, reader: Reader) -> str:
    _ = reader.gettext
    text = (
        _(
            "{company}: sorry, that wasn't understood. Reply {take} and the code to take a shift, OK, HELP or STOP. "
            "Or call your warehouse."
        )
        if drives
        else _("{company}: sorry, that wasn't understood. Reply OK, HELP or STOP. All else is in our Telegram bot.")
    )
    return plain(text.format(company=_name(company), take=_take(None, reader)))


def opted_out(company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: you get no more SMS. Reply START to get them again.")
    return plain(text.format(company=_name(company)))


def failed(fault_id: str, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: something went wrong on our side, and nothing was changed. Try again, or call your warehouse. "
        "(Fault {id})"
    )
    return plain(text.format(company=_name(company), id=fault_id))


def _take(code: str | None, reader: Reader) -> str:
    return reader.gettext("TAKE") + (f" {code}" if code else "")


def _what(facts: Offer | OwnShift, company: str, reader: Reader) -> dict[str, str]:
    by_day = facts.arrive_by.astimezone(reader.zone).date()
    return {
        "company": _name(company),
        "route": _name(facts.route),
        "warehouse": _name(facts.warehouse),
        "address": _name(facts.address, 2 * NAME_MOST),
        "day": reader.day(facts.on),
        "start": reader.time(facts.starts_at),
        "bonus": reader.bonus(facts.bonus_percent) if isinstance(facts, Offer) else "",
        "arrive_by": reader.moment(facts.arrive_by, near=by_day == facts.on),
    }
