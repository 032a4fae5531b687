"""Who runs the company: the settings name them, and all warehouses are on their desks (R12.5a)."""

from collections.abc import Sequence

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Owner, User
from domain.db.models.words import UserRole


async def name_owners(session: AsyncSession, phones: Sequence[str]) -> list[str]:
    """The owners are those with these numbers (E.164) from now on, as far as they are or become managers.

    Returns the numbers of which nobody is a manager.
    """
    await session.execute(text("LOCK TABLE owners IN SHARE ROW EXCLUSIVE MODE"))  # of processes that start at once
    await session.execute(delete(Owner).where(Owner.phone.not_in(phones)))
    if phones:
        named = upsert(Owner).values([{"phone": phone} for phone in phones])
        await session.execute(named.on_conflict_do_nothing())
    managers = await session.scalars(select(User.phone).where(User.phone.in_(phones), User.role == UserRole.MANAGER))
    return sorted(set(phones) - set(managers))
