"""What is told of flags and weekly caps."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import flags as screens
from bot.screens.flags import FlagNow
from domain.health import own_standing
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.standing import Flagged
from domain.policy import Policy


def kinds(policy: Policy, company: str) -> Kinds:
    async def flagged(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> FlagNow | None:
        told = await notices.told(session, user_id, names.Kind.FLAGGED, id_)
        if not isinstance(told, Flagged):
            return None
        flag = (await own_standing.standing(session, user_id)).flag
        stands = flag is not None and flag.id == id_
        return FlagNow(told, id_, stands, stands and flag is not None and flag.may_appeal(policy, now))

    def as_told(kind: names.Kind) -> Kind:
        return Kind(
            about(lambda session, user_id, id_, _now: notices.told(session, user_id, kind, id_)),
            screens.stuck if kind is names.Kind.FLAG_STUCK else screens.told,
            sms=lambda facts, reader, _code, _behind: screens.text(facts, company, reader),
        )

    return {
        names.Kind.FLAGGED: Kind(
            about(flagged),
            screens.flagged,
            has_point=lambda facts, _now: facts.stands,
            sms=lambda facts, reader, _code, _behind: screens.text(facts.notice, company, reader),
        ),
        **{kind: as_told(kind) for kind in (names.Kind.UNFLAGGED, names.Kind.CAP, names.Kind.FLAG_STUCK)},
    }
