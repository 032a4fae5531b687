"""Who has left becomes nobody in particular: his name, his numbers and his own words go, what was driven stays (R12.6).

Shifts, incidents, counters and scores are what they were, and belong to a former driver. Texts that named him, in other
people's inboxes and SMS too, name him no more, unless somebody else is called the same.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Date, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import User
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.people.linking import unlink
from domain.people.queries import NO_PHONE, NOBODY
from domain.people.traces import forget_name
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day

FIRST_NAME, LAST_NAME, _ = NOBODY

# What stands in the way: he is or will be employed, or has shifts to drive.
_FACTS = sql(
    """
    SELECT NOT EXISTS (SELECT FROM employments home WHERE home.user_id = :driver)
               OR EXISTS (SELECT FROM employments home
                          WHERE home.user_id = :driver AND (home.ends_on IS NULL OR home.ends_on >= :today)),
           EXISTS (SELECT FROM assignments a WHERE a.user_id = :driver AND a.status IN ('scheduled', 'active')),
           :by IS NULL
               OR EXISTS (SELECT FROM employments home JOIN desks here USING (warehouse_id)
                          WHERE home.user_id = :driver AND here.user_id = :by)
    """,
    driver=Uuid(),
    by=Uuid(),
    today=Date(),
)

_PERSON = sql(
    """
    UPDATE users SET first_name = :first, last_name = :last, phone = :phone, password_hash = '!', updated_at = :now,
        email = id::text || '@no-email.invalid'
    WHERE id = :driver
    """,
    driver=Uuid(),
)

# Before his number goes: what is known by it alone.
_BY_PHONE = [
    sql(
        f"""
        DELETE FROM {table} gone USING users person
        WHERE person.id = :driver AND gone.phone = person.phone
          AND NOT EXISTS (SELECT FROM users other WHERE other.phone = person.phone AND other.id <> person.id)
        """,  # noqa: S608 - names of tables, from here
        driver=Uuid(),
    )
    for table in ("received_sms", "sms_opt_outs")
]

_GONE = [
    sql(f"DELETE FROM {table} WHERE user_id = :driver", driver=Uuid())  # noqa: S608 - as above
    for table in ("contact_settings", "conversations", "day_declines", "invites", "last_heard", "sms_codes")
] + [sql("DELETE FROM notifications WHERE user_id = :driver AND data ->> 'kind' = 'link_moved'", driver=Uuid())]

# As his managers were told of them: of the slot, or of the window by which it was filled after him.
_TOLD_OF_NOTES = """
    FROM users person JOIN assignments a ON a.user_id = person.id JOIN shifts s ON s.assignment_id = a.id
    JOIN assignments slot ON slot.route_id = a.route_id AND slot.date = a.date
    LEFT JOIN bid_windows w ON w.assignment_id = slot.id JOIN deliveries d ON d.about IN (slot.id, w.id)
    WHERE person.id = :driver AND s.cancel_notes <> ''
"""
_NOTES = (
    f"""
    UPDATE sms_attempts sms SET body = replace(body, s.cancel_notes, '…') {_TOLD_OF_NOTES}
      AND sms.delivery_id = d.id AND strpos(body, s.cancel_notes) > 0
      AND strpos(body, person.first_name || ' ' || person.last_name) > 0
    """,  # noqa: S608 - our own text
    f"""
    UPDATE notifications n SET body = replace(body, s.cancel_notes, '…'), data = data - 'note' {_TOLD_OF_NOTES}
      AND n.id = d.notification_id AND data ->> 'note' = s.cancel_notes
      AND data ->> 'driver' = person.first_name || ' ' || person.last_name
    """,  # noqa: S608 - our own text
)
_HIS_WORDS = [
    sql(statement, driver=Uuid())
    for statement in (
        *_NOTES,
        "UPDATE shifts SET cancel_notes = NULL FROM assignments a "
        "WHERE a.id = shifts.assignment_id AND a.user_id = :driver AND cancel_notes IS NOT NULL",
        "UPDATE appeals SET reason = '' WHERE user_id = :driver",
        "UPDATE audit_logs SET changes = changes #- '{after,reason}' FROM appeals "
        "WHERE entity_type = 'appeal' AND entity_id = appeals.id AND action = 'opened' AND appeals.user_id = :driver",
        "UPDATE audit_logs SET changes = NULL "
        "WHERE entity_type = 'user' AND entity_id = :driver "
        "AND action IN ('linked', 'unlinked', 'number_changed', 'number_given_up')",
        # What he was told, but for that he was.
        "UPDATE notifications SET title = '', body = '', data = (SELECT jsonb_object_agg(key, value) "
        "FROM jsonb_each(data) WHERE key IN ('kind', 'about', 'dedupe', 'warehouse_id')) WHERE user_id = :driver",
        "UPDATE sms_attempts SET phone = '', body = '' WHERE user_id = :driver",
        "UPDATE deliveries SET chat_id = NULL, message_id = NULL, reason = NULL WHERE user_id = :driver",
    )
]


# Those that he had before, as what was told of him then says.
_HIS_NUMBERS = sql(
    """
    SELECT changes -> 'before' ->> 'phone' FROM audit_logs
    WHERE entity_type = 'user' AND entity_id = :driver AND action IN ('number_changed', 'number_given_up')
      AND changes -> 'before' ->> 'phone' IS NOT NULL
    """,
    driver=Uuid(),
)


@dataclass(frozen=True, slots=True)
class Anonymised:
    """He is a former driver from now on."""


@dataclass(frozen=True, slots=True)
class AnonymousAlready:
    """Nothing was left to be done."""


async def anonymise(
    session: AsyncSession, by: uuid.UUID | None, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> Anonymised | AnonymousAlready | Refused:
    """By a manager of a warehouse that was his home, or by who runs the company (`by` None). A second time changes
    nothing.

    Refused: nobody whom this manager had, a manager, who is or will be employed, and who has shifts to drive. Whoever
    gives somebody a shift locks him and looks at his employment, so none comes in between.
    """
    await lock_people(session, [driver_id])
    driver = await session.get(User, driver_id, populate_existing=True)
    if driver is None:
        return Refused(Refusal.NOT_FOUND)
    today = local_day(now, policy)
    facts = {"driver": driver_id, "by": by, "today": today}
    employed, has_shifts, his_manager = (await session.execute(_FACTS, facts)).one()
    if not his_manager:
        return Refused(Refusal.NOT_FOUND)
    if driver.role is not UserRole.DRIVER:
        return Refused(Refusal.NOT_A_DRIVER)
    if (driver.first_name, driver.last_name, driver.phone) == NOBODY:
        return AnonymousAlready()
    if employed:
        return Refused(Refusal.STILL_EMPLOYED)
    if has_shifts:
        return Refused(Refusal.STILL_HAS_SHIFTS)
    await unlink(session, driver_id, by, now)
    await _forget(session, driver, now)
    await audit.record(session, by, now, audit.Entry("user", driver_id, "anonymised"))
    return Anonymised()


async def _forget(session: AsyncSession, driver: User, now: datetime) -> None:
    his = {"driver": driver.id}
    phones = {driver.phone, *(await session.scalars(_HIS_NUMBERS, his))}
    for statement in (*_BY_PHONE, *_GONE, *_HIS_WORDS):
        await session.execute(statement, his)
    name = f"{driver.first_name} {driver.last_name}"
    await forget_name(session, driver.id, name, phones, f"{FIRST_NAME} {LAST_NAME}")
    new = {"first": FIRST_NAME, "last": LAST_NAME, "phone": NO_PHONE, "now": now}
    await session.execute(_PERSON, his | new)
