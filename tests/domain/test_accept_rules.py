"""R6.3, R6.4, R6.7: who may take a shift, in which order it is refused, and the score."""

import dataclasses
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bidding.rules import (
    AlreadyYours,
    Award,
    Standing,
    WindowFacts,
    decide_accept,
    first_refusal,
    parts,
    refuse_window,
)
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus
from domain.policy import Policy
from domain.refusals import Refusal, Refused

POLICY = Policy()
DRIVER, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
CLOSES = datetime(2026, 11, 25, 18, tzinfo=UTC)
NOW = datetime(2026, 11, 25, 12, 20, tzinfo=UTC)
MS = timedelta(milliseconds=1)

WINDOW = WindowFacts(
    window_id=uuid.UUID(int=3),
    assignment_id=uuid.UUID(int=4),
    route_id=uuid.UUID(int=5),
    warehouse_id=uuid.UUID(int=6),
    route="R12",
    warehouse="North",
    on=date(2026, 11, 25),
    slot_status=AssignmentStatus.UNFILLED,
    mode=BidWindowMode.EMERGENCY,
    status=BidWindowStatus.OPEN,
    closes_at=CLOSES,
    bonus_percent=20,
    winner_id=None,
)
GOOD = Standing(
    driver_id=DRIVER,
    is_driver=True,
    employed=True,
    away=False,
    may_work_there=True,
    flagged=False,
    in_pool=True,
    left_this_slot=False,
    on_shift=False,
    busy=False,
    load=3,
    cap=4,
    over_cap_allowed=False,
    completion_rate=0.5,
    route_completions=5,
    attendance_rate=0.75,
    prefers_route=True,
)


def refused(now: datetime = NOW, **changes: Any) -> object:
    return refuse_window(dataclasses.replace(WINDOW, **changes), DRIVER, now)


def test_r6_7_open_until_it_closes() -> None:
    assert refused(CLOSES - MS) is None
    assert refused(CLOSES) == Refused(Refusal.CLOSED)
    assert refused(CLOSES + MS) == Refused(Refusal.CLOSED)


def test_r6_6_closed_before_its_time() -> None:
    assert refused(status=BidWindowStatus.CLOSED) == Refused(Refusal.CLOSED)


def test_r6_7_everyone_else_reads_taken_and_the_winner_that_it_is_his() -> None:
    resolved: dict[str, Any] = {"status": BidWindowStatus.RESOLVED, "slot_status": AssignmentStatus.SCHEDULED}
    assert refused(**resolved, winner_id=OTHER) == Refused(Refusal.TAKEN)
    assert refused(**resolved, winner_id=DRIVER) == AlreadyYours()
    # also when its time is over: what became of it matters more than when
    assert refused(CLOSES + MS, **resolved, winner_id=OTHER) == Refused(Refusal.TAKEN)
    assert refused(CLOSES + MS, **resolved, winner_id=DRIVER) == AlreadyYours()


def test_r6_4_a_competitive_window_is_bid_for_not_accepted() -> None:
    assert refused(mode=BidWindowMode.COMPETITIVE) == Refused(Refusal.NOT_FOUND)


def test_r6_7_an_instant_window_is_accepted_like_an_emergency() -> None:
    assert refused(mode=BidWindowMode.INSTANT) is None


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (AssignmentStatus.SCHEDULED, Refusal.TAKEN),
        (AssignmentStatus.ACTIVE, Refusal.TAKEN),
        (AssignmentStatus.COMPLETED, Refusal.TAKEN),
        (AssignmentStatus.CANCELLED, Refusal.CLOSED),
    ],
)
def test_r2_3_only_an_unfilled_slot_becomes_scheduled(status: AssignmentStatus, why: Refusal) -> None:
    """Though its window is still open: another program on the same database may have filled the slot."""
    assert refused(slot_status=status) == Refused(why)


# In the order of R6.3; each with what makes it apply.
GROUNDS: list[tuple[Refusal, dict[str, Any]]] = [
    (Refusal.NOT_A_DRIVER, {"is_driver": False}),
    (Refusal.NOT_EMPLOYED, {"employed": False}),
    (Refusal.AWAY, {"away": True}),
    (Refusal.WAREHOUSE_NOT_HIS, {"may_work_there": False}),
    (Refusal.FLAGGED, {"flagged": True}),
    (Refusal.OUT_OF_POOL, {"in_pool": False}),
    (Refusal.LEFT_THIS_SLOT, {"left_this_slot": True}),
    (Refusal.ON_SHIFT, {"on_shift": True}),
    (Refusal.BUSY, {"busy": True}),
    (Refusal.AT_CAP, {"load": 4}),
]


def test_r6_3_nothing_against_him() -> None:
    assert first_refusal(GOOD) is None


@pytest.mark.parametrize(("why", "fact"), GROUNDS, ids=[why for why, _ in GROUNDS])
def test_r6_3_each_ground_alone(why: Refusal, fact: dict[str, Any]) -> None:
    assert first_refusal(dataclasses.replace(GOOD, **fact)) is why
    assert decide_accept(WINDOW, dataclasses.replace(GOOD, **fact), POLICY, NOW) == Refused(why)


@pytest.mark.parametrize("first", range(len(GROUNDS)))
def test_r6_3_the_order_of_refusals(first: int) -> None:
    facts = {name: value for _, fact in GROUNDS[first:] for name, value in fact.items()}
    assert first_refusal(dataclasses.replace(GOOD, **facts)) is GROUNDS[first][0]


@pytest.mark.parametrize(("load", "cap", "why"), [(3, 4, None), (4, 4, Refusal.AT_CAP), (5, 4, Refusal.AT_CAP)])
def test_r6_3_under_the_cap(load: int, cap: int, why: Refusal | None) -> None:
    assert first_refusal(dataclasses.replace(GOOD, load=load, cap=cap)) is why
    allowed = dataclasses.replace(GOOD, load=load, cap=cap, over_cap_allowed=True)
    assert first_refusal(allowed) is None


def test_r6_3_a_cap_override_lifts_the_cap_alone() -> None:
    for why, fact in GROUNDS[:-1]:
        assert first_refusal(dataclasses.replace(GOOD, **{"over_cap_allowed": True, "load": 9} | fact)) is why


rates = st.floats(0, 1, width=32)


def model_score(completion: float, completions: int, attendance: float, prefers: bool) -> float:
    """The given model's calculateBidScore, word for word."""
    familiarity_normalized = min(completions / 20, 1)
    preference_bonus = 1 if prefers else 0
    return completion * 0.4 + familiarity_normalized * 0.3 + attendance * 0.2 + preference_bonus * 0.1


@given(completion=rates, completions=st.integers(0, 60), attendance=rates, prefers=st.booleans())
def test_r6_4_the_score_is_the_models_formula(
    completion: float, completions: int, attendance: float, prefers: bool
) -> None:
    driver = dataclasses.replace(
        GOOD,
        completion_rate=completion,
        route_completions=completions,
        attendance_rate=attendance,
        prefers_route=prefers,
    )
    assert parts(driver, POLICY).score == model_score(completion, completions, attendance, prefers)
    assert 0 <= parts(driver, POLICY).score <= 1


def test_r6_4_the_score_by_hand() -> None:
    assert parts(GOOD, POLICY).score == pytest.approx(0.4 * 0.5 + 0.3 * 0.25 + 0.2 * 0.75 + 0.1)
    nothing = dataclasses.replace(
        GOOD, completion_rate=0.0, route_completions=0, attendance_rate=0.0, prefers_route=False
    )
    assert parts(nothing, POLICY).score == 0
    best = dataclasses.replace(GOOD, completion_rate=1.0, route_completions=20, attendance_rate=1.0)
    assert parts(best, POLICY).score == pytest.approx(1.0)
    assert parts(dataclasses.replace(best, route_completions=21), POLICY).score == parts(best, POLICY).score
    assert parts(dataclasses.replace(best, route_completions=19), POLICY).score == pytest.approx(0.985)


@pytest.mark.parametrize(
    ("now", "deadline"),
    [
        (datetime(2026, 11, 25, 12, 20, tzinfo=UTC), datetime(2026, 11, 25, 14, 0, tzinfo=UTC)),
        (datetime(2026, 11, 25, 12, 45, tzinfo=UTC), datetime(2026, 11, 25, 14, 15, tzinfo=UTC)),
    ],
)
def test_r1_3a_the_award_says_when_to_arrive(now: datetime, deadline: datetime) -> None:
    assert decide_accept(WINDOW, GOOD, POLICY, now) == Award(deadline, parts(GOOD, POLICY).score)
