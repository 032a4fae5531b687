"""What the calendar has people told: drivers who must not travel, and managers before a holiday."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import calendar as screens
from bot.screens import texts
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

    return {
        names.Kind.SHIFT_CANCELLED: Kind(
            about(lambda session, user_id, id_, _now: displaced.displaced(session, user_id, id_)),
            screens.dont_travel,
            has_point=lambda facts, _now: not facts.answered and not facts.his_again,
            sms=lambda facts, reader, _code, _behind: texts.dont_travel(facts.notice, company, reader),
        ),
        names.Kind.HOLIDAY: Kind(
            about(holiday),
            screens.holiday,
            has_point=lambda facts, now: now < facts.starts_at and any(at.closed is None for at in facts.warehouses),
            sms=lambda facts, reader, _code, _behind: texts.holiday(facts.on, company, reader),
        ),
    }
