"""What is open to a driver, his bids, and why they ended as they did."""

from datetime import datetime
from typing import Final

from bot.callbacks.bidding import MyBids, OpenShift, OpenShifts, WhyBid
from bot.reader import Reader
from bot.screens import scores
from bot.screens.bidding import cannot_win, refusal
from bot.screens.home import given_button, given_line, home_button, open_button
from bot.screens.modes import SIGNS
from bot.screens.paging import Rows, pager
from bot.screens.screen import Button, Screen, escape, shortened
from domain.bidding.offers import Offer
from domain.bidding.open_shifts import OpenPage
from domain.bidding.own_bids import Outcome, OwnBid, OwnBids, Why
from domain.db.models.words import BidStatus
from domain.giving.queries import GivenAway

LABEL_MOST: Final = 40
GIVEN_MOST: Final = 8  # of what colleagues give away


def open_shifts(page: OpenPage, given: tuple[GivenAway, ...], now: datetime, reader: Reader) -> Screen:
    """A page of what he may take or bid for, each a button; `given`: what colleagues give away, behind the last."""
    _ = reader.gettext
    below = (Button(_("✋ My bids"), MyBids(0)), home_button(reader))
    if page.total == 0 and not given:
        text = _("🌿 Nothing is open to you right now. You'll be told when something comes up.")
        return Screen(text, (below,))
    total = page.total + len(given)
    title = reader.ngettext("🙋 <b>{n} shift is open to you</b>", "🙋 <b>{n} shifts are open to you</b>", total)
    shown = given[:GIVEN_MOST] if page.page + 1 == page.pages else ()
    entries = [_entry(offer, now, reader) for offer in page.offers] + [given_line(each, reader) for each in shown]
    rows: Rows = [(_to(offer, reader),) for offer in page.offers]
    rows += [(given_button(each, reader),) for each in shown]
    rows += pager(page.page, page.pages, OpenShifts, reader)
    return Screen("\n\n".join([title.format(n=total), *entries]), (*rows, below))


def _entry(offer: Offer, now: datetime, reader: Reader) -> str:
    _ = reader.gettext
    head = f"<b>{escape(offer.route)}</b>, {escape(offer.warehouse)}, " + _("{day}, start {start}").format(
        day=reader.day(offer.on), start=reader.time(offer.starts_at)
    )
    left = reader.left(offer.closes_at - now)
    if not offer.by_bids:
        first = _("First come, first served{bonus}; {left} left")
        how = f"{SIGNS[offer.mode]} " + first.format(bonus=reader.bonus(offer.bonus_percent), left=left)
    else:
        many = reader.ngettext("{n} bid", "{n} bids", offer.bids).format(n=offer.bids)
        how = _("🙋 For bids{bonus}; {bids} so far, {left} left").format(
            bonus=reader.bonus(offer.bonus_percent), bids=many, left=left
        )
    own = [_("✋ You have bid.")] if offer.bid is BidStatus.PENDING else []
    return "\n".join([head, how, *own, *cannot_win(offer, reader)])


def _to(offer: Offer, reader: Reader) -> Button:
    mark = "✋" if offer.by_bids and offer.bid is BidStatus.PENDING else SIGNS[offer.mode]
    text = f"{mark} {offer.route}, {reader.day(offer.on)}"
    return Button(shortened(text, LABEL_MOST), OpenShift(offer.window_id))


def over(reader: Reader) -> str:
    """It was open when the list was made."""
    return reader.gettext("This one isn't open to you any more.")


def own_bids(page: OwnBids, reader: Reader) -> Screen:
    """What he has bid for and what became of it, with [Why?] where something has."""
    _ = reader.gettext
    below = (open_button(reader), home_button(reader))
    if page.total == 0:
        return Screen(_("You haven't bid for anything in the last weeks."), (below,))
    lines = [_("✋ <b>Your bids</b>"), *(_own(bid, reader) for bid in page.bids)]
    rows: Rows = []
    for bid in page.bids:
        if bid.status is BidStatus.PENDING:
            text = f"🙋 {bid.route}, {reader.day(bid.on)}"
            rows.append((Button(shortened(text, LABEL_MOST), OpenShift(bid.window_id)),))
        elif not bid.accepted:
            text = _("Why? {route}, {day}").format(route=bid.route, day=reader.day(bid.on))
            lost = bid.status is BidStatus.LOST
            again = (Button(_("🙋 See it"), OpenShift(bid.open_by)),) if lost and bid.open_by else ()
            rows.append((Button(shortened(text, LABEL_MOST), WhyBid(bid.window_id, page.page + 1)), *again))
    rows += pager(page.page, page.pages, MyBids, reader)
    return Screen("\n".join(lines), (*rows, below))


def _own(bid: OwnBid, reader: Reader) -> str:
    _ = reader.gettext
    if bid.status is BidStatus.PENDING:
        text = _("🕓 {route}, {warehouse}, {day}: result on {at}")
    elif bid.status is BidStatus.WON and bid.accepted:
        text = _("✅ {route}, {warehouse}, {day}: you accepted it")
    elif bid.status is BidStatus.WON:
        text = _("✅ {route}, {warehouse}, {day}: you won it")
    elif bid.open_by is not None and bid.taken:
        text = _("🙋 {route}, {warehouse}, {day}: it's open again")
    elif bid.open_by is not None:
        text = _("🙋 {route}, {warehouse}, {day}: not by bids, but it's still open")
    elif bid.taken:
        text = _("⚪ {route}, {warehouse}, {day}: somebody else has it")
    else:
        text = _("⚪ {route}, {warehouse}, {day}: not by bids")
    return text.format(
        route=escape(bid.route),
        warehouse=escape(bid.warehouse),
        day=reader.day(bid.on),
        at=reader.moment(bid.decided_at),
    )


def why(facts: Why, back: int, reader: Reader) -> Screen:
    """Why he got it or did not; `back`: the page of his bids that he came from, counted from 1, or none."""
    _ = reader.gettext
    title = _("<b>Why? {route}, {warehouse}, {day}</b>").format(
        route=escape(facts.route), warehouse=escape(facts.warehouse), day=reader.day(facts.on)
    )
    parts = [title, *_because(facts, reader)]
    if facts.score is not None:
        parts.append(scores.lines(facts.score, facts.route, reader))
    if facts.gap is not None:
        parts.append(scores.missing(facts.gap, facts.route, reader))
    to_bids = Button(_("‹ My bids") if back else _("✋ My bids"), MyBids(max(back - 1, 0)))
    return Screen("\n\n".join(parts), ((to_bids, open_button(reader)), (home_button(reader),)))


def _because(facts: Why, reader: Reader) -> list[str]:
    _ = reader.gettext
    rank = _("You were number {rank} of {n}.").format(rank=facts.rank, n=facts.of)
    match facts.outcome:
        case Outcome.PENDING:
            return [_("Your bid waits for its result.")]
        case Outcome.WON if facts.rank == 1:
            return [_("You won it: the best score of {n}.").format(n=facts.of)]
        case Outcome.WON:
            return [rank, _("You won it: whoever was ahead couldn't take it any more.")]
        case Outcome.ACCEPTED:
            return [_("You were the first to accept it.")]
        case Outcome.OUTRANKED:
            return [rank]
        case Outcome.BARRED if facts.refusal is not None:
            return [rank, _("When it was decided, you couldn't take it:") + " " + refusal(facts.refusal, reader)]
        case Outcome.GIVEN:
            return [rank, _("A manager gave it to you by hand.")]
        case Outcome.BY_HAND:
            return [rank] * (facts.score is not None) + [_("A manager gave it to somebody by hand.")]
        case Outcome.QUICKER:
            return [_("It wasn't decided by bids in the end: whoever accepted first had it.")]
    return [_("Nobody got it by a bid: it was called off, or went on as an offer to accept.")]


def no_such_bid(reader: Reader) -> str:
    return reader.gettext("You haven't bid for this one.")
