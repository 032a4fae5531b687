"""How a week went, as managers are told on Monday."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import reports as screens
from bot.wording_of_weeks import reported
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.weeks import WeekReported
from domain.policy import Policy
from domain.reporting.queries import Report, report


def kinds(policy: Policy, company: str) -> Kinds:
    async def load(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Report | None:
        told = await notices.told(session, user_id, names.Kind.REPORT, id_)
        return await report(session, user_id, told.week, policy, now) if isinstance(told, WeekReported) else None

    return {
        names.Kind.REPORT: Kind(
            about(load),
            lambda facts, reader: screens.report(facts, 0, reader),
            line=lambda facts, reader, _code: (
                reported(
                    WeekReported(facts.week, facts.total.slots, facts.total.driven, facts.total.no_shows), reader
                ).title
            ),
        )
    }
