"""A manager's message to all drivers of a warehouse, or of all of his (R11): drafted, sent once, in one statement."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Date, Uuid, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Message
from domain.db.models.words import Urgency
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.facts.people import Written
from domain.notices.kinds import Kind
from domain.notices.messages import LEVELS, AlreadySent, own, refuse_text
from domain.notices.received import Received
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule.queries import place
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Audience:
    """So many drivers; `warehouse` None: of all of the manager's. `by_sms`: how many Telegram does not reach."""

    warehouse_id: uuid.UUID | None
    warehouse: str | None
    drivers: int
    by_sms: int


# Drivers by their homes of today (R12.7: none recorded, everywhere), as whom a manager may write to one by one.
_AUDIENCE: Final = """
    WITH mine AS (
        SELECT here.warehouse_id AS id FROM desks here
        WHERE here.user_id = :manager AND (CAST(:warehouse AS uuid) IS NULL OR here.warehouse_id = :warehouse)
    ), audience AS (
        SELECT home.user_id FROM mine JOIN employments home ON home.warehouse_id = mine.id
        WHERE home.starts_on <= :today AND (home.ends_on IS NULL OR home.ends_on >= :today)
        UNION
        SELECT driver.id FROM users driver
        WHERE EXISTS (SELECT FROM mine) AND NOT EXISTS (SELECT FROM employments home WHERE home.user_id = driver.id)
    )
"""
_COUNT = sql(
    f"""
    {_AUDIENCE}
    SELECT count(*), count(*) FILTER (WHERE link.chat_id IS NULL)
    FROM audience JOIN users who ON who.id = audience.user_id AND who.role = 'driver'
    LEFT JOIN chat_links link ON link.user_id = who.id AND link.unreachable_at IS NULL
    """,  # noqa: S608 - our own text, as below
    manager=Uuid(),
    warehouse=Uuid(),
    today=Date(),
)
_WHO = sql(
    f"""
    {_AUDIENCE}
    SELECT coalesce(array_agg(who.id ORDER BY who.id), '{{}}')
    FROM audience JOIN users who ON who.id = audience.user_id AND who.role = 'driver'
    """,  # noqa: S608
    manager=Uuid(),
    warehouse=Uuid(),
    today=Date(),
)


async def audience(
    session: AsyncSession, manager: Person, warehouse_id: uuid.UUID | None, policy: Policy, now: datetime
) -> Audience | Refused:
    """Who would be told. Refused: a warehouse that is not the manager's, and where there is no driver."""
    there = None if warehouse_id is None else await place(session, manager.id, warehouse_id)
    if warehouse_id is not None and (there is None or there.is_route):
        return Refused(Refusal.NOT_FOUND)
    given = {"manager": manager.id, "warehouse": warehouse_id, "today": local_day(now, policy)}
    drivers, by_sms = (await session.execute(_COUNT, given)).one()
    if drivers == 0:
        return Refused(Refusal.NOBODY_THERE)
    return Audience(warehouse_id, there.name if there else None, drivers, by_sms)


@dataclass(frozen=True, slots=True)
class ToMany:
    """A draft to many: nobody is told yet."""

    message_id: uuid.UUID
    text: str
    to: Audience


async def draft_to_many(
    session: AsyncSession, manager: Person, warehouse_id: uuid.UUID | None, text: str, policy: Policy, now: datetime
) -> ToMany | Refused:
    """Keeps what a manager has written to a warehouse's drivers, or to all of his; refused as above, and as `draft_to`.

    Whoever is there when it is sent is told, and nobody else, if they are as many as he was asked about.
    """
    to = await audience(session, manager, warehouse_id, policy, now)
    if isinstance(to, Refused):
        return to
    if (why := refuse_text(text, policy)) is not None:
        return Refused(why)
    message_id = uuid.uuid4()
    kept = {"id": message_id, "author_id": manager.id, "sought": "", "text": text, "created_at": now}
    await session.execute(insert(Message).values(kept | {"to_many": True, "warehouse_id": warehouse_id}))
    return ToMany(message_id, text, to)


async def to_many(
    session: AsyncSession, manager: Person, message_id: uuid.UUID, policy: Policy, now: datetime
) -> ToMany | AlreadySent | Refused:
    """A draft of the manager's to many, and who would be told now; refused as above, and one older than a day."""
    message = await own(session, manager, message_id, policy, now)
    if not isinstance(message, Message):
        return message
    if not message.to_many:
        return Refused(Refusal.DRAFT_GONE)
    to = await audience(session, manager, message.warehouse_id, policy, now)
    return to if isinstance(to, Refused) else ToMany(message_id, message.text, to)


@dataclass(frozen=True, slots=True)
class SentToMany:
    """It is on its way to so many."""

    drivers: int


async def send_to_many(
    session: AsyncSession,
    manager: Person,
    message_id: uuid.UUID,
    level: int,
    drivers: int,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> SentToMany | ToMany | AlreadySent | Refused:
    """Sends a draft to many (`manual`, R11), once: the draft is locked. As many statements for one as for 20,000.

    `level` 0 to 2, urgent first; `drivers`: to how many he has been asked to send it. Where they are more or fewer by
    now nothing is sent, and the draft is returned as it stands then (5,000 may have been imported since).
    Refused: a draft that is not his or too old, a warehouse that is not his any more, and where there is no driver.
    """
    message = await own(session, manager, message_id, policy, now, lock=True)
    if not isinstance(message, Message):
        return message
    if level not in LEVELS or not message.to_many:
        return Refused(Refusal.NOT_FOUND)
    given = {"manager": manager.id, "warehouse": message.warehouse_id, "today": local_day(now, policy)}
    who: list[uuid.UUID] = (await session.execute(_WHO, given)).scalar_one()
    if not who:
        return Refused(Refusal.NOBODY_THERE)
    if len(who) != drivers:
        to = await audience(session, manager, message.warehouse_id, policy, now)
        return to if isinstance(to, Refused) else ToMany(message_id, message.text, to)
    await session.execute(update(Message).where(Message.id == message_id).values(sent_at=now))
    warehouse = {"warehouse_id": str(message.warehouse_id)} if message.warehouse_id is not None else {}
    after = {"drivers": len(who), "level": Urgency(level).name.lower()} | warehouse
    await audit.record(session, manager.id, now, audit.Entry("message", message_id, "sent_to_many", after=after))
    envelope = notices.Envelope(Kind.BROADCAST, message_id, warehouse_id=message.warehouse_id, level=Urgency(level))
    written = Written(f"{manager.first_name} {manager.last_name}", message.text)
    return SentToMany(await notices.tell(session, who, written, envelope, say, policy, now))


# -- what each of them sees

_RECEIVED = sql(
    """
    SELECT author.first_name || ' ' || author.last_name AS author, message.text,
           told.answered_at IS NOT NULL AS answered,
           EXISTS (SELECT FROM chat_links WHERE user_id = :user_id AND unreachable_at IS NULL) AS linked
    FROM (SELECT about, min(answered_at) AS answered_at FROM deliveries
          WHERE user_id = :user_id AND kind = 'broadcast' AND about = :message_id GROUP BY about) AS told
    JOIN messages message ON message.id = told.about
    JOIN users author ON author.id = message.author_id
    """,
    user_id=Uuid(),
    message_id=Uuid(),
)


async def received_of_many(session: AsyncSession, user_id: uuid.UUID, message_id: uuid.UUID) -> Received | None:
    """A message to many as one of them sees it, whatever the others do; None where he was not told of it (R12.4)."""
    given = {"user_id": user_id, "message_id": message_id}
    row = (await session.execute(_RECEIVED, given)).one_or_none()
    if row is None:
        return None
    return Received(message_id, row.author, row.text, row.linked, row.answered, None, False, None, None)


async def kind_of(session: AsyncSession, message_id: uuid.UUID) -> Kind:
    """As what a message was told."""
    many = await session.scalar(select(Message.to_many).where(Message.id == message_id))
    return Kind.BROADCAST if many else Kind.MANUAL
