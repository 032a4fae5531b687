"""How somebody wants to be reached, as he sets it himself, and until when a manager is away (R11.2, R11.4, R11.4a)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from typing import Any

from sqlalchemy import Uuid, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import ContactSettings
from domain.db.models.words import UserRole
from domain.db.sql import alphabetical, sql
from domain.people.queries import Person
from domain.people.queries import person as person_by_id
from domain.policy import Policy, QuietHours
from domain.refusals import Refusal, Refused
from domain.time import local_day, local_instant


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody's settings."""

    role: UserRole
    phone: str
    sms: bool
    opted_out: bool  # STOP has come from his phone
    wake_me: bool
    quiet: QuietHours


_CONTACT = sql(
    """
    SELECT coalesce(contact.sms, true), opted.phone IS NOT NULL, coalesce(contact.wake_me, false),
           contact.quiet_from, contact.quiet_until
    FROM users person
    LEFT JOIN contact_settings contact ON contact.user_id = person.id
    LEFT JOIN sms_opt_outs opted ON opted.phone = person.phone
    WHERE person.id = :user_id
    """,
    user_id=Uuid(),
)


async def contact(session: AsyncSession, person: Person) -> Contact:
    """His settings as they stand; the defaults where he has none."""
    sms, opted_out, wake_me, begins, ends = (await session.execute(_CONTACT, {"user_id": person.id})).one()
    return Contact(person.role, person.phone, sms, opted_out, wake_me, QuietHours(begins, ends))


@dataclass(frozen=True, slots=True)
class Saved:
    """It is as he wants it, whether or not it was before."""


async def choose_language(
    session: AsyncSession,
    person: Person,
    choice: int,
    languages: Sequence[str],
    now: datetime,
    *,
    by: Person | None = None,
) -> Saved | Refused:
    """Speaks to him in this one of `languages` from now on; `by`: a manager of his has said so for him (R8.9).

    Refused: a choice that there is not.
    """
    if not 0 <= choice < len(languages):
        return Refused(Refusal.NO_SUCH_CHOICE)
    await _save(session, person, {"language": languages[choice]}, now, by=by)
    return Saved()


async def choose_sms(session: AsyncSession, person: Person, choice: int, now: datetime) -> Saved | Refused:
    """SMS where Telegram does not do (R11.2): 1 yes, 0 no. Refused: anything else."""
    if choice not in (0, 1):
        return Refused(Refusal.NO_SUCH_CHOICE)
    await _save(session, person, {"sms": bool(choice)}, now)
    return Saved()


async def choose_wake_me(session: AsyncSession, person: Person, choice: int, now: datetime) -> Saved | Refused:
    """Emergency offers ring in his quiet hours, too (R11.4): 1 yes, 0 no. Refused: anything else; managers."""
    if person.role is not UserRole.DRIVER:
        return Refused(Refusal.NOT_A_DRIVER)
    if choice not in (0, 1):
        return Refused(Refusal.NO_SUCH_CHOICE)
    if await _save(session, person, {"wake_me": bool(choice)}, now):
        await _judge_anew(session, person.id, now)
    return Saved()


async def choose_quiet_hours(
    session: AsyncSession, person: Person, choice: int, policy: Policy, now: datetime
) -> Saved | Refused:
    """One of the policy's quiet hours (R11.4), by its number. Refused: a number that there is not."""
    if not 0 <= choice < len(policy.quiet_choices):
        return Refused(Refusal.NO_SUCH_CHOICE)
    chosen = policy.quiet_choices[choice]
    if await _save(session, person, {"quiet_from": chosen.begins, "quiet_until": chosen.ends}, now):
        await _judge_anew(session, person.id, now)
    return Saved()


class AwayFor(IntEnum):
    """How long a manager may be away; the numbers are on buttons."""

    BACK = 0
    TOMORROW = 1
    MONDAY = 2
    LONG = 3


def away_until(choice: AwayFor, policy: Policy, now: datetime) -> datetime | None:
    """When he is back: 06:00 local of tomorrow, of the next Monday after today, or two weeks from today; None: now."""
    today = local_day(now, policy)
    days = {AwayFor.TOMORROW: 1, AwayFor.MONDAY: 7 - today.weekday(), AwayFor.LONG: policy.away_days}
    if choice not in days:
        return None
    return local_instant(today + timedelta(days=days[choice]), policy.away_ends, policy)


async def go_away(
    session: AsyncSession, manager: Person, choice: int, policy: Policy, now: datetime
) -> Saved | Refused:
    """A manager is away for so long, or is back (R11.4a). Refused: drivers; a choice that there is not."""
    if manager.role is not UserRole.MANAGER:
        return Refused(Refusal.NOT_A_MANAGER)
    if choice not in list(AwayFor):
        return Refused(Refusal.NO_SUCH_CHOICE)
    await _save(session, manager, {"away_until": away_until(AwayFor(choice), policy, now)}, now)
    return Saved()


async def _save(
    session: AsyncSession, person: Person, wanted: Mapping[str, Any], now: datetime, *, by: Person | None = None
) -> bool:
    """Writes what differs, with an audit entry (R13); False where nothing does. Locks: he, then his row.

    Of who has just been made nobody in particular nothing is kept (R12.6).
    """
    await lock_people(session, [person.id])
    if (who := await person_by_id(session, person.id)) is None or who.is_nobody:
        return False
    his = ContactSettings.user_id == person.id
    columns = [getattr(ContactSettings, name) for name in wanted]
    await session.execute(upsert(ContactSettings).values(user_id=person.id).on_conflict_do_nothing())
    found = await session.execute(select(*columns).where(his).with_for_update(key_share=True))
    before = dict(zip(wanted, found.one(), strict=True))
    if before == wanted:
        return False
    await session.execute(update(ContactSettings).where(his).values(**wanted))
    entry = audit.Entry("user", person.id, "contact_changed", before=_plain(before), after=_plain(wanted))
    await audit.record(session, (by or person).id, now, entry, by_phone=by is not None)
    return True


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime | time) else value for name, value in values.items()}


# What waits for the end of quiet hours that are no longer his. An SMS that the carrier lost waits for something else.
_JUDGE_ANEW = sql(
    """
    WITH locked AS (
        SELECT id FROM deliveries d
        WHERE user_id = :user_id AND state = 'pending' AND due_at > :now AND notification_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM sms_attempts WHERE delivery_id = d.id)
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE deliveries SET due_at = :now WHERE id IN (SELECT id FROM locked)
    """,
    user_id=Uuid(),
)


async def _judge_anew(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> None:
    await session.execute(_JUDGE_ANEW, {"user_id": user_id, "now": now})


@dataclass(frozen=True, slots=True)
class StandIns:
    """Who gets a manager's notices about a warehouse of his while he is away: the names of those who are there.

    `others`: how many other managers the warehouse has. With nobody there the notices still come to him (R11.4a).
    """

    warehouse: str
    names: tuple[str, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Whether a manager is away (`until` None: he is not), and who stands in, by warehouse."""

    until: datetime | None
    warehouses: tuple[StandIns, ...]


_UNTIL = select(ContactSettings.away_until)
_STAND_INS = sql(
    f"""
    SELECT w.name,
           coalesce(array_agg(other.first_name || ' ' || other.last_name
                              ORDER BY {alphabetical("other.first_name || ' ' || other.last_name")}, other.id)
                    FILTER (WHERE other.id IS NOT NULL AND (contact.away_until IS NULL OR contact.away_until <= :now)),
                    '{{}}') AS names,
           count(other.id) AS others
    FROM warehouse_managers mine
    JOIN warehouses w ON w.id = mine.warehouse_id
    LEFT JOIN warehouse_managers there ON there.warehouse_id = w.id AND there.user_id <> mine.user_id
    LEFT JOIN users other ON other.id = there.user_id AND other.role = 'manager'
    LEFT JOIN contact_settings contact ON contact.user_id = other.id
    WHERE mine.user_id = :user_id
    GROUP BY w.id
    ORDER BY w.name, w.id
    """,  # noqa: S608 - our own text
    user_id=Uuid(),
)


async def absence(session: AsyncSession, manager: Person, now: datetime) -> Absence:
    """As above, as it stands."""
    until = await session.scalar(_UNTIL.where(ContactSettings.user_id == manager.id, ContactSettings.away_until > now))
    rows = await session.execute(_STAND_INS, {"user_id": manager.id, "now": now})
    return Absence(until, tuple(StandIns(warehouse, tuple(names), others) for warehouse, names, others in rows))
