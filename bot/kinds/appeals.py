"""Appeals: to the managers who decide, and what was decided, to the driver (R10.6)."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import appeal_texts
from bot.screens import appeals as screens
from bot.screens.appeals import AppealNow
from domain.health import appeal_cards
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.policy import Policy


def _decided(kind: names.Kind, company: str) -> Kind:
    return Kind(
        about(lambda session, user_id, id_, _now: notices.told(session, user_id, kind, id_)),
        screens.decided,
        sms=lambda facts, reader, _code, behind: appeal_texts.decided(facts, company, reader, behind),
    )


def kinds(policy: Policy, company: str) -> Kinds:
    async def card(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> AppealNow | None:
        found = await appeal_cards.appeal_card(session, user_id, id_, policy, now)
        return None if found is None else AppealNow(found, now)

    return {
        names.Kind.APPEALED: Kind(
            about(card),
            lambda facts, reader: screens.card(facts, policy, reader),
            has_point=lambda facts, _now: facts.card.open,
            sms=lambda facts, reader, _code, behind: appeal_texts.appealed(facts.card, company, reader, behind),
        ),
        names.Kind.APPEAL_DECIDED: _decided(names.Kind.APPEAL_DECIDED, company),
        names.Kind.EXCUSED: _decided(names.Kind.EXCUSED, company),
    }
