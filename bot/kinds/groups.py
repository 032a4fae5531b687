"""What a warehouse's group is told of its routes."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.reader import Reader
from bot.screens import groups as screens
from domain.groups import queries
from domain.groups.queries import Forsaken, GroupCall
from domain.notices import kinds as names
from domain.policy import Policy


def kinds(policy: Policy, _company: str) -> Kinds:
    async def call(session: AsyncSession, group_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> GroupCall | None:
        return await queries.group_call(session, group_id, id_, policy, now)

    async def forsaken(
        session: AsyncSession, group_id: uuid.UUID, _about: uuid.UUID | None, _now: datetime
    ) -> Forsaken | None:
        return await queries.forsaken(session, group_id)

    told = Kind(
        about(call),
        lambda facts, reader: screens.call(facts, Reader(facts.language, reader.zone)),
        has_point=lambda facts, _now: facts.unfilled and not facts.over,
    )
    return {
        names.Kind.GROUP_CALL: told,
        names.Kind.GROUP_UNFILLED: told,
        names.Kind.GROUP_FORSAKEN: Kind(
            forsaken, lambda facts, reader: screens.forsaken(facts, Reader(facts.language, reader.zone))
        ),
    }
