"""R6.4, R6.8: who comes before whom, and what was missing; pure."""

import dataclasses
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bidding.gaps import Gap, gap
from domain.bidding.rules import Bidder, first_eligible, first_refusal, parts, ranked
from domain.policy import Policy, QuietHours
from domain.shifts.rules_of_leaving import hand_back_until, may_hand_back
from domain.time import shift_start
from tests.domain.test_accept_rules import GOOD, model_score

POLICY = Policy()
AS_RULED = QuietHours()
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE, HOUR, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=1)


def bidder(number: int = 1, minutes: int = 0, **standing: Any) -> Bidder:
    """`number` is his own, and that of his bid."""
    stands = dataclasses.replace(GOOD, driver_id=uuid.UUID(int=number), **standing)
    return Bidder(uuid.UUID(int=number), AT + minutes * MINUTE, stands)


def order(*bidders: Bidder) -> list[int]:
    return [each.bid_id.int for each in ranked(bidders, POLICY)]


def test_r6_4_by_score() -> None:
    worse, better = bidder(1, completion_rate=0.5), bidder(2, minutes=9, load=3, completion_rate=0.51)
    assert order(worse, better) == [2, 1]


def test_r6_4_ties_fewer_shifts_that_week_then_the_earlier_bid_then_its_id() -> None:
    assert order(bidder(1, load=2), bidder(2, load=1, minutes=5)) == [2, 1]
    assert order(bidder(1, minutes=5), bidder(2)) == [2, 1]
    assert order(bidder(2), bidder(1)) == [1, 2]


def test_r6_5_the_first_who_may_still_take_it() -> None:
    best, next_, last = bidder(1, completion_rate=1.0, flagged=True), bidder(2, completion_rate=0.9), bidder(3)
    assert first_eligible([last, best, next_], POLICY) == next_
    assert first_eligible([best], POLICY) is None
    assert first_eligible([], POLICY) is None


RATES = st.floats(0, 1)
STANDINGS = st.builds(
    lambda rate, attendance, completions, prefers, load, cap, busy: dataclasses.replace(
        GOOD,
        completion_rate=rate,
        attendance_rate=attendance,
        route_completions=completions,
        prefers_route=prefers,
        load=load,
        cap=cap,
        busy=busy,
    ),
    RATES | st.sampled_from([0.0, 0.5, 1.0]),
    RATES | st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 30),
    st.booleans(),
    st.integers(0, 3),
    st.integers(1, 4),
    st.booleans(),
)
BIDDERS = st.lists(st.tuples(STANDINGS, st.integers(0, 2)), min_size=1, max_size=8).map(
    lambda some: [Bidder(uuid.UUID(int=i + 1), AT + m * MINUTE, s) for i, (s, m) in enumerate(some)]
)


@given(BIDDERS, st.randoms(use_true_random=False))
def test_r6_4_one_order_whatever_the_order_they_come_in(bidders: list[Bidder], dice: Any) -> None:
    """Total, independent of the input's order, and by the model's formula in double precision."""
    once = ranked(bidders, POLICY)
    shuffled = list(bidders)
    dice.shuffle(shuffled)
    assert ranked(shuffled, POLICY) == once
    keys = []
    for each in once:
        of = each.standing
        model = model_score(of.completion_rate, of.route_completions, of.attendance_rate, of.prefers_route)
        assert parts(of, POLICY).score == model
        keys.append((-model, of.load, each.bid_at, each.bid_id))
    assert keys == sorted(keys) and len(set(keys)) == len(keys)
    winner = first_eligible(bidders, POLICY)
    eligible = [each for each in once if first_refusal(each.standing) is None]
    assert winner == (eligible[0] if eligible else None)


@given(STANDINGS, STANDINGS, st.integers(0, 2), st.integers(0, 2))
def test_r6_8_what_is_named_would_have_been_enough_and_nothing_less(mine: Any, others: Any, at: int, his: int) -> None:
    own, winner = Bidder(uuid.UUID(int=2), AT + at * MINUTE, mine), Bidder(uuid.UUID(int=1), AT + his * MINUTE, others)
    if ranked([own, winner], POLICY)[0] == own:
        return
    found = gap(own, winner, POLICY)

    def wins(**better: Any) -> bool:
        raised = dataclasses.replace(own, standing=dataclasses.replace(mine, **better))
        return ranked([raised, winner], POLICY)[0] == raised

    raisable = {"route_completions": max(mine.route_completions, POLICY.familiar_after), "prefers_route": True}
    raisable |= {"attendance_rate": 1.0, "completion_rate": 1.0}
    alone = [name for name, most in raisable.items() if most != getattr(mine, name) and wins(**{name: most})]
    if not alone:
        assert found.together is wins(**raisable)
        better = {
            "route_completions": mine.route_completions + (found.completions or 0),
            "prefers_route": mine.prefers_route or found.preference,
            "attendance_rate": min(mine.attendance_rate + (found.attendance or 0) / 100, 1.0),
            "completion_rate": min(mine.completion_rate + (found.completion or 0) / 100, 1.0),
        }
        assert wins(**better) is found.together
        return
    assert not found.together
    if found.completions is None:
        assert not wins(route_completions=max(mine.route_completions, POLICY.familiar_after))
    else:
        assert wins(route_completions=mine.route_completions + found.completions)
        assert found.completions == 1 or not wins(route_completions=mine.route_completions + found.completions - 1)
    for name, points in (("attendance_rate", found.attendance), ("completion_rate", found.completion)):
        rate = getattr(mine, name)
        if points is None:
            assert rate == 1 or not wins(**{name: 1.0})
        else:
            assert wins(**{name: min(rate + points / 100, 1.0)})
            assert points == 1 or not wins(**{name: rate + (points - 1) / 100})
    assert found.preference is (not mine.prefers_route and wins(prefers_route=True))
    equal = parts(mine, POLICY).score == parts(others, POLICY).score
    assert (found.fewer_shifts or found.earlier) is equal
    assert not equal or found.fewer_shifts is (others.load < mine.load)


def test_r6_8_two_more_completions() -> None:
    own, winner = bidder(2, route_completions=5), bidder(1, route_completions=7)
    assert gap(own, winner, POLICY).completions == 3  # two make them equal, and the other's bid has the lower id
    assert gap(dataclasses.replace(own, bid_at=AT - MINUTE), winner, POLICY).completions == 2
    one_way = gap(bidder(2, completion_rate=0.0, attendance_rate=0.9), bidder(1, completion_rate=1.0), POLICY)
    assert one_way == Gap(completion=one_way.completion)


def test_r6_8_the_gap_is_told_in_whole_steps_and_never_as_the_difference_of_the_scores() -> None:
    own = bidder(2, completion_rate=0.5, attendance_rate=0.5, route_completions=0, prefers_route=False)
    best: Any = {"attendance_rate": 0.9, "route_completions": 20, "prefers_route": True}
    ahead, further = (bidder(1, completion_rate=rate, **best) for rate in (0.9001, 0.9002))
    assert gap(own, ahead, POLICY) == gap(own, further, POLICY)  # whoever reads it can't tell which it was
    assert gap(own, ahead, POLICY) == Gap(20, 50, 36, preference=True, together=True)


# -- handing back


def _local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=POLICY.zone)


@pytest.mark.parametrize("on", [date(2026, 11, 27), date(2026, 11, 2), date(2027, 3, 15)])
def test_r6_4_handed_back_within_60_minutes_of_an_award_less_than_48_h_ahead(on: date) -> None:
    """Exact durations, whatever the clocks do between."""
    start = shift_start(on, POLICY)
    assert hand_back_until(on, start - 48 * HOUR, AS_RULED, POLICY) is None
    assert hand_back_until(on, start - 48 * HOUR - SECOND, AS_RULED, POLICY) is None
    awarded = start - 46 * HOUR
    until = hand_back_until(on, awarded, AS_RULED, POLICY)
    assert until == awarded + HOUR
    assert may_hand_back(until, awarded + HOUR)
    assert not may_hand_back(until, awarded + HOUR + SECOND)
    assert not may_hand_back(None, awarded)


@pytest.mark.parametrize(
    ("awarded", "until"),
    [
        (_local(26, 7), _local(26, 9)),  # told at 08:00
        (_local(26, 8), _local(26, 9)),
        (_local(26, 20, 59), _local(26, 21, 59)),
        (_local(25, 21), _local(26, 9)),
        (_local(26, 21), _local(27, 7)),  # the shift's own day: told at 06:00
        (_local(27, 5, 30), _local(27, 7)),
        (_local(27, 6, 30), _local(27, 7, 30)),
    ],
)
def test_r6_4_the_hour_begins_when_the_winner_could_know(awarded: datetime, until: datetime) -> None:
    assert hand_back_until(date(2026, 11, 27), awarded, AS_RULED, POLICY) == until


@pytest.mark.parametrize(
    ("quiet", "awarded", "until"),
    [
        (QuietHours(time(23), time(10)), _local(26, 7), _local(26, 11)),
        (QuietHours(time(23), time(10)), _local(26, 22), _local(26, 23)),
        (QuietHours(time(20), time(6)), _local(25, 20, 30), _local(26, 7)),
        (QuietHours(time(0), time(0)), _local(26, 3), _local(26, 4)),
    ],
)
def test_r6_4_the_hour_begins_after_the_winners_own_quiet_hours(
    quiet: QuietHours, awarded: datetime, until: datetime
) -> None:
    assert hand_back_until(date(2026, 11, 27), awarded, quiet, POLICY) == until
