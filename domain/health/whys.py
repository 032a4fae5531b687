"""What counts, or has counted, for and against a driver, so that each of it can be explained to him (R10.6)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Integer, Row, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health import grounds
from domain.policy import Policy
from domain.shifts import deadlines
from domain.shifts.ledger import Excuse


@dataclass(frozen=True, slots=True)
class OwnAppeal:
    """`granted` None: nobody has decided yet; `answer`: in the manager's words."""

    id: uuid.UUID
    decide_by: datetime
    granted: bool | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that went wrong with a shift of his (R2.4). `arrive_by`, `confirm_by`: the deadlines that he had.

    `excuse` None: it counts; else why it does not. `not_accepted`: a protected absence that a manager did not accept,
    in his words; `in_review`: one that nobody has decided on yet.
    """

    id: uuid.UUID
    kind: IncidentKind
    at: datetime
    route: str
    warehouse: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    confirm_by: datetime
    excuse: str | None
    not_accepted: str | None
    in_review: bool
    appeal: OwnAppeal | None

    @property
    def counts(self) -> bool:
        return self.excuse is None and self.kind is not IncidentKind.PROTECTED_ABSENCE

    @property
    def is_practice(self) -> bool:
        """It happened before penalties began (R9.7)."""
        return self.excuse == Excuse.PRACTICE

    def may_appeal(self, policy: Policy, now: datetime) -> bool:
        return self.counts and self.appeal is None and now <= self.at + policy.appeal_within


_HAPPENED: Final = f"""
    SELECT i.id, i.kind, i.occurred_at AS at, r.name AS route, w.name AS warehouse, a.date AS "on",
           {deadlines.START} AS starts_at, {deadlines.ARRIVE_BY} AS arrive_by, {deadlines.CONFIRM_BY} AS confirm_by,
           CASE WHEN i.excused_at IS NOT NULL THEN coalesce(i.excuse_reason, '') END AS excuse,
           review.reason AS not_accepted, review.opened_at IS NOT NULL AND review.decided_at IS NULL AS in_review,
           p.id AS appeal_id, p.decide_by, p.granted, p.answer
    FROM incidents i
    JOIN assignments a ON a.id = i.assignment_id
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses w ON w.id = a.warehouse_id
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    LEFT JOIN shift_reviews review ON review.assignment_id = a.id
    LEFT JOIN appeals p ON p.incident_id = i.id
    WHERE i.user_id = :driver AND i.kind IN ('no_show', 'late_cancel', 'auto_drop', 'protected_absence')
"""  # noqa: S608 - our own text
_ONE = sql(f"{_HAPPENED} AND i.id = :id", driver=Uuid(), id=Uuid(), **deadlines.used(_HAPPENED))
_WITH = sql(
    f"{_HAPPENED} AND i.assignment_id = :assignment AND i.kind = :kind",
    driver=Uuid(),
    assignment=Uuid(),
    **deadlines.used(_HAPPENED),
)
_CAUSED = sql(
    f"""
    SELECT caused.* FROM ({_HAPPENED}) AS caused
    JOIN {grounds.grounds("s.id = :stop AND s.user_id = :driver")} AS held ON held.incident_id = caused.id
    ORDER BY at DESC, id
    """,  # noqa: S608
    driver=Uuid(),
    stop=Uuid(),
    **grounds.TYPES,
    **deadlines.used(_HAPPENED),
)
_LATELY = sql(
    f"""
    SELECT lately.*, count(*) OVER () AS total FROM ({_HAPPENED} AND i.occurred_at > :since) AS lately
    ORDER BY at DESC, id LIMIT :per_page OFFSET :skip
    """,  # noqa: S608
    driver=Uuid(),
    since=DateTime(timezone=True),
    per_page=Integer(),
    skip=Integer(),
    **deadlines.used(_HAPPENED),
)


async def happened(
    session: AsyncSession, driver_id: uuid.UUID, incident_id: uuid.UUID, policy: Policy
) -> Happened | None:
    """One incident of this driver's; None for anybody else's, and for what never costs anything."""
    given = {"driver": driver_id, "id": incident_id, **deadlines.given(policy)}
    row = (await session.execute(_ONE, given)).one_or_none()
    return None if row is None else _happened(row)


async def happened_with(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, kind: IncidentKind, policy: Policy
) -> Happened | None:
    """His incident of this kind with this shift; None where there is none."""
    given = {"driver": driver_id, "assignment": assignment_id, "kind": kind.value, **deadlines.given(policy)}
    row = (await session.execute(_WITH, given)).one_or_none()
    return None if row is None else _happened(row)


@dataclass(frozen=True, slots=True)
class Lately:
    """Some of a driver's incidents, the latest first; `total` counts all."""

    incidents: tuple[Happened, ...]
    total: int
    page: int
    pages: int


async def lately(
    session: AsyncSession, driver_id: uuid.UUID, page: int, per_page: int, policy: Policy, now: datetime
) -> Lately:
    """Those of the last 90 days."""
    page = max(page, 0)
    given = {"driver": driver_id, "since": now - policy.flag_within, "per_page": per_page, **deadlines.given(policy)}
    rows = (await session.execute(_LATELY, given | {"skip": page * per_page})).all()
    if not rows and page > 0:  # an old button
        return await lately(session, driver_id, 0, per_page, policy, now)
    total = rows[0].total if rows else 0
    return Lately(tuple(_happened(row) for row in rows), total, page, max(1, -(-total // per_page)))


async def caused(
    session: AsyncSession, driver_id: uuid.UUID, stop_id: uuid.UUID, policy: Policy
) -> tuple[Happened, ...]:
    """The incidents that a hard stop stands on, the latest first."""
    given = {"driver": driver_id, "stop": stop_id, **grounds.given(policy), **deadlines.given(policy)}
    return tuple(_happened(row) for row in await session.execute(_CAUSED, given))


def _happened(row: Row[Any]) -> Happened:
    kind = IncidentKind(row.kind)
    appeal = None if row.appeal_id is None else OwnAppeal(row.appeal_id, row.decide_by, row.granted, row.answer)
    return Happened(
        id=row.id,
        kind=kind,
        at=row.at,
        route=row.route,
        warehouse=row.warehouse,
        on=row.on,
        starts_at=row.starts_at,
        arrive_by=row.arrive_by,
        confirm_by=row.confirm_by,
        excuse=row.excuse,
        not_accepted=row.not_accepted if kind is IncidentKind.LATE_CANCEL else None,
        in_review=row.in_review and kind is IncidentKind.PROTECTED_ABSENCE,
        appeal=appeal,
    )
