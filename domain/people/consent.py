"""Who takes SMS, and who no longer does (R11.5)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Text,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import (
    ChatLink,
)
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.people import FallbackGone
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_of_driver, people_with_phone
from domain.policy import Policy
from domain.time import local_day

_OPT_OUT = sql(
    "INSERT INTO sms_opt_outs (phone, since) VALUES (:phone, :now) ON CONFLICT DO NOTHING RETURNING true", phone=Text()
)
_OPT_IN = sql("DELETE FROM sms_opt_outs WHERE phone = :phone RETURNING true", phone=Text())


async def opt_out(session: AsyncSession, phone: str, say: Wording, policy: Policy, now: datetime) -> bool:
    """Nothing is texted to this phone (E.164) any more, and its drivers' managers read so (R11.5). False: known.

    Each opting out is told anew. Whose employment is over has no managers to tell.
    """
    if not await session.scalar(_OPT_OUT, {"phone": phone, "now": now}):
        return False
    people = await people_with_phone(session, phone)
    await _audit_consent(session, people, "sms_opted_out", now)
    for person in people:
        if person.role is UserRole.DRIVER:
            await _tell_fallback_gone(session, person, say, policy, now)
            await following.follow(session, person.id, now, over=False)
    return True


async def opt_in(session: AsyncSession, phone: str, now: datetime) -> bool:
    """Texts may go to this phone again, and what said otherwise says so (R11.5). False: they might already."""
    if not await session.scalar(_OPT_IN, {"phone": phone}):
        return False
    people = await people_with_phone(session, phone)
    await _audit_consent(session, people, "sms_opted_in", now)
    for person in people:
        await following.follow(session, person.id, now, over=False)
    return True


async def _audit_consent(session: AsyncSession, people: Sequence[Person], action: str, now: datetime) -> None:
    """Of those who share a phone nobody knows which one it was."""
    who = people[0].id if len(people) == 1 else None
    if people:
        await audit.record(session, who, now, *(audit.Entry("user", person.id, action) for person in people))


async def _tell_fallback_gone(
    session: AsyncSession, driver: Person, say: Wording, policy: Policy, now: datetime
) -> None:
    managers = sorted(await managers_of_driver(session, driver.id, local_day(now, policy), now))
    linked = await session.scalar(
        select(ChatLink.user_id).where(ChatLink.user_id == driver.id, ChatLink.unreachable_at.is_(None))
    )
    notice = FallbackGone(f"{driver.first_name} {driver.last_name}", linked is not None)
    envelope = notices.Envelope(Kind.FALLBACK_GONE, driver.id, occasion=now)
    await notices.tell(session, managers, notice, envelope, say, policy, now)
