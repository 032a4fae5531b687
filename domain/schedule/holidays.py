"""Ontario's statutory holidays, and the question whether routes run (R2.0)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from holidays import country_holidays
from sqlalchemy import Date, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import User, WarehouseManager
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.facts.routes import HolidayAhead
from domain.notices.kinds import Kind, holiday_of
from domain.notices.wording import Wording
from domain.policy import Policy


@cache
def names(year: int, language: str) -> Mapping[date, str]:
    """The year's holidays by day, in a language of the library's (`en_CA`, `fr`). Not the days off in their stead."""
    found = country_holidays("CA", subdiv="ON", years=year, observed=False, language=language, categories=("public",))
    return {on: name for on, name in sorted(found.items()) if on.year == year}


def between(first: date, last: date) -> list[date]:
    """The holidays from `first` to `last`, both inclusive."""
    return [on for year in range(first.year, last.year + 1) for on in names(year, "en_CA") if first <= on <= last]


async def put_holidays(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> dict[str, int]:
    """Puts the holidays of the next three weeks before every manager who has a warehouse, each holiday once (R2.0).

    Those that are nearer, too, for whom it has not been done yet: the duty may be late, a manager new.
    """
    today = time.local_day(now, policy)
    of_warehouses = select(WarehouseManager.user_id).join(User, User.id == WarehouseManager.user_id)
    managers = (await session.scalars(of_warehouses.where(User.role == UserRole.MANAGER).distinct())).all()
    asked = 0
    for on in between(today, today + policy.holidays_ahead):
        if (starts_at := time.shift_start(on, policy)) > now:  # once its shifts start it has lost its point
            envelope = notices.Envelope(Kind.HOLIDAY, holiday_of(on), expires_at=starts_at)
            asked += await notices.tell(session, sorted(managers), HolidayAhead(on), envelope, say, policy, now)
    return {"asked": asked}


@dataclass(frozen=True, slots=True)
class HolidayAt:
    """One of the manager's warehouses on the day. `closed` None: nobody has said yet; `by`: who has."""

    warehouse_id: uuid.UUID
    warehouse: str
    closed: bool | None
    by: str | None


@dataclass(frozen=True, slots=True)
class Holiday:
    """The day, and how it stands with each of the reader's warehouses."""

    on: date
    starts_at: datetime
    warehouses: tuple[HolidayAt, ...]


_STANDS = sql(
    """
    SELECT w.id, w.name, NOT e.runs, who.first_name || ' ' || who.last_name
    FROM desks here
    JOIN warehouses w ON w.id = here.warehouse_id
    LEFT JOIN calendar_exceptions e ON e.warehouse_id = w.id AND e.date = :on
    LEFT JOIN users who ON who.id = e.created_by
    WHERE here.user_id = :manager
    ORDER BY w.name, w.id
    """,
    manager=Uuid(),
    on=Date(),
)


async def holiday(session: AsyncSession, manager_id: uuid.UUID, on: date, policy: Policy) -> Holiday:
    """A holiday as a manager sees it now."""
    rows = await session.execute(_STANDS, {"manager": manager_id, "on": on})
    return Holiday(on, time.shift_start(on, policy), tuple(HolidayAt(*row) for row in rows))
