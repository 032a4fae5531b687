"""The audit log: append-only, in the transaction of what it tells of (R13)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
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


_ENTRY = sql(
    """
    INSERT INTO audit_logs (entity_type, entity_id, action, actor_id, actor_type, changes, created_at)
    VALUES (:entity_type, :entity_id, :action, :actor_id, CAST(:actor_type AS actor_type), :changes, :now)
    """,
    actor_id=Uuid(),
    actor_type=Text(),
    changes=JSONB(),
)


async def record(session: AsyncSession, actor_id: uuid.UUID | None, now: datetime, *entries: Entry) -> None:
    """Writes the entries in one round trip; `actor_id` None means that the system did it."""
    rows = [
        {
            "entity_type": entry.entity,
            "entity_id": entry.entity_id,
            "action": entry.action,
            "actor_id": actor_id,
            "actor_type": (ActorType.USER if actor_id else ActorType.SYSTEM).value,
            "changes": {"before": dict(entry.before), "after": dict(entry.after)}
            | ({"facts": dict(entry.facts)} if entry.facts is not None else {}),
            "now": now,
        }
        for entry in entries
    ]
    await session.execute(_ENTRY, rows)
