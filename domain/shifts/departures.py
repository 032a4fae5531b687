"""A driver leaves the company: his employment ends, and the shifts after his last day go to others (R12.7)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, Uuid, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Assignment, Departure, Employment, Invite, SmsCode, User
from domain.db.models.words import AssignmentStatus, CancelReason, Trigger
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.people import EmploymentEnds, EmploymentGoesOn
from domain.notices.following_many import follow_all
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import his_driver, still_his
from domain.people.linking import unlink
from domain.people.queries import Person, linked_chat, warehouses_of
from domain.people.rules import Employed, Leave, LeavesThen, decide_leaving, decide_stay
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import leaving, queries, rules_of_leaving
from domain.shifts.leaving import Exit, Left
from domain.shifts.rules import ShiftFacts
from domain.shifts.rules_of_leaving import Leave as CanLeave
from domain.time import local_day

LEFT_COMPANY: Final = "left_company"  # why a slot is open, for its manager
OTHER: Final = CancelReason.OTHER
DAY: Final = timedelta(days=1)


def let_go(shifts: Sequence[ShiftFacts], policy: Policy, now: datetime) -> tuple[ShiftFacts, ...]:
    """Which of the shifts after his last day go to others, by day. What is a no-show by the clock stays. Pure."""
    gone = (
        shift for shift in shifts if isinstance(rules_of_leaving.decide_cancel(shift, OTHER, policy, now), CanLeave)
    )
    return tuple(sorted(gone, key=lambda shift: shift.on))


@dataclass(frozen=True, slots=True)
class Plan:
    """What would come of a last day: the shifts that go to others, and whether he loses the chat at once."""

    last: date
    shifts: tuple[ShiftFacts, ...]
    at_once: bool


async def plan(
    session: AsyncSession, manager: Person, driver_id: uuid.UUID, last: date, policy: Policy, now: datetime
) -> Plan | LeavesThen | Refused:
    """What `leave_company` would do, to be shown before the last button. Nothing is locked or written."""
    driver = await his_driver(session, manager.id, driver_id, local_day(now, policy))
    if driver is None:
        return Refused(Refusal.NOT_FOUND)
    decision = await _decide(session, manager, driver, last, policy, now)
    if not isinstance(decision, Leave):
        return decision
    after = await queries.scheduled(session, driver_id, last + DAY, date.max, policy)
    return Plan(last, let_go(after, policy, now), await _work_is_over(session, driver_id, last, policy, now))


@dataclass(frozen=True, slots=True)
class Leaves:
    """It is recorded; what became of each of the `shifts` after it is in `left`.

    `unlinked`: nothing is left for him to do, so his chat is no longer his.
    """

    last: date
    shifts: tuple[ShiftFacts, ...]
    left: tuple[Left, ...]
    unlinked: bool


async def leave_company(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    last: date,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Leaves | LeavesThen | Refused:
    """[Leaves the company]: his last day, entered by a manager of his (R12.7). Another last day may take its place.

    His shifts after it go to others without an incident, his bids for later days are lost, links and codes are void.
    He keeps the chat until his last day is over (the clean-up takes it), unless his work is over already. He is told
    once. Refused: no driver of the manager's, who has left already, a day too far back or ahead. Locks: his shifts by
    id, then he.
    """
    today = local_day(now, policy)
    if await his_driver(session, manager.id, driver_id, today) is None:
        return Refused(Refusal.NOT_FOUND)
    locked = await queries.scheduled_locked(session, driver_id, min(last, today) + DAY, date.max, policy)
    driver = await still_his(session, manager.id, driver_id, today)
    if locked is None or driver is None:
        return Refused(Refusal.NOT_FOUND)
    decision = await _decide(session, manager, driver, last, policy, now)
    if not isinstance(decision, Leave):
        return decision
    await _record(session, manager, driver, decision, today, now)
    shifts = let_go([shift for shift in locked if shift.on > last], policy, now)
    exit_ = Exit(manager.id, LEFT_COMPANY, None, Trigger.MANAGER)
    left = [await leaving.leave(session, shift, driver, exit_, say, policy, now) for shift in shifts]
    windows = await _void(session, driver_id, last, now)
    await follow_all(session, windows, now)
    await leaving.all_shown(session, driver_id, shifts, now)
    ends = EmploymentEnds(last, len(shifts), f"{manager.first_name} {manager.last_name}")
    await notices.tell(
        session, [driver_id], ends, notices.Envelope(Kind.LEAVING, driver_id, occasion=now), say, policy, now
    )
    unlinked = await _work_is_over(session, driver_id, last, policy, now)
    if unlinked:
        await unlink(session, driver_id, manager.id, now)
    return Leaves(last, shifts, tuple(left), unlinked)


async def _decide(
    session: AsyncSession, manager: Person, driver: Person, last: date, policy: Policy, now: datetime
) -> Leave | LeavesThen | Refused:
    today = local_day(now, policy)
    announced, employments = await _employments(session, driver.id, today)
    created_at = await session.scalar(select(User.created_at).where(User.id == driver.id))
    assert created_at is not None
    since = local_day(created_at, policy)
    worked_at = () if employments else await _worked_at(session, manager.id, driver.id)
    return decide_leaving(last, announced, employments, worked_at, since, policy, today)


async def _employments(
    session: AsyncSession, driver_id: uuid.UUID, today: date
) -> tuple[date | None, tuple[Employed, ...]]:
    """His last day, where one was announced, and his employments as if it had not been. Employed anew, he has none."""
    columns = select(Employment.warehouse_id, Employment.starts_on, Employment.ends_on)
    his = columns.where(Employment.user_id == driver_id).order_by(Employment.starts_on, Employment.warehouse_id)
    now_his = tuple(Employed(*row) for row in await session.execute(his))
    known = await session.get(Departure, driver_id, populate_existing=True)
    anew = any(each.last is None or each.last >= today for each in now_his)
    if known is None or (known.last_on < today and anew):
        return None, now_his
    return known.last_on, tuple(_employed(each) for each in known.before["employments"])


def _employed(kept: dict[str, Any]) -> Employed:
    last = kept["ends_on"]
    first = date.fromisoformat(kept["starts_on"])
    return Employed(uuid.UUID(kept["warehouse_id"]), first, date.fromisoformat(last) if last else None)


def _kept(each: Employed) -> dict[str, Any]:
    ends_on = each.last.isoformat() if each.last else None
    return {"warehouse_id": str(each.warehouse_id), "starts_on": each.first.isoformat(), "ends_on": ends_on}


async def _worked_at(session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID) -> list[uuid.UUID]:
    """Where somebody without a recorded home works or worked; one of the manager's warehouses is among them."""
    worked = set(
        await session.scalars(select(Assignment.warehouse_id).where(Assignment.user_id == driver_id).distinct())
    )
    his = await warehouses_of(session, manager_id)
    return sorted(worked if worked & set(his) else worked | set(his[:1]))


async def _record(
    session: AsyncSession, manager: Person, driver: Person, leave: Leave, today: date, now: datetime
) -> None:
    announced, before = await _employments(session, driver.id, today)
    kept = {"employments": [_kept(each) for each in before]}
    given = {"last_on": leave.last, "announced_by": manager.id, "announced_at": now, "before": kept}
    departure = upsert(Departure).values(user_id=driver.id, **given)
    await session.execute(departure.on_conflict_do_update(index_elements=[Departure.user_id], set_=given))
    await _employ(session, driver.id, leave.employments)
    was = kept | {"last": announced.isoformat() if announced else None}
    after = {"employments": [_kept(each) for each in leave.employments], "last": leave.last.isoformat()}
    await audit.record(session, manager.id, now, audit.Entry("user", driver.id, "leaves", was, after))


async def _employ(session: AsyncSession, driver_id: uuid.UUID, employments: Sequence[Employed]) -> None:
    """These are his employments now, and no others."""
    await session.execute(delete(Employment).where(Employment.user_id == driver_id))
    rows = [
        {"user_id": driver_id, "warehouse_id": each.warehouse_id, "starts_on": each.first, "ends_on": each.last}
        for each in employments
    ]
    if rows:
        await session.execute(insert(Employment), rows)


# By id, as bids are written under the lock of their driver.
_LOSE_BIDS = sql(
    """
    UPDATE bids SET status = 'lost', resolved_at = :now
    FROM assignments slot LEFT JOIN bid_windows w ON w.assignment_id = slot.id AND w.status = 'open'
    WHERE slot.id = bids.assignment_id AND bids.user_id = :driver AND bids.status = 'pending' AND slot.date > :last
    RETURNING bids.id, w.id AS window_id
    """,
    driver=Uuid(),
    last=Date(),
)


async def _void(session: AsyncSession, driver_id: uuid.UUID, last: date, now: datetime) -> list[uuid.UUID]:
    """Bids for later days are lost, whose windows are returned; his links and codes lead nowhere from now on."""
    lost = (await session.execute(_LOSE_BIDS, {"driver": driver_id, "last": last, "now": now})).all()
    if lost:
        after = {"status": "lost", "reason": LEFT_COMPANY}
        await audit.record(session, None, now, *(audit.Entry("bid", each.id, "lost", after=after) for each in lost))
    open_ = update(Invite).where(Invite.user_id == driver_id, Invite.used_at.is_(None))
    await session.execute(open_.values(used_at=now))
    await session.execute(update(SmsCode).where(SmsCode.user_id == driver_id).values(expires_at=now))
    return [each.window_id for each in lost if each.window_id is not None]


async def _work_is_over(session: AsyncSession, driver_id: uuid.UUID, last: date, policy: Policy, now: datetime) -> bool:
    """Whether nothing is left for him to do: his last day has come, and he neither drives nor is to drive."""
    today = local_day(now, policy)
    if last > today:
        return False
    to_do = select(func.count()).where(
        Assignment.user_id == driver_id,
        (Assignment.status == AssignmentStatus.ACTIVE)
        | ((Assignment.status == AssignmentStatus.SCHEDULED) & (Assignment.on.between(today, last))),
    )
    return not await session.scalar(to_do)


@dataclass(frozen=True, slots=True)
class Stays:
    """He stays. `linked`: his chat is still his; otherwise he needs a new link."""

    linked: bool


async def stay_after_all(
    session: AsyncSession, manager: Person, driver_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Stays | Refused:
    """[Stays after all]: his employments are what they were; the shifts that went to others stay with them (R12.7).

    Refused: no driver of the manager's, nobody who leaves, and a last day that is over.
    """
    today = local_day(now, policy)
    if await his_driver(session, manager.id, driver_id, today) is None:
        return Refused(Refusal.NOT_FOUND)
    await queries.scheduled_locked(session, driver_id, today, today, policy)
    if await still_his(session, manager.id, driver_id, today) is None:
        return Refused(Refusal.NOT_FOUND)
    announced, before = await _employments(session, driver_id, today)
    if (refused := decide_stay(announced, today)) is not None:
        return refused
    await _employ(session, driver_id, before)
    await session.execute(delete(Departure).where(Departure.user_id == driver_id))
    was = {"last": announced.isoformat() if announced else None}
    after = {"employments": [_kept(each) for each in before]}
    await audit.record(session, manager.id, now, audit.Entry("user", driver_id, "stays", was, after))
    envelope = notices.Envelope(Kind.STAYING, driver_id, occasion=now)
    goes_on = EmploymentGoesOn(f"{manager.first_name} {manager.last_name}")
    await notices.tell(session, [driver_id], goes_on, envelope, say, policy, now)
    await following.follow_homes(session, now, of=[driver_id], first=driver_id)
    return Stays(await linked_chat(session, driver_id) is not None)
