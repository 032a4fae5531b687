"""Against whom of the demo fleet something is held, so that /why, appeals and /drivers have something to show.

Hana has let two of five shifts go unconfirmed, and was flagged last night; Yusuf has cancelled one late, last week.
What they lost others have driven. Both are at North, whose manager is Nadia.
"""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.wording import Words
from domain.db.models import Assignment, Incident, Shift
from domain.db.models.words import AssignedBy, AssignmentStatus, CancelReason, IncidentKind
from domain.health import flags
from domain.policy import Policy
from domain.time import local_instant, shift_start, week_of
from sandbox.worked import Worker

UNCONFIRMED: Final = 25  # Hana, by number
CANCELLED: Final = 22  # Yusuf
OF_FIVE: Final = (1, 3)  # those of her shifts, as they come, that she has not confirmed
NIGHT: Final = time(3, 30)  # when flags are judged


async def falter(session: AsyncSession, drivers: list[Worker], policy: Policy, today: date) -> None:
    """Of the weeks before this one, all driven so far; the figures follow."""
    who = {driver.number: driver for driver in drivers}
    monday, _ = week_of(today)
    hers = await _driven(session, who[UNCONFIRMED], monday)
    for slot in (each for n, each in enumerate(hers) if n % 5 in OF_FIVE):
        at = shift_start(slot.on, policy) - policy.confirm_before + timedelta(minutes=1)
        await _lost(session, slot, IncidentKind.AUTO_DROP, at, drivers)
    last = (await _driven(session, who[CANCELLED], monday))[-1]
    await _lost(session, last, IncidentKind.LATE_CANCEL, shift_start(last.on, policy) - timedelta(hours=20), drivers)


async def _driven(session: AsyncSession, driver: Worker, before: date) -> list[Assignment]:
    his = select(Assignment).where(Assignment.user_id == driver.user_id, Assignment.on < before)
    return list(await session.scalars(his.order_by(Assignment.on)))


async def _lost(
    session: AsyncSession, slot: Assignment, kind: IncidentKind, at: datetime, drivers: list[Worker]
) -> None:
    """It stands in the ledger, and somebody else of the warehouse has driven it, whom it was free for that day."""
    busy = set(await session.scalars(select(Assignment.user_id).where(Assignment.on == slot.on)))
    [home] = {driver.home for driver in drivers if driver.user_id == slot.user_id}
    other = next(each for each in drivers if each.home == home and each.user_id not in busy)
    cancelled = kind is IncidentKind.LATE_CANCEL
    left = {"status": AssignmentStatus.CANCELLED, "updated_at": at}
    await session.execute(
        update(Assignment)
        .where(Assignment.id == slot.id)
        .values(left if cancelled else left | {"confirmed_at": None})
        .execution_options(synchronize_session=False)
    )
    again = {
        "id": uuid.uuid4(),
        "route_id": slot.route_id,
        "warehouse_id": slot.warehouse_id,
        "on": slot.on,
        "user_id": other.user_id,
        "status": AssignmentStatus.COMPLETED,
        "assigned_by": AssignedBy.BID,
        "created_at": at,
        **dict.fromkeys(("assigned_at", "confirmed_at", "updated_at"), at + timedelta(hours=6)),
    }
    await session.execute(insert(Assignment), [again])
    await session.execute(update(Shift).where(Shift.assignment_id == slot.id).values(assignment_id=again["id"]))
    if cancelled:
        why = {"cancelled_at": at, "cancel_reason": CancelReason.OTHER, "created_at": at}
        await session.execute(insert(Shift).values(assignment_id=slot.id, **why))
    incident = {"user_id": slot.user_id, "assignment_id": slot.id, "kind": kind, "occurred_at": at}
    await session.execute(insert(Incident).values(incident))


async def last_night(session: AsyncSession, drivers: list[Worker], policy: Policy, today: date) -> None:
    """She is flagged, as by the nightly duty, and told."""
    [hana] = [driver.user_id for driver in drivers if driver.number == UNCONFIRMED]
    await flags.judge_some(session, [hana], Words(policy.zone), policy, local_instant(today, NIGHT, policy))
