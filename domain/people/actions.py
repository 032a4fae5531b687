"""People come to exist, link their chats, and say whether they take SMS (R11.5, R12.1, R12.2, R12.8)."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    CursorResult,
    SmallInteger,
    Text,
    Uuid,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import (
    ChatLink,
    ContactSettings,
    Conversation,
    Delivery,
    Employment,
    Invite,
    Message,
    Notification,
    Pace,
    ReceivedSms,
    SeenUpdate,
    SmsAttempt,
    SmsCode,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import Channel, DeliveryState, NotificationType, Urgency, UserRole
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.kinds import Kind
from domain.notices.wording import FallbackGone, LinkMoved, Wording
from domain.people.phones import e164
from domain.people.queries import Person, managers_of_driver, people_with_phone
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day


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
    that is a driver's, a warehouse that doesn't exist.
    """
    if not all(name.strip() for name in (first_name, last_name, warehouse)):
        return Refused(Refusal.BAD_NAME)
    if (number := e164(phone)) is None:
        return Refused(Refusal.BAD_PHONE)
    warehouse_id = await session.scalar(select(Warehouse.id).where(func.lower(Warehouse.name) == warehouse.lower()))
    if warehouse_id is None and address is None:
        return Refused(Refusal.NO_SUCH_WAREHOUSE)
    # The model lets people share a number.
    known = (await session.execute(select(User.id, User.role).where(User.phone == number).order_by(User.id))).all()
    if any(role is not UserRole.MANAGER for _, role in known):
        return Refused(Refusal.PHONE_IS_A_DRIVERS)
    user_id = (
        known[0].id if known else await _create(session, first_name, last_name, number, UserRole.MANAGER, None, now)
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
    user_id = await _create(session, first_name, last_name, number, UserRole.DRIVER, language, now)
    await session.execute(insert(Employment).values(user_id=user_id, warehouse_id=home, starts_on=starts_on))
    return user_id


async def _create(
    session: AsyncSession,
    first_name: str,
    last_name: str,
    number: str,
    role: UserRole,
    language: str | None,
    now: datetime,
) -> uuid.UUID:
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
    await audit.record(session, None, now, audit.Entry("user", user_id, "created", after={"role": role}))
    return user_id


async def invite(
    session: AsyncSession, user_id: uuid.UUID, token: str, by: uuid.UUID | None, policy: Policy, now: datetime
) -> datetime:
    """Keeps a one-time link for `user_id`; returns when it expires. Of the token, the edge's, only a hash is kept."""
    expires_at = now + policy.invite_good_for
    await session.execute(
        insert(Invite).values(
            token_hash=_hashed(token), user_id=user_id, created_by=by, created_at=now, expires_at=expires_at
        )
    )
    await audit.record(session, by, now, audit.Entry("user", user_id, "invited"))
    return expires_at


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Linked:
    """The chat is his now."""

    user_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class AlreadyLinked:
    """The link was his, and this chat is linked to him: nothing to do."""

    user_id: uuid.UUID


async def link_by_invite(
    session: AsyncSession, token: str, chat_id: int, language: str, say: Wording, now: datetime
) -> Linked | AlreadyLinked | Refused:
    """Links a chat by a one-time link (R12.2). From another account it moves the link and tells the old chat.

    Refused in one way whether the link is unknown, used up or expired: strangers learn nothing. A chat that is somebody
    else's keeps its person. The person is locked, so that of two chats which open his links at once one gets him at a
    time; the link is read after that.
    """
    this = Invite.token_hash == _hashed(token)
    await session.execute(
        select(User.id).join(Invite, Invite.user_id == User.id).where(this).with_for_update(of=User, key_share=True)
    )
    found = await session.execute(select(Invite.user_id, Invite.used_at, Invite.expires_at).where(this))
    link = found.one_or_none()
    if link is None:
        return Refused(Refusal.LINK_NOT_GOOD)
    here = await session.scalar(select(ChatLink.user_id).where(ChatLink.chat_id == chat_id))
    if here == link.user_id:
        return AlreadyLinked(link.user_id)
    if link.used_at is not None or link.expires_at <= now:
        return Refused(Refusal.LINK_NOT_GOOD)
    if here is not None:
        return Refused(Refusal.CHAT_IS_ANOTHERS)
    user_id: uuid.UUID = link.user_id
    before = await session.scalar(select(ChatLink.chat_id).where(ChatLink.user_id == user_id))
    if before is not None:
        await _leave_chat(session, user_id, before, say, now)
    await session.execute(
        upsert(ChatLink)
        .values(user_id=user_id, chat_id=chat_id, linked_at=now)
        .on_conflict_do_update(
            index_elements=[ChatLink.user_id], set_={"chat_id": chat_id, "linked_at": now, "unreachable_at": None}
        )
    )
    # Other links of his that are still about lead nowhere from now on.
    await session.execute(update(Invite).where(Invite.user_id == user_id, Invite.used_at.is_(None)).values(used_at=now))
    await session.execute(
        upsert(ContactSettings)
        .values(user_id=user_id, language=language)
        .on_conflict_do_update(
            index_elements=[ContactSettings.user_id],
            set_={"language": func.coalesce(ContactSettings.language, language)},
        )
    )
    await audit.record(
        session,
        user_id,
        now,
        audit.Entry("user", user_id, "linked", before={"chat_id": before}, after={"chat_id": chat_id}),
    )
    return Linked(user_id)


# Locked in the order that all share (domain.notices.actions). What is just on its way there finds its attempt
# overtaken, and is sent anew to the new chat; so is what still waits for an answer (R11.2), or it would be lost.
_LEAVE_CHAT = sql(
    """
    WITH locked AS (
        SELECT id, chat_id IS NULL OR state = 'sent' AND escalate_at IS NOT NULL AS follows FROM deliveries
        WHERE user_id = :user_id AND channel = 'telegram'
          AND (chat_id = :chat_id AND state IN ('pending', 'sending', 'sent', 'acknowledged', 'escalated')
               OR chat_id IS NULL AND state = 'sending')
        ORDER BY kind = 'home', id
        FOR NO KEY UPDATE
    )
    UPDATE deliveries d SET attempt = attempt + 1, redraw = false, lease_until = NULL, escalate_at = NULL,
        state = CASE WHEN follows THEN 'pending' ELSE 'cancelled' END,
        urgency = CASE WHEN follows THEN coalesce(level, urgency) ELSE urgency END,
        due_at = CASE WHEN chat_id IS NULL THEN due_at WHEN follows THEN CAST(:now AS timestamptz) END,
        chat_id = CASE WHEN follows THEN NULL ELSE chat_id END,
        message_id = CASE WHEN follows THEN NULL ELSE message_id END,
        sent_at = CASE WHEN follows THEN NULL ELSE sent_at END,
        reason = CASE WHEN follows THEN reason ELSE 'the chat is no longer his' END
    FROM locked WHERE d.id = locked.id
    """,
    chat_id=BigInteger(),
)


async def _leave_chat(session: AsyncSession, user_id: uuid.UUID, chat_id: int, say: Wording, now: datetime) -> None:
    """The old chat is told, and nothing in it is kept current any more: it may be somebody else's phone.

    What nobody has answered there comes to the new one.
    """
    await session.execute(_LEAVE_CHAT, {"user_id": user_id, "chat_id": chat_id, "now": now})
    language = await session.scalar(select(ContactSettings.language).where(ContactSettings.user_id == user_id))
    worded = say(LinkMoved(), language or say.languages[0])
    notification_id = await session.scalar(
        insert(Notification)
        .values(
            user_id=user_id,
            type=NotificationType.MANUAL,
            title=worded.title,
            body=worded.body,
            data={"kind": Kind.LINK_MOVED, "dedupe": f"{Kind.LINK_MOVED.value}:{chat_id}:{user_id}:{now.isoformat()}"},
            created_at=now,
        )
        .returning(Notification.id)
    )
    await session.execute(
        insert(Delivery).values(
            notification_id=notification_id,
            user_id=user_id,
            channel=Channel.TELEGRAM,
            kind=Kind.LINK_MOVED,
            urgency=int(Urgency.IMPORTANT),
            state=DeliveryState.PENDING,
            due_at=now,
            chat_id=chat_id,
            created_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update of a chat. `first`: it has not been seen before. `person` is None for somebody unknown."""

    first: bool
    person: Person | None


# One round trip, since every press makes it. A second process with the same update waits at the insert for the first
# one's end: it is the first thing that either does, so neither holds anything that the other could be waiting for.
_ARRIVE = sql(
    """
    WITH seen AS (
        INSERT INTO seen_updates (update_id, seen_at) VALUES (:update_id, :now) ON CONFLICT DO NOTHING RETURNING 1
    ), who AS (
        SELECT person.id, person.role::text, person.first_name, person.last_name, person.phone, contact.language
        FROM chat_links link
        JOIN users person ON person.id = link.user_id
        LEFT JOIN contact_settings contact ON contact.user_id = link.user_id
        WHERE link.chat_id = :chat_id
    ), heard AS (
        INSERT INTO last_heard (user_id, at) SELECT who.id, :now FROM who, seen WHERE :acted
        ON CONFLICT (user_id) DO UPDATE SET at = greatest(last_heard.at, excluded.at)
    ), back AS (
        UPDATE chat_links link SET unreachable_at = NULL FROM who, seen
        WHERE link.user_id = who.id AND link.unreachable_at IS NOT NULL AND :acted
    )
    SELECT EXISTS (SELECT FROM seen) AS first, who.* FROM (SELECT) AS update_ LEFT JOIN who ON true
    """,
    update_id=BigInteger(),
    chat_id=BigInteger(),
    acted=Boolean(),
)


async def arrive(session: AsyncSession, update_id: int, chat_id: int, acted: bool, now: datetime) -> Arrival:
    """Records that an update has come, and finds out who is there.

    `acted`: the person did something, and did not just leave: what was sent to him before he has seen, and Telegram
    takes messages for him again (R11.2).
    """
    given = {"update_id": update_id, "chat_id": chat_id, "acted": acted, "now": now}
    first, *who = (await session.execute(_ARRIVE, given)).one()
    if who[0] is None:
        return Arrival(first, None)
    id_, role, *rest = who
    return Arrival(first, Person(id_, UserRole(role), *rest))


async def reachable_again(session: AsyncSession, user_id: uuid.UUID) -> None:
    """He wrote to us, so Telegram will take messages for him again (R11.2)."""
    await session.execute(update(ChatLink).where(ChatLink.user_id == user_id).values(unreachable_at=None))


async def unreachable(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> None:
    """He blocked the bot: what comes next goes by SMS (R11.2)."""
    await session.execute(update(ChatLink).where(ChatLink.user_id == user_id).values(unreachable_at=now))


_HEARD = sql(
    """
    INSERT INTO last_heard (user_id, at) SELECT id, :now FROM unnest(:of) AS id ORDER BY id
    ON CONFLICT (user_id) DO UPDATE SET at = greatest(last_heard.at, excluded.at)
    """,
    of=ARRAY(Uuid()),
)


async def heard(session: AsyncSession, user_ids: Sequence[uuid.UUID], now: datetime) -> None:
    """These people have done something by SMS: what was sent before they have seen (R11.2)."""
    await session.execute(_HEARD, {"of": list(user_ids), "now": now})


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
            await notices.follow(session, person.id, now, over=False)
    return True


async def opt_in(session: AsyncSession, phone: str, now: datetime) -> bool:
    """Texts may go to this phone again, and what said otherwise says so (R11.5). False: they might already."""
    if not await session.scalar(_OPT_IN, {"phone": phone}):
        return False
    people = await people_with_phone(session, phone)
    await _audit_consent(session, people, "sms_opted_in", now)
    for person in people:
        await notices.follow(session, person.id, now, over=False)
    return True


async def _audit_consent(session: AsyncSession, people: Sequence[Person], action: str, now: datetime) -> None:
    """Of those who share a phone nobody knows which one it was."""
    who = people[0].id if len(people) == 1 else None
    if people:
        await audit.record(session, who, now, *(audit.Entry("user", person.id, action) for person in people))


async def _tell_fallback_gone(
    session: AsyncSession, driver: Person, say: Wording, policy: Policy, now: datetime
) -> None:
    managers = (await session.scalars(managers_of_driver(driver.id, local_day(now, policy), now))).all()
    linked = await session.scalar(
        select(ChatLink.user_id).where(ChatLink.user_id == driver.id, ChatLink.unreachable_at.is_(None))
    )
    notice = FallbackGone(f"{driver.first_name} {driver.last_name}", linked is not None)
    envelope = notices.Envelope(Kind.FALLBACK_GONE, driver.id, occasion=now)
    await notices.tell(session, managers, notice, envelope, say, policy, now)


# By id, as everybody locks home cards (domain.notices.actions).
_NEW_DAY = sql(
    """
    WITH locked AS (
        SELECT id FROM deliveries WHERE kind = 'home' AND state = 'sent' ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE deliveries SET redraw = true, due_at = :now, urgency = :urgency WHERE id IN (SELECT id FROM locked)
    """,
    urgency=SmallInteger(),
)


async def clean_up(session: AsyncSession, policy: Policy, now: datetime) -> dict[str, int]:
    """Removes expired links and codes, old update ids, old SMS, cards that are gone, drafts and chats' paces, and turns
    home cards to the new day (R14); returns how many of each."""
    ended = Delivery.state.in_((DeliveryState.CANCELLED, DeliveryState.FAILED, DeliveryState.EXPIRED))
    cards = and_(Delivery.notification_id.is_(None), Delivery.channel == Channel.TELEGRAM)
    long_ago = now - policy.keep_updates_for
    removed = {}
    for name, statement in {
        "invites": delete(Invite).where(Invite.expires_at < now - policy.keep_invites_for),
        "updates": delete(SeenUpdate).where(SeenUpdate.seen_at < long_ago),
        "cards": delete(Delivery).where(cards, ended, Delivery.created_at < long_ago),
        "codes": delete(SmsCode).where(SmsCode.expires_at <= now),
        "conversations": delete(Conversation).where(Conversation.expires_at <= now),
        "received_sms": delete(ReceivedSms).where(ReceivedSms.received_at < now - policy.keep_sms_for),
        "sms_attempts": delete(SmsAttempt).where(SmsAttempt.created_at < now - policy.keep_sms_for),
        "drafts": delete(Message).where(Message.sent_at.is_(None), Message.created_at <= now - policy.draft_good_for),
        "paces": delete(Pace).where(
            Pace.next_at < func.clock_timestamp() - timedelta(days=1), Pace.key.like("%:%"), Pace.key.not_like("sms:%")
        ),
    }.items():
        gone = cast("CursorResult[Any]", await session.execute(statement))
        removed[name] = gone.rowcount
    # A new day: home cards show it. At night nobody is disturbed by an edit, and there is time for a large fleet's.
    turned = await session.execute(_NEW_DAY, {"now": now, "urgency": int(Urgency.TIDYING)})
    return removed | {"homes": cast("CursorResult[Any]", turned).rowcount}
