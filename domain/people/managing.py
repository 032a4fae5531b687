"""Who manages a warehouse: seen, added, removed, and never the last one (R12.5)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Uuid, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import Invite, WarehouseManager
from domain.db.models.words import UserRole
from domain.db.sql import alphabetical, sql
from domain.groups import actions as groups
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.people import InCharge
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.actions import create_person, giving_numbers
from domain.people.inviting_managers import MAY_BE_LINKED
from domain.people.owning import is_owners
from domain.people.phones import e164
from domain.people.queries import Person, people_with_phone, person
from domain.people.rules import FullName, judge_person_name
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule import queries
from domain.schedule.queries import Place
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Manager:
    """One of a warehouse. `linked`: his chat is. `invitable`: the reader may make him another link."""

    id: uuid.UUID
    name: str
    linked: bool
    invitable: bool


@dataclass(frozen=True, slots=True)
class Managers:
    """Those of one of the reader's warehouses, by name; he is `me`."""

    place: Place
    managers: tuple[Manager, ...]
    me: uuid.UUID


_MANAGERS = sql(
    f"""
    SELECT who.id, who.first_name || ' ' || who.last_name,
           EXISTS (SELECT FROM chat_links link WHERE link.user_id = who.id AND link.unreachable_at IS NULL),
           {MAY_BE_LINKED}
    FROM warehouse_managers here JOIN users who ON who.id = here.user_id AND who.role = 'manager'
    WHERE here.warehouse_id = :warehouse ORDER BY {alphabetical("who.first_name || ' ' || who.last_name")}, who.id
    """,  # noqa: S608 - our own text
    warehouse=Uuid(),
    manager=Uuid(),
)


async def managers(session: AsyncSession, manager: Person, warehouse_id: uuid.UUID) -> Managers | None:
    """None where it isn't the manager's (R12.3)."""
    place = await queries.place(session, manager.id, warehouse_id)
    if place is None or place.is_route:
        return None
    return Managers(place, await _all(session, place.id, manager.id), manager.id)


@dataclass(frozen=True, slots=True)
class Proposed:
    """Who would manage it, before the last button. `known`: he is a manager already, and is called so here."""

    place: Place
    name: FullName
    phone: str
    known: bool


@dataclass(frozen=True, slots=True)
class ManagesAlready:
    """He does: nothing is to be done."""

    name: str


async def propose_manager(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID,
    name: str,
    phone: str,
    policy: Policy,
    now: datetime,
) -> Proposed | ManagesAlready | Refused:
    """Whom this name and number mean. Somebody who is a manager already is known by his number alone.

    Refused: a warehouse that is not the manager's, a number that is none, one that is not a manager's or several
    people's, and for somebody new a name without a first and a last one, and the number of an owner: whoever invites
    him gets the link, and would be the owner (R12.3, R12.5a). So would whoever still has the link of somebody known.
    """
    place = await queries.place(session, manager.id, warehouse_id)
    if place is None or place.is_route:
        return Refused(Refusal.NOT_FOUND)
    if (number := e164(phone)) is None:
        return Refused(Refusal.BAD_PHONE)
    known = await people_with_phone(session, number)
    if len(known) > 1 or any(each.role is not UserRole.MANAGER for each in known):
        return Refused(Refusal.PHONE_TAKEN)
    if known:
        [he] = known
        if await _manages(session, he.id, place.id):
            return ManagesAlready(f"{he.first_name} {he.last_name}")
        if await session.scalar(select(_anothers_link(he.id, manager.id, now).exists())):
            return Refused(Refusal.NOT_LINKED_YET)
        return Proposed(place, FullName(he.first_name, he.last_name), number, True)
    if await is_owners(session, number):
        return Refused(Refusal.PHONE_TAKEN)
    named = judge_person_name(name, policy)
    return named if isinstance(named, Refused) else Proposed(place, named, number, False)


def _anothers_link(user_id: uuid.UUID, manager_id: uuid.UUID, now: datetime) -> Select[tuple[uuid.UUID]]:
    """Good links of his that another manager has made, and could open himself."""
    good = (Invite.user_id == user_id, Invite.used_at.is_(None), Invite.expires_at > now)
    return select(Invite.id).where(*good, Invite.created_by != manager_id)


async def _manages(session: AsyncSession, user_id: uuid.UUID, warehouse_id: uuid.UUID) -> bool:
    here = (WarehouseManager.warehouse_id == warehouse_id, WarehouseManager.user_id == user_id)
    return await session.scalar(select(WarehouseManager.id).where(*here)) is not None


@dataclass(frozen=True, slots=True)
class Added:
    """He manages it. `new`: he came to exist with it, and needs a link."""

    place: Place
    user_id: uuid.UUID
    name: str
    new: bool


async def add_manager(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID,
    name: str,
    phone: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Added | ManagesAlready | Refused:
    """A further manager of one of the manager's warehouses: one that there is, who is told, or a new one (R12.1).

    Refused as proposing him is. Locks: numbers, then the warehouse, then who has the number: another manager may just
    be making him a link.
    """
    await giving_numbers(session)
    place = await queries.place_locked(session, manager.id, warehouse_id)
    if place is None:
        return Refused(Refusal.NOT_FOUND)
    if (number := e164(phone)) is not None:
        await lock_people(session, [each.id for each in await people_with_phone(session, number)])
    proposed = await propose_manager(session, manager, warehouse_id, name, phone, policy, now)
    if not isinstance(proposed, Proposed):
        return proposed
    if proposed.known:
        [he] = await people_with_phone(session, proposed.phone)
        user_id = he.id
    else:
        user_id = await create_person(
            session, proposed.name.first, proposed.name.last, proposed.phone, UserRole.MANAGER, None, manager.id, now
        )
    his = {"warehouse_id": warehouse_id, "user_id": user_id, "created_at": now}
    await session.execute(upsert(WarehouseManager).values(his).on_conflict_do_nothing())
    after = {"user_id": str(user_id)}
    entry = audit.Entry("warehouse", warehouse_id, "manager_added", after=after)
    await audit.record(session, manager.id, now, entry)
    if proposed.known:
        await tell(session, manager, user_id, proposed.place, True, say, policy, now)
    await _follow(session, user_id, warehouse_id, policy, now)
    return Added(proposed.place, user_id, proposed.name.whole, not proposed.known)


@dataclass(frozen=True, slots=True)
class Removed:
    """He no longer manages it."""

    place: Place
    name: str


async def remove_manager(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID,
    user_id: uuid.UUID,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Removed | Refused:
    """One of a warehouse's managers no longer is, be it he who presses; the others go on, and he is told.

    Refused: what is not the manager's, who is none of it, and the last one. Lock: the warehouse, so that of two who
    remove each other one finds himself removed.
    """
    place = await queries.place_locked(session, manager.id, warehouse_id)
    if place is None or place.is_route:
        return Refused(Refusal.NOT_FOUND)
    here = [each.id for each in await _all(session, warehouse_id, manager.id)]
    he = await person(session, user_id)
    if user_id not in here or he is None:
        return Refused(Refusal.NOT_FOUND)
    if len(here) == 1:
        return Refused(Refusal.LAST_MANAGER)
    await groups.forsake(session, warehouse_id, user_id, now)
    await _follow(session, user_id, warehouse_id, policy, now)  # while his board of it is found by what he manages
    his = (WarehouseManager.warehouse_id == warehouse_id, WarehouseManager.user_id == user_id)
    await session.execute(delete(WarehouseManager).where(*his))
    entry = audit.Entry("warehouse", warehouse_id, "manager_removed", before={"user_id": str(user_id)})
    await audit.record(session, manager.id, now, entry)
    if user_id != manager.id:
        await tell(session, manager, user_id, place, False, say, policy, now)
    return Removed(place, f"{he.first_name} {he.last_name}")


async def _all(session: AsyncSession, warehouse_id: uuid.UUID, reader: uuid.UUID) -> tuple[Manager, ...]:
    rows = await session.execute(_MANAGERS, {"warehouse": warehouse_id, "manager": reader})
    return tuple(Manager(*row) for row in rows)


async def tell(
    session: AsyncSession,
    manager: Person,
    user_id: uuid.UUID,
    place: Place,
    manages: bool,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """Somebody reads that he manages a warehouse now, or no longer does, and by whom."""
    notice = InCharge(place.name, manages, f"{manager.first_name} {manager.last_name}")
    envelope = notices.Envelope(Kind.IN_CHARGE, place.id, occasion=now)
    await notices.tell(session, [user_id], notice, envelope, say, policy, now)


async def _follow(
    session: AsyncSession, user_id: uuid.UUID, warehouse_id: uuid.UUID, policy: Policy, now: datetime
) -> None:
    """His home card and board, and those of the others."""
    today = local_day(now, policy)
    day = following.DayAt(warehouse_id, today)
    await following.follow_homes(session, now, of=[user_id], managers_of=[day])
