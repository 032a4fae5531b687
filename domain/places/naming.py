"""What warehouses and routes are called: no two warehouses alike, and no two routes of one warehouse (R12.5)."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Route, Warehouse
from domain.policy import Policy
from domain.refusals import Refusal
from domain.written import tidy

# Of two warehouses that are named at once one waits; for the routes of one its calendar is locked.
_NAMING = text(f"SELECT pg_advisory_xact_lock({0x77617265})")


async def naming_warehouses(session: AsyncSession) -> None:
    """Until the transaction ends nobody else gives a warehouse a name; called before anything is locked."""
    await session.execute(_NAMING)


async def judge_warehouse_name(
    session: AsyncSession, written: str, policy: Policy, *, but: uuid.UUID | None = None
) -> str | Refusal:
    """The name as it is kept. Refused: none, one that is too long, and another warehouse's, whoever manages that."""
    others = select(Warehouse.name).where(Warehouse.id.is_distinct_from(but))
    return judge(written, await session.scalars(others), policy.place_name_most)


async def judge_route_name(
    session: AsyncSession, warehouse_id: uuid.UUID, written: str, policy: Policy, *, but: uuid.UUID | None = None
) -> str | Refusal:
    """The name as it is kept. Refused: none, one that is too long, and that of another route of the warehouse."""
    others = select(Route.name).where(Route.warehouse_id == warehouse_id, Route.id.is_distinct_from(but))
    return judge(written, await session.scalars(others), policy.place_name_most)


def judge(written: str, others: Iterable[str], most: int) -> str | Refusal:
    """As above, among the names of the others; pure. Only case makes no difference: R1-2 is not R12."""
    name = tidy(written)
    if not 0 < len(name) <= most:
        return Refusal.BAD_NAME
    return Refusal.NAME_TAKEN if name.casefold() in {other.casefold() for other in others} else name
