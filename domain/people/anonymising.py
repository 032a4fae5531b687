"""Who has left becomes nobody in particular: his name, his numbers and his own words go, what was driven stays (R12.6).

Shifts, incidents, counters and scores are what they were, and belong to a former driver. Texts that named him, in other
people's inboxes and SMS too, name him no more, unless somebody else is called the same.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Date, Text, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import User
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.people.linking import unlink
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day

FIRST_NAME: Final = "Former"
LAST_NAME: Final = "driver"
NOBODYS_PHONE: Final = ""  # by which he is known to be nobody in particular

# What stands in the way: he is or will be employed, or has shifts to drive.
_FACTS = sql(
    """
    SELECT NOT EXISTS (SELECT FROM employments home WHERE home.user_id = :driver)
               OR EXISTS (SELECT FROM employments home
                          WHERE home.user_id = :driver AND (home.ends_on IS NULL OR home.ends_on >= :today)),
           EXISTS (SELECT FROM assignments a WHERE a.user_id = :driver AND a.status IN ('scheduled', 'active')),
           :by IS NULL
               OR EXISTS (SELECT FROM employments home JOIN warehouse_managers here USING (warehouse_id)
                          JOIN users manager ON manager.id = here.user_id AND manager.role = 'manager'
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

_HIS_WORDS = [
    sql(statement, driver=Uuid())
    for statement in (
        # As his managers were told of them.
        "UPDATE notifications SET body = replace(body, data ->> 'note', '…'), data = data - 'note' "
        "FROM shifts s JOIN assignments a ON a.id = s.assignment_id JOIN users person ON person.id = a.user_id "
        "WHERE person.id = :driver AND data ->> 'note' = s.cancel_notes "
        "AND data ->> 'driver' = person.first_name || ' ' || person.last_name",
        "UPDATE shifts SET cancel_notes = NULL FROM assignments a "
        "WHERE a.id = shifts.assignment_id AND a.user_id = :driver AND cancel_notes IS NOT NULL",
        "UPDATE appeals SET reason = '' WHERE user_id = :driver",
        "UPDATE audit_logs SET changes = changes #- '{after,reason}' FROM appeals "
        "WHERE entity_type = 'appeal' AND entity_id = appeals.id AND action = 'opened' AND appeals.user_id = :driver",
        "UPDATE audit_logs SET changes = NULL "
        "WHERE entity_type = 'user' AND entity_id = :driver AND action IN ('linked', 'unlinked', 'number_changed')",
        # What he was told, but for that he was.
        "UPDATE notifications SET title = '', body = '', data = (SELECT jsonb_object_agg(key, value) "
        "FROM jsonb_each(data) WHERE key IN ('kind', 'about', 'dedupe', 'warehouse_id')) WHERE user_id = :driver",
        "UPDATE sms_attempts SET phone = '', body = '' WHERE user_id = :driver",
        "UPDATE deliveries SET chat_id = NULL, message_id = NULL, reason = NULL WHERE user_id = :driver",
    )
]

# Wherever others were told of him by name: the same text without it. Facts are JSON, in which a name is escaped.
_NAMED = [
    sql(
        """
        UPDATE notifications SET title = replace(title, :name, :nobody), body = replace(body, :name, :nobody),
            data = CAST(replace(replace(data::text, :escaped, :nobody), :phone, '') AS jsonb)
        WHERE strpos(title, :name) > 0 OR strpos(body, :name) > 0 OR strpos(data::text, :escaped) > 0
        """,
        name=Text(),
        nobody=Text(),
        escaped=Text(),
        phone=Text(),
    ),
    sql(
        """
        UPDATE messages SET sought = replace(sought, :name, :nobody), text = replace(text, :name, :nobody)
        WHERE strpos(sought, :name) > 0 OR strpos(text, :name) > 0
        """,
        name=Text(),
        nobody=Text(),
    ),
    sql(
        """
        UPDATE sms_attempts SET body = replace(replace(body, :name, :nobody), :phone, '') WHERE strpos(body, :name) > 0
        """,
        name=Text(),
        nobody=Text(),
        phone=Text(),
    ),
    sql(
        """
        UPDATE audit_logs SET changes = CAST(replace(changes::text, :escaped, :nobody) AS jsonb)
        WHERE strpos(changes::text, :escaped) > 0
        """,
        escaped=Text(),
        nobody=Text(),
    ),
]


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
    if driver.phone == NOBODYS_PHONE:
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
    for statement in (*_BY_PHONE, *_GONE, *_HIS_WORDS):
        await session.execute(statement, his)
    name, nobody = f"{driver.first_name} {driver.last_name}", f"{FIRST_NAME} {LAST_NAME}"
    same = (User.first_name == driver.first_name) & (User.last_name == driver.last_name) & (User.id != driver.id)
    if await session.scalar(select(User.id).where(same).limit(1)) is None:
        escaped = json.dumps(name, ensure_ascii=False)[1:-1]
        given = {"name": name, "nobody": nobody, "escaped": escaped, "phone": driver.phone}
        for statement in _NAMED:
            await session.execute(statement, {key: given[key] for key in statement.compile().params})
    new = {"first": FIRST_NAME, "last": LAST_NAME, "phone": NOBODYS_PHONE, "now": now}
    await session.execute(_PERSON, his | new)
