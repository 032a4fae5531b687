"""People come to exist (R12.1, R12.8)."""

import uuid
from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import (
    ContactSettings,
    Employment,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import UserRole
from domain.people.phones import e164
from domain.places.naming import naming_warehouses
from domain.refusals import Refusal, Refused

# So that no number gets two people who did not know of each other.
_GIVING: Final = text(f"SELECT pg_advisory_xact_lock({0x70686F6E65})")


async def giving_numbers(session: AsyncSession) -> None:
    """Until the transaction ends nobody else gives anybody a number; called before anything is locked."""
    await session.execute(_GIVING)


async def create_manager(
    session: AsyncSession,
    first_name: str,
    last_name: str,
    phone: str,
    warehouse: str,
    address: str | None,
    now: datetime,
) -> uuid.UUID | Refused:
    """A manager of the warehouse of this name, which is created where there is none and an address is given.

    Somebody who is a manager already and has this phone gets the further warehouse. Refused: a number that is none, one
    that is a driver's, a warehouse that doesn't exist. Locks: names, numbers, then the warehouse.
    """
    if not all(name.strip() for name in (first_name, last_name, warehouse)):
        return Refused(Refusal.BAD_NAME)
    if (number := e164(phone)) is None:
        return Refused(Refusal.BAD_PHONE)
    await naming_warehouses(session)
    await giving_numbers(session)
    called_so = select(Warehouse.id).where(func.lower(Warehouse.name) == warehouse.lower())
    warehouse_id = await session.scalar(called_so.with_for_update(key_share=True))  # it may just be deleted (R12.5)
    if warehouse_id is None and address is None:
        return Refused(Refusal.NO_SUCH_WAREHOUSE)
    # The model lets people share a number.
    known = (await session.execute(select(User.id, User.role).where(User.phone == number).order_by(User.id))).all()
    if any(role is not UserRole.MANAGER for _, role in known):
        return Refused(Refusal.PHONE_IS_A_DRIVERS)
    user_id = (
        known[0].id
        if known
        else await create_person(session, first_name, last_name, number, UserRole.MANAGER, None, None, now)
    )
    if warehouse_id is None:
        warehouse_id = await session.scalar(
            insert(Warehouse)
            .values(name=warehouse, address=address, created_by=user_id, created_at=now, updated_at=now)
            .returning(Warehouse.id)
        )
        assert warehouse_id is not None
        await audit.record(
            session, None, now, audit.Entry("warehouse", warehouse_id, "created", after={"name": warehouse})
        )
    added = await session.execute(
        upsert(WarehouseManager)
        .values(warehouse_id=warehouse_id, user_id=user_id, created_at=now)
        .on_conflict_do_nothing()
        .returning(WarehouseManager.id)
    )
    if added.first() is not None:
        await audit.record(
            session, None, now, audit.Entry("warehouse", warehouse_id, "manager_added", after={"user_id": str(user_id)})
        )
    return user_id


async def create_driver(
    session: AsyncSession,
    first_name: str,
    last_name: str,
    phone: str,
    home: uuid.UUID,
    language: str | None,
    starts_on: date,
    now: datetime,
) -> uuid.UUID | Refused:
    """A driver with a home warehouse, employed from a day on (R12.1, R12.7). Refused: a number that is none."""
    if (number := e164(phone)) is None:
        return Refused(Refusal.BAD_PHONE)
    user_id = await create_person(session, first_name, last_name, number, UserRole.DRIVER, language, None, now)
    await session.execute(insert(Employment).values(user_id=user_id, warehouse_id=home, starts_on=starts_on))
    return user_id


async def create_person(
    session: AsyncSession,
    first_name: str,
    last_name: str,
    number: str,
    role: UserRole,
    language: str | None,
    by: uuid.UUID | None,
    now: datetime,
) -> uuid.UUID:
    """Somebody with a number in E.164; `by`: who has entered him, at the command line nobody."""
    user_id = uuid.uuid4()
    await session.execute(
        insert(User).values(  # the model requires an address and a password; nobody logs in with these (R12.8)
            id=user_id,
            email=f"{user_id}@no-email.invalid",
            password_hash="!",  # noqa: S106
            first_name=first_name,
            last_name=last_name,
            phone=number,
            role=role,
            created_at=now,
            updated_at=now,
        )
    )
    if language is not None:
        await session.execute(insert(ContactSettings).values(user_id=user_id, language=language))
    await audit.record(session, by, now, audit.Entry("user", user_id, "created", after={"role": role}))
    return user_id
