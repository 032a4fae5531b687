"""The audit log: append-only, in the transaction of what it tells of (R13)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import ActorType
from domain.db.sql import sql


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one thing. `before` and `after` hold what changed; `facts` what the decision was made from."""

    entity: str
    entity_id: uuid.UUID
    action: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] | None = None


# One statement whatever their number: a window may have a thousand bids.
_ENTRIES = sql(
    """
    INSERT INTO audit_logs (entity_type, entity_id, action, actor_id, actor_type, changes, created_at)
    SELECT entity_type, entity_id, action, :actor_id, CAST(:actor_type AS actor_type), changes, :now
    FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[]), CAST(:actions AS text[]), CAST(:changes AS jsonb[]))
        AS entries (entity_type, entity_id, action, changes)
    """,
    actor_id=Uuid(),
    actor_type=Text(),
    types=ARRAY(Text()),
    ids=ARRAY(Uuid()),
    actions=ARRAY(Text()),
    changes=ARRAY(JSONB()),
)


async def record(
    session: AsyncSession, actor_id: uuid.UUID | None, now: datetime, *entries: Entry, by_phone: bool = False
) -> None:
    """Writes the entries in one statement; `actor_id` None means that the system did it.

    `by_phone`: a manager did it for a driver, on his word (R8.9).
    """
    given: dict[str, Any] = {
        "actor_id": actor_id,
        "actor_type": (ActorType.USER if actor_id else ActorType.SYSTEM).value,
        "types": [entry.entity for entry in entries],
        "ids": [entry.entity_id for entry in entries],
        "actions": [entry.action for entry in entries],
        "changes": [_changes(entry, by_phone) for entry in entries],
        "now": now,
    }
    await session.execute(_ENTRIES, given)


def _changes(entry: Entry, by_phone: bool) -> dict[str, Any]:
    changes: dict[str, Any] = {"before": dict(entry.before), "after": dict(entry.after)}
    if entry.facts is not None:
        changes["facts"] = dict(entry.facts)
    return changes | ({"by_phone": True} if by_phone else {})
