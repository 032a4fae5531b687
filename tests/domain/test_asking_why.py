"""R11.6: CANT is answered with the question why; five minutes without a number are "other", to the second."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.db.models import AbsenceQuestion, Shift
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive
from domain.shifts.asking_why import Asked, ask_why, cancel_unanswered, open_question, say_why
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.rules import Arrive
from tests.domain.depot import HOUR, MINUTE, SECOND, Depot, heartbeats, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, contents

TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
EIGHT = NINE - HOUR
FIVE = 5 * MINUTE


async def asked(depot: Depot) -> tuple[Person, Slot]:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    assert await ask_why(depot.session, dana, slot.id, POLICY, EIGHT) == Asked(EIGHT + FIVE)
    return dana, slot


async def why(depot: Depot, slot: Slot) -> CancelReason | None:
    reason: CancelReason | None = await depot.session.scalar(
        select(Shift.cancel_reason).where(Shift.assignment_id == slot.id)
    )
    return reason


async def test_r11_6_nothing_is_cancelled_by_being_asked(depot: Depot) -> None:
    dana, slot = await asked(depot)
    assert (await depot.row(slot.id)).status is AssignmentStatus.SCHEDULED
    assert await open_question(depot.session, dana.id) == slot.id
    assert await ask_why(depot.session, dana, slot.id, POLICY, EIGHT + MINUTE) == Asked(EIGHT + FIVE), "the same one"


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (FIVE - SECOND, CancelReason.WEATHER_CONDITIONS),
        (FIVE, CancelReason.WEATHER_CONDITIONS),
        (FIVE + SECOND, CancelReason.OTHER),
    ],
)
async def test_r11_6_the_number_counts_for_five_minutes(depot: Depot, after: timedelta, reason: CancelReason) -> None:
    dana, slot = await asked(depot)
    said = (CancelReason.WEATHER_CONDITIONS, SAY, POLICY, EIGHT + after)
    left = await say_why(depot.session, dana, slot.id, *said)
    assert isinstance(left, Left) and await why(depot, slot) is reason
    kind = IncidentKind.LATE_CANCEL if reason is CancelReason.OTHER else IncidentKind.PROTECTED_ABSENCE
    assert left.incident is kind
    assert list(await depot.session.scalars(select(AbsenceQuestion))) == []
    assert await cancel_unanswered(depot.session, SAY, POLICY, EIGHT + HOUR) is None


async def test_r11_6_without_one_it_is_other_to_the_second(depot: Depot) -> None:
    _, slot = await asked(depot)
    before = await contents(depot.session)
    assert await cancel_unanswered(depot.session, SAY, POLICY, EIGHT + FIVE) is None
    assert await contents(depot.session) == before
    left = await cancel_unanswered(depot.session, SAY, POLICY, EIGHT + FIVE + SECOND)
    assert isinstance(left, Left) and (left.assignment_id, left.told) == (slot.id, 1)
    assert await why(depot, slot) is CancelReason.OTHER
    assert await cancel_unanswered(depot.session, SAY, POLICY, EIGHT + HOUR) is None


async def test_r8_6_who_has_said_so_in_time_is_no_no_show(depot: Depot) -> None:
    """A minute before nine: the question goes on beyond it, and so does his answer."""
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await ask_why(depot.session, dana, slot.id, POLICY, NINE - SECOND)
    assert await depot.miss(NINE + MINUTE) is None
    said = (CancelReason.MEDICAL_EMERGENCY, SAY, POLICY, NINE + 2 * MINUTE)
    left = await say_why(depot.session, dana, slot.id, *said)
    assert isinstance(left, Left) and left.incident is IncidentKind.PROTECTED_ABSENCE
    assert await depot.miss(NINE + HOUR) is None


async def test_r8_6_and_the_duty_cancels_it_however_late(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await ask_why(depot.session, dana, slot.id, POLICY, NINE - SECOND)
    left = await cancel_unanswered(depot.session, SAY, POLICY, NINE + 2 * HOUR)
    assert isinstance(left, Left) and left.incident is IncidentKind.LATE_CANCEL


@pytest.mark.parametrize(
    ("status", "at", "refusal"),
    [
        (AssignmentStatus.ACTIVE, EIGHT, Refusal.ARRIVED_ALREADY),
        (AssignmentStatus.COMPLETED, EIGHT, Refusal.COMPLETED_ALREADY),
        (AssignmentStatus.CANCELLED, EIGHT, Refusal.SHIFT_GONE),
        (AssignmentStatus.SCHEDULED, NINE, Refusal.ARRIVED_TOO_LATE),
    ],
)
async def test_r5_2_asked_only_while_he_could_cancel(
    depot: Depot, status: AssignmentStatus, at: datetime, refusal: Refusal
) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True, status=status)
    before = await contents(depot.session)
    assert await ask_why(depot.session, dana, slot.id, POLICY, at) == Refused(refusal)
    assert await ask_why(depot.session, depot.mona, slot.id, POLICY, EIGHT) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


async def test_r11_6_who_comes_after_all_is_not_cancelled(depot: Depot) -> None:
    dana, slot = await asked(depot)
    assert await arrive(depot.session, dana, slot.id, POLICY, EIGHT + MINUTE) == Arrive()
    assert await cancel_unanswered(depot.session, SAY, POLICY, EIGHT + HOUR) is None
    assert (await depot.row(slot.id)).status is AssignmentStatus.ACTIVE


async def test_r11_6_cancelled_by_its_button_it_is_not_asked_any_more(depot: Depot) -> None:
    dana, slot = await asked(depot)
    ill = (CancelReason.MEDICAL_EMERGENCY, None, SAY, POLICY, EIGHT + MINUTE)
    assert isinstance(await cancel_shift(depot.session, dana, slot.id, *ill), Left)
    assert await open_question(depot.session, dana.id) is None
    late = (CancelReason.OTHER, SAY, POLICY, EIGHT + 2 * MINUTE)
    assert await say_why(depot.session, dana, slot.id, *late) == Refused(Refusal.NOT_FOUND)


@pytest.mark.parametrize(
    ("number", "kind"), [(True, IncidentKind.PROTECTED_ABSENCE), (False, IncidentKind.LATE_CANCEL)]
)
async def test_r8_6a_while_no_shows_are_held_he_is_asked_as_well(
    depot: Depot, number: bool, kind: IncidentKind
) -> None:
    """Our outage lay in his last hour: what he could do by a button he can do by SMS, and no no-show comes after it."""
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    at = NINE + MINUTE
    assert await ask_why(depot.session, dana, slot.id, POLICY, at) == Refused(Refusal.ARRIVED_TOO_LATE)
    await heartbeats(depot.session, NINE - HOUR, NINE - 20 * MINUTE, NINE - 10 * MINUTE, NINE + HOUR)
    assert await ask_why(depot.session, dana, slot.id, POLICY, at) == Asked(at + FIVE)
    said = (CancelReason.WEATHER_CONDITIONS, SAY, POLICY, at + FIVE)
    left = (
        await say_why(depot.session, dana, slot.id, *said)
        if number
        else await cancel_unanswered(depot.session, SAY, POLICY, at + FIVE + SECOND)
    )
    assert isinstance(left, Left) and left.incident is kind
    assert await depot.miss(NINE + HOUR) is None
