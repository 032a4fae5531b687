"""What is answered to an SMS (R11.6), in as few characters as it takes: see `texts`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.reader import Reader
from bot.screens.bidding import refusal
from bot.screens.plain import fitting, name_of, plain
from bot.screens.texts import LISTED_MOST, first_of, offer_of, place_of, placed, reply_take
from bot.sms.words import Word
from domain.bidding.offers import Offer
from domain.db.models.words import AssignmentStatus
from domain.refusals import Refusal
from domain.shifts.queries import OwnShift, is_editable


def confirmed(shift: OwnShift, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: confirmed, {route} at {warehouse}, {day}, start {start}. Thank you!")
    return plain(text.format(**place_of(shift, company, reader)))


def several_to_confirm(shifts: Sequence[tuple[OwnShift, str]], company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: reply C and the code of the one you mean: {shifts}")
    listed = ", ".join(f"{code} = {name_of(shift.route)} {reader.day(shift.on)}" for shift, code in shifts)
    return fitting(lambda some: plain(text.format(company=name_of(company), shifts=some)), listed, "")


def nothing_to_confirm(company: str, reader: Reader) -> str:
    return plain(reader.gettext("{company}: there is nothing to confirm right now.").format(company=name_of(company)))


def no_shift_today(company: str, reader: Reader) -> str:
    return plain(
        reader.gettext("{company}: you have no shift today. Call us if that is wrong.").format(company=name_of(company))
    )


def standing(shift: OwnShift, now: datetime, company: str, reader: Reader) -> str:
    """How far he is on the shift, and the next step; after it, until when he may correct it (R8.4)."""
    _ = reader.gettext
    done = shift.status is AssignmentStatus.COMPLETED
    if shift.parcels_start is None and not done:
        text = _("{company}: you're checked in for {route}. Reply LOAD and how many parcels you have loaded.")
    elif shift.parcels_start is None:  # by another program
        text = _("{company}: {route} is done. Thank you!")
    elif not done:
        text = reader.ngettext(
            "{company}: {route}, {n} parcel loaded. Once you're back, reply BACK and how many you bring back.",
            "{company}: {route}, {n} parcels loaded. Once you're back, reply BACK and how many you bring back.",
            shift.parcels_start,
        )
    elif is_editable(shift, now):
        text = _(
            "{company}: {route} is done, {n} loaded, {returned} brought back. Thank you! "
            "Wrong? Reply LOAD or BACK and the right number by {until}."
        )
    else:
        text = _(
            "{company}: {route} is done, {n} loaded, {returned} brought back. Thank you! "
            "Wrong? Your manager can still put it right."
        )
    return plain(
        text.format(
            company=name_of(company),
            route=name_of(shift.route),
            n=shift.parcels_start,
            returned=shift.parcels_returned,
            until=reader.time(shift.editable_until) if shift.editable_until else "",
        )
    )


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
    return placed(text, facts, company, reader, "")


def bid_is_in(facts: Offer, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: your bid for {route} at {warehouse}, {day}, is in. Result by {until}.")
    return plain(text.format(**offer_of(facts, company, reader), until=reader.moment(facts.closes_at)))


def not_taken(why: Refusal, facts: Offer | None, company: str, reader: Reader) -> str:
    """Why he does not get it; where somebody else has it, by what has happened."""
    _ = reader.gettext
    if why is not Refusal.TAKEN or facts is None:
        return plain(f"{name_of(company)}: {refusal(why, reader)}")
    if facts.by_hand:
        text = _("{company}: a manager has given {route} at {warehouse}, {day}, to somebody else.")
    elif facts.by_bids:
        text = _("{company}: the bids for {route} at {warehouse}, {day}, are decided: it went to somebody else.")
    else:
        text = _("{company}: {route} at {warehouse}, {day}, is already taken: somebody was quicker.")
    return plain(text.format(**offer_of(facts, company, reader)))


def none_open(company: str, reader: Reader) -> str:
    return plain(reader.gettext("{company}: nothing is open to you right now.").format(company=name_of(company)))


def several_open(open_: Sequence[Takeable], company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: several shifts are open. Reply {take} and the code: {shifts}")
    return _listed(text, open_, company, reader)


def wrong_code(open_: Sequence[Takeable], company: str, reader: Reader) -> str:
    _ = reader.gettext
    if not open_:
        text = _("{company}: that code is not good any more, and nothing is open to you right now.")
        return plain(text.format(company=name_of(company)))
    text = _("{company}: that code is not good any more. Reply {take} and the code of what is open: {shifts}")
    return _listed(text, open_, company, reader)


def _listed(text: str, open_: Sequence[Takeable], company: str, reader: Reader) -> str:
    lines = [_line(each, reader) for each in open_]
    some = first_of(lines, min(len(lines), LISTED_MOST), reader)
    return plain(text.format(company=name_of(company), take=reply_take(None, reader), shifts=some))


def _line(this: Takeable, reader: Reader) -> str:
    facts, whose = this.offer, f" ({name_of(this.whose)})" if this.whose else ""
    when = f"{reader.day(facts.on)} {reader.time(facts.starts_at)}{reader.bonus(facts.bonus_percent)}"
    return f"{this.code}{whose} {name_of(facts.route)}, {name_of(facts.warehouse)}, {when}"


def noted(company: str, reader: Reader) -> str:
    return plain(reader.gettext("{company}: thank you, noted.").format(company=name_of(company)))


def help_(drives: bool, company: str, reader: Reader) -> str:
    """What can be texted."""
    _ = reader.gettext
    text = (
        _(
            "{company}: {take} + code takes a shift, C confirms. That day: HERE, LATE, CANT, LOAD n, BACK n. "
            "OK = read, STOP = no SMS."
        )
        if drives
        else _("{company}: reply OK for read, STOP for no more SMS. All else is in our Telegram bot.")
    )
    return plain(text.format(company=name_of(company), take=reply_take(None, reader)))


def not_understood(drives: bool, company: str, reader: Reader, begun: Word | None = None) -> str:
    """`begun`: the word with which a driver's sentence begins, who reads how it is texted."""
    _ = reader.gettext
    examples = {
        Word.CONFIRM: _("To confirm, reply C and nothing else, or C and the code."),
        Word.OK: _("Reply OK and nothing else."),
        Word.HERE: _("Once you're there, reply HERE and nothing else."),
        Word.LATE: _("If you'll be late, reply LATE and nothing else but the minutes, like LATE 15."),
        Word.CANT: _("If you can't come today, reply CANT and nothing else."),
        Word.LOAD: _("Reply LOAD and the number of parcels, nothing else, like LOAD 120."),
        Word.BACK: _("Reply BACK and the number of parcels, nothing else, like BACK 4."),
    }
    if drives and begun in examples:
        text = _("{company}: sorry, that wasn't understood. {example}")
        return plain(text.format(company=name_of(company), example=examples[begun]))
    text = (
        _("{company}: sorry, that wasn't understood. Reply HELP to read what you can text, or call your warehouse.")
        if drives
        else _("{company}: sorry, that wasn't understood. Reply OK, HELP or STOP. All else is in our Telegram bot.")
    )
    return plain(text.format(company=name_of(company)))


def opted_out(company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: you get no more SMS. Reply START to get them again.")
    return plain(text.format(company=name_of(company)))


def failed(fault_id: str, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: something went wrong on our side, and nothing was changed. Try again, or call your warehouse. "
        "(Fault {id})"
    )
    return plain(text.format(company=name_of(company), id=fault_id))
