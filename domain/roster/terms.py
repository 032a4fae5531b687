"""From which a what-if begins, and what may be added to it (R3.9)."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import User
from domain.db.models.words import UserRole
from domain.policy import Policy
from domain.refusals import Refused
from domain.roster.preferences import kept
from domain.roster.preferring import Wanted, prefer_route
from domain.roster.supposing import Supposed, preferring
from domain.schedule.queries import place


async def terms_of(session: AsyncSession, driver_id: uuid.UUID, policy: Policy) -> Supposed | None:
    """What a driver has: his preferences as he saved them last, and his weekly cap; None for who is no driver."""
    cap = await session.scalar(select(User.weekly_cap).where(User.id == driver_id, User.role == UserRole.DRIVER))
    if cap is None:
        return None
    return Supposed(driver_id, (await kept(session, driver_id, policy)).preferences, cap)


async def suppose_route(
    session: AsyncSession, manager_id: uuid.UUID, supposed: Supposed, route_id: uuid.UUID, policy: Policy
) -> Supposed | Refused:
    """This route, too, behind the others. Refused: as `preferring.prefer_route` says; what is not of the manager's
    warehouses does not exist (R12.3)."""
    found = await place(session, manager_id, route_id)
    wanted = Wanted(route_id, his=True) if found and found.is_route else None
    return preferring(supposed, prefer_route(supposed.preferences, wanted, policy))
