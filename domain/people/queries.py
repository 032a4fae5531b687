"""Who somebody is, and where a manager may act."""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from domain.db.models import ChatLink, ContactSettings, User, WarehouseManager
from domain.db.models.words import UserRole


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known here. `language` None: not chosen yet. `unreachable`: Telegram refused the last message."""

    id: uuid.UUID
    role: UserRole
    first_name: str
    last_name: str
    phone: str
    language: str | None
    unreachable: bool = False


async def person_in_chat(session: AsyncSession, chat_id: int) -> Person | None:
    """Whose chat this is; None for somebody unknown, who learns nothing of who exists (R12.2)."""
    return await _person(session, ChatLink.chat_id == chat_id)


async def person(session: AsyncSession, user_id: uuid.UUID) -> Person | None:
    """Somebody by his id."""
    return await _person(session, User.id == user_id)


async def _person(session: AsyncSession, which: ColumnElement[bool]) -> Person | None:
    found = await session.execute(
        select(
            User.id,
            User.role,
            User.first_name,
            User.last_name,
            User.phone,
            ContactSettings.language,
            ChatLink.unreachable_at.is_not(None),
        )
        .outerjoin(ChatLink, ChatLink.user_id == User.id)
        .outerjoin(ContactSettings, ContactSettings.user_id == User.id)
        .where(which)
    )
    row = found.one_or_none()
    return None if row is None else Person(*row)


def manages(manager_id: uuid.UUID, warehouse_id: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    """Whether somebody is a manager of this warehouse; anything else is 'not found' to him (R12.3)."""
    manager = aliased(User)  # the query around may be about users, too
    return exists().where(
        WarehouseManager.warehouse_id == warehouse_id,
        WarehouseManager.user_id == manager_id,
        manager.id == WarehouseManager.user_id,
        manager.role == UserRole.MANAGER,
    )


def managers_of(warehouse_id: uuid.UUID) -> Select[tuple[uuid.UUID]]:
    """The managers of a warehouse."""
    return (
        select(User.id)
        .join(WarehouseManager, WarehouseManager.user_id == User.id)
        .where(WarehouseManager.warehouse_id == warehouse_id, User.role == UserRole.MANAGER)
    )
