"""R8.5: running late is said in time and grants half an hour; a manager refuses or gives more. Rules and PostgreSQL."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.db.models import AbsenceQuestion, AssignmentTerms, AuditLog, LateAnnouncement
from domain.db.models.words import AssignmentStatus, NotificationType, Urgency
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive
from domain.shifts.asking_why import ask_why
from domain.shifts.late import answer_late, late_card, run_late
from domain.shifts.rules import Arrive, Done, Extend, Late, decide_extension, decide_late
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.test_shift_rules import a_shift
from tests.domain.world import POLICY, SAY, Slot, contents

TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
HALF_PAST = NINE + 30 * MINUTE
GONE, HERE, DONE = AssignmentStatus.CANCELLED, AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED


# -- the rule


@pytest.mark.parametrize(
    ("on", "nine"),
    [
        (TODAY, NINE),
        (date(2026, 11, 1), datetime.fromisoformat("2026-11-01T14:00+00:00")),  # the clocks went back in the night
        (date(2027, 3, 14), datetime.fromisoformat("2027-03-14T13:00+00:00")),  # and forward
    ],
)
def test_r8_5_fifteen_minutes_before_is_the_last_instant(on: date, nine: datetime) -> None:
    shift = a_shift(on=on, arrive_by=nine, confirmed_at=nine - 5 * DAY)
    granted = Extend(nine + 30 * MINUTE, 30 * MINUTE)
    assert decide_late(shift, POLICY, nine - 15 * MINUTE - SECOND) == granted
    assert decide_late(shift, POLICY, nine - 15 * MINUTE) == granted
    assert decide_late(shift, POLICY, nine - 15 * MINUTE + SECOND) == Refused(Refusal.TOO_LATE_TO_SAY)
    assert decide_late(shift, POLICY, nine - SECOND) == Refused(Refusal.TOO_LATE_TO_SAY)
    assert decide_late(shift, POLICY, nine) == Refused(Refusal.ARRIVED_TOO_LATE)


@pytest.mark.parametrize(
    ("values", "at", "why"),
    [
        ({"confirmed_at": None}, NINE - HOUR, Refusal.NOT_CONFIRMED),
        ({}, NINE - DAY, Refusal.NOT_TODAY),
        ({"status": HERE}, NINE - HOUR, Refusal.ARRIVED_ALREADY),
        ({"status": DONE}, NINE - HOUR, Refusal.COMPLETED_ALREADY),
        ({"status": GONE}, NINE - HOUR, Refusal.SHIFT_GONE),
    ],
)
def test_r8_5_only_who_is_still_to_come_today_is_late(values: dict[str, Any], at: datetime, why: Refusal) -> None:
    assert decide_late(a_shift(**{"on": TODAY, "arrive_by": NINE} | values), POLICY, at) == Refused(why)


@pytest.mark.parametrize(("minutes", "fits"), [(-1, False), (0, False), (1, True), (90, True), (91, False)])
def test_r8_5_nobody_is_later_than_a_manager_could_grant(minutes: int, fits: bool) -> None:
    shift = a_shift(on=TODAY, arrive_by=NINE)
    wanted = Extend(HALF_PAST, 30 * MINUTE) if fits else Refused(Refusal.BAD_MINUTES)
    assert decide_late(shift, POLICY, NINE - HOUR, minutes) == wanted


def late(granted: int = 30, *, decided: bool = False, **values: Any) -> Any:
    """Due at nine, and so many minutes later by now."""
    said = Late(NINE, granted * MINUTE, decided)
    return a_shift(**{"on": TODAY, "arrive_by": NINE + granted * MINUTE, "late": said} | values)


def test_r8_5_once_for_each_shift() -> None:
    assert decide_late(late(), POLICY, NINE - HOUR) == Done()
    assert decide_late(late(0, decided=True), POLICY, NINE - HOUR) == Done(), "he was refused: no second half hour"
    assert decide_late(late(), POLICY, HALF_PAST) == Refused(Refusal.ARRIVED_TOO_LATE)


@pytest.mark.parametrize(
    ("more", "at", "until"),
    [
        (60, NINE - HOUR, NINE + HOUR),
        (90, NINE + 29 * MINUTE, NINE + 90 * MINUTE),
        (0, NINE - 16 * MINUTE, NINE),
        (0, NINE - 15 * MINUTE, NINE),
        (0, NINE - 14 * MINUTE, NINE + MINUTE),  # a quarter of an hour is left to him
        (0, NINE, NINE + 15 * MINUTE),
        (0, NINE + 15 * MINUTE, HALF_PAST),
        (0, NINE + 20 * MINUTE, HALF_PAST),  # what he still had, no more
    ],
)
def test_r8_5_refused_or_extended_but_nobody_is_a_no_show_by_surprise(more: int, at: datetime, until: datetime) -> None:
    assert decide_extension(late(), more * MINUTE, POLICY, at) == Extend(until, more * MINUTE)


def test_r8_5_ninety_minutes_at_the_most_and_not_once_it_is_due() -> None:
    assert decide_extension(late(), 91 * MINUTE, POLICY, NINE) == Refused(Refusal.NOT_FOUND)
    assert decide_extension(late(), -MINUTE, POLICY, NINE) == Refused(Refusal.NOT_FOUND)
    assert decide_extension(late(), 60 * MINUTE, POLICY, HALF_PAST - SECOND) == Extend(NINE + HOUR, 60 * MINUTE)
    assert decide_extension(late(), 60 * MINUTE, POLICY, HALF_PAST) == Refused(Refusal.ARRIVED_TOO_LATE)
    assert decide_extension(late(60, decided=True), 60 * MINUTE, POLICY, NINE) == Done()
    assert decide_extension(a_shift(on=TODAY), 60 * MINUTE, POLICY, NINE - HOUR) == Refused(Refusal.NOT_FOUND)
    assert decide_extension(late(status=HERE), timedelta(), POLICY, NINE) == Refused(Refusal.ARRIVED_ALREADY)
    assert decide_extension(late(status=GONE), timedelta(), POLICY, NINE) == Refused(Refusal.SHIFT_GONE)


# -- as it is recorded


async def says(depot: Depot, dana: Person, slot: Slot, at: datetime, minutes: int | None = None) -> object:
    return await run_late(depot.session, dana, slot.id, minutes, SAY, POLICY, at)


async def answers(depot: Depot, manager: Person, slot: Slot, minutes: int, at: datetime) -> object:
    return await answer_late(depot.session, manager, slot.id, minutes * MINUTE, SAY, POLICY, at)


async def due(depot: Depot, slot: Slot) -> datetime | None:
    return await depot.session.scalar(select(AssignmentTerms.arrive_by).where(AssignmentTerms.assignment_id == slot.id))


async def test_r8_5_half_an_hour_and_the_manager_knows(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    assert await says(depot, dana, slot, NINE - HOUR, 40) == Extend(HALF_PAST, 30 * MINUTE)
    assert await due(depot, slot) == HALF_PAST
    [told] = await depot.told(depot.mona, NotificationType.DRIVER_NO_SHOW)
    assert told.data is not None and told.data["kind"] == Kind.RUNNING_LATE
    assert (told.data["minutes"], told.data["phone"]) == (40, dana.phone)
    assert [level for _, level in await depot.levels(depot.mona, Kind.RUNNING_LATE)] == [Urgency.URGENT]
    card = await late_card(depot.session, depot.mona.id, slot.id, POLICY)
    assert card is not None and (card.due_at, card.arrive_by, card.decided_by) == (NINE, HALF_PAST, None)
    [entry] = await depot.session.scalars(select(AuditLog).where(AuditLog.action == "running_late"))
    assert entry.actor_id == dana.id
    assert await depot.miss(HALF_PAST - SECOND) is None
    assert await depot.miss(HALF_PAST) is not None


async def test_r2_5_said_twice_it_is_said_once(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await says(depot, dana, slot, NINE - HOUR)
    before = await contents(depot.session)
    assert await says(depot, dana, slot, NINE - 50 * MINUTE) == Done()
    assert await contents(depot.session) == before


async def test_r8_5_refused_too_late_and_for_another_nothing_is_written(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, TODAY, confirmed=True)
    before = await contents(depot.session)
    assert await says(depot, dana, slot, NINE - 14 * MINUTE) == Refused(Refusal.TOO_LATE_TO_SAY)
    assert await says(depot, ben, slot, NINE - HOUR) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


async def test_r8_5_the_manager_gives_more_and_refuses_and_the_driver_is_told(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await says(depot, dana, slot, NINE - HOUR)
    assert await answers(depot, depot.mona, slot, 90, NINE) == Extend(NINE + 90 * MINUTE, 90 * MINUTE)
    assert await due(depot, slot) == NINE + 90 * MINUTE
    assert await answers(depot, depot.mona, slot, 90, NINE) == Done()
    assert await answers(depot, depot.mona, slot, 0, NINE + 10 * MINUTE) == Extend(NINE + 25 * MINUTE, timedelta())
    told = await depot.told(dana, NotificationType.MANUAL)
    assert [(row.data or {})["granted"] for row in told] == [90, 0]
    assert [level for _, level in await depot.levels(dana, Kind.LATE_ANSWER)] == [Urgency.IMPORTANT, Urgency.URGENT]
    card = await late_card(depot.session, depot.mona.id, slot.id, POLICY)
    assert card is not None and (card.granted, card.decided_by) == (timedelta(), "Mona Test")
    assert await depot.miss(NINE + 25 * MINUTE - SECOND) is None
    assert await depot.miss(NINE + 25 * MINUTE) is not None
    assert await answers(depot, depot.mona, slot, 60, NINE + 26 * MINUTE) == Refused(Refusal.SHIFT_GONE)


async def test_r12_3_only_the_managers_of_its_warehouse(depot: Depot) -> None:
    dana = await depot.driver()
    elsewhere = await depot.fleet.manager("Sue", await depot.fleet.warehouse("South"))
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await says(depot, dana, slot, NINE - HOUR)
    before = await contents(depot.session)
    for stranger in (elsewhere, dana):
        assert await answers(depot, stranger, slot, 0, NINE) == Refused(Refusal.NOT_FOUND)
        assert await late_card(depot.session, stranger.id, slot.id, POLICY) is None
    assert await contents(depot.session) == before


async def test_r8_5_who_comes_is_no_longer_asked_why_he_does_not(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await ask_why(depot.session, dana, slot.id, POLICY, NINE - HOUR)
    await says(depot, dana, slot, NINE - HOUR + MINUTE)
    assert list(await depot.session.scalars(select(AbsenceQuestion))) == []
    assert await arrive(depot.session, dana, slot.id, POLICY, HALF_PAST - SECOND) == Arrive()
    assert await answers(depot, depot.mona, slot, 0, HALF_PAST) == Refused(Refusal.ARRIVED_ALREADY)
    [said] = await depot.session.scalars(select(LateAnnouncement))
    assert (said.granted, said.decided_by) == (30, None)
