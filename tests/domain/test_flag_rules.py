"""R9.2-9.5: who is flagged, what it costs, and how he comes back; exactly at each limit."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.health.rules import (
    Cap,
    CapChosen,
    DriverFacts,
    Due,
    Episode,
    Judged,
    Turn,
    back_after,
    decide_cap,
    decide_unflag,
    is_below,
    is_rewarded,
    judge,
    relieved,
)
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
BAD, GOOD, NONE = Due(10, 6), Due(10, 9), Due(0, 0)
SECOND, WEEK = timedelta(seconds=1), timedelta(days=7)


def driver(recent: Due = BAD, **more: Any) -> DriverFacts:
    return replace(DriverFacts(uuid.uuid4(), recent, recent, live=1, cap=Cap(4)), **more)


def flag(since: timedelta, **more: Any) -> Episode:
    return Episode(uuid.uuid4(), NOW - since, **more)


def judged(facts: DriverFacts) -> Judged:
    return judge(facts, POLICY, NOW)


@pytest.mark.parametrize(
    ("due", "completed", "below"),
    [
        (4, 0, False),  # fewer than five
        (5, 4, False),  # 0.80 is not below 0.80
        (5, 3, True),
        (9, 8, False),
        (9, 7, True),  # 0.777…
        (10, 7, False),  # 0.70 is not below 0.70
        (10, 6, True),
        (20, 14, False),
        (20, 13, True),
        (0, 0, False),
    ],
)
def test_r9_2_equal_is_not_below(due: int, completed: int, below: bool) -> None:
    assert is_below(Due(due, completed), POLICY) is below


@pytest.mark.parametrize(
    ("due", "completed", "rewarded"),
    [(20, 20, True), (21, 20, True), (19, 19, False), (22, 20, False), (40, 38, True), (40, 37, False)],
)
def test_r9_4_twenty_completed_with_95_percent(due: int, completed: int, rewarded: bool) -> None:
    assert is_rewarded(Due(due, completed), POLICY) is rewarded


@pytest.mark.parametrize(("due", "completed"), [(5, 0), (5, 3), (9, 7), (10, 6), (10, 0), (30, 7)])
def test_r9_3_so_many_more_bring_him_back_and_not_one_less(due: int, completed: int) -> None:
    more = back_after(Due(due, completed), POLICY)
    assert not is_below(Due(due + more, completed + more), POLICY)
    assert is_below(Due(due + more - 1, completed + more - 1), POLICY)


def test_r9_2_a_flag_begins_once() -> None:
    assert judged(driver()) == Judged(Turn.FLAGGED, False, Cap(4))
    facts = driver(episode=flag(timedelta(days=1)))
    assert not judged(facts).changes(facts)


def test_r9_3_a_shift_a_week_is_lost_after_seven_days_once() -> None:
    assert judged(driver(episode=flag(WEEK - SECOND))) == Judged(None, False, Cap(4))
    assert judged(driver(episode=flag(WEEK))) == Judged(Turn.CUT, False, Cap(4, cut=True))
    facts = driver(cap=Cap(4, cut=True), episode=flag(2 * WEEK, cut_at=NOW - WEEK))
    assert not judged(facts).changes(facts)


@pytest.mark.parametrize("recent", [GOOD, NONE])
def test_r9_3_who_is_not_below_any_more_is_back_with_his_cap(recent: Due) -> None:
    """Also who has not been due often enough to be judged."""
    facts = driver(recent, cap=Cap(4, cut=True), episode=flag(WEEK, cut_at=NOW))
    assert judged(facts) == Judged(Turn.RECOVERED, False, Cap(4))


def test_r9_3_without_a_live_shift_he_is_put_before_a_manager_once() -> None:
    assert not judged(driver(live=0, episode=flag(WEEK - SECOND))).put
    assert not judged(driver(live=1, episode=flag(WEEK))).put
    assert judged(driver(live=0, episode=flag(WEEK))).put
    assert not judged(driver(live=0, episode=flag(2 * WEEK, put_at=NOW - WEEK))).put


def test_r9_5_an_unflag_holds_until_a_later_incident() -> None:
    held = driver(unflagged_at=NOW - WEEK, incident_at=NOW - WEEK)
    assert judged(held).turn is None
    assert judged(replace(held, incident_at=None)).turn is None
    assert judged(replace(held, incident_at=NOW - WEEK + SECOND)).turn is Turn.FLAGGED


def test_r9_5_an_unflag_leaves_the_cut_until_he_has_recovered() -> None:
    held = driver(unflagged_at=NOW - WEEK, cap=Cap(4, cut=True))
    assert judged(held).cap == Cap(4, cut=True)
    assert judged(replace(held, recent=GOOD)).cap == Cap(4)
    again = replace(held, incident_at=NOW)
    assert judged(again) == Judged(Turn.FLAGGED, False, Cap(4, cut=True)), "nor does the next flag give it back"


@pytest.mark.parametrize(
    ("cap", "weekly"),
    [
        (Cap(4), 4),
        (Cap(4, cut=True), 3),
        (Cap(1, cut=True), 1),
        (Cap(4, rewarded=True), 6),
        (Cap(4, rewarded=True, cut=True), 5),
        (Cap(4, rewarded=True, cut=True, chosen=2), 2),
    ],
)
def test_r9_3_r9_4_r9_5_what_a_cap_comes_to(cap: Cap, weekly: int) -> None:
    assert cap.weekly(POLICY) == weekly


def test_r10_6_relief_leaves_the_cut_the_flag_and_the_manager_to_the_night() -> None:
    for facts in (driver(), driver(episode=flag(WEEK)), driver(live=0, episode=flag(WEEK))):
        assert judged(facts).changes(facts) and relieved(facts, judged(facts)) == Judged(None, False, Cap(4))
    back = driver(GOOD, cap=Cap(4, cut=True), episode=flag(WEEK, cut_at=NOW))
    assert relieved(back, judged(back)) == Judged(Turn.RECOVERED, False, Cap(4))


AT_ALL = st.integers(0, 25).flatmap(lambda due: st.builds(Due, st.just(due), st.integers(0, due)))
INSTANTS = st.one_of(st.none(), st.integers(0, 300).map(lambda hours: NOW - timedelta(hours=hours)))
CAPS = st.builds(Cap, st.integers(1, 6), st.booleans(), st.booleans(), st.one_of(st.none(), st.integers(1, 6)))
FLAGS = st.one_of(
    st.none(), st.builds(Episode, st.just(uuid.uuid4()), INSTANTS.filter(lambda at: at is not None), INSTANTS, INSTANTS)
)


@given(
    st.builds(DriverFacts, st.just(uuid.uuid4()), AT_ALL, AT_ALL, st.integers(0, 2), CAPS, FLAGS, INSTANTS, INSTANTS)
)
def test_r10_6_relief_is_never_against_him_and_leaves_out_nothing_else(facts: DriverFacts) -> None:
    whole = judged(facts)
    some = relieved(facts, whole)
    assert some.turn in (None, Turn.RECOVERED) and not some.put
    assert (some.turn is Turn.RECOVERED) is (whole.turn is Turn.RECOVERED)
    assert some.cap.weekly(POLICY) >= max(facts.cap.weekly(POLICY), whole.cap.weekly(POLICY))
    assert not (some.cap.cut and not facts.cap.cut)
    assert (some.cap.base, some.cap.chosen) == (facts.cap.base, facts.cap.chosen)


def test_r9_5_what_a_manager_has_chosen_is_kept_by_the_night() -> None:
    facts = driver(Due(20, 20), cap=Cap(4, chosen=2))
    assert judged(facts).cap == Cap(4, rewarded=True, chosen=2)
    assert judged(facts).cap.weekly(POLICY) == 2


@pytest.mark.parametrize(
    ("cap", "chosen", "reason", "decision"),
    [
        (Cap(4), 1, "school", CapChosen(1)),
        (Cap(4), 6, "school", CapChosen(6)),
        (Cap(4), 0, "school", Refused(Refusal.BAD_CAP)),
        (Cap(4), 7, "school", Refused(Refusal.BAD_CAP)),
        (Cap(4), 2, " ", Refused(Refusal.NO_REASON)),
        (Cap(4), 2, "x" * 501, Refused(Refusal.NOTES_TOO_LONG)),
        (Cap(4), None, "over", Refused(Refusal.NO_CAP_CHOSEN)),
        (Cap(4, chosen=2), None, "over", CapChosen(None)),
    ],
)
def test_r9_5_a_cap_is_chosen_with_a_reason(cap: Cap, chosen: int | None, reason: str, decision: object) -> None:
    assert decide_cap(cap, chosen, reason, POLICY) == decision


def test_r9_5_a_flag_that_stands_is_taken_back_with_a_reason() -> None:
    stands = flag(WEEK)
    assert decide_unflag(stands, "ill", POLICY) == stands
    assert decide_unflag(None, "ill", POLICY) == Refused(Refusal.NOT_FLAGGED)
    assert decide_unflag(stands, "", POLICY) == Refused(Refusal.NO_REASON)
