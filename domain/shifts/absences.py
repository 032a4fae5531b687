"""A driver is away for days: ill, or on time off that a manager enters for him (R12.7). His shifts go to others."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Date, Uuid, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import TimeOff
from domain.db.models.words import CancelReason, IncidentKind, OffKind, Trigger
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.people import TimeOffEnded, TimeOffNoted
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import days_off, his_driver, still_his
from domain.people.queries import Person, person
from domain.people.rules import AlreadyOff, EndOff, Off, TakeOff, decide_back, decide_time_off
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import holds, leaving, queries, rules_of_leaving
from domain.shifts.leaving import Exit, Left
from domain.shifts.rules import ShiftFacts
from domain.shifts.rules_of_leaving import Leave
from domain.time import local_day

TIME_OFF: Final = "time_off"  # why a slot is open, for its manager
ILL: Final = CancelReason.MEDICAL_EMERGENCY


@dataclass(frozen=True, slots=True)
class Given:
    """A shift that goes to others, and what the ledger says of it; None: nothing."""

    shift: ShiftFacts
    incident: IncidentKind | None


def given_back(
    shifts: Sequence[ShiftFacts],
    kind: OffKind,
    reviewed: bool,
    policy: Policy,
    now: datetime,
    *,
    held: Collection[uuid.UUID] = (),
) -> tuple[Given, ...]:
    """What becomes of the shifts of these days. Pure.

    Ill, they are cancelled as he could himself: early ones without a penalty, the late ones protected. A manager looks
    at an illness once: the first of the late ones stands for all, unless these days were before him already
    (`reviewed`). Time off of any other kind is nobody's fault. What has begun, or is a no-show by the clock, stays; but
    for those that are `held` (R8.6a).
    """
    found: list[Given] = []
    for shift in sorted(shifts, key=lambda each: each.on):
        decision = rules_of_leaving.decide_cancel(shift, ILL, policy, now, held=shift.assignment_id in held)
        if not isinstance(decision, Leave):
            continue
        incident = decision.incident if kind is OffKind.ILL else None
        if incident is IncidentKind.PROTECTED_ABSENCE:
            incident, reviewed = None if reviewed else incident, True
        found.append(Given(shift, incident))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would come of days off: the days, and the shifts that go to others."""

    first: date
    last: date
    given: tuple[Given, ...]


async def plan(
    session: AsyncSession, driver_id: uuid.UUID, kind: OffKind, first: date, last: date, policy: Policy, now: datetime
) -> Plan | AlreadyOff | Refused:
    """What `go_off` would do, to be shown before the last button (R5.1). Nothing is locked or written."""
    decision = await _decide(session, driver_id, kind, first, last, policy, now)
    if not isinstance(decision, TakeOff):
        return decision
    shifts = await queries.scheduled(session, driver_id, decision.first, decision.last, policy)
    reviewed = await _is_reviewed(session, driver_id, decision)
    held = await holds.held_of(session, shifts, policy, now)
    return Plan(first, last, given_back(shifts, kind, reviewed, policy, now, held=held))


async def _decide(
    session: AsyncSession, driver_id: uuid.UUID, kind: OffKind, first: date, last: date, policy: Policy, now: datetime
) -> TakeOff | AlreadyOff | Refused:
    today = local_day(now, policy)
    return decide_time_off(kind, first, last, await days_off(session, driver_id, today), policy, today)


# A cancellation of these days that a manager is to look at already.
_REVIEWED = sql(
    """
    SELECT EXISTS (SELECT FROM incidents i
                   JOIN assignments a ON a.id = i.assignment_id
                   JOIN shifts s ON s.assignment_id = a.id
                   WHERE i.user_id = :driver AND i.kind = 'protected_absence' AND s.cancel_reason = 'medical_emergency'
                     AND a.date BETWEEN :first AND :last)
    """,
    driver=Uuid(),
    first=Date(),
    last=Date(),
)


async def _is_reviewed(session: AsyncSession, driver_id: uuid.UUID, off: TakeOff) -> bool:
    days = {"driver": driver_id, "first": off.first, "last": off.last}
    return bool(await session.scalar(_REVIEWED, days))


@dataclass(frozen=True, slots=True)
class Away:
    """He is away from now on for these days, and rid of their `shifts`: what became of each is in `left`."""

    off_id: uuid.UUID
    first: date
    last: date
    shifts: tuple[ShiftFacts, ...]
    left: tuple[Left, ...]


async def fall_ill(
    session: AsyncSession, driver: Person, first: date, last: date, say: Wording, policy: Policy, now: datetime
) -> Away | AlreadyOff | Refused:
    """[I'm ill until …], said by the driver himself (R12.7): the days are time off, their shifts go to others at once.

    Refused as `decide_time_off` has it. Locks: his shifts by id, then he.
    """
    return await _go_off(session, driver, OffKind.ILL, first, last, driver, say, policy, now)


async def send_off(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    kind: OffKind,
    first: date,
    last: date,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Away | AlreadyOff | Refused:
    """A manager enters days off for a driver of his, by phone (R8.9, R12.7); the driver is told.

    Refused as above, and for somebody who is no driver of his.
    """
    driver = await his_driver(session, manager.id, driver_id, local_day(now, policy))
    if driver is None:
        return Refused(Refusal.NOT_FOUND)
    away = await _go_off(session, driver, kind, first, last, manager, say, policy, now)
    if isinstance(away, Away):
        name = f"{manager.first_name} {manager.last_name}"
        noted = TimeOffNoted(kind, away.first, away.last, len(away.left), name)
        envelope = notices.Envelope(Kind.TIME_OFF, away.off_id, occasion=now)
        await notices.tell(session, [driver_id], noted, envelope, say, policy, now)
    return away


async def _go_off(
    session: AsyncSession,
    driver: Person,
    kind: OffKind,
    first: date,
    last: date,
    by: Person,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Away | AlreadyOff | Refused:
    locked = await queries.scheduled_locked(session, driver.id, min(first, last), max(first, last), policy)
    if locked is None:
        return Refused(Refusal.NOT_A_DRIVER)
    if not await _still_acts(session, by, driver, local_day(now, policy)):
        return Refused(Refusal.NOT_FOUND)
    decision = await _decide(session, driver.id, kind, first, last, policy, now)
    if not isinstance(decision, TakeOff):
        return decision
    reviewed = await _is_reviewed(session, driver.id, decision)
    held = await holds.held_of(session, locked, policy, now)
    given = given_back(locked, kind, reviewed, policy, now, held=held)
    off_id = await _record(session, driver, kind, decision, by, now)
    ill = kind is OffKind.ILL
    left = []
    for each in given:
        exit_ = Exit(
            actor_id=by.id,
            why=ILL if ill else TIME_OFF,
            incident=each.incident,
            trigger=Trigger.CANCELLATION if ill else Trigger.MANAGER,
            reason=ILL if ill else None,
        )
        left.append(await leaving.leave(session, each.shift, driver, exit_, say, policy, now))
    shifts = tuple(each.shift for each in given)
    await leaving.all_shown(session, driver.id, shifts, now)
    return Away(off_id, decision.first, decision.last, shifts, tuple(left))


async def _still_acts(session: AsyncSession, by: Person, driver: Person, today: date) -> bool:
    """Whether days off are his to say, once the driver is locked: who has just been made nobody has none (R12.6)."""
    if by.id != driver.id:
        return await still_his(session, by.id, driver.id, today) is not None
    himself = await person(session, driver.id)
    return himself is not None and not himself.is_nobody


async def _record(
    session: AsyncSession, driver: Person, kind: OffKind, off: TakeOff, by: Person, now: datetime
) -> uuid.UUID:
    off_id = uuid.uuid4()
    if off.instead_of:
        await session.execute(delete(TimeOff).where(TimeOff.id.in_([each.id for each in off.instead_of])))
    days = {"starts_on": off.first, "ends_on": off.last, "kind": kind}
    await session.execute(insert(TimeOff).values(id=off_id, user_id=driver.id, **days))
    after = {"kind": kind, "first": off.first.isoformat(), "last": off.last.isoformat()}
    before = {"instead_of": [_said(each) for each in off.instead_of]} if off.instead_of else {}
    entry = audit.Entry("user", driver.id, "time_off", before, after)
    await audit.record(session, by.id, now, entry, by_phone=by.id != driver.id)
    return off_id


def _said(off: Off) -> dict[str, str]:
    return {"kind": off.kind, "first": off.first.isoformat(), "last": off.last.isoformat()}


@dataclass(frozen=True, slots=True)
class Back:
    """He is there again, from today on or, where they had not begun, throughout."""

    driver_id: uuid.UUID
    off: Off


async def end_off(
    session: AsyncSession, by: Person, off_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Back | Refused:
    """[Back early], by the driver himself when he is well again, or by his manager for any time off (R12.7).

    The shifts that went to others stay with them. Refused where the days are over, or are none of a driver of his; what
    a manager has entered that is no illness, only a manager ends.
    """
    whose: uuid.UUID | None = await session.scalar(select(TimeOff.user_id).where(TimeOff.id == off_id))
    if whose is None:
        return Refused(Refusal.NOT_OFF)
    today = local_day(now, policy)
    driver = by if whose == by.id else await his_driver(session, by.id, whose, today)
    if driver is None:
        return Refused(Refusal.NOT_FOUND)
    await queries.scheduled_locked(session, driver.id, today, today, policy)
    if not await _still_acts(session, by, driver, today):
        return Refused(Refusal.NOT_FOUND)
    off = next((each for each in await days_off(session, driver.id, today) if each.id == off_id), None)
    if off is not None and by.id == driver.id and off.kind != OffKind.ILL:
        return Refused(Refusal.NOT_FOUND)
    decision = decide_back(off, today)
    if not isinstance(decision, EndOff):
        return decision
    this = TimeOff.id == off_id
    if decision.last is None:
        await session.execute(delete(TimeOff).where(this))
    else:
        await session.execute(update(TimeOff).where(this).values(ends_on=decision.last))
    after = {"last": decision.last.isoformat() if decision.last else None}
    entry = audit.Entry("user", driver.id, "time_off_ended", _said(decision.off), after)
    await audit.record(session, by.id, now, entry, by_phone=by.id != driver.id)
    if by.id != driver.id:
        ended = TimeOffEnded(decision.off.first, decision.off.last, f"{by.first_name} {by.last_name}")
        envelope = notices.Envelope(Kind.TIME_OFF_ENDED, off_id)
        await notices.tell(session, [driver.id], ended, envelope, say, policy, now)
    await following.follow_homes(session, now, of=[driver.id], first=driver.id)
    return Back(driver.id, decision.off)
