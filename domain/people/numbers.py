"""Somebody has another phone number, by his own contact or a manager's hand: old codes are void (R12.7)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import ReceivedSms, SmsCode, User
from domain.db.models.words import UserRole
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.people import NumberChanged
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.actions import giving_numbers
from domain.people.drivers import still_his
from domain.people.owning import owner_has_new_number
from domain.people.phones import e164
from domain.people.queries import NO_PHONE, Person, managers_of_driver, people_with_phone
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class NumberIsNew:
    """That is his number from now on; SMS go there. `owners`: he is an owner, and the settings don't have it.

    `told`: how many managers know of it.
    """

    user_id: uuid.UUID
    phone: str
    owners: bool = False
    told: int = 0


async def correct_number(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    written: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> NumberIsNew | Refused:
    """[Another number]: a manager enters it for a driver of his, on his word (R8.9), or puts a wrong one right.

    His other managers are told. Refused: whoever is not his, a number that is none, and one that is somebody else's.
    Locks: numbers, then he.
    """
    await giving_numbers(session)
    await lock_people(session, [driver_id])
    if await still_his(session, manager.id, driver_id, local_day(now, policy)) is None:
        return Refused(Refusal.NOT_FOUND)
    number = e164(written)
    if number is None:
        return Refused(Refusal.BAD_PHONE)
    known = {each.id for each in await people_with_phone(session, number)}
    if driver_id in known:
        return NumberIsNew(driver_id, number)
    if known:
        return Refused(Refusal.PHONE_TAKEN)
    return await change_number(session, driver_id, number, say, policy, now, by=manager)


async def change_number(
    session: AsyncSession,
    user_id: uuid.UUID,
    number: str,
    say: Wording,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> NumberIsNew:
    """His number (E.164), which is nobody else's: the caller has made sure, and nobody is given one meanwhile.

    The codes in his SMS lead nowhere any more. An owner stays one for now, though the settings have his old number.
    Of a driver his managers are told, but for who has entered it (`by`).
    Lock: he.
    """
    before = await _has_now(session, user_id, number, now)
    entry = audit.Entry("user", user_id, "number_changed", {"phone": before.phone}, {"phone": number})
    await audit.record(session, by.id if by else user_id, now, entry, by_phone=by is not None)
    managers: list[uuid.UUID] = []
    if before.role is UserRole.DRIVER:
        his = await managers_of_driver(session, user_id, local_day(now, policy), now)
        managers = sorted(his - ({by.id} if by else set()))
        notice = NumberChanged(user_id, f"{before.first_name} {before.last_name}")
        envelope = notices.Envelope(Kind.NUMBER_CHANGED, user_id, occasion=now)
        await notices.tell(session, managers, notice, envelope, say, policy, now)
    await following.follow_homes(session, now, of=[user_id], first=user_id)
    is_manager = before.role is UserRole.MANAGER
    is_owner = is_manager and await owner_has_new_number(session, before.phone, number)
    return NumberIsNew(user_id, number, is_owner, len(managers))


async def give_up_number(session: AsyncSession, driver_id: uuid.UUID, by: Person, now: datetime) -> None:
    """His number is somebody else's now, so he has none, as who was made anonymous; all else of his stays.

    Whatever has been texted from it goes, since it would be taken for the next one's. STOP stands: carriers keep it by
    number. The caller has made sure that he has left, and that nobody is given a number meanwhile. Lock: he.
    """
    before = await _has_now(session, driver_id, NO_PHONE, now)
    await session.execute(delete(ReceivedSms).where(ReceivedSms.phone == before.phone))
    entry = audit.Entry("user", driver_id, "number_given_up", {"phone": before.phone})
    await audit.record(session, by.id, now, entry)


async def _has_now(session: AsyncSession, user_id: uuid.UUID, number: str, now: datetime) -> Row[Any]:
    """Writes it, and voids his codes; returns what he was called and reached by before."""
    his = select(User.phone, User.role, User.first_name, User.last_name).where(User.id == user_id)
    before = (await session.execute(his.with_for_update(key_share=True))).one()
    await session.execute(update(User).where(User.id == user_id).values(phone=number, updated_at=now))
    await session.execute(
        update(SmsCode).where(SmsCode.user_id == user_id, SmsCode.expires_at > now).values(expires_at=now)
    )
    return before
