"""What an offer's own message shows once somebody has the shift: its driver, or another (R6.4, R6.9, R7.2)."""

from datetime import datetime, timedelta

import pytest

from bot.kinds import table_of_kinds
from bot.reader import Reader
from bot.screens.screen import Button, Screen
from domain.coverage.assigning import Assigned, assign_driver
from domain.db.models.words import BidWindowMode
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO
from tests.domain.bidding import Bidding
from tests.domain.world import POLICY, SAY, close_due, next_wave

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
EN = Reader("en", TORONTO)


async def card(bidding: Bidding, driver: Person, at: datetime) -> Screen:
    """The message of the window, as its worker would draw it."""
    kind = table_of_kinds(POLICY, "Rollcall")[Kind.OFFER]
    facts = await kind.load(bidding.session, driver.id, bidding.window, at)
    assert facts is not None
    return kind.screen(facts, EN)


def labels(screen: Screen) -> list[str]:
    return [button.text for row in screen.keyboard for button in row if isinstance(button, Button)]


@pytest.mark.parametrize("bids", [False, True])
async def test_r7_2_who_was_given_it_reads_by_whom_and_answers(bidding: Bidding, ann: Person, bids: bool) -> None:
    """Who has bid has said that he will come (R4.4)."""
    await next_wave(bidding.session, bidding.now)
    if bids:
        await bidding.bid(ann)
    given = await assign_driver(bidding.session, bidding.mona, bidding.slot.id, ann.id, None, SAY, POLICY, bidding.now)
    assert isinstance(given, Assigned)
    screen = await card(bidding, ann, bidding.now)
    assert "Mona Test has given you a shift on" in screen.html and "It's yours" not in screen.html
    assert any(label.startswith("✅ Confirm") for label in labels(screen)) is not bids
    assert "I can't make it" in labels(screen)


async def test_r4_4_given_late_it_is_a_question(bidding: Bidding, ann: Person) -> None:
    await next_wave(bidding.session, bidding.now)
    late = bidding.closes - HOUR
    await assign_driver(bidding.session, bidding.mona, bidding.slot.id, ann.id, None, SAY, POLICY, late)
    screen = await card(bidding, ann, late)
    assert "Can you drive it?" in screen.html
    assert labels(screen)[:2] == ["👍 OK, I'll drive", "✖️ Decline"]


async def test_r6_7_who_was_asked_too_reads_that_a_manager_has_given_it(
    bidding: Bidding, ann: Person, ben: Person
) -> None:
    await next_wave(bidding.session, bidding.now)
    await assign_driver(bidding.session, bidding.mona, bidding.slot.id, ann.id, None, SAY, POLICY, bidding.now)
    screen = await card(bidding, ben, bidding.now)
    assert "is taken" in screen.html and "A manager has given it to somebody." in screen.html


async def test_r6_4_what_a_bid_has_won_late_can_be_given_back_from_its_offer(bidding: Bidding, ann: Person) -> None:
    await next_wave(bidding.session, bidding.now)
    await bidding.bid(ann)
    await close_due(bidding.session, bidding.closes)
    until = bidding.closes + 2 * HOUR  # told at 08:00
    screen = await card(bidding, ann, until)
    assert "It's yours" in screen.html and "Until 09:00 you can give it back" in screen.html
    assert "↩️ Give it back" in labels(screen)
    screen = await card(bidding, ann, until + SECOND)
    assert "It's yours" in screen.html and "give it back" not in screen.html
    assert "↩️ Give it back" not in labels(screen)


@pytest.mark.parametrize("mode", [BidWindowMode.INSTANT, BidWindowMode.EMERGENCY])
async def test_r1_3a_ninety_minutes_are_told_where_they_can_count(bidding: Bidding, ann: Person, mode: str) -> None:
    """Who accepts before the start is there by nine; later than 07:30 it may only be in an emergency."""
    await next_wave(bidding.session, bidding.now)
    window, start = await bidding.window_now(), bidding.closes + 24 * HOUR
    window.mode, window.closes_at = BidWindowMode(mode), start if mode == BidWindowMode.INSTANT else start + 6 * HOUR
    await bidding.session.flush()
    screen = await card(bidding, ann, bidding.now)
    assert "Be at " in screen.html and "09:00" in screen.html
    assert ("90 minutes" in screen.html) is (mode == BidWindowMode.EMERGENCY)
