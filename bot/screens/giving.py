"""A driver gives a shift away: to him, to who may take it, and to the managers (R5.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from bot.callbacks.arrivals import Driven
from bot.callbacks.giving import (
    AgreeToGive,
    GiveAway,
    GiveByLink,
    GiveToAll,
    NotAfterAll,
    NotThatDay,
    RefuseToGive,
    TakeBack,
    TakeOver,
)
from bot.callbacks.shifts import ShiftCard
from bot.reader import Reader
from bot.screens import bidding
from bot.screens.home import home_button
from bot.screens.places import directions
from bot.screens.screen import Button, Screen, escape
from domain.giving.queries import GivenAway, Stand
from domain.notices.facts.giving import GiveAwayAsked, GiveAwayEnded, Given, ShiftGiven
from domain.refusals import Refusal
from domain.shifts.queries import OwnShift

LINK_MOST: Final = 200  # characters

Placed = GivenAway | OwnShift | GiveAwayEnded | GiveAwayAsked | ShiftGiven


def _what(facts: Placed, reader: Reader) -> dict[str, str]:
    return {
        "route": escape(facts.route),
        "warehouse": escape(facts.warehouse),
        "day": reader.day(facts.on),
        "start": reader.time(facts.starts_at),
    }


# -- who gives it away


def choose(shift: OwnShift, until: datetime, approved: bool, reader: Reader) -> Screen:
    """What follows, before anybody is told. `approved`: a manager must agree."""
    _ = reader.gettext
    text = _(
        "🤝 <b>Give away {route}, {warehouse} on {day}?</b>\n"
        "It stays yours until a colleague has it, who must take it before {until}. Nothing is held against you."
    ).format(**_what(shift, reader), until=reader.moment(until))
    if approved:
        text += "\n" + _("Your manager must agree before it changes hands.")
    id_ = shift.assignment_id
    return Screen(
        text,
        (
            (Button(_("🔗 To a colleague, by a link"), GiveByLink(id_)),),
            (Button(_("📣 To everyone who can take it"), GiveToAll(id_)),),
            (Button(_("‹ Keep my shift"), ShiftCard(id_)),),
        ),
    )


def link(giver: str, shift: OwnShift, address: str, reader: Reader) -> Screen:
    """To be forwarded as it is, so without buttons."""
    text = reader.gettext(
        "🤝 {giver} offers you a shift:\n<b>{route}, {warehouse}</b>, {day}, start {start}\n\nTo look at it: {link}"
    )
    return Screen(text.format(giver=escape(giver), link=escape(address, LINK_MOST), **_what(shift, reader)))


def giving(facts: GivenAway, reader: Reader) -> Screen:
    """How it stands with it, to who gives it away."""
    _ = reader.gettext
    head = "🤝 " + _("<b>{route}, {warehouse}</b>\n{day}, start {start}").format(**_what(facts, reader))
    back = (Button(_("↩️ Take it back"), TakeBack(facts.give_away_id)),)
    shift, home = (Button(_("🚚 My shift"), ShiftCard(facts.assignment_id)),), (home_button(reader),)
    until = {"until": reader.moment(facts.until), "arrive_by": reader.time(facts.arrive_by)}
    rows: tuple[tuple[Button, ...], ...]
    match facts.stands:
        case Stand.OPEN if facts.to_all:
            text = _told(facts, reader) + "\n" + _("Until one has taken it, before {until}, it's yours.")
            rows = (back, shift, home)
        case Stand.OPEN:
            text = _("Forward the link below to a colleague. Until it's taken, before {until}, it's yours.")
            rows = (back, shift, home)
        case Stand.WAITS:
            text = _(
                "⏳ {taker} would take it. Your manager must agree; until then, and if not by {until}, it's yours."
            )
            rows = (back, shift, home)
        case Stand.TAKEN | Stand.MINE:
            text, rows = _("✅ {taker} has it: you're free that day."), (home,)
        case Stand.TAKEN_BACK:
            text, rows = _("↩️ You've taken it back: it's yours as before."), (shift, home)
        case Stand.REFUSED:
            text, rows = _("✖️ Your manager didn't agree: it's still yours."), (shift, home)
        case Stand.OVER if facts.taker_id is not None:
            text, rows = _("No manager has agreed in time: it's still yours. Be there by {arrive_by}."), (shift, home)
        case Stand.OVER:
            text, rows = _("Nobody has taken it in time: it's still yours. Be there by {arrive_by}."), (shift, home)
        case Stand.GONE:
            text, rows = _("This shift isn't yours any more."), (home,)
    taker = escape(facts.taker) if facts.taker else _("A colleague")
    return Screen(f"{head}\n\n{text.format(taker=taker, **until)}", rows)


def _told(facts: GivenAway, reader: Reader) -> str:
    """To whom it is offered."""
    if not facts.told:
        return reader.gettext("📣 Offered to all: whoever can take it finds it among the open shifts.")
    told = reader.ngettext("📣 {n} colleague has been told.", "📣 {n} colleagues have been told.", facts.told)
    return told.format(n=facts.told)


def own_link(assignment_id: UUID, reader: Reader) -> Screen:
    """He has opened his own."""
    text = reader.gettext("This is the link of your own shift. Forward it to the colleague who is to have it.")
    how = Button(reader.gettext("🤝 How it stands"), GiveAway(assignment_id))
    return Screen(text, ((how,), (home_button(reader),)))


def link_leads_nowhere(reader: Reader) -> Screen:
    text = reader.gettext("This link doesn't work any more. Ask your colleague for a new one.")
    return Screen(text, ((home_button(reader),),))


# -- who may take it


def offered(facts: GivenAway, reader: Reader) -> Screen:
    """A colleague's shift, to who was told of it or has opened its link."""
    _ = reader.gettext
    home = (home_button(reader),)
    what = _what(facts, reader)
    giver = escape(facts.giver) if facts.giver else _("A colleague")
    match facts.stands:
        case Stand.OPEN:
            head = _("🤝 <b>{giver} gives away {route}, {warehouse}</b>\n{day}, start {start}").format(
                giver=giver, **what
            )
            return _to_take(facts, head, reader)
        case Stand.WAITS:
            text = _(
                "⏳ <b>{route}, {warehouse}</b>\n{day}, start {start}\n\n"
                "Waits for a manager of {warehouse} to agree. Until then it isn't yours."
            )
            not_after_all = Button(_("I can't after all"), NotAfterAll(facts.give_away_id))
            return Screen(text.format(**what), ((not_after_all,), home))
        case Stand.MINE:
            text = _(
                "✅ <b>It's yours: {route}, {warehouse}</b>\n{day}, start {start}\n\n"
                "Be at {address} by <b>{arrive_by}</b>."
            ).format(address=escape(facts.address), arrive_by=reader.moment(facts.arrive_by), **what)
            return Screen(text, ((directions(facts.warehouse, facts.address, reader),), home))
        case Stand.TAKEN:
            text = _(
                "☑️ <b>{route}, {warehouse} is taken</b>\n{day}, start {start}\n\n"
                "Somebody was quicker. Thank you for looking!"
            )
        case _:
            text = _("⚪ <b>{route}, {warehouse}</b>\n{day}, start {start}\n\nThis offer is over.")
    return Screen(text.format(**what), (home,))


def _to_take(facts: GivenAway, head: str, reader: Reader) -> Screen:
    _ = reader.gettext
    if facts.why is not None:
        return Screen(f"{head}\n\n{bidding.refusal(facts.why, reader)}", ((home_button(reader),),))
    if facts.declined:
        after_all = Button(_("I can after all"), TakeOver(facts.give_away_id))
        said = bidding.not_that_day(facts.route, facts.warehouse, facts.on, reader)
        return Screen(said, ((after_all,), (home_button(reader),)))
    text = _("Be at {address} by <b>{arrive_by}</b>. Whoever takes it first has it; open until {until}.").format(
        address=escape(facts.address),
        arrive_by=reader.moment(facts.arrive_by),
        until=reader.moment(facts.until),
    )
    if facts.approved:
        text += "\n" + _("A manager must agree before it is yours.")
    take = Button(_("✅ Take it"), TakeOver(facts.give_away_id))
    not_then = Button(_("Not that day"), NotThatDay(facts.give_away_id))
    return Screen(f"{head}\n\n{text}", ((take, not_then), (home_button(reader),)))


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of it, to giver or taker. `assignment_id`: the giver's."""

    notice: GiveAwayEnded
    assignment_id: UUID


def sentence(notice: GiveAwayEnded, reader: Reader) -> str:
    """What became of it, in words; `{other}` may be any colleague."""
    _ = reader.gettext
    other = notice.other or _("A colleague")
    if notice.giver:
        text = {
            Given.TAKEN: _("{other} has it: you're free that day."),
            Given.REFUSED: _("Your manager didn't agree: it's still yours."),
            Given.UNDECIDED: _("No manager has agreed in time: it's still yours."),
        }.get(notice.end, "")
    else:
        text = {
            Given.REFUSED: _("A manager didn't agree: it isn't yours, and you're free that day."),
            Given.UNDECIDED: _("No manager has agreed in time: it isn't yours, and you're free that day."),
            Given.TAKEN_BACK: _("It isn't given away any more: it isn't yours, and you're free that day."),
        }.get(notice.end, "")
    return text.format(other=other)


def ended(facts: Ended, reader: Reader) -> Screen:
    _, notice = reader.gettext, facts.notice
    head = "🤝 " + _("<b>{route}, {warehouse}</b>\n{day}, start {start}").format(**_what(notice, reader))
    text = f"{head}\n\n{escape(sentence(notice, reader), 400)}"
    his = notice.giver and notice.end is not Given.TAKEN
    shift = ((Button(reader.gettext("🚚 My shift"), ShiftCard(facts.assignment_id)),),) if his else ()
    return Screen(text, (*shift, (home_button(reader),)))


# -- the managers


@dataclass(frozen=True, slots=True)
class Agreement:
    """A manager's word is asked for, and how it stands. `latest`: nobody has asked for it since."""

    notice: GiveAwayAsked
    card: GivenAway
    latest: bool


def agreement(facts: Agreement, reader: Reader) -> Screen:
    _ = reader.gettext
    notice, card = facts.notice, facts.card
    names = {"giver": escape(notice.giver), "taker": escape(notice.taker)}
    head = _("🤝 <b>{taker} would take {route}, {warehouse} from {giver}</b>\n{day}, start {start}").format(
        **names, **_what(notice, reader)
    )
    rows: tuple[tuple[Button, ...], ...] = ()
    match card.stands:
        case _ if not facts.latest:
            text = _("The colleague has had second thoughts.")
        case Stand.WAITS:
            text = _("Until you agree, and if nobody does before {until}, it stays with {giver}.")
            if card.asking_id is not None:
                asked = card.give_away_id, card.asking_id
                rows = ((Button(_("👍 Agree"), AgreeToGive(*asked)), Button(_("✖️ Don't agree"), RefuseToGive(*asked))),)
        case Stand.TAKEN | Stand.MINE:
            text = _("👍 Agreed: {taker} drives.")
        case Stand.REFUSED:
            text = _("✖️ Not agreed: it stays with {giver}.")
        case Stand.OVER:
            text = _("Nobody has decided in time: it stays with {giver}.")
        case Stand.OPEN | Stand.TAKEN_BACK:
            text = _("The colleague has had second thoughts.")
        case Stand.GONE:
            text = _("{giver} doesn't have this shift any more.")
    text = text.format(**names, until=reader.moment(card.until))
    return Screen(f"{head}\n\n{text}", (*rows, (home_button(reader),)))


@dataclass(frozen=True, slots=True)
class Handed:
    """A shift has changed hands. `assignment_id`: the taker's."""

    notice: ShiftGiven
    assignment_id: UUID


def handed(facts: Handed, reader: Reader) -> Screen:
    _ = reader.gettext
    notice = facts.notice
    text = _("🤝 <b>{taker} drives {route}, {warehouse}</b>\n{day}, start {start}\n\n{giver} gave the shift away.")
    names = {"giver": escape(notice.giver), "taker": escape(notice.taker)}
    shift = Button(_("🔎 The shift"), Driven(facts.assignment_id))
    return Screen(text.format(**names, **_what(notice, reader)), ((shift,), (home_button(reader),)))


# -- answers to presses, at most 200 characters


def offered_to_all(told: int, reader: Reader) -> str:
    if not told:
        return reader.gettext("It's among the open shifts now.")
    return reader.ngettext("{n} colleague is being told.", "{n} colleagues are being told.", told).format(n=told)


def taken(reader: Reader) -> str:
    return reader.gettext("It's yours. Thank you!")


def waits(reader: Reader) -> str:
    return reader.gettext("A manager is being asked. You'll be told.")


def taken_back(reader: Reader) -> str:
    return reader.gettext("It's yours as before.")


def too_late_to_take_back(reader: Reader) -> str:
    return reader.gettext("It is settled already: see below.")


def decided(reader: Reader) -> str:
    return reader.gettext("Decided. Both are told.")


def take_refusal(why: Refusal, reader: Reader) -> str:
    """To who would take it."""
    _ = reader.gettext
    if why is Refusal.OWN_SHIFT:
        return _("That's your own shift.")
    return _("This offer is over.") if why is Refusal.GIVE_AWAY_OVER else bidding.refusal(why, reader)


def decide_refusal(why: Refusal, reader: Reader) -> str:
    """To the manager; what keeps the taker from it stands as a ground, not as the taker would read it."""
    _ = reader.gettext
    texts = {
        Refusal.NOT_FOUND: _("I can't find that in your warehouses."),
        Refusal.DECIDED_ALREADY: _("That has been decided already."),
        Refusal.CHANGED_HIS_MIND: _("The colleague doesn't want to drive that day any more."),
        Refusal.ANOTHER_ASKS: _("Somebody else asks for it by now. Please look again."),
        Refusal.GIVE_AWAY_OVER: _("It is over: the shift or its time has gone."),
        Refusal.NOT_EMPLOYED: _("The colleague isn't employed that day."),
        Refusal.AWAY: _("The colleague has that day off."),
        Refusal.FLAGGED: _("The colleague is flagged and gets no new shifts."),
        Refusal.OUT_OF_POOL: _("The colleague is out of the pool at the moment."),
        Refusal.BUSY: _("The colleague has another shift that day by now."),
        Refusal.AT_CAP: _("The colleague has all shifts of that week by now."),
    }
    return texts.get(why, _("The colleague can't take this shift any more."))
