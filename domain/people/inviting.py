"""A manager invites a driver: he exists, is employed from today, and gets a link to his chat (R12.1, R12.2, R12.7)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, Uuid, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import Departure, Employment, Invite
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.people import linking
from domain.people.actions import create_person, giving_numbers
from domain.people.drivers import is_own, still_his
from domain.people.numbers import give_up_number
from domain.people.phones import e164
from domain.people.queries import Person, people_with_phone
from domain.people.rules import FullName, judge_person_name
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule import queries
from domain.schedule.queries import Place
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who would be invited, before the last button. `comes_back`: who had the number, has left, and is called so.

    Carriers give numbers to others: `as_new` is how somebody new is called then; None where the name is not whole.
    """

    name: FullName
    phone: str
    comes_back: uuid.UUID | None
    as_new: FullName | None = None


@dataclass(frozen=True, slots=True)
class HereAlready:
    """The number is that of a driver of the manager's: nobody is to be created."""

    user_id: uuid.UUID
    name: str


# Whether every employment that he had is over; without any he is employed everywhere since ever (R12.7).
_LEFT = sql(
    """
    SELECT EXISTS (SELECT FROM employments home WHERE home.user_id = :driver)
       AND NOT EXISTS (SELECT FROM employments home
                       WHERE home.user_id = :driver AND (home.ends_on IS NULL OR home.ends_on >= :today))
    """,
    driver=Uuid(),
    today=Date(),
)


async def newcomer(
    session: AsyncSession, manager: Person, name: str, phone: str, policy: Policy, now: datetime
) -> Newcomer | HereAlready | Refused:
    """Whom this name and number mean. Who has left the company is known by his number, and may come back.

    Refused: a number that is none, one that is anybody else's, a name without a first and a last one.
    """
    if (number := e164(phone)) is None:
        return Refused(Refusal.BAD_PHONE)
    known = await people_with_phone(session, number)
    today = local_day(now, policy)
    named = judge_person_name(name, policy)
    if known:
        he = known[0]
        if len(known) > 1 or he.role is not UserRole.DRIVER:
            return Refused(Refusal.PHONE_TAKEN)
        if await session.scalar(_LEFT, {"driver": he.id, "today": today}):
            as_new = None if isinstance(named, Refused) else named
            return Newcomer(FullName(he.first_name, he.last_name), number, he.id, as_new)
        if await is_own(session, manager.id, he.id, today):
            return HereAlready(he.id, f"{he.first_name} {he.last_name}")
        return Refused(Refusal.PHONE_TAKEN)
    return named if isinstance(named, Refused) else Newcomer(named, number, None)


@dataclass(frozen=True, slots=True)
class Invited:
    """He drives for the warehouse from today on; his link is good until then."""

    user_id: uuid.UUID
    name: FullName
    home: Place
    until: datetime


async def invite_driver(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID,
    name: str,
    phone: str,
    token: str,
    policy: Policy,
    now: datetime,
    *,
    former: uuid.UUID | None = None,
    as_new: bool = False,
) -> Invited | HereAlready | Newcomer | Refused:
    """A driver of one of the manager's warehouses, new or back, and the link by which he gets his chat (R12.1, R12.2).

    `former`: who had the number and has left, as the manager was shown it. He comes back, or gives the number up to
    somebody new (`as_new`). A newcomer is returned where that is not so any more: it is to be shown first. Of the
    token, the edge's, only a hash is kept. Refused: what is not the manager's, and as `newcomer` is. Locks: numbers,
    then the warehouse, then who had the number.
    """
    await giving_numbers(session)
    place = await queries.place_locked(session, manager.id, warehouse_id)
    if place is None or place.is_route:
        return Refused(Refusal.NOT_FOUND)
    if former is not None:  # he may be made nobody in particular meanwhile (R12.6)
        await lock_people(session, [former])
    found = await newcomer(session, manager, name, phone, policy, now)
    if not isinstance(found, Newcomer) or found.comes_back != former:
        return found
    today = local_day(now, policy)
    user_id, who = found.comes_back, found.name
    if user_id is not None and as_new:
        if found.as_new is None:
            return Refused(Refusal.BAD_NAME)
        await give_up_number(session, user_id, manager, now)
        user_id, who = None, found.as_new
    if user_id is None:
        new = (who.first, who.last, found.phone, UserRole.DRIVER)
        user_id = await create_person(session, *new, None, manager.id, now)
    await _employ(session, manager, user_id, warehouse_id, today, now)
    until = await _link(session, manager, user_id, token, policy, now)
    return Invited(user_id, who, place, until)


async def _employ(
    session: AsyncSession, manager: Person, user_id: uuid.UUID, warehouse_id: uuid.UUID, today: date, now: datetime
) -> None:
    """From today on, whatever was before."""
    his = {"user_id": user_id, "warehouse_id": warehouse_id, "starts_on": today}
    await session.execute(insert(Employment).values(his))
    await session.execute(delete(Departure).where(Departure.user_id == user_id))
    after = {"warehouse_id": str(warehouse_id), "starts_on": today.isoformat()}
    await audit.record(session, manager.id, now, audit.Entry("user", user_id, "employed", after=after))


async def _link(
    session: AsyncSession, manager: Person, user_id: uuid.UUID, token: str, policy: Policy, now: datetime
) -> datetime:
    """A new link; earlier ones lead nowhere any more. He is locked."""
    earlier = update(Invite).where(Invite.user_id == user_id, Invite.used_at.is_(None))
    await session.execute(earlier.values(used_at=now))
    return await linking.invite(session, user_id, token, manager.id, policy, now)


@dataclass(frozen=True, slots=True)
class Relinked:
    """The driver's new link is good until then."""

    name: FullName
    until: datetime


@dataclass(frozen=True, slots=True)
class JustMade:
    """The link of a moment ago is good, and stays so. `own`: this manager has it, in his chat."""

    own: bool


async def just_made(
    session: AsyncSession, drivers: Collection[uuid.UUID], policy: Policy, now: datetime
) -> dict[uuid.UUID, uuid.UUID | None]:
    """Whose unused link is so new that whoever asks once more has pressed twice (R2.5), and by whom it was made."""
    new = select(Invite.user_id, Invite.created_by).where(
        Invite.user_id.in_(drivers), Invite.used_at.is_(None), Invite.created_at > now - policy.invite_again_after
    )
    return {row.user_id: row.created_by for row in await session.execute(new)}


async def invite_again(
    session: AsyncSession, manager: Person, driver_id: uuid.UUID, token: str, policy: Policy, now: datetime
) -> Relinked | JustMade | Refused:
    """[Invite link]: a new one for a driver of the manager's, be it for another Telegram account (R12.2).

    Pressed twice it is one. Refused: anybody else, and who has left. Lock: the driver.
    """
    await lock_people(session, [driver_id])
    driver = await still_his(session, manager.id, driver_id, local_day(now, policy))
    if driver is None:
        return Refused(Refusal.NOT_FOUND)
    if new := await just_made(session, [driver_id], policy, now):
        return JustMade(new[driver_id] == manager.id)
    until = await _link(session, manager, driver_id, token, policy, now)
    return Relinked(FullName(driver.first_name, driver.last_name), until)
