"""Who somebody is, and where a manager may act."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, select
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


_PEOPLE = (
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
)
_IN_CHAT = _PEOPLE.where(ChatLink.chat_id == bindparam("chat"))
_BY_ID = _PEOPLE.where(User.id == bindparam("user"))


async def person_in_chat(session: AsyncSession, chat_id: int) -> Person | None:
    """Whose chat this is; None for somebody unknown, who learns nothing of who exists (R12.2)."""
    return _made((await session.execute(_IN_CHAT, {"chat": chat_id})).one_or_none())


async def person(session: AsyncSession, user_id: uuid.UUID) -> Person | None:
    """Somebody by his id."""
    return _made((await session.execute(_BY_ID, {"user": user_id})).one_or_none())


def _made(row: Row[Any] | None) -> Person | None:
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
