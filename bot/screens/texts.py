"""What an SMS says: short and plain, the company named, one segment with ordinary names (R11.5). Pure."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.delivery.gsm7 import is_gsm7, segments
from bot.reader import Reader
from bot.screens.bidding import refusal
from domain.bidding.offers import Offer
from domain.coverage.queries import WindowCard
from domain.notices.digest import Digest
from domain.notices.wording import OperatorAlert, Written
from domain.people.queries import Fallback
from domain.refusals import Refusal
from domain.shifts.queries import OwnShift

NAME_MOST: Final = 40  # characters of a name; an address may have twice as many
LISTED_MOST: Final = 5  # shifts in one SMS

_INSTEAD = {"œ": "oe", "Œ": "OE", "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-"}


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


def _fitting(make: Callable[[str], str], text: str) -> str:
    """What `make` makes of as much of the text as one segment holds."""
    for length in range(len(text), 0, -1):
        if segments(whole := make(text[:length].rstrip())) == 1:
            return whole
    return make("")


# -- notices


def offer(facts: Offer, code: str | None, company: str, reader: Reader) -> str:
    _ = reader.gettext
    text = _("{company}: {route} at {warehouse} needs a driver, {day} {start}{bonus}. Reply {take}.")
    return plain(text.format(**_what(facts, company, reader), take=_take(code, reader)))


def won(shift: OwnShift | Offer, company: str, reader: Reader) -> str:
    _ = reader.gettext
    text = _("{company}: It's yours: {route} at {warehouse}, {day}. Be at {address} by {arrive_by}.")
    return plain(text.format(**_what(shift, company, reader)))


def route_unfilled(card: WindowCard, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: nobody took {route} at {warehouse}, {day}. Open our Telegram bot to try again.")
    what = {"route": _name(card.route), "warehouse": _name(card.warehouse), "day": reader.day(card.on)}
    return plain(text.format(company=_name(company), **what))


def written(facts: Written, linked: bool, company: str, reader: Reader) -> str:
    """A manager's words. What is too long for one SMS is in Telegram; who has none gets it whole."""
    _ = reader.gettext
    who = {"company": _name(company), "name": _name(facts.author)}
    words = plain(facts.text)
    whole = _("{company}, from {name}: {text} Reply OK.").format(**who, text=words)
    if not linked or segments(whole) == 1:
        return plain(whole)
    cut = _("{company}, from {name}: {text}... The rest is in Telegram. Reply OK.")
    return _fitting(lambda text: plain(cut.format(**who, text=text)), words)


def fallback_gone(facts: Fallback, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {name} has texted STOP and gets no SMS any more. Call when it matters.")
    return plain(text.format(company=_name(company), name=_name(facts.name)))


def alert(facts: OperatorAlert, company: str, reader: Reader) -> str:
    head = f"{_name(company)}: {reader.gettext('Rollcall needs an operator')}. "
    return _fitting(lambda text: plain(head + text), plain(f"{facts.alert}: {facts.detail}"))


def digest(facts: Digest, company: str, reader: Reader) -> str:
    """As many titles as fit; of a single notice the whole of it, if that fits."""
    _ = reader.gettext
    titles = [plain(notice.title) for notice in facts.notices]
    if len(titles) == 1:
        whole = plain(f"{_name(company)}: {titles[0]}. {facts.notices[0].body}")
        if segments(whole) == 1:
            return whole
    head = reader.ngettext("{company}: {n} message for you:", "{company}: {n} messages for you:", len(titles))
    head = head.format(company=_name(company), n=len(titles))
    how = _("Open our Telegram bot to read all.") if facts.linked else _("Ask your manager for Telegram to read all.")
    for count in range(len(titles), 0, -1):
        if segments(text := plain(f"{head} {_some(titles, count, reader)}. {how}")) == 1:
            return text
    more = _and_more(len(titles) - 1, reader)
    return _fitting(lambda title: plain(f"{head} {title}...{more}. {how}"), titles[0])


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
    return plain(text.format(**_what(facts, company, reader)))


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
