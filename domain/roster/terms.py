"""What a driver has: his preferences as he saved them last, and his weekly cap."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import User
from domain.db.models.words import UserRole
from domain.policy import Policy
from domain.roster.preferences import kept
from domain.roster.supposing import Supposed


async def terms_of(session: AsyncSession, driver_id: uuid.UUID, policy: Policy) -> Supposed | None:
    """From which a what-if begins (R3.9); None for who is no driver."""
    cap = await session.scalar(select(User.weekly_cap).where(User.id == driver_id, User.role == UserRole.DRIVER))
    if cap is None:
        return None
    return Supposed(driver_id, (await kept(session, driver_id, policy)).preferences, cap)
