"""People come to exist, and link their chats (R12.1, R12.2, R12.8)."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import BigInteger, CursorResult, SmallInteger, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import (
    ChatLink,
    ContactSettings,
    Delivery,
    Employment,
    Invite,
    Notification,
    Pace,
    SeenUpdate,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import Channel, DeliveryState, NotificationType, Urgency, UserRole
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.notices.wording import LinkMoved, Wording
from domain.people.phones import e164
from domain.policy import Policy
from domain.refusals import Refusal, Refused


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
# overtaken, and is sent anew to the new chat.
_LEAVE_CHAT = sql(
    """
    WITH locked AS (
        SELECT id FROM deliveries
        WHERE user_id = :user_id AND channel = 'telegram'
          AND (chat_id = :chat_id AND state IN ('pending', 'sending', 'sent') OR chat_id IS NULL AND state = 'sending')
        ORDER BY kind = 'home', id
        FOR NO KEY UPDATE
    )
    UPDATE deliveries SET attempt = attempt + 1, redraw = false, lease_until = NULL,
        state = CASE WHEN chat_id IS NULL THEN 'pending' ELSE 'cancelled' END,
        due_at = CASE WHEN chat_id IS NULL THEN due_at END,
        reason = CASE WHEN chat_id IS NULL THEN reason ELSE 'the chat is no longer his' END
    WHERE id IN (SELECT id FROM locked)
    """,
    chat_id=BigInteger(),
)


async def _leave_chat(session: AsyncSession, user_id: uuid.UUID, chat_id: int, say: Wording, now: datetime) -> None:
    """The old chat is told, and nothing in it is kept current any more: it may be somebody else's phone."""
    await session.execute(_LEAVE_CHAT, {"user_id": user_id, "chat_id": chat_id})
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


async def reachable_again(session: AsyncSession, user_id: uuid.UUID) -> None:
    """He wrote to us, so Telegram will take messages for him again (R11.2)."""
    await session.execute(update(ChatLink).where(ChatLink.user_id == user_id).values(unreachable_at=None))


async def unreachable(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> None:
    """He blocked the bot: what comes next goes by SMS (R11.2)."""
    await session.execute(update(ChatLink).where(ChatLink.user_id == user_id).values(unreachable_at=now))


_NEW_DAY = sql(
    "UPDATE deliveries SET redraw = true, due_at = :now, urgency = :urgency WHERE kind = 'home' AND state = 'sent'",
    urgency=SmallInteger(),
)


async def clean_up(session: AsyncSession, policy: Policy, now: datetime) -> dict[str, int]:
    """Removes expired links, old update ids, cards that are gone and chats' paces, and turns home cards to the new day
    (R14); returns how many of each."""
    ended = Delivery.state.in_((DeliveryState.CANCELLED, DeliveryState.FAILED, DeliveryState.EXPIRED))
    long_ago = now - policy.keep_updates_for
    removed = {}
    for name, statement in {
        "invites": delete(Invite).where(Invite.expires_at < now - policy.keep_invites_for),
        "updates": delete(SeenUpdate).where(SeenUpdate.seen_at < long_ago),
        "cards": delete(Delivery).where(Delivery.notification_id.is_(None), ended, Delivery.created_at < long_ago),
        "paces": delete(Pace).where(Pace.next_at < func.clock_timestamp() - timedelta(days=1), Pace.key.like("chat:%")),
    }.items():
        gone = cast("CursorResult[Any]", await session.execute(statement))
        removed[name] = gone.rowcount
    # A new day: home cards show it. At night nobody is disturbed by an edit, and there is time for a large fleet's.
    turned = await session.execute(_NEW_DAY, {"now": now, "urgency": int(Urgency.TIDYING)})
    return removed | {"homes": cast("CursorResult[Any]", turned).rowcount}
