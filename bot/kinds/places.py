"""What is told of who manages what, of where routes leave from, of other phone numbers, and to who is invited."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import places_told as screens
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.people import Invitation
from domain.people.queries import linked_chat
from domain.policy import Policy

AS_TOLD = (names.Kind.ROUTE_MOVED, names.Kind.IN_CHARGE, names.Kind.NUMBER_CHANGED)


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom it was told; `linked`: he has his chat, so it is no longer needed."""

    told: Invitation
    linked: bool


async def _invited(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> Invited | None:
    told = await notices.told(session, user_id, names.Kind.INVITATION, id_)
    if not isinstance(told, Invitation):
        return None
    return Invited(told, await linked_chat(session, user_id) is not None)


def _as_told(kind: names.Kind, company: str) -> Kind:
    return Kind(
        about(lambda session, user_id, id_, _now: notices.told(session, user_id, kind, id_)),
        screens.told,
        sms=lambda facts, reader, _code, _behind: screens.text(facts, company, reader),
    )


def kinds(policy: Policy, company: str) -> Kinds:
    return {
        **{kind: _as_told(kind, company) for kind in AS_TOLD},
        names.Kind.INVITATION: Kind(
            about(_invited),
            lambda facts, reader: screens.told(facts.told, reader),
            has_point=lambda facts, _now: not facts.linked,
            sms=lambda facts, reader, _code, _behind: screens.text(facts.told, company, reader),
        ),
    }
