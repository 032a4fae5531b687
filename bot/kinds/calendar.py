"""What the calendar has people told: drivers who must not travel, and managers before a holiday."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.kinds.shifts import held_for
from bot.screens import calendar as screens
from bot.screens import texts
from bot.screens.calendar import Off
from domain.db.models.words import IncidentKind
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.routes import HolidayAhead
from domain.policy import Policy
from domain.schedule import holidays
from domain.schedule.holidays import Holiday
from domain.shifts import displaced


def kinds(policy: Policy, company: str) -> Kinds:
    async def holiday(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> Holiday | None:
        told = await notices.told(session, user_id, names.Kind.HOLIDAY, id_)
        return await holidays.holiday(session, user_id, told.on, policy) if isinstance(told, HolidayAhead) else None

    async def off(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Off | None:
        found = await displaced.displaced(session, user_id, id_)
        if found is None:
            return None
        return Off(found, await held_for(session, user_id, id_, IncidentKind.LATE_CANCEL, policy, now))

    return {
        names.Kind.SHIFT_CANCELLED: Kind(
            about(off),
            screens.dont_travel,
            has_point=lambda facts, _now: not facts.displaced.answered and not facts.displaced.his_again,
            sms=lambda facts, reader, _code, _behind: texts.dont_travel(facts.displaced.notice, company, reader),
        ),
        names.Kind.HOLIDAY: Kind(
            about(holiday),
            screens.holiday,
            has_point=lambda facts, now: now < facts.starts_at and any(at.closed is None for at in facts.warehouses),
            sms=lambda facts, reader, _code, _behind: texts.holiday(facts.on, company, reader),
        ),
    }
