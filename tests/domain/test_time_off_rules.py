"""R12.7: which days somebody may be away, and when he may leave the company. Pure."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.db.models.words import OffKind
from domain.people.rules import (
    AlreadyOff,
    Employed,
    EndOff,
    Leave,
    LeavesThen,
    Off,
    TakeOff,
    decide_back,
    decide_leaving,
    decide_stay,
    decide_time_off,
    last_day,
)
from domain.policy import Policy
from domain.refusals import Refusal, Refused

POLICY = Policy()
TODAY = date(2026, 11, 25)
NORTH, SOUTH = uuid.UUID(int=1), uuid.UUID(int=2)
ILL, VACATION, OTHER = OffKind.ILL, OffKind.VACATION, OffKind.OTHER


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def off(kind: str, first: int, last: int) -> Off:
    return Off(uuid.uuid4(), kind, day(first), day(last))


def wants(kind: OffKind, first: int, last: int, *known: Off) -> TakeOff | AlreadyOff | Refused:
    return decide_time_off(kind, day(first), day(last), known, POLICY, TODAY)


@pytest.mark.parametrize("kind", list(OffKind))
def test_r12_7_days_from_today_on(kind: OffKind) -> None:
    assert wants(kind, 0, 0) == TakeOff(TODAY, TODAY, ())
    assert wants(kind, 3, 9) == TakeOff(day(3), day(9), ())


@pytest.mark.parametrize(
    ("kind", "first", "last", "why"),
    [
        (ILL, 5, 4, Refusal.RANGE_REVERSED),
        (ILL, -1, 3, Refusal.RANGE_PAST),
        (ILL, -9, -3, Refusal.RANGE_PAST),
        (ILL, 0, 60, Refusal.RANGE_TOO_LONG),
        (VACATION, 0, 366, Refusal.RANGE_TOO_LONG),
        (VACATION, 367, 368, Refusal.RANGE_TOO_FAR),
    ],
)
def test_r12_7_days_that_make_no_sense(kind: OffKind, first: int, last: int, why: Refusal) -> None:
    assert wants(kind, first, last) == Refused(why)


def test_r12_7_the_longest_that_there_is() -> None:
    assert wants(ILL, 0, 59) == TakeOff(TODAY, day(59), ())
    assert wants(OTHER, 366, 731) == TakeOff(day(366), day(731), ())


def test_r2_5_days_that_are_off_already() -> None:
    vacation = off(VACATION, 0, 9)
    assert wants(ILL, 2, 4, vacation) == AlreadyOff(vacation)
    assert wants(VACATION, 0, 9, vacation) == AlreadyOff(vacation)


@pytest.mark.parametrize(("kind", "known"), [(ILL, VACATION), (VACATION, ILL), (VACATION, VACATION), (OTHER, ILL)])
def test_r12_7_what_overlaps_something_else(kind: OffKind, known: OffKind) -> None:
    assert wants(kind, 3, 6, off(known, 6, 9)) == Refused(Refusal.OFF_ALREADY)
    assert isinstance(wants(kind, 3, 5, off(known, 6, 9)), TakeOff), "next to it is no overlap"


@pytest.mark.parametrize("known", [(-2, 1), (-2, 0), (-5, -1)])
def test_r12_7_an_illness_goes_on(known: tuple[int, int]) -> None:
    """From what overlaps it, and from what ended the day before."""
    ill = off(ILL, *known)
    assert wants(ILL, 0, 5, ill) == TakeOff(day(known[0]), day(5), (ill,))


def test_r12_7_a_day_between_makes_two_illnesses() -> None:
    assert wants(ILL, 2, 5, off(ILL, -3, 0)) == TakeOff(day(2), day(5), ())


spans = st.tuples(st.integers(-10, 70), st.integers(0, 20)).map(lambda span: (span[0], span[0] + span[1]))


@given(st.lists(spans, max_size=4), spans)
def test_r12_7_an_illness_covers_what_was_wanted_and_nothing_twice(
    known: Sequence[tuple[int, int]], wanted: tuple[int, int]
) -> None:
    before = [off(ILL, *span) for span in known]
    decision = wants(ILL, *wanted, *before)
    if isinstance(decision, TakeOff):
        assert decision.first <= day(wanted[0]) and day(wanted[1]) <= decision.last
        kept = [each for each in before if each not in decision.instead_of]
        assert all(each.last < day(wanted[0]) or day(wanted[1]) < each.first for each in kept)


def test_r12_7_back_early() -> None:
    under_way, ahead, last_one = off(ILL, -3, 3), off(VACATION, 2, 9), off(ILL, -3, 0)
    assert decide_back(under_way, TODAY) == EndOff(under_way, day(-1))
    assert decide_back(last_one, TODAY) == EndOff(last_one, day(-1))
    assert decide_back(ahead, TODAY) == EndOff(ahead, None)
    today_only = off(ILL, 0, 3)
    assert decide_back(today_only, TODAY) == EndOff(today_only, None)
    assert decide_back(off(ILL, -9, -1), TODAY) == Refused(Refusal.NOT_OFF)
    assert decide_back(None, TODAY) == Refused(Refusal.NOT_OFF)


# -- leaving

HERE = Employed(NORTH, day(-400), None)


def leaving(
    last: int, *employments: Employed, announced: int | None = None, worked_at: Sequence[uuid.UUID] = ()
) -> Leave | LeavesThen | Refused:
    told = None if announced is None else day(announced)
    return decide_leaving(day(last), told, employments, worked_at, day(-100), POLICY, TODAY)


def test_r12_7_the_last_day_ends_every_employment() -> None:
    both = (HERE, Employed(SOUTH, day(-10), None))
    ended = tuple(replace(each, last=day(4)) for each in both)
    assert leaving(4, *both) == Leave(day(4), ended)


def test_r12_7_what_ends_before_stays_as_it_is_and_what_begins_later_never_does() -> None:
    over, later = Employed(SOUTH, day(-90), day(-30)), Employed(SOUTH, day(20), None)
    assert leaving(4, HERE, over, later) == Leave(day(4), (replace(HERE, last=day(4)), over))
    assert leaving(4, later) == Leave(day(4), (Employed(SOUTH, day(4), day(4)),)), "or he would be employed everywhere"


def test_r12_7_without_a_recorded_home() -> None:
    ended = tuple(Employed(warehouse, day(-100), day(0)) for warehouse in (NORTH, SOUTH))
    assert leaving(0, worked_at=(NORTH, SOUTH)) == Leave(TODAY, ended)


@pytest.mark.parametrize(("last", "why"), [(-32, Refusal.RANGE_PAST), (367, Refusal.RANGE_TOO_FAR)])
def test_r12_7_a_last_day_that_makes_no_sense(last: int, why: Refusal) -> None:
    assert leaving(last, HERE) == Refused(why)
    assert isinstance(leaving(-31, HERE), Leave)
    assert isinstance(leaving(366, HERE), Leave)


def test_r12_7_who_has_left_cannot_leave_again() -> None:
    assert leaving(0, replace(HERE, last=day(-1))) == Refused(Refusal.NOT_EMPLOYED)
    assert leaving(0, HERE, announced=-1) == Refused(Refusal.NOT_EMPLOYED)


def test_r2_5_the_same_last_day_again_changes_nothing_another_one_does() -> None:
    assert leaving(4, HERE, announced=4) == LeavesThen(day(4))
    assert leaving(9, HERE, announced=4) == Leave(day(9), (replace(HERE, last=day(9)),))


def test_r12_7_staying_until_the_last_day_is_over() -> None:
    assert decide_stay(TODAY, TODAY) is None
    assert decide_stay(day(3), TODAY) is None
    assert decide_stay(day(-1), TODAY) == Refused(Refusal.NOT_LEAVING)
    assert decide_stay(None, TODAY) == Refused(Refusal.NOT_LEAVING)


def test_r12_7_the_last_day_of_several_employments() -> None:
    assert last_day([]) is None
    assert last_day([HERE]) is None
    assert last_day([replace(HERE, last=day(3)), Employed(SOUTH, day(-9), day(8))]) == day(8)
    assert last_day([replace(HERE, last=day(3)), Employed(SOUTH, day(-9), None)]) is None
