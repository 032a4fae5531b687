"""A manager's message to one person (`manual`): drafted, sent once, and what of it each of its readers sees."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Uuid, delete, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, names
from domain.db.models import Message
from domain.db.models.words import Urgency, UserRole
from domain.db.sql import alphabetical, sql
from domain.notices import actions as notices
from domain.notices.facts.people import Written
from domain.notices.kinds import Kind
from domain.notices.recipients import Addressed, Recipient, addressed, recipients
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused

LEVELS: Final = (Urgency.URGENT, Urgency.IMPORTANT, Urgency.NORMAL)  # what an author may choose from


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that waits for its author to choose: to whom of those found, and how urgent it is.

    `near`: where nobody is called so, whose names look like it.
    """

    message_id: uuid.UUID
    sought: str
    text: str
    found: tuple[Recipient, ...]
    near: tuple[Recipient, ...] = ()


async def draft_message(
    session: AsyncSession, manager: Person, written: str, policy: Policy, now: datetime
) -> Draft | Refused:
    """Keeps what a manager has written, `name: text`, until he has chosen; nobody is told yet.

    Refused: nobody of his is called so or nearly so, no text, and one of more than 1,000 characters.
    """
    parts = addressed(written, await recipients(session, manager.id, policy, now))
    if not parts.found and not (parts.near and parts.text):
        return Refused(Refusal.NOBODY_CALLED_SO)
    return await _keep(session, manager, parts, policy, now)


async def draft_to(
    session: AsyncSession, manager: Person, user_id: uuid.UUID, text: str, policy: Policy, now: datetime
) -> Draft | Refused:
    """The same to one who was chosen before its text was written; refused also where he is none of his."""
    to = await recipients(session, manager.id, policy, now, of=[user_id])
    if not to:
        return Refused(Refusal.RECIPIENT_GONE)
    return await _keep(session, manager, Addressed(to[0].name, to, text), policy, now)


async def _keep(
    session: AsyncSession, manager: Person, parts: Addressed, policy: Policy, now: datetime
) -> Draft | Refused:
    if (why := refuse_text(parts.text, policy)) is not None:
        return Refused(why)
    message_id = uuid.uuid4()
    kept = {"id": message_id, "author_id": manager.id, "sought": parts.sought, "text": parts.text, "created_at": now}
    await session.execute(insert(Message).values(kept))
    return Draft(message_id, parts.sought, parts.text, parts.found, parts.near)


def refuse_text(text: str, policy: Policy) -> Refusal | None:
    """Nothing, or too much of it."""
    if not text:
        return Refusal.NO_TEXT
    return Refusal.TEXT_TOO_LONG if len(text) > policy.message_most else None


@dataclass(frozen=True, slots=True)
class AlreadySent:
    """It has gone out before."""


async def draft(
    session: AsyncSession, manager: Person, message_id: uuid.UUID, policy: Policy, now: datetime
) -> Draft | AlreadySent | Refused:
    """A draft of the manager's and who is called so now. Refused: none of his, and one older than a day."""
    message = await own(session, manager, message_id, policy, now)
    if not isinstance(message, Message):
        return message
    if message.to_many:
        return Refused(Refusal.DRAFT_GONE)
    known = names.people(await recipients(session, manager.id, policy, now))
    found = known.called(message.sought)
    return Draft(message_id, message.sought, message.text, found, () if found else known.near(message.sought))


async def own(
    session: AsyncSession, manager: Person, message_id: uuid.UUID, policy: Policy, now: datetime, *, lock: bool = False
) -> Message | AlreadySent | Refused:
    """A message of the manager's that still waits to be sent."""
    found = select(Message).where(Message.id == message_id, Message.author_id == manager.id)
    message = await session.scalar(found.with_for_update(key_share=True) if lock else found)
    if message is None:
        return Refused(Refusal.DRAFT_GONE)
    if message.sent_at is not None:
        return AlreadySent()
    return Refused(Refusal.DRAFT_GONE) if message.created_at <= now - policy.draft_good_for else message


@dataclass(frozen=True, slots=True)
class Away:
    """A manager is away, and who is there to get it instead (R11.4a): `others`, by name. Nobody: he gets it himself."""

    until: datetime
    others: tuple[tuple[uuid.UUID, str], ...]


_AWAY_UNTIL = sql(
    "SELECT away_until FROM contact_settings WHERE user_id = :user_id AND away_until > :now", user_id=Uuid()
)
_STAND_INS = sql(
    f"""
    SELECT who.id, who.first_name || ' ' || who.last_name AS name
    FROM warehouse_managers there
    JOIN users who ON who.id = there.user_id AND who.role = 'manager'
    LEFT JOIN contact_settings contact ON contact.user_id = who.id
    WHERE there.warehouse_id = :warehouse_id AND who.id <> ALL (:but)
      AND (contact.away_until IS NULL OR contact.away_until <= :now)
    ORDER BY {alphabetical("who.first_name || ' ' || who.last_name")}, who.id
    """,  # noqa: S608 - our own text
    warehouse_id=Uuid(),
    but=ARRAY(Uuid()),
)


async def away(session: AsyncSession, author_id: uuid.UUID, to: Recipient, now: datetime) -> Away | None:
    """Who gets what is written to somebody while he is away; None: he is not, or drives."""
    until = await session.scalar(_AWAY_UNTIL, {"user_id": to.id, "now": now})
    if until is None or to.role is not UserRole.MANAGER:
        return None
    given = {"warehouse_id": to.warehouse_id, "but": [author_id, to.id], "now": now}
    return Away(until, tuple((row.id, row.name) for row in await session.execute(_STAND_INS, given)))


@dataclass(frozen=True, slots=True)
class Sent:
    """It is on its way."""

    to: Recipient


async def send_message(
    session: AsyncSession,
    manager: Person,
    message_id: uuid.UUID,
    user_id: uuid.UUID,
    level: int,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Sent | AlreadySent | Refused:
    """Sends a draft of the manager's to one person (`manual`, R11), once: the draft is locked.

    While that one is away it goes to the others of the warehouse. `level` 0 to 2, urgent first. Refused: a draft that
    is not his or too old, and somebody who is not, or no longer, of his warehouses.
    """
    message = await own(session, manager, message_id, policy, now, lock=True)
    if not isinstance(message, Message):
        return message
    to = await recipients(session, manager.id, policy, now, of=[user_id])
    if not to:
        return Refused(Refusal.RECIPIENT_GONE)
    if level not in LEVELS or message.to_many:
        return Refused(Refusal.NOT_FOUND)
    [recipient] = to
    await session.execute(update(Message).where(Message.id == message_id).values(sent_at=now))
    after = {"to": str(recipient.id), "level": Urgency(level).name.lower()}
    await audit.record(session, manager.id, now, audit.Entry("message", message_id, "sent", after=after))
    absence = await away(session, manager.id, recipient, now)
    others = [user_id for user_id, _ in absence.others] if absence else []
    author, instead_of = f"{manager.first_name} {manager.last_name}", recipient.name if others else None
    envelope = notices.Envelope(Kind.MANUAL, message_id, warehouse_id=recipient.warehouse_id, level=Urgency(level))
    notice = Written(author, message.text, instead_of)
    await notices.tell(session, others or [recipient.id], notice, envelope, say, policy, now)
    return Sent(recipient)


@dataclass(frozen=True, slots=True)
class Discarded:
    """The draft is gone; also where it was gone before."""


async def discard_message(session: AsyncSession, manager: Person, message_id: uuid.UUID) -> Discarded | AlreadySent:
    """Throws a draft of the manager's away. What was sent stays, and another's is not touched."""
    his = (Message.id == message_id, Message.author_id == manager.id)
    await session.execute(delete(Message).where(*his, Message.sent_at.is_(None)))
    sent = await session.scalar(select(Message.sent_at).where(*his))
    return Discarded() if sent is None else AlreadySent()
