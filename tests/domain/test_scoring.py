"""R10.1, R10.2, R10.4: the score, what it is made of, and what a week is worth; pure."""

import math
import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.health.scoring import Record, Stars, Week, qualifies, score_of
from domain.policy import Policy

POLICY = Policy()


def stored(rate: float) -> float:
    """As the given column gives it back, a real."""
    back: float = struct.unpack("f", struct.pack("f", rate))[0]
    return back


def score(due: int, completed: int, completion: float, no_shows: int = 0, late_cancels: int = 0) -> int:
    return score_of(Record(due, completed, stored(completion), no_shows, late_cancels), POLICY).score


@pytest.mark.parametrize(
    ("due", "completed", "completion", "late_cancels", "expected"),
    [
        (10, 10, 1.0, 0, 100),
        (10, 9, 0.9, 0, 92),  # 45 + 27 + 20
        (10, 9, 0.9, 1, 87),
        (10, 10, 0.95, 0, 99),  # 98.5
        (10, 10, 0.9833333, 0, 100),  # 99.5, of 59 sixtieths
        (10, 10, 0.9833, 0, 99),  # 99.499
        (3, 1, 1 / 3, 0, 47),  # 16 2/3 + 10 + 20 = 46 2/3
        (8, 5, 0.0, 0, 51),  # 31.25 + 20
    ],
)
def test_r10_1_the_score_is_rounded_half_up(
    due: int, completed: int, completion: float, late_cancels: int, expected: int
) -> None:
    assert score(due, completed, completion, late_cancels=late_cancels) == expected


@pytest.mark.parametrize(("no_shows", "late_cancels", "expected"), [(0, 1, 95), (1, 0, 49), (0, 2, 49)])
def test_r10_2_what_stops_a_driver_caps_his_score(no_shows: int, late_cancels: int, expected: int) -> None:
    assert score(100, 100, 1.0, no_shows, late_cancels) == expected


def test_r10_2_the_cap_lifts_nobody() -> None:
    bad = score_of(Record(10, 2, stored(0.5), 4, 4), POLICY)
    assert (bad.score, bad.capped) == (25, False)  # 10 + 15 + 0, and never less than nothing of 20


RECORDS = st.builds(
    lambda due, missed, completion, no_shows, late: Record(
        due, max(0, due - missed), stored(completion), no_shows, late
    ),
    st.integers(1, 3000),
    st.integers(0, 3000),
    st.floats(0, 1),
    st.integers(0, 6),
    st.integers(0, 6),
)


@given(RECORDS)
def test_r10_1_the_parts_add_up_and_each_is_within_a_point_of_what_it_is(record: Record) -> None:
    got = score_of(record, POLICY)
    total = sum(each.points for each in got.parts)
    assert 0 <= got.score <= 100
    assert (got.score, total > got.score) == (min(total, 49) if got.capped else total, got.capped)
    attendance, completion, _ = got.parts
    assert abs(attendance.points - 50 * record.completed / record.due) < 1.0001
    assert abs(completion.points - 30 * record.completion) < 1.0001
    assert all(0 <= each.points <= each.of and each.lost == each.of - each.points for each in got.parts)


@given(RECORDS)
def test_r10_1_the_score_is_what_the_formula_gives_in_exact_fractions(record: Record) -> None:
    completion = Fraction(f"{record.completion:.6f}")  # what a `real` was meant to be
    reliability = max(0, 20 - 5 * (record.no_shows + record.late_cancels))
    exact = 50 * Fraction(record.completed, record.due) + 30 * completion + reliability
    got = score_of(record, POLICY)
    assert sum(each.points for each in got.parts) == math.floor(round(exact, 4) + Fraction(1, 2))


def test_r10_1_the_reasons_that_a_snapshot_keeps() -> None:
    kept = score_of(Record(10, 9, stored(0.9), 1, 0), POLICY).reasons
    assert kept == ["attendance:45/50", "completion:27/30", "reliability:15/20", "capped"]


@pytest.mark.parametrize(
    ("due", "completed", "completion", "expected"),
    [
        (0, 0, None, None),
        (4, 4, "0.95", True),
        (4, 4, "0.949999999", False),
        (4, 3, "1", False),
        (1, 1, None, True),  # he had to stop, and nobody has said yet whether it counts for his rate (R8.8)
    ],
)
def test_r10_4_what_a_week_is_worth(due: int, completed: int, completion: str | None, expected: bool | None) -> None:
    assert qualifies(Week(due, completed, None if completion is None else Decimal(completion)), POLICY) is expected


@pytest.mark.parametrize(("streak", "stars", "next_"), [(0, 0, 1), (1, 1, 2), (3, 3, 4), (4, 4, 4), (9, 4, 4)])
def test_r10_4_four_stars_at_the_most(streak: int, stars: int, next_: int) -> None:
    got = Stars(streak, POLICY)
    assert (got.streak, got.stars, got.next) == (streak, stars, next_)
