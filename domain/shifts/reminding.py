"""Reminders by the clock: of today's shift, and of what is to be confirmed (R4.2, R8.1). Each is one statement or two,
whatever the number of drivers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, DateTime, Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models.words import Urgency
from domain.db.sql import sql
from domain.notices.actions import Envelope
from domain.notices.facts.shifts import ShiftToday, ToConfirm
from domain.notices.kinds import Kind
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.policy import Policy
from domain.shifts import deadlines
from domain.shifts.deadlines import ARRIVE_BY, CONFIRM_BY, START, UNCONFIRMED


@dataclass(frozen=True, slots=True)
class Reminded:
    """So many drivers were reminded."""

    reminded: int


def _shifts(which: str) -> str:
    return f"""
    SELECT a.id, a.user_id, contact.language, r.name AS route, w.name AS warehouse, a.date,
           {START} AS starts_at, {ARRIVE_BY} AS arrive_by, {CONFIRM_BY} AS confirm_by
    FROM assignments a
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses w ON w.id = a.warehouse_id
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    LEFT JOIN contact_settings contact ON contact.user_id = a.user_id
    WHERE a.status = 'scheduled' AND {which}
    """  # noqa: S608 - our own texts


_OF_THE_DAY = _shifts(f"a.date = :on AND {ARRIVE_BY} > :now")
_UNCONFIRMED_ON = _shifts(f"a.date = :on AND {UNCONFIRMED} AND {CONFIRM_BY} > :now")
# One message a driver, about what is due first; the message lists the rest.
_LAST_CALLS = f"""
    SELECT DISTINCT ON (user_id) * FROM (
        {_shifts(f"a.date BETWEEN :first AND :last AND {UNCONFIRMED} AND {CONFIRM_BY} > :now")}
    ) AS unconfirmed
    WHERE confirm_by <= :until
    ORDER BY user_id, confirm_by, date
"""  # noqa: S608


async def remind_of_today(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> Reminded:
    """At 06:00, whoever has a shift today that has not been started (R8.1); run late, those who can still be there."""
    rows = await _found(session, _OF_THE_DAY, policy, now, on=time.local_day(now, policy))
    letters = [
        Letter(
            row.user_id,
            row.language,
            ShiftToday(row.route, row.warehouse, row.date, row.starts_at, row.arrive_by),
            Envelope(Kind.REMINDER, row.id, expires_at=row.arrive_by),
        )
        for row in rows
    ]
    return Reminded(await tell_each(session, letters, say, now))


async def remind_to_confirm(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> Reminded:
    """At 08:00 three days before, whoever has not confirmed (R4.2)."""
    on = time.local_day(now, policy) + policy.remind_before
    if _before_go_live(on, policy):
        return Reminded(0)
    rows = await _found(session, _UNCONFIRMED_ON, policy, now, on=on)
    letters = [_to_confirm(row, Urgency.NORMAL, None) for row in rows]
    return Reminded(await tell_each(session, letters, say, now))


async def call_last(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> Reminded:
    """At 18:00, whoever has not confirmed what is due by the end of tomorrow (R4.2)."""
    today = time.local_day(now, policy)
    until = time.local_instant(today + timedelta(days=2), policy.midnight, policy)
    last = today + timedelta(days=2) + policy.confirm_before
    first = max(today, policy.go_live_on) if policy.go_live_on else today
    rows = await _found(session, _LAST_CALLS, policy, now, first=first, last=last, until=until)
    letters = [_to_confirm(row, Urgency.IMPORTANT, row.confirm_by) for row in rows]
    return Reminded(await tell_each(session, letters, say, now))


def _to_confirm(row: Row[Any], level: Urgency, occasion: datetime | None) -> Letter:
    notice = ToConfirm(row.route, row.warehouse, row.date, row.starts_at, row.confirm_by)
    envelope = Envelope(Kind.CONFIRM_REMINDER, row.id, expires_at=row.confirm_by, level=level, occasion=occasion)
    return Letter(row.user_id, row.language, notice, envelope)


def _before_go_live(on: date, policy: Policy) -> bool:
    """R4.5: earlier assignments are exempt."""
    return policy.go_live_on is not None and on < policy.go_live_on


async def _found(session: AsyncSession, statement: str, policy: Policy, now: datetime, **given: Any) -> list[Row[Any]]:
    types: dict[str, Any] = {"on": Date(), "first": Date(), "last": Date(), "until": DateTime(timezone=True)}
    asked = sql(statement, **deadlines.used(statement), **{name: types[name] for name in given})
    known = deadlines.given_to(statement, policy)
    return list((await session.execute(asked, known | given | {"now": now})).all())
