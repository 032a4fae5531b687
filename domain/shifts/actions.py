"""What a driver does with his own shifts: confirm, arrive, load, bring back, correct (R4, R8)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Uuid, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Assignment, Shift
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import ledger, queries, rules
from domain.shifts.rules import Arrive, Complete, Confirm, Correct, Done, Load, ShiftFacts


async def confirm_shift(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> Confirm | Done | Refused:
    """The driver confirms one of his shifts (R4.1). Refused where it is not his, too early or too late."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_confirm(shift, policy, now)
    if isinstance(decision, Confirm):
        await _confirm(session, driver, [shift], now)
    return decision


@dataclass(frozen=True, slots=True)
class Confirmed:
    """So many shifts are confirmed that were not."""

    count: int


async def confirm_all(
    session: AsyncSession, driver: Person, first: date, last: date, policy: Policy, now: datetime
) -> Confirmed:
    """[Confirm my week]: whatever he can still confirm from `first` to `last`, both inclusive (R4.1)."""
    shifts = await queries.unconfirmed_locked(session, driver.id, first, last, policy)
    due = [shift for shift in shifts if isinstance(rules.decide_confirm(shift, policy, now), Confirm)]
    if due:
        await _confirm(session, driver, due, now)
    return Confirmed(len(due))


async def _confirm(session: AsyncSession, driver: Person, shifts: Sequence[ShiftFacts], now: datetime) -> None:
    of = [shift.assignment_id for shift in shifts]
    await session.execute(update(Assignment).where(Assignment.id.in_(of)).values(confirmed_at=now, updated_at=now))
    await ledger.count(session, driver.id, now, confirmed_shifts=len(of))
    entries = [
        audit.Entry("assignment", each, "confirmed", {"confirmed_at": None}, {"confirmed_at": now.isoformat()})
        for each in of
    ]
    await audit.record(session, driver.id, now, *entries)
    await _shown(session, driver, shifts, now)


async def arrive(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> Arrive | Done | Refused:
    """[I'm here] (R8.2). Refused before 05:00, unconfirmed, and from arrive_by on."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_arrive(shift, policy, now)
    if isinstance(decision, Arrive):
        await session.execute(insert(Shift).values(assignment_id=shift.assignment_id, arrived_at=now, created_at=now))
        await _becomes(session, driver, shift, AssignmentStatus.ACTIVE, "arrived", {"arrived_at": now.isoformat()}, now)
        await _shown(session, driver, [shift], now)
    return decision


async def load_parcels(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, parcels: int, policy: Policy, now: datetime
) -> Load | Done | Refused:
    """Parcels loaded, 1 to 999; again, to correct them before the shift is completed (R8.3)."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_load(shift, parcels, policy)
    if isinstance(decision, Load):
        values = {"parcels_start": parcels} | ({"started_at": now} if decision.before is None else {})
        await _written(session, driver, shift, "loaded", values, now)
        await _shown(session, driver, [shift], now)
    return decision


_FAMILIAR = sql(
    """
    INSERT INTO route_completions AS r (user_id, route_id, completion_count, last_completed_at)
    VALUES (:driver, :route, 1, :now)
    ON CONFLICT (user_id, route_id) DO UPDATE
    SET completion_count = r.completion_count + 1, last_completed_at = excluded.last_completed_at
    """,
    driver=Uuid(),
    route=Uuid(),
)


async def complete_shift(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, returned: int, policy: Policy, now: datetime
) -> Complete | Done | Refused:
    """Parcels brought back, 0 to those loaded: the shift is completed, and counts for the route (R8.3)."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_complete(shift, returned, policy, now)
    if isinstance(decision, Complete):
        values = {
            "parcels_returned": decision.returned,
            "parcels_delivered": decision.delivered,
            "completed_at": now,
            "editable_until": decision.editable_until,
        }
        await session.execute(update(Shift).where(Shift.assignment_id == shift.assignment_id).values(values))
        await session.execute(_FAMILIAR, {"driver": driver.id, "route": shift.route_id, "now": now})
        after = {"parcels_returned": decision.returned, "parcels_delivered": decision.delivered}
        await _becomes(session, driver, shift, AssignmentStatus.COMPLETED, "completed", after, now)
        await ledger.count(session, driver.id, now, total_shifts=1, completed_shifts=1)
        await _rate(session, driver.id, now)
        await _shown(session, driver, [shift], now)
    return decision


async def correct_parcels(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    start: int | None,
    returned: int | None,
    policy: Policy,
    now: datetime,
) -> Correct | Done | Refused:
    """Either number of a completed shift, within the hour (R8.4). None: as it is."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_correct(shift, start, returned, policy, now)
    if isinstance(decision, Correct):
        values = {
            "parcels_start": decision.start,
            "parcels_returned": decision.returned,
            "parcels_delivered": decision.delivered,
        }
        await _written(session, driver, shift, "corrected", values, now)
        await _rate(session, driver.id, now)
        await _shown(session, driver, [shift], now)
    return decision


# R9.1's mean over completed shifts with parcels; exact, since it is made anew from the shifts themselves.
_RATE = sql(
    """
    UPDATE driver_metrics m
    SET completion_rate = coalesce(done.rate, 0), avg_parcels_delivered = coalesce(done.parcels, 0), updated_at = :now
    FROM (
        SELECT avg(s.parcels_delivered::float8 / s.parcels_start) AS rate, avg(s.parcels_delivered)::float8 AS parcels
        FROM assignments a JOIN shifts s ON s.assignment_id = a.id
        WHERE a.user_id = :driver AND a.status = 'completed' AND s.parcels_start > 0
    ) AS done
    WHERE m.user_id = :driver
    """,
    driver=Uuid(),
)


async def _rate(session: AsyncSession, driver_id: uuid.UUID, now: datetime) -> None:
    await session.execute(_RATE, {"driver": driver_id, "now": now})


async def _written(
    session: AsyncSession, driver: Person, shift: ShiftFacts, action: str, values: dict[str, Any], now: datetime
) -> None:
    """Changes the shift's numbers, audited with before and after."""
    await session.execute(update(Shift).where(Shift.assignment_id == shift.assignment_id).values(values))
    before: dict[str, Any] = {
        name: getattr(shift, name) for name in ("parcels_start", "parcels_returned") if name in values
    }
    after = {name: value for name, value in values.items() if name != "started_at"}
    await audit.record(session, driver.id, now, audit.Entry("shift", shift.assignment_id, action, before, after))


async def _becomes(
    session: AsyncSession,
    driver: Person,
    shift: ShiftFacts,
    status: AssignmentStatus,
    action: str,
    facts: dict[str, Any],
    now: datetime,
) -> None:
    await session.execute(
        update(Assignment).where(Assignment.id == shift.assignment_id).values(status=status, updated_at=now)
    )
    entry = audit.Entry("assignment", shift.assignment_id, action, {"status": shift.status}, {"status": status} | facts)
    await audit.record(session, driver.id, now, entry)


async def _shown(session: AsyncSession, driver: Person, shifts: Sequence[ShiftFacts], now: datetime) -> None:
    """His messages about these shifts, and his home card, show how they stand; last, as everybody locks them."""
    for shift in sorted(shifts, key=lambda each: each.assignment_id):
        await notices.follow(session, shift.assignment_id, now, over=False)
    await notices.follow_homes(session, now, of=[driver.id], first=driver.id)
