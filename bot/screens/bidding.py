"""Offers to a driver, and the answers to his presses."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bot.callbacks.bidding import Accept, NotToday, PlaceBid, WhyBid, WithdrawBid
from bot.reader import Reader
from bot.screens import scores
from bot.screens.home import home_button, open_button
from bot.screens.modes import SIGNS
from bot.screens.places import directions
from bot.screens.screen import Button, Screen, escape
from bot.screens.shifts import Given, ShiftNow, assigned, hand_back_button
from domain.bidding.offers import Offer
from domain.bidding.rules import AcceptDecision, AlreadyYours, Award, Bids, Withdraws
from domain.coverage.actions import Declined
from domain.db.models.words import BidStatus
from domain.notices.facts.offers import BidLost, Lost
from domain.refusals import Refusal, Refused


def offer(facts: Offer | ShiftNow | Given, reader: Reader) -> Screen:
    """A shift that is offered, as it stands now: open, bid for, taken, declined or over; his, or given to him."""
    _ = reader.gettext
    match facts:
        case ShiftNow():
            return awarded(facts, reader)
        case Given():
            return assigned(facts, reader)
    route, warehouse = escape(facts.route), escape(facts.warehouse)
    what = {"route": route, "warehouse": warehouse, "day": reader.day(facts.on), "start": reader.time(facts.starts_at)}
    if facts.taken:
        return _taken(facts, what, reader)
    if not facts.open:
        text = _("⚪ <b>{route}, {warehouse}</b>\n{day}, start {start}\n\nThis offer is over.")
        return Screen(text.format(**what), ((home_button(reader),),))
    if facts.busy:
        text = _("📌 <b>{route}, {warehouse}</b>\n{day}, start {start}\n\nYou have a shift that day already.")
        return Screen(text.format(**what), ((home_button(reader),),))
    if facts.declined:
        text = not_that_day(facts.route, facts.warehouse, facts.on, reader)
        after_all = PlaceBid(facts.window_id) if facts.by_bids else Accept(facts.window_id)
        return Screen(text, ((Button(_("I can after all"), after_all),), (home_button(reader),)))
    return _for_bids(facts, what, reader) if facts.by_bids else _to_accept(facts, what, reader)


def not_that_day(route: str, warehouse: str, on: date, reader: Reader) -> str:
    """He does not want to drive on the day of what is offered to him."""
    text = reader.gettext(
        "👌 All right, not on {day}. You won't be asked again for that day.\n\n{route}, {warehouse} is still open."
    )
    return text.format(route=escape(route), warehouse=escape(warehouse), day=reader.day(on))


def _taken(facts: Offer, what: dict[str, str], reader: Reader) -> Screen:
    _ = reader.gettext
    if facts.by_hand:
        text = _("☑️ <b>{route}, {warehouse} is taken</b>\n{day}, start {start}\n\nA manager has given it to somebody.")
    elif facts.by_bids:
        text = _("☑️ <b>{route}, {warehouse} is taken</b>\n{day}, start {start}\n\nSomebody else was chosen.")
    else:
        text = _(
            "☑️ <b>{route}, {warehouse} is taken</b>\n{day}, start {start}\n\n"
            "Somebody was quicker. Thank you for looking!"
        )
    lost = ((_why(facts.window_id, reader), open_button(reader)),) if facts.bid is BidStatus.LOST else ()
    return Screen(text.format(**what), (*lost, (home_button(reader),)))


def _for_bids(facts: Offer, what: dict[str, str], reader: Reader) -> Screen:
    """Open to bids, his perhaps among them."""
    _ = reader.gettext
    lines = [
        _("🙋 <b>{route}, {warehouse} is open for bids</b>\n{day}, start {start}").format(**what),
        *_bonus(facts, reader),
        _("Whoever has the best score on {until} gets it.").format(until=f"<b>{reader.moment(facts.closes_at)}</b>")
        + " "
        + _so_far(facts.bids, reader),
    ]
    if facts.bid is BidStatus.PENDING:
        lines.append(_("✋ <b>You have bid.</b> You'll be told either way."))
        lines += cannot_win(facts, reader)
        row: tuple[Button, ...] = (Button(_("Withdraw my bid"), WithdrawBid(facts.window_id)),)
    else:
        row = (Button(_("🙋 Bid"), PlaceBid(facts.window_id)), *_not_that_day(facts, reader))
    if facts.score is not None:
        lines.append(scores.lines(facts.score, facts.route, reader))
    return Screen("\n\n".join(lines), (row, (open_button(reader),)))


def cannot_win(facts: Offer, reader: Reader) -> list[str]:
    """What is against his bid as it stands (R6.5): he may bid himself into his cap."""
    if facts.barred is None:
        return []
    if facts.barred is Refusal.AT_CAP:
        why = reader.ngettext(
            "you have your {n} shift of that week.", "you have your {n} shifts of that week.", facts.cap
        ).format(n=facts.cap)
    else:
        why = refusal(facts.barred, reader)
    return [reader.gettext("⚠️ As it stands you can't win it: {why}").format(why=why)]


def _so_far(bids: int, reader: Reader) -> str:
    if bids == 0:
        return reader.gettext("Nobody has bid yet.")
    return reader.ngettext("{n} driver has bid so far.", "{n} drivers have bid so far.", bids).format(n=bids)


def _to_accept(facts: Offer, what: dict[str, str], reader: Reader) -> Screen:
    """An emergency, or what starts soon: the first who accepts has it."""
    _ = reader.gettext
    title = _("<b>{route}, {warehouse} needs a driver</b>\n{day}, start {start}").format(**what)
    lines = [f"{SIGNS[facts.mode]} {title}"]
    lines += _bonus(facts, reader)
    lines.append(
        (
            _(
                "Be at {address} within <b>{minutes} minutes</b> of accepting.\n"
                "Whoever accepts first has it; open until {until}."
            )
            if facts.hurries
            else _(
                "Be at {address} by <b>{arrive_by}</b>, or within {minutes} minutes of accepting if that is later.\n"
                "Whoever accepts first has it; open until {until}."
            )
            if facts.may_hurry
            else _("Be at {address} by <b>{arrive_by}</b>.\nWhoever accepts first has it; open until {until}.")
        ).format(
            address=escape(facts.address),
            arrive_by=reader.moment(facts.arrive_by, near=facts.is_today),
            minutes=int(facts.arrive_within.total_seconds() // 60),
            until=reader.moment(facts.closes_at, near=facts.is_today),
        )
    )
    accept = Button(_("✅ Accept"), Accept(facts.window_id))
    return Screen("\n\n".join(lines), ((accept, *_not_that_day(facts, reader)),))


def _bonus(facts: Offer, reader: Reader) -> list[str]:
    text = reader.gettext("💰 Bonus: <b>+{bonus}%</b>")
    return [text.format(bonus=facts.bonus_percent)] if facts.bonus_percent else []


def _not_that_day(facts: Offer, reader: Reader) -> tuple[Button, ...]:
    """For who was asked; who has found it by himself is not asked."""
    _ = reader.gettext
    text = _("Not today") if facts.is_today else _("Not that day")
    return (Button(text, NotToday(facts.window_id)),) if facts.asked else ()


def awarded(facts: ShiftNow, reader: Reader) -> Screen:
    """The shift is his; what a bid has won may be handed back for a while (R6.4)."""
    _, shift = reader.gettext, facts.shift
    text = _(
        "✅ <b>It's yours: {route}, {warehouse}</b>\n{day}, start {start}\n\nBe at {address} by <b>{arrive_by}</b>."
    ).format(
        route=escape(shift.route),
        warehouse=escape(shift.warehouse),
        day=reader.day(shift.on),
        start=reader.time(shift.starts_at),
        address=escape(shift.address),
        arrive_by=reader.moment(shift.arrive_by),
    )
    rows = [(directions(shift.warehouse, shift.address, reader),)]
    if facts.back_until is not None:
        can = _("Can't you after all? Until {until} you can give it back; nothing is held against you.")
        text += "\n\n" + can.format(until=reader.time(facts.back_until))
        rows.append((hand_back_button(shift, reader),))
    why = (_why(shift.won_by, reader),) if shift.won_by is not None else ()
    return Screen(text, (*rows, (*why, home_button(reader))))


def _why(window_id: UUID, reader: Reader) -> Button:
    return Button(reader.gettext("❓ Why?"), WhyBid(window_id, 0))


def why_lost(why: Lost, reader: Reader) -> str:
    """What became of what he has bid for, with the `{day}` to be named."""
    _ = reader.gettext
    return {
        Lost.TAKEN: _("{day}: somebody else has it."),
        Lost.CLOSED: _("{day}: the route doesn't run."),
        Lost.EMERGENCY: _("{day}: nobody has it yet. It is an emergency now, for whoever accepts first."),
        Lost.TOO_LATE: _("{day}: nobody could be given it in time."),
    }[why]


@dataclass(frozen=True, slots=True)
class NotHis:
    """A bid that came to nothing, and through which window it was placed."""

    notice: BidLost
    window_id: UUID


def bid_lost(facts: NotHis, reader: Reader) -> Screen:
    """It was not he; to whoever has bid."""
    _, notice = reader.gettext, facts.notice
    text = {
        Lost.TAKEN: _("⚪ <b>{route}, {warehouse} on {day} went to somebody else</b>\nThank you for bidding."),
        Lost.CLOSED: _("⚪ <b>{route}, {warehouse} doesn't run on {day}</b>\nSo your bid for it is off."),
        Lost.EMERGENCY: _(
            "⚪ <b>{route}, {warehouse} on {day} is an emergency now</b>\n"
            "So bids for it are off, and whoever accepts first has it."
        ),
        Lost.TOO_LATE: _("⚪ <b>{route}, {warehouse} on {day} has started</b>\nNobody could be given it in time."),
    }[notice.why]
    what = {"route": escape(notice.route), "warehouse": escape(notice.warehouse), "day": reader.day(notice.on)}
    why = (_why(facts.window_id, reader),) if notice.why is Lost.TAKEN else ()
    return Screen(text.format(**what), ((*why, open_button(reader)), (home_button(reader),)))


def accepted(result: AcceptDecision, reader: Reader) -> str:
    """The short answer that appears over the chat; the card below tells the rest. At most 200 characters."""
    _ = reader.gettext
    match result:
        case Award(arrive_by=arrive_by):
            return _("It's yours. Be there by {arrive_by}.").format(arrive_by=reader.moment(arrive_by))
        case AlreadyYours():
            return _("You already have this one.")
        case Refused(why=why):
            return refusal(why, reader)


def bid_placed(result: Bids | AlreadyYours | Refused, reader: Reader) -> str:
    """The short answer to a bid."""
    match result:
        case Bids(until=until):
            return reader.gettext("Your bid is in. You'll know on {until}.").format(until=reader.moment(until))
        case AlreadyYours():
            return reader.gettext("You already have this one.")
        case Refused(why=why):
            return _bid_refused(why, reader)


def bid_withdrawn(result: Withdraws | AlreadyYours | Refused, reader: Reader) -> str:
    match result:
        case Withdraws():
            return reader.gettext("Your bid is withdrawn.")
        case AlreadyYours():
            return reader.gettext("You already have this one.")
        case Refused(why=why):
            return _bid_refused(why, reader)


def _bid_refused(why: Refusal, reader: Reader) -> str:
    """Nobody is quicker where it goes to the best score."""
    if why is Refusal.TAKEN:
        return reader.gettext("The bids are decided: it went to somebody else. See what else is open with /open.")
    return refusal(why, reader)


def refusal(why: Refusal, reader: Reader) -> str:
    """Why he can't take a shift, and what he can do about it."""
    _ = reader.gettext
    texts = {
        Refusal.TAKEN: _("Already taken: somebody else has it."),
        Refusal.CLOSED: _("This offer is over."),
        Refusal.NOT_A_DRIVER: _("Only drivers can take a shift."),
        Refusal.NOT_EMPLOYED: _("You're not on the list of drivers for that day. Ask your manager."),
        Refusal.AWAY: _("You have that day off. Ask your manager if that has changed."),
        Refusal.WAREHOUSE_NOT_HIS: _("That warehouse isn't one of yours. Ask your manager to add it."),
        Refusal.FLAGGED: _("You can't take new shifts at the moment. Your manager can tell you why, and what helps."),
        Refusal.OUT_OF_POOL: _("You can't take new shifts until your manager has decided. Please get in touch."),
        Refusal.LEFT_THIS_SLOT: _("You gave this shift up before, so it goes to somebody else."),
        Refusal.ON_SHIFT: _("You're on a shift right now."),
        Refusal.BUSY: _("You have a shift that day already."),
        Refusal.BID_FOR: _("Others have bid for it by now, so it goes to the best score. You can bid, too."),
        Refusal.ACCEPT_INSTEAD: _("Nobody has it yet, but the bids are over: now whoever accepts first has it."),
        Refusal.AT_CAP: _("You've reached your shifts for that week. Your manager can allow one more."),
    }
    return texts.get(why, _("That offer isn't there any more."))


def declined(result: Declined | Refused, reader: Reader) -> str:
    if isinstance(result, Refused):
        return refusal(result.why, reader)
    return reader.gettext("All right, no more offers for that day.")
