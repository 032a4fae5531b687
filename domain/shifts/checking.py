"""Who is not checked in shortly before arriving is due: told himself, and listed for his managers (R8.2a)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final

from sqlalchemy import Date, DateTime, Row, Uuid
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from domain import time
from domain.db.models.words import AssignmentStatus, HoldCause
from domain.db.sql import Find, alphabetical, sql
from domain.notices import following
from domain.notices.actions import Envelope
from domain.notices.facts.arrivals import MissingListed, NotCheckedIn
from domain.notices.following_many import follow_all
from domain.notices.kinds import Kind
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.people.queries import managers_present
from domain.policy import Policy
from domain.shifts import deadlines
from domain.shifts.deadlines import ARRIVE_BY


@dataclass(frozen=True, slots=True)
class Checked:
    """So many drivers were told that they are not checked in, and so many managers."""

    drivers: int
    managers: int


_BY_DRIVER: Final = alphabetical("u.first_name || ' ' || u.last_name")
_DUE = f"""
WITH due AS (
    SELECT a.id, a.user_id, a.warehouse_id, a.route_id, a.date, {ARRIVE_BY} AS arrive_by FROM assignments a
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    WHERE a.status = 'scheduled' AND a.confirmed_at IS NOT NULL AND a.date BETWEEN :first AND :last
      AND {ARRIVE_BY} > :now AND {ARRIVE_BY} <= :until
      AND NOT EXISTS (SELECT FROM arrival_warnings told WHERE told.assignment_id = a.id AND told.due_at = {ARRIVE_BY})
      AND NOT EXISTS (SELECT FROM absence_questions asked WHERE asked.assignment_id = a.id)
)
"""  # noqa: S608 - our own texts
# One statement finds them and writes down that they were warned: of two processes the second waits for the first one's
# list, and then finds everybody warned.
_WARN = f"""
{_DUE}, lists AS (
    INSERT INTO arrival_lists (warehouse_id, date, due_at)
    SELECT DISTINCT warehouse_id, date, arrive_by FROM due ORDER BY warehouse_id, arrive_by
    ON CONFLICT (warehouse_id, due_at) DO UPDATE SET date = excluded.date
    RETURNING id, warehouse_id, due_at
), warned AS (
    INSERT INTO arrival_warnings (assignment_id, due_at, list_id)
    SELECT due.id, due.arrive_by, lists.id FROM due
    JOIN lists ON lists.warehouse_id = due.warehouse_id AND lists.due_at = due.arrive_by
    ORDER BY due.id
    ON CONFLICT DO NOTHING
    RETURNING assignment_id, list_id
)
SELECT due.*, warned.list_id, r.name AS route, w.name AS warehouse, contact.language,
       u.first_name || ' ' || u.last_name AS driver
FROM warned
JOIN due ON due.id = warned.assignment_id
JOIN routes r ON r.id = due.route_id
JOIN warehouses w ON w.id = due.warehouse_id
JOIN users u ON u.id = due.user_id
LEFT JOIN contact_settings contact ON contact.user_id = due.user_id
ORDER BY {_BY_DRIVER}, due.id
"""  # noqa: S608 - our own texts
_GIVEN: Final[dict[str, TypeEngine[Any]]] = {
    "first": Date(),
    "last": Date(),
    "until": DateTime(timezone=True),
    **deadlines.used(_DUE),
}
_ANYBODY = sql(f"{_DUE} SELECT true FROM due LIMIT 1", **_GIVEN)  # noqa: S608 - our own texts
_WARN_DUE = sql(_WARN, **_GIVEN)


def due_warning(policy: Policy, now: datetime) -> Find:
    """Whether anybody is to be warned."""
    return _ANYBODY, _given(policy, now)


def _given(policy: Policy, now: datetime) -> dict[str, Any]:
    today, until = time.local_day(now, policy), now + policy.check_before
    # What was awarded late may be due after midnight; and before half past eight nobody's shift of today is looked at.
    last = today if until >= time.arrive_by(today, None, policy) else today - timedelta(days=1)
    first = max(today - timedelta(days=1), policy.go_live_on or date.min)
    return deadlines.given_to(_DUE, policy) | {"first": first, "last": last, "until": until, "now": now}


async def warn_missing(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> Checked | None:
    """Half an hour before arriving is due, whoever is not there is told, and his managers get one list (R8.2a).

    Once for each shift and instant at which it is due: an extension moves it. Late, it tells those who can still be
    there in time. None: everybody is warned. A handful of statements, whatever their number.
    """
    rows = (await session.execute(_WARN_DUE, _given(policy, now))).all()
    if not rows:
        return None
    drivers = await tell_each(session, [_letter(row, policy) for row in rows], say, now)
    managers = await tell_each(session, await _lists(session, rows, policy, now), say, now)
    await follow_all(session, {row.list_id for row in rows}, now)  # some may have been there before
    await following.follow_homes(session, now, boards_of=[following.DayAt(row.warehouse_id, row.date) for row in rows])
    return Checked(drivers, managers)


def _letter(row: Row[Any], policy: Policy) -> Letter:
    starts_at = time.shift_start(row.date, policy)
    notice = NotCheckedIn(row.route, row.warehouse, row.date, starts_at, row.arrive_by)
    envelope = Envelope(Kind.NOT_CHECKED_IN, row.id, expires_at=row.arrive_by, occasion=row.arrive_by)
    return Letter(row.user_id, row.language, notice, envelope)


async def _lists(session: AsyncSession, rows: Sequence[Row[Any]], policy: Policy, now: datetime) -> list[Letter]:
    managers = (await session.execute(managers_present({row.warehouse_id for row in rows}, now))).all()
    of: dict[uuid.UUID, list[Row[Any]]] = {}
    for row in rows:
        of.setdefault(row.list_id, []).append(row)
    letters = []
    for list_id, listed in of.items():
        one = listed[0]
        starts_at, names = time.shift_start(one.date, policy), tuple(row.driver for row in listed)
        notice = MissingListed(one.warehouse, one.date, starts_at, one.arrive_by, names)
        envelope = Envelope(Kind.MISSING_LIST, list_id, warehouse_id=one.warehouse_id)
        here = (manager for manager in managers if manager.warehouse_id == one.warehouse_id)
        letters += [Letter(manager.user_id, manager.language, notice, envelope) for manager in here]
    return letters


# -- the lists, as managers see them


class Whereabouts(Enum):
    AWAITED = "awaited"
    HERE = "here"
    GONE = "gone"  # it is no longer his: he missed it, or has left it


@dataclass(frozen=True, slots=True)
class Expected:
    """A driver who is waited for. `late`: he has said so, and is due at `arrive_by`."""

    assignment_id: uuid.UUID
    driver: str
    phone: str
    route: str
    arrive_by: datetime
    late: bool
    whereabouts: Whereabouts


@dataclass(frozen=True, slots=True)
class MissingCard:
    """Who is not checked in, of those who are, or were, due at one instant."""

    warehouse: str
    on: date
    due_at: datetime
    people: tuple[Expected, ...]

    @property
    def awaited(self) -> tuple[Expected, ...]:
        return _awaited(self.people)


@dataclass(frozen=True, slots=True)
class HeldCard:
    """Who is missing while no no-show is automatic, or was when that ended.

    `released_by`: who has ended it; `people`: who was due by then, or by now.
    """

    hold_id: uuid.UUID
    warehouse: str
    on: date
    cause: HoldCause
    until: datetime
    released_by: str | None
    people: tuple[Expected, ...]

    @property
    def awaited(self) -> tuple[Expected, ...]:
        return _awaited(self.people)

    @property
    def missing(self) -> tuple[Expected, ...]:
        """Whoever is not there, be he missed by now or still to be."""
        return tuple(each for each in self.people if each.whereabouts is not Whereabouts.HERE)

    def is_on(self, now: datetime) -> bool:
        return self.released_by is None and now < self.until


def _awaited(people: tuple[Expected, ...]) -> tuple[Expected, ...]:
    return tuple(each for each in people if each.whereabouts is Whereabouts.AWAITED)


# Who was restored after all stands in a row of the same slot that came after his own (R8.6).
_PEOPLE: Final = f"""
    SELECT a.id, u.first_name || ' ' || u.last_name AS driver, u.phone, r.name AS route, {ARRIVE_BY} AS arrive_by,
           late.assignment_id IS NOT NULL AS late,
           coalesce(again.status, a.status)::text AS status
    FROM assignments a
    JOIN users u ON u.id = a.user_id
    JOIN routes r ON r.id = a.route_id
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    LEFT JOIN late_announcements late ON late.assignment_id = a.id
    LEFT JOIN assignments again ON a.status = 'cancelled' AND again.route_id = a.route_id AND again.date = a.date
         AND again.user_id = a.user_id AND again.status IN ('scheduled', 'active', 'completed')
"""  # noqa: S608 - our own texts
_LISTED = f"""
    {_PEOPLE} JOIN arrival_warnings told ON told.assignment_id = a.id AND told.list_id = :list
    ORDER BY {_BY_DRIVER}, a.id
"""
_LIST = sql(
    """
    SELECT l.warehouse_id, l.date, l.due_at, w.name AS warehouse FROM arrival_lists l
    JOIN warehouses w ON w.id = l.warehouse_id
    JOIN desks his ON his.warehouse_id = l.warehouse_id AND his.user_id = :manager
    WHERE l.id = :list
    """,
    list=Uuid(),
    manager=Uuid(),
)
# Whoever was missed once it was over stays on the list; restored, he is there by a row of his own.
_HELD = f"""
    {_PEOPLE} LEFT JOIN shifts s ON s.assignment_id = a.id
    WHERE a.warehouse_id = :warehouse AND a.date = :on AND a.confirmed_at IS NOT NULL
      AND (a.status IN ('active', 'completed') AND s.arrived_at >= :began
           OR a.status = 'scheduled' AND {ARRIVE_BY} <= :due
           OR a.status = 'cancelled' AND {ARRIVE_BY} <= :due AND again.id IS NULL
              AND EXISTS (SELECT FROM incidents missed WHERE missed.assignment_id = a.id AND missed.kind = 'no_show'
                          AND missed.occurred_at >= :began))
    ORDER BY {_BY_DRIVER}, a.id
"""
_HOLD = sql(
    """
    SELECT h.*, w.name AS warehouse, ended.first_name || ' ' || ended.last_name AS released_by_name
    FROM arrival_holds h
    JOIN warehouses w ON w.id = h.warehouse_id
    JOIN desks his ON his.warehouse_id = h.warehouse_id AND his.user_id = :manager
    LEFT JOIN users ended ON ended.id = h.released_by
    WHERE h.id = :hold
    """,
    hold=Uuid(),
    manager=Uuid(),
)


async def missing_card(
    session: AsyncSession, manager_id: uuid.UUID, list_id: uuid.UUID, policy: Policy
) -> MissingCard | None:
    """A list of a warehouse of the manager's, as it stands; None for any other (R12.3)."""
    row = (await session.execute(_LIST, {"list": list_id, "manager": manager_id})).one_or_none()
    if row is None:
        return None
    people = await _people(session, _LISTED, policy, list=list_id)
    return MissingCard(row.warehouse, row.date, row.due_at, people)


async def held_card(
    session: AsyncSession, manager_id: uuid.UUID, hold_id: uuid.UUID, policy: Policy, now: datetime
) -> HeldCard | None:
    """A hold of a warehouse of the manager's, and who is missing in it; None for any other (R12.3)."""
    row = (await session.execute(_HOLD, {"hold": hold_id, "manager": manager_id})).one_or_none()
    if row is None:
        return None
    due = min(now, row.released_at or row.until)
    where = {"warehouse": row.warehouse_id, "on": row.date, "began": row.began_at, "due": due}
    people = await _people(session, _HELD, policy, **where)
    cause = HoldCause(row.cause)
    return HeldCard(hold_id, row.warehouse, row.date, cause, row.until, row.released_by_name, people)


async def _people(session: AsyncSession, statement: str, policy: Policy, **given: Any) -> tuple[Expected, ...]:
    types: dict[str, Any] = {"list": Uuid(), "warehouse": Uuid(), "on": Date()} | dict.fromkeys(
        ("began", "due"), DateTime(timezone=True)
    )
    asked = sql(statement, **deadlines.used(statement), **{name: types[name] for name in given if name in types})
    terms = deadlines.given_to(statement, policy)
    rows = await session.execute(asked, terms | given)
    return tuple(
        Expected(
            row.id, row.driver, row.phone, row.route, row.arrive_by, row.late, _WHERE[AssignmentStatus(row.status)]
        )
        for row in rows
    )


_WHERE: Final = {
    AssignmentStatus.SCHEDULED: Whereabouts.AWAITED,
    AssignmentStatus.ACTIVE: Whereabouts.HERE,
    AssignmentStatus.COMPLETED: Whereabouts.HERE,
    AssignmentStatus.CANCELLED: Whereabouts.GONE,
}
