"""What a driver does with his own shifts: confirm, arrive, load, bring back, correct (R4, R8).

Or a manager for him, on his word by telephone: `by`, who has been found to manage the shift's warehouse (R8.9).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Uuid, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import AbsenceQuestion, Assignment, Shift
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.health import weeks
from domain.notices import following
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import holds, ledger, outages, queries, rules, rules_of_parcels
from domain.shifts.rules import Arrive, Confirm, Done, ShiftFacts
from domain.shifts.rules_of_parcels import Complete, Correct, Load


async def confirm_shift(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Confirm | Done | Refused:
    """The driver confirms one of his shifts (R4.1). Refused where it is not his, too early or too late.

    While an outage of ours holds all drops, it is not too late (R8.6a): for that they are held.
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy, by=by)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_confirm(shift, policy, now)
    too_late = decision == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    if too_late and await outages.drops_are_held(session, policy, now):
        decision = rules.decide_confirm(shift, policy, now, held=True)
    if isinstance(decision, Confirm):
        await _confirm(session, driver, [shift], by, now)
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
        await _confirm(session, driver, due, None, now)
    return Confirmed(len(due))


async def _confirm(
    session: AsyncSession, driver: Person, shifts: Sequence[ShiftFacts], by: Person | None, now: datetime
) -> None:
    of = [shift.assignment_id for shift in shifts]
    await session.execute(update(Assignment).where(Assignment.id.in_(of)).values(confirmed_at=now, updated_at=now))
    await ledger.count(session, driver.id, now, confirmed_shifts=len(of))
    entries = [
        audit.Entry("assignment", each, "confirmed", {"confirmed_at": None}, {"confirmed_at": now.isoformat()})
        for each in of
    ]
    await _audit(session, driver.id, by, now, *entries)
    await _shown(session, driver, shifts, now)


async def arrive(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Arrive | Done | Refused:
    """[I'm here] (R8.2). Refused before 05:00, unconfirmed, and from arrive_by on, unless no-shows are held (R8.6a)."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_arrive(shift, policy, now)
    if decision == Refused(Refusal.ARRIVED_TOO_LATE) and await holds.is_held(session, shift, policy, now):
        decision = rules.decide_arrive(shift, policy, now, held=True)
    if isinstance(decision, Arrive):
        await record_arrival(session, driver.id, shift, by, now)
        await _shown(session, driver, [shift], now)
    return decision


async def record_arrival(
    session: AsyncSession, driver_id: uuid.UUID, shift: ShiftFacts, by: Person | None, now: datetime
) -> None:
    """He is there, and the shift, which is locked, is active. What shows it is not followed yet."""
    await session.execute(insert(Shift).values(assignment_id=shift.assignment_id, arrived_at=now, created_at=now))
    if shift.leaving_since is not None:
        await session.execute(delete(AbsenceQuestion).where(AbsenceQuestion.assignment_id == shift.assignment_id))
    await _becomes(
        session, driver_id, shift, AssignmentStatus.ACTIVE, "arrived", {"arrived_at": now.isoformat()}, by, now
    )


async def load_parcels(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    parcels: int,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Load | Done | Refused:
    """Parcels loaded, 1 to 999; again, to correct them before the shift is completed (R8.3)."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_parcels.decide_load(shift, parcels, policy)
    if isinstance(decision, Load):
        values = {"parcels_start": parcels} | ({"started_at": now} if decision.before is None else {})
        await _written(session, driver, shift, "loaded", values, by, now)
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
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    returned: int,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Complete | Done | Refused:
    """Parcels brought back, 0 to those loaded: the shift is completed, and counts for the route (R8.3)."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_parcels.decide_complete(shift, returned, policy, now)
    if isinstance(decision, Complete):
        await complete(session, driver, shift, decision, "completed", {}, by, now)
        await _shown(session, driver, [shift], now)
    return decision


async def complete(
    session: AsyncSession,
    driver: Person,
    shift: ShiftFacts,
    decision: Complete,
    action: str,
    facts: Mapping[str, Any],
    by: Person | None,
    now: datetime,
) -> None:
    """The shift, which is locked, is completed; `action` and `facts` are for the audit.

    What shows it is not followed yet: those rows are locked last, and once.
    """
    values = {
        "parcels_returned": decision.returned,
        "parcels_delivered": decision.delivered,
        "completed_at": now,
        "editable_until": decision.editable_until,
    }
    await session.execute(update(Shift).where(Shift.assignment_id == shift.assignment_id).values(values))
    after = {"parcels_returned": decision.returned, "parcels_delivered": decision.delivered} | dict(facts)
    await _becomes(session, driver.id, shift, AssignmentStatus.COMPLETED, action, after, by, now)
    await ledger.count(session, driver.id, now, total_shifts=1, completed_shifts=1)
    await session.execute(_FAMILIAR, {"driver": driver.id, "route": shift.route_id, "now": now})
    await ledger.rate(session, driver.id, now)


async def correct_parcels(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    start: int | None,
    returned: int | None,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
    reason: str | None = None,
) -> Correct | Done | Refused:
    """Either number of a completed shift, within the hour; later by a manager, with a reason (R8.4). None: as it is.

    A manager may come so late that the star of its week is another (R10.4).
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_parcels.decide_correct(
        shift, start, returned, policy, now, by_manager=by is not None, reason=reason
    )
    if isinstance(decision, Correct):
        values = {
            "parcels_start": decision.start,
            "parcels_returned": decision.returned,
            "parcels_delivered": decision.delivered,
        }
        await lock_people(session, [driver.id])
        await _written(session, driver, shift, "corrected", values, by, now, reason=reason)
        await ledger.rate(session, driver.id, now)
        if (
            by is not None and shift.completed_at is not None
        ):  # the hour that the driver has is over before Monday night
            await weeks.judge_again(session, driver.id, [shift.completed_at], policy, now)
        await _shown(session, driver, [shift], now)
    return decision


async def _written(
    session: AsyncSession,
    driver: Person,
    shift: ShiftFacts,
    action: str,
    values: dict[str, Any],
    by: Person | None,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """Changes the shift's numbers, audited with before and after."""
    await session.execute(update(Shift).where(Shift.assignment_id == shift.assignment_id).values(values))
    before: dict[str, Any] = {
        name: getattr(shift, name) for name in ("parcels_start", "parcels_returned") if name in values
    }
    after = {name: value for name, value in values.items() if name != "started_at"}
    entry = audit.Entry("shift", shift.assignment_id, action, before, after | ({"reason": reason} if reason else {}))
    await _audit(session, driver.id, by, now, entry)


async def _becomes(
    session: AsyncSession,
    driver_id: uuid.UUID,
    shift: ShiftFacts,
    status: AssignmentStatus,
    action: str,
    facts: dict[str, Any],
    by: Person | None,
    now: datetime,
) -> None:
    await session.execute(
        update(Assignment).where(Assignment.id == shift.assignment_id).values(status=status, updated_at=now)
    )
    entry = audit.Entry("assignment", shift.assignment_id, action, {"status": shift.status}, {"status": status} | facts)
    await _audit(session, driver_id, by, now, entry)


async def _audit(
    session: AsyncSession, driver_id: uuid.UUID, by: Person | None, now: datetime, *entries: audit.Entry
) -> None:
    await audit.record(session, by.id if by else driver_id, now, *entries, by_phone=by is not None)


async def _shown(session: AsyncSession, driver: Person, shifts: Sequence[ShiftFacts], now: datetime) -> None:
    """His messages about these shifts, his home card and the managers' boards show how they stand; last, as everybody
    locks them."""
    for shift in sorted(shifts, key=lambda each: each.assignment_id):
        await following.follow(session, shift.assignment_id, now, over=False)
    at = [following.DayAt(shift.warehouse_id, shift.on) for shift in shifts]
    await following.follow_homes(session, now, of=[driver.id], boards_of=at, first=driver.id)
