"""Rosters as managers see them."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import roster as screens
from domain.notices import kinds as names
from domain.policy import Policy
from domain.roster import cards
from domain.roster.cards import RosterCard


def kinds(policy: Policy, company: str) -> Kinds:
    async def roster(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> RosterCard | None:
        return await cards.card(session, user_id, id_, policy, now)

    return {names.Kind.ROSTER: Kind(about(roster), screens.card)}
