"""Shifts that drivers give to each other (R5.5)."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import giving as screens
from bot.screens import giving_texts as texts
from bot.screens.giving import Agreement, Ended, Handed
from domain.giving import queries
from domain.giving.queries import Stand
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.giving import GiveAwayAsked, GiveAwayEnded, ShiftGiven
from domain.policy import Policy


def kinds(policy: Policy, company: str) -> Kinds:
    async def ended(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> Ended | None:
        told = await notices.told(session, user_id, names.Kind.GIVE_AWAY_ENDED, id_)
        return Ended(told, id_) if isinstance(told, GiveAwayEnded) else None

    async def asked(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Agreement | None:
        told = await notices.told(session, user_id, names.Kind.GIVE_AWAY_ASKED, id_)
        if not isinstance(told, GiveAwayAsked):
            return None
        card = await queries.card_by_id(session, told.give_away, policy, now)
        return None if card is None else Agreement(told, card, latest=card.asking_id == id_)

    async def handed(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> Handed | None:
        told = await notices.told(session, user_id, names.Kind.SHIFT_GIVEN, id_)
        return Handed(told, id_) if isinstance(told, ShiftGiven) else None

    return {
        names.Kind.GIVING: Kind(
            about(lambda session, user_id, id_, now: queries.own_card(session, user_id, id_, policy, now)),
            screens.giving,
        ),
        names.Kind.GIVE_AWAY: Kind(
            about(lambda session, user_id, id_, now: queries.offered_card(session, user_id, id_, policy, now)),
            screens.offered,
            has_point=lambda facts, _now: facts.stands is Stand.OPEN and facts.why is None and not facts.declined,
            sms=lambda facts, reader, _code, _behind: texts.offered(facts, company, reader),
        ),
        names.Kind.GIVE_AWAY_ENDED: Kind(
            about(ended),
            screens.ended,
            sms=lambda facts, reader, _code, _behind: texts.ended(facts.notice, company, reader),
        ),
        names.Kind.GIVE_AWAY_ASKED: Kind(
            about(asked),
            screens.agreement,
            has_point=lambda facts, _now: facts.latest and facts.card.stands is Stand.WAITS,
            sms=lambda facts, reader, _code, _behind: texts.asked(facts.notice, company, reader),
        ),
        names.Kind.SHIFT_GIVEN: Kind(
            about(handed),
            screens.handed,
            sms=lambda facts, reader, _code, _behind: texts.handed(facts.notice, company, reader),
        ),
    }
