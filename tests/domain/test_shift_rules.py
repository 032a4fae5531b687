"""R2.3, R4.1, R5.2, R5.3, R8.2 to R8.4: what a driver may do with his shift, in every state that it can be in."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts.rules import Arrive, Confirm, Done, ShiftFacts, decide_arrive, decide_confirm
from domain.shifts.rules_of_leaving import Leave, decide_cancel, incident_of
from domain.shifts.rules_of_parcels import Complete, Correct, Load, decide_complete, decide_correct, decide_load

POLICY = Policy()
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ON = date(2026, 11, 25)
START = datetime(2026, 11, 25, 12, tzinfo=UTC)  # 07:00 in Toronto
NINE = START + 2 * HOUR
FIVE = START - 2 * HOUR
CONFIRM_BY = START - 48 * HOUR
MORNING = START + HOUR
DONE_AT = START + 8 * HOUR
EARLY, LATE = START - 72 * HOUR, START - 24 * HOUR
FALL_BACK, SPRING_FORWARD = date(2026, 11, 1), date(2027, 3, 14)  # 25 and 23 hours


def a_shift(**values: Any) -> ShiftFacts:
    """Confirmed, for the 25th of November."""
    base: dict[str, Any] = {
        "assignment_id": uuid.UUID(int=1),
        "driver_id": uuid.UUID(int=2),
        "route_id": uuid.UUID(int=3),
        "warehouse_id": uuid.UUID(int=4),
        "route": "R12",
        "warehouse": "North",
        "on": ON,
        "status": AssignmentStatus.SCHEDULED,
        "assigned_at": START - 9 * DAY,
        "confirmed_at": START - 5 * DAY,
        "arrive_by": NINE,
        "confirm_by": CONFIRM_BY,
        "arrived_at": None,
        "parcels_start": None,
        "parcels_returned": None,
        "completed_at": None,
        "editable_until": None,
        "late": None,
        "leaving_since": None,
    }
    return ShiftFacts(**base | values)


class State(Enum):
    """Whatever a driver's shift can be (R2.3)."""

    SCHEDULED = a_shift(confirmed_at=None)
    CONFIRMED = a_shift()
    ACTIVE = a_shift(status=AssignmentStatus.ACTIVE, arrived_at=MORNING)
    LOADED = a_shift(status=AssignmentStatus.ACTIVE, arrived_at=MORNING, parcels_start=120)
    COMPLETED = a_shift(
        status=AssignmentStatus.COMPLETED,
        arrived_at=MORNING,
        parcels_start=120,
        parcels_returned=5,
        completed_at=DONE_AT,
        editable_until=DONE_AT + HOUR,
    )
    CANCELLED = a_shift(status=AssignmentStatus.CANCELLED)


def refused(why: Refusal) -> Refused:
    return Refused(why)


GONE = refused(Refusal.SHIFT_GONE)
NOT_ARRIVED, OVER = refused(Refusal.NOT_ARRIVED), refused(Refusal.COMPLETED_ALREADY)
EVENTS: dict[str, Callable[[ShiftFacts], object]] = {  # each at a time at which it would be in order
    "confirm": lambda shift: decide_confirm(shift, POLICY, EARLY),
    "arrive": lambda shift: decide_arrive(shift, POLICY, MORNING),
    "load 100": lambda shift: decide_load(shift, 100, POLICY),
    "complete 5": lambda shift: decide_complete(shift, 5, POLICY, DONE_AT),
    "complete 7": lambda shift: decide_complete(shift, 7, POLICY, DONE_AT),
    "correct": lambda shift: decide_correct(shift, 130, None, POLICY, DONE_AT + MINUTE),
    "cancel early": lambda shift: decide_cancel(shift, CancelReason.OTHER, POLICY, EARLY),
    "cancel late": lambda shift: decide_cancel(shift, CancelReason.OTHER, POLICY, LATE),
}
ENDS = DONE_AT + HOUR
EARLY_LEAVE, LATE_LEAVE = Leave(IncidentKind.EARLY_CANCEL), Leave(IncidentKind.LATE_CANCEL)
THERE = refused(Refusal.ARRIVED_ALREADY)
TABLE: dict[str, dict[State, object]] = {
    "confirm": {
        State.SCHEDULED: Confirm(),
        State.CONFIRMED: Done(),
        State.ACTIVE: Done(),
        State.LOADED: Done(),
        State.COMPLETED: Done(),
        State.CANCELLED: GONE,
    },
    "arrive": {
        State.SCHEDULED: refused(Refusal.NOT_CONFIRMED),
        State.CONFIRMED: Arrive(),
        State.ACTIVE: Done(),
        State.LOADED: Done(),
        State.COMPLETED: Done(),
        State.CANCELLED: GONE,
    },
    "load 100": {
        State.SCHEDULED: NOT_ARRIVED,
        State.CONFIRMED: NOT_ARRIVED,
        State.ACTIVE: Load(100, None),
        State.LOADED: Load(100, 120),
        State.COMPLETED: OVER,
        State.CANCELLED: GONE,
    },
    "complete 5": {
        State.SCHEDULED: NOT_ARRIVED,
        State.CONFIRMED: NOT_ARRIVED,
        State.ACTIVE: refused(Refusal.NOT_LOADED),
        State.LOADED: Complete(5, 115, ENDS),
        State.COMPLETED: Done(),
        State.CANCELLED: GONE,
    },
    "complete 7": {
        State.SCHEDULED: NOT_ARRIVED,
        State.CONFIRMED: NOT_ARRIVED,
        State.ACTIVE: refused(Refusal.NOT_LOADED),
        State.LOADED: Complete(7, 113, ENDS),
        State.COMPLETED: OVER,
        State.CANCELLED: GONE,
    },
    "correct": {
        State.SCHEDULED: NOT_ARRIVED,
        State.CONFIRMED: NOT_ARRIVED,
        State.ACTIVE: refused(Refusal.NO_LONGER_EDITABLE),
        State.LOADED: refused(Refusal.NO_LONGER_EDITABLE),
        State.COMPLETED: Correct(130, 5),
        State.CANCELLED: GONE,
    },
    "cancel early": {
        State.SCHEDULED: EARLY_LEAVE,
        State.CONFIRMED: EARLY_LEAVE,
        State.ACTIVE: THERE,
        State.LOADED: THERE,
        State.COMPLETED: OVER,
        State.CANCELLED: GONE,
    },
    "cancel late": {
        State.SCHEDULED: LATE_LEAVE,
        State.CONFIRMED: LATE_LEAVE,
        State.ACTIVE: THERE,
        State.LOADED: THERE,
        State.COMPLETED: OVER,
        State.CANCELLED: GONE,
    },
}


def test_r2_3_the_table_is_whole() -> None:
    assert set(TABLE) == set(EVENTS)
    assert all(set(row) == set(State) for row in TABLE.values())


@pytest.mark.parametrize(
    ("event", "state"),
    [(event, state) for event in EVENTS for state in State],
    ids=lambda each: getattr(each, "name", each),
)
def test_r2_3_every_change(event: str, state: State) -> None:
    assert EVENTS[event](state.value) == TABLE[event][state]


# -- confirming


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        (START - 30 * DAY, Confirm()),  # from its publication
        (CONFIRM_BY - SECOND, Confirm()),
        (CONFIRM_BY, Confirm()),
        (CONFIRM_BY + SECOND, refused(Refusal.TOO_LATE_TO_CONFIRM)),
        (START + DAY, refused(Refusal.TOO_LATE_TO_CONFIRM)),
    ],
)
def test_r4_1_until_its_confirm_by_inclusive(now: datetime, decision: object) -> None:
    assert decide_confirm(State.SCHEDULED.value, POLICY, now) == decision


@pytest.mark.parametrize(("before", "decision"), [(-SECOND, refused(Refusal.NOT_CONFIRMABLE_YET)), (SECOND, Confirm())])
def test_r4_1_a_setting_may_open_it_seven_days_before(before: timedelta, decision: object) -> None:
    policy = replace(POLICY, confirm_opens=7 * DAY)
    assert decide_confirm(State.SCHEDULED.value, policy, START - 7 * DAY + before) == decision


# -- arriving


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        (START - DAY, refused(Refusal.NOT_TODAY)),
        (FIVE - 5 * HOUR - SECOND, refused(Refusal.NOT_TODAY)),  # a second before midnight
        (FIVE - 5 * HOUR, refused(Refusal.TOO_EARLY)),
        (FIVE - SECOND, refused(Refusal.TOO_EARLY)),
        (FIVE, Arrive()),
        (NINE - SECOND, Arrive()),
        (NINE, refused(Refusal.ARRIVED_TOO_LATE)),
        (NINE + SECOND, refused(Refusal.ARRIVED_TOO_LATE)),
        (START + DAY, refused(Refusal.ARRIVED_TOO_LATE)),
    ],
)
def test_r8_2_from_five_and_before_arrive_by(now: datetime, decision: object) -> None:
    assert decide_arrive(State.CONFIRMED.value, POLICY, now) == decision


def test_r1_3a_an_extension_is_what_counts() -> None:
    granted = a_shift(arrive_by=NINE + 30 * MINUTE)
    assert decide_arrive(granted, POLICY, NINE + 30 * MINUTE - SECOND) == Arrive()
    assert decide_arrive(granted, POLICY, NINE + 30 * MINUTE) == refused(Refusal.ARRIVED_TOO_LATE)


@pytest.mark.parametrize(
    ("on", "five"),
    [
        (date(2026, 10, 31), datetime(2026, 10, 31, 9, tzinfo=UTC)),
        (FALL_BACK, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (date(2027, 3, 13), datetime(2027, 3, 13, 10, tzinfo=UTC)),
        (SPRING_FORWARD, datetime(2027, 3, 14, 9, tzinfo=UTC)),
    ],
)
def test_r8_2_five_by_the_clock_of_that_day(on: date, five: datetime) -> None:
    shift = a_shift(on=on, arrive_by=five + 4 * HOUR)
    assert decide_arrive(shift, POLICY, five - SECOND) == refused(Refusal.TOO_EARLY)
    assert decide_arrive(shift, POLICY, five) == Arrive()


# -- parcels


@pytest.mark.parametrize(
    ("parcels", "decision"),
    [
        (-1, refused(Refusal.BAD_PARCELS)),
        (0, refused(Refusal.BAD_PARCELS)),
        (1, Load(1, 120)),
        (120, Done()),
        (999, Load(999, 120)),
        (1000, refused(Refusal.BAD_PARCELS)),
    ],
)
def test_r8_3_one_to_999_are_loaded(parcels: int, decision: object) -> None:
    assert decide_load(State.LOADED.value, parcels, POLICY) == decision


@pytest.mark.parametrize(
    ("returned", "decision"),
    [
        (-1, refused(Refusal.BAD_PARCELS)),
        (0, Complete(0, 120, ENDS)),
        (120, Complete(120, 0, ENDS)),
        (121, refused(Refusal.BAD_PARCELS)),
    ],
)
def test_r8_3_none_to_all_come_back(returned: int, decision: object) -> None:
    assert decide_complete(State.LOADED.value, returned, POLICY, DONE_AT) == decision


@given(st.integers(-5, 1100), st.integers(-5, 1100))
def test_r8_3_what_was_delivered_is_computed(loaded: int, returned: int) -> None:
    load = decide_load(State.ACTIVE.value, loaded, POLICY)
    assert isinstance(load, Load) is (1 <= loaded <= 999)
    complete = decide_complete(replace(State.ACTIVE.value, parcels_start=loaded), returned, POLICY, DONE_AT)
    assert isinstance(complete, Complete) is (0 <= returned <= loaded)
    if isinstance(complete, Complete):
        assert complete.delivered + complete.returned == loaded
        assert complete.editable_until == DONE_AT + HOUR


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        (DONE_AT, Correct(120, 6)),
        (ENDS - SECOND, Correct(120, 6)),
        (ENDS, Correct(120, 6)),
        (ENDS + SECOND, refused(Refusal.NO_LONGER_EDITABLE)),
    ],
)
def test_r8_4_within_the_hour(now: datetime, decision: object) -> None:
    assert decide_correct(State.COMPLETED.value, None, 6, POLICY, now) == decision


@pytest.mark.parametrize(
    ("start", "returned", "decision"),
    [
        (None, 0, Correct(120, 0)),
        (None, 120, Correct(120, 120)),
        (None, 121, refused(Refusal.BAD_PARCELS)),
        (None, -1, refused(Refusal.BAD_PARCELS)),
        (5, None, Correct(5, 5)),
        (4, None, refused(Refusal.BAD_PARCELS)),  # five came back
        (4, 4, Correct(4, 4)),
        (0, 0, refused(Refusal.BAD_PARCELS)),
        (999, None, Correct(999, 5)),
        (1000, None, refused(Refusal.BAD_PARCELS)),
        (120, 5, Done()),
        (None, None, Done()),
    ],
)
def test_r8_4_either_number_in_the_same_bounds(start: int | None, returned: int | None, decision: object) -> None:
    assert decide_correct(State.COMPLETED.value, start, returned, POLICY, DONE_AT) == decision


# -- cancelling

BLAMED = {CancelReason.PERSONAL_EMERGENCY, CancelReason.OTHER}


@pytest.mark.parametrize("reason", CancelReason)
def test_r5_3_earlier_than_48_hours_nothing_is_held_against_him(reason: CancelReason) -> None:
    assert decide_cancel(State.CONFIRMED.value, reason, POLICY, CONFIRM_BY - SECOND) == EARLY_LEAVE


@pytest.mark.parametrize("reason", CancelReason)
@pytest.mark.parametrize("now", [CONFIRM_BY, CONFIRM_BY + SECOND, START - SECOND, START, NINE - SECOND])
def test_r5_3_from_then_on_it_depends_on_the_reason(reason: CancelReason, now: datetime) -> None:
    kind = IncidentKind.LATE_CANCEL if reason in BLAMED else IncidentKind.PROTECTED_ABSENCE
    assert decide_cancel(State.CONFIRMED.value, reason, POLICY, now) == Leave(kind)


@given(st.sampled_from(CancelReason), st.integers(-200, 8), st.dates(date(2026, 1, 1), date(2028, 1, 1)))
def test_r5_1_what_he_reads_before_the_last_button_is_what_follows(reason: CancelReason, hours: int, on: date) -> None:
    shift = a_shift(on=on, arrive_by=datetime(on.year, on.month, on.day, 23, tzinfo=UTC))
    now = datetime(on.year, on.month, on.day, 12, tzinfo=UTC) + hours * HOUR
    assert decide_cancel(shift, reason, POLICY, now) == Leave(incident_of(on, reason, POLICY, now))
