"""When no no-show is automatic, and who is missing meanwhile (R8.6a).

After an outage of ours each shift is held by its own hour. Where too many are missing at once, the whole day of a
warehouse is, and that is remembered: whoever arrives meanwhile does not end it. A manager does, or its time.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, DateTime, Double, Integer, Interval, Uuid, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from domain import audit, time
from domain.db.models import ArrivalHold
from domain.db.models.words import HoldCause
from domain.db.sql import Find, alphabetical, sql
from domain.notices import following
from domain.notices.actions import Envelope
from domain.notices.facts.arrivals import ArrivalsHeld
from domain.notices.kinds import Kind
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_present, manages
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import deadlines, outages, queries
from domain.shifts.deadlines import ARRIVE_BY
from domain.shifts.rules import Done, ShiftFacts, is_missing

# `missing`: who has confirmed and is not there though arriving was due, but for those who are being asked why they
# leave. `held`: until when nothing is automatic for each of them; null, or over: it is. What a manager has released, or
# what was held for its time already, does not count again among those who are missing at once.
MISSING: Final = f"""
WITH missing AS (
    SELECT a.id, a.user_id, a.warehouse_id, a.date, {ARRIVE_BY} AS arrive_by FROM assignments a
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    WHERE a.status = 'scheduled' AND a.confirmed_at IS NOT NULL AND a.date BETWEEN :first AND :last
      AND {ARRIVE_BY} <= :now
      AND NOT EXISTS (SELECT FROM absence_questions asked WHERE asked.assignment_id = a.id)
)
"""  # noqa: S608 - our own texts
HELD: Final = f"""
{MISSING}, known AS (
    SELECT m.*, coalesce(hold.released, false) AS released, coalesce(hold.waited, false) AS waited, hold.many_until,
           (SELECT max(greatest(m.arrive_by, outage.until) + :held_for)
            FROM unnest(:since, :until) AS outage (since, until)
            WHERE m.arrive_by > since AND m.arrive_by - :before < outage.until) AS outage_until
    FROM missing m CROSS JOIN LATERAL (
        SELECT bool_or(h.released_at >= m.arrive_by) AS released,
               bool_or(h.released_at IS NULL AND h.cause = 'many' AND h.until BETWEEN m.arrive_by AND :now) AS waited,
               max(h.until) FILTER (WHERE h.released_at IS NULL AND h.cause = 'many' AND h.until > :now) AS many_until
        FROM arrival_holds h WHERE h.warehouse_id = m.warehouse_id AND h.date = m.date
    ) AS hold
), few AS (
    SELECT k.warehouse_id, k.date, array_agg(k.arrive_by ORDER BY k.arrive_by) AS due,
           greatest(:few, :share * (
               SELECT count(*) FROM assignments a WHERE a.warehouse_id = k.warehouse_id AND a.date = k.date
               AND a.confirmed_at IS NOT NULL AND a.status IN ('scheduled', 'active', 'completed'))) AS most
    FROM known k WHERE NOT k.released AND NOT k.waited GROUP BY k.warehouse_id, k.date
), many AS (
    SELECT warehouse_id, date, due[floor(most)::int + 1] AS began_at FROM few WHERE cardinality(due) > most
), held AS (
    SELECT k.id, k.user_id, k.warehouse_id, k.date, k.arrive_by,
           CASE WHEN NOT k.released THEN k.outage_until END AS outage_until,
           CASE WHEN NOT k.released
                THEN greatest(k.many_until, CASE WHEN NOT k.waited THEN many.began_at + :held_for END) END AS many_until
    FROM known k LEFT JOIN many ON many.warehouse_id = k.warehouse_id AND many.date = k.date
)
"""  # noqa: S608 - our own texts
IS_HELD: Final = "coalesce(greatest(m.outage_until, m.many_until) > :now, false)"  # of `held m`
TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "first": Date(),
    "last": Date(),
    "few": Double(),
    "share": Double(),
    "held_for": Interval(),
    "before": Interval(),
    "since": ARRAY(DateTime(timezone=True)),
    "until": ARRAY(DateTime(timezone=True)),
    **deadlines.used(MISSING),
}


async def given(session: AsyncSession, policy: Policy, now: datetime) -> dict[str, Any] | None:
    """The parameters of `HELD`; None during an outage: nobody can act at this moment."""
    known = await outages.known_outages(session, policy, now, within=policy.held_for + policy.outage_before)
    if any(outage.until is None for outage in known):
        return None
    return _given_to_missing(policy, now) | {
        "few": float(policy.missing_few),
        "share": policy.missing_share,
        "held_for": policy.held_for,
        "before": policy.outage_before,
        "since": [outage.since for outage in known],
        "until": [outage.until for outage in known],
    }


_ANYBODY = sql(
    f"{MISSING} SELECT true FROM missing LIMIT 1",  # noqa: S608 - our own texts
    first=Date(),
    last=Date(),
    **deadlines.used(MISSING),
)


def due_arrival(policy: Policy, now: datetime) -> Find:
    """Whether anybody is missing, held or not."""
    return _ANYBODY, _given_to_missing(policy, now)


def _given_to_missing(policy: Policy, now: datetime) -> dict[str, Any]:
    """The parameters of `MISSING`."""
    last = time.local_day(now, policy)
    if now < time.arrive_by(last, None, policy):
        last -= timedelta(days=1)  # nobody can be missing before nine: today's shifts are not looked at each second
    return deadlines.given_to(MISSING, policy) | {"first": policy.go_live_on or date.min, "last": last, "now": now}


_IS_HELD = sql(f"{HELD} SELECT {IS_HELD} FROM held m WHERE m.id = :assignment", assignment=Uuid(), **TYPES)  # noqa: S608


async def is_held(session: AsyncSession, shift: ShiftFacts, policy: Policy, now: datetime) -> bool:
    """Whether whoever is missing on this shift, which is locked, is no no-show yet, and may still arrive."""
    known = await given(session, policy, now)
    if known is None:
        return True
    that_day = {"first": shift.on, "last": shift.on, "assignment": shift.assignment_id}
    return bool(await session.scalar(_IS_HELD, known | that_day))


async def held_of(
    session: AsyncSession, shifts: Sequence[ShiftFacts], policy: Policy, now: datetime
) -> frozenset[uuid.UUID]:
    """Which of these shifts of a driver's are missing and held: he has one a day, so that is hardly more than one."""
    missing = (shift for shift in shifts if is_missing(shift, now))
    return frozenset([shift.assignment_id for shift in missing if await is_held(session, shift, policy, now)])


@dataclass(frozen=True, slots=True)
class HoldBegun:
    """The managers of a warehouse have a list of who is missing; so many were told."""

    hold_id: uuid.UUID
    told: int


_BY_NAME: Final = alphabetical("u.first_name || ' ' || u.last_name")
_TO_HOLD = sql(
    f"""
    {HELD}
    SELECT m.warehouse_id, m.date, w.name AS warehouse, min(m.arrive_by) AS began_at,
           max(m.many_until) FILTER (WHERE m.many_until > :now) AS many_until, max(m.outage_until) AS outage_until,
           array_agg(u.first_name || ' ' || u.last_name ORDER BY {_BY_NAME}, m.id) AS names
    FROM held m JOIN warehouses w ON w.id = m.warehouse_id JOIN users u ON u.id = m.user_id
    WHERE {IS_HELD} AND (CAST(:warehouse AS uuid) IS NULL OR m.warehouse_id = :warehouse)
      AND NOT EXISTS (SELECT FROM arrival_holds h WHERE h.warehouse_id = m.warehouse_id AND h.date = m.date
                      AND h.released_at IS NULL AND h.until > :now)
    GROUP BY m.warehouse_id, m.date, w.name
    ORDER BY m.date, m.warehouse_id LIMIT 1 OFFSET :pass_by
    """,  # noqa: S608
    warehouse=Uuid(),
    pass_by=Integer(),
    **TYPES,
)
_LOCK = sql("SELECT true FROM warehouses WHERE id = :warehouse FOR NO KEY UPDATE SKIP LOCKED", warehouse=Uuid())


async def begin_due_hold(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> HoldBegun | None:
    """Where no-shows are held, the managers of the warehouse get one list (R8.6a); None: there is none to begin."""
    known = await given(session, policy, now)
    if known is None:
        return None
    to_hold = (await session.execute(_TO_HOLD, known | {"warehouse": None, "pass_by": pass_by})).one_or_none()
    if to_hold is None or not await session.scalar(_LOCK, {"warehouse": to_hold.warehouse_id}):
        return None
    # Looked at again under the lock: another process may just have begun it.
    locked = known | {"warehouse": to_hold.warehouse_id, "pass_by": 0}
    row = (await session.execute(_TO_HOLD, locked)).one_or_none()
    if row is None:
        return None
    cause = HoldCause.OUTAGE if row.many_until is None else HoldCause.MANY
    until = row.many_until or row.outage_until
    values = {"warehouse_id": row.warehouse_id, "on": row.date, "cause": cause, "began_at": now, "until": until}
    hold_id = uuid.uuid4()
    await session.execute(insert(ArrivalHold).values(id=hold_id, **values))
    after = {"warehouse_id": str(row.warehouse_id), "date": row.date.isoformat(), "cause": cause}
    entry = audit.Entry("arrival_hold", hold_id, "begun", after=after | {"until": until.isoformat()})
    await audit.record(session, None, now, entry)
    names, starts_at = tuple(row.names), time.shift_start(row.date, policy)
    notice = ArrivalsHeld(row.warehouse, row.date, starts_at, until, names)
    envelope = Envelope(Kind.HELD_LIST, hold_id, warehouse_id=row.warehouse_id)
    managers = (await session.execute(managers_present([row.warehouse_id], now))).all()
    letters = [Letter(manager.user_id, manager.language, notice, envelope) for manager in managers]
    return HoldBegun(hold_id, await tell_each(session, letters, say, now))


@dataclass(frozen=True, slots=True)
class Released:
    """Whoever is missing now is a no-show; the duty has them at its next turn."""


async def release(
    session: AsyncSession, manager: Person, hold_id: uuid.UUID, now: datetime
) -> Released | Done | Refused:
    """[These are missing]: the no-shows of those who are not marked as there are no longer held (R8.6a).

    Refused where it is over already, or is not of the manager's warehouses. It ends for what was due by now.
    """
    mine = select(ArrivalHold).where(ArrivalHold.id == hold_id, manages(manager.id, ArrivalHold.warehouse_id))
    hold = (await session.scalars(mine.with_for_update(key_share=True, of=ArrivalHold))).one_or_none()
    if hold is None:
        return Refused(Refusal.NOT_FOUND)
    if hold.released_at is not None:
        return Done()
    if now >= hold.until:
        return Refused(Refusal.HOLD_OVER)
    hold.released_at, hold.released_by = now, manager.id
    await session.flush()
    entry = audit.Entry("arrival_hold", hold_id, "released", {"released_at": None}, {"released_at": now.isoformat()})
    await audit.record(session, manager.id, now, entry)
    await following.follow(session, hold_id, now, over=False)
    return Released()


async def hold_of(session: AsyncSession, manager_id: uuid.UUID, hold_id: uuid.UUID) -> ArrivalHold | None:
    """A hold of a warehouse of the manager's; None for any other (R12.3)."""
    mine = select(ArrivalHold).where(ArrivalHold.id == hold_id, manages(manager_id, ArrivalHold.warehouse_id))
    return (await session.scalars(mine)).one_or_none()


_MISSING_NOW = sql(
    f"""
    {HELD}
    SELECT a.id, a.user_id FROM assignments a
    JOIN arrival_holds hold ON hold.id = :hold AND hold.warehouse_id = a.warehouse_id AND hold.date = a.date
    JOIN held m ON m.id = a.id
    WHERE a.status = 'scheduled' AND hold.released_at IS NULL AND hold.until > :now AND {IS_HELD}
    ORDER BY a.id
    FOR NO KEY UPDATE OF a
    """,  # noqa: S608
    hold=Uuid(),
    **TYPES,
)


async def missing_locked(
    session: AsyncSession, hold: ArrivalHold, policy: Policy, now: datetime
) -> tuple[ShiftFacts, ...] | None:
    """The shifts of who is missing while it lasts, locked in the order of their ids; None once it is over."""
    if hold.released_at is not None or now >= hold.until:
        return None
    known = await given(session, policy, now)
    rows = (await session.execute(_MISSING_NOW, known | {"hold": hold.id})).all() if known else []
    shifts = await queries.shifts_of(session, [row.id for row in rows], policy)
    return tuple(shift for shift in shifts if is_missing(shift, now))
