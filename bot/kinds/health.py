"""A driver's standing: what he is told of it, and the manager who decides (R10)."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import stops as screens
from bot.wording_of_health import worded
from domain.health import asking
from domain.health.asking import StopCard
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.health import ToReinstate
from domain.policy import Policy

TOLD = (
    names.Kind.POOL_LOST,
    names.Kind.POOL_DECIDED,
    names.Kind.STARS_LOST,
    names.Kind.STAR_GAINED,
    names.Kind.BONUS_AHEAD,
    names.Kind.CORRECTIVE,
)


def _told(kind: names.Kind, company: str) -> Kind:
    return Kind(
        about(lambda session, user_id, id_, _now: notices.told(session, user_id, kind, id_)),
        screens.told,
        sms=lambda facts, reader, _code, behind: screens.text(facts, company, reader, behind),
        line=lambda facts, reader, _code: worded(facts, reader).title,
    )


def kinds(policy: Policy, company: str) -> Kinds:
    async def stop(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> StopCard | None:
        return await asking.stop_card(session, user_id, id_, policy, now)

    return {
        **{kind: _told(kind, company) for kind in TOLD},
        names.Kind.TO_REINSTATE: Kind(
            about(stop),
            screens.card,
            has_point=lambda facts, _now: not facts.over and facts.reinstated is None,
            sms=lambda facts, reader, _code, behind: screens.text(
                ToReinstate(facts.driver, facts.stopped_at, facts.decide_by), company, reader, behind
            ),
        ),
    }
