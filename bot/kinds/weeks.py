"""A week that has been given out: one message, by whichever of its notices it is opened (R3.8)."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import week_texts
from bot.screens import weeks as screens
from bot.screens.weeks import NewWeek, Week
from domain import time
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.weeks import WeekGiven, WeekLocked, WeekOpen
from domain.policy import Policy
from domain.roster.openings import weeks_of
from domain.shifts import queries
from domain.shifts.queries import can_be_confirmed


def kinds(policy: Policy, company: str) -> Kinds:
    def week(kind: names.Kind) -> Kind:
        async def load(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> NewWeek | None:
            told = await notices.told(session, user_id, kind, id_)
            if not isinstance(told, WeekGiven | WeekLocked | WeekOpen):
                return None
            last = told.week + timedelta(days=6)
            shifts = await queries.own_shifts(session, user_id, told.week, last, policy)
            [counted] = await weeks_of(session, told.week, [user_id], now)
            unconfirmed = sum(can_be_confirmed(shift, now) for shift in shifts)
            locked = now > time.freeze_of(told.week, policy)
            return NewWeek(
                Week(told.week, 0, shifts, unconfirmed),
                counted.open,
                time.week_to_freeze(now, policy) if locked else None,
            )

        return Kind(
            about(load),
            screens.given_out,
            sms=lambda facts, reader, _code, behind: week_texts.given_out(facts, company, reader, behind),
            line=lambda facts, reader, _code: week_texts.line(facts, reader),
        )

    return {kind: week(kind) for kind in (names.Kind.WEEK, names.Kind.WEEK_LOCKED, names.Kind.WEEK_OPEN)}
