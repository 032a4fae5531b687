"""Who runs the company: the settings name them, and all warehouses are on their desks (R12.5a)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Invite, Owner, User
from domain.db.models.words import UserRole
from domain.people.actions import giving_numbers
from domain.people.queries import owners


async def name_owners(session: AsyncSession, phones: Sequence[str], now: datetime) -> list[str]:
    """The owners are those with these numbers (E.164) from now on, as far as they are or become managers.

    A link that a manager has made for one of them is void: he could open it himself. Returns the numbers of which
    nobody is a manager. Locks: numbers, then the owners by id, so that none gets such a link meanwhile.
    """
    await giving_numbers(session)
    await session.execute(text("LOCK TABLE owners IN SHARE ROW EXCLUSIVE MODE"))  # of processes that start at once
    await session.execute(delete(Owner).where(Owner.phone.not_in(phones)))
    if phones:
        named = upsert(Owner).values([{"phone": phone} for phone in phones])
        await session.execute(named.on_conflict_do_nothing())
    await session.execute(owners().order_by(User.id).with_for_update(of=User, key_share=True))
    void = update(Invite).where(Invite.user_id.in_(owners()), Invite.used_at.is_(None), Invite.created_by.is_not(None))
    await session.execute(void.values(used_at=now))
    managers = await session.scalars(select(User.phone).where(User.phone.in_(phones), User.role == UserRole.MANAGER))
    return sorted(set(phones) - set(managers))


async def is_owners(session: AsyncSession, phone: str) -> bool:
    """Whether the settings have this number (E.164), be it that nobody has it yet."""
    return await session.get(Owner, phone) is not None


async def owner_has_new_number(session: AsyncSession, before: str, phone: str) -> bool:
    """An owner stays one until the next start, which reads the settings. False: he is none, or they know it already.

    The old number stays an owner's, too: the settings have it yet, and nobody else is to get it from a manager.
    """
    if not await is_owners(session, before):
        return False
    new = upsert(Owner).values(phone=phone).on_conflict_do_nothing().returning(Owner.phone)
    return await session.scalar(new) is not None
