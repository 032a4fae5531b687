"""People link their chats, by a one-time link or their own contact, and lose them when they leave (R12.2, R12.7)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Uuid,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import (
    CalendarFeed,
    ChatLink,
    ContactSettings,
    Delivery,
    Invite,
    Notification,
    User,
)
from domain.db.models.words import Channel, DeliveryState, NotificationType, Urgency
from domain.db.sql import sql
from domain.notices.facts.people import LinkMoved
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.actions import giving_numbers
from domain.people.numbers import NumberIsNew, change_number
from domain.people.phones import e164
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day
from domain.tokens import hashed


async def invite(
    session: AsyncSession, user_id: uuid.UUID, token: str, by: uuid.UUID | None, policy: Policy, now: datetime
) -> datetime:
    """Keeps a one-time link for `user_id`; returns when it expires. Of the token, the edge's, only a hash is kept."""
    expires_at = now + policy.invite_good_for
    await session.execute(
        insert(Invite).values(
            token_hash=hashed(token), user_id=user_id, created_by=by, created_at=now, expires_at=expires_at
        )
    )
    await audit.record(session, by, now, audit.Entry("user", user_id, "invited"))
    return expires_at


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
    this = Invite.token_hash == hashed(token)
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
    return await _link(session, link.user_id, chat_id, language, say, now)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as Telegram brings it. `own`: it is the sender's, as Telegram itself says."""

    own: bool
    phone: str

    @property
    def number(self) -> str | None:
        """In E.164. Telegram writes numbers with their country's code, but may leave the + out (R12.1)."""
        phone = self.phone.strip()
        return (None if phone.startswith("+") else e164(f"+{phone}")) or e164(phone)


async def link_by_contact(
    session: AsyncSession,
    contact: Contact,
    chat_id: int,
    language: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Linked | AlreadyLinked | NumberIsNew | Refused:
    """Links a chat by its owner's own contact (R12.2), in all as above.

    Refused in one way, so that strangers learn nothing: somebody else's contact, a number that nobody or more than one
    has, and a driver whose employment is over. A chat that is linked keeps its person: his own number again is fine;
    one that nobody has is his new one (R12.7), one that somebody else has is not.
    """
    number = contact.number
    if not contact.own or number is None:
        return Refused(Refusal.CONTACT_NOT_GOOD)
    await giving_numbers(session)
    whose = select(ChatLink.user_id).where(ChatLink.chat_id == chat_id)
    before = await session.scalar(whose)
    concerned = select(User.id, User.phone).where(or_(User.phone == number, User.id == before)).order_by(User.id)
    locked = (await session.execute(concerned.with_for_update(key_share=True))).all()
    owners = {person.id for person in locked if person.phone == number}
    # Read once the locks are got: he may have another chat by now, or be nobody in particular (R12.6), and of two chats
    # that share a number at once the second finds what the first has done.
    here = await session.scalar(whose)
    if here is not None and here == before and not owners:
        return await change_number(session, here, number, say, policy, now)
    if here is not None:
        return AlreadyLinked(here) if here in owners else Refused(Refusal.CONTACT_NOT_GOOD)
    if len(owners) != 1:
        return Refused(Refusal.CONTACT_NOT_GOOD)
    [owner] = owners
    if not await session.scalar(_MAY_LINK, {"user_id": owner, "today": local_day(now, policy)}):
        return Refused(Refusal.CONTACT_NOT_GOOD)
    return await _link(session, owner, chat_id, language, say, now)


# A manager, or a driver whose employment is not over (R12.7).
_MAY_LINK = sql(
    """
    SELECT person.role <> 'driver'
           OR NOT EXISTS (SELECT FROM employments home WHERE home.user_id = person.id)
           OR EXISTS (SELECT FROM employments home WHERE home.user_id = person.id
                      AND (home.ends_on IS NULL OR home.ends_on >= :today))
    FROM users person WHERE person.id = :user_id
    """,
    user_id=Uuid(),
    today=Date(),
)


async def _link(
    session: AsyncSession, user_id: uuid.UUID, chat_id: int, language: str, say: Wording, now: datetime
) -> Linked:
    """The chat is his from now on; he is locked, and the chat is nobody's."""
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
# overtaken, and is sent anew to the new chat; so is what still waits for an answer (R11.2), or it would be lost. Nobody
# claims what is yet to be sent until this is committed: he would find the old chat.
_LEAVE_CHAT = sql(
    """
    WITH locked AS (
        SELECT id, chat_id IS NULL OR state = 'sent' AND escalate_at IS NOT NULL AS follows FROM deliveries
        WHERE user_id = :user_id AND channel = 'telegram'
          AND (chat_id = :chat_id AND state IN ('pending', 'sending', 'sent', 'acknowledged', 'escalated')
               OR chat_id IS NULL AND state IN ('pending', 'sending'))
        ORDER BY kind IN ('home', 'board', 'coverage'), id
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


# What of theirs is still on its way or kept current ends; their last notice goes to the chat that is no longer theirs.
# Home cards and boards are locked behind the rest, as everybody does (domain.notices.actions).
_UNLINK = sql(
    """
    WITH locked AS (
        SELECT d.id, link.chat_id AS old_chat, kind = 'leaving' AND state = 'pending' AS last
        FROM deliveries d LEFT JOIN chat_links link ON link.user_id = d.user_id
        WHERE d.user_id = ANY (:of) AND (kind NOT IN ('home', 'board', 'coverage') OR :cards)
          AND (channel = 'telegram' AND state IN ('pending', 'sending', 'sent', 'acknowledged', 'escalated')
               OR channel = 'sms' AND state = 'pending')
        ORDER BY kind IN ('home', 'board', 'coverage'), d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries d SET attempt = attempt + 1, redraw = false, lease_until = NULL,
        escalate_at = CASE WHEN last THEN escalate_at END,
        state = CASE WHEN last THEN state ELSE 'cancelled' END,
        due_at = CASE WHEN last THEN due_at END,
        chat_id = CASE WHEN last AND channel = 'telegram' THEN old_chat ELSE chat_id END,
        reason = CASE WHEN last THEN reason ELSE 'the chat is no longer his' END
    FROM locked WHERE d.id = locked.id
    """,
    of=ARRAY(Uuid()),
    cards=Boolean(),
)


async def unlink(session: AsyncSession, user_id: uuid.UUID, by: uuid.UUID | None, now: datetime) -> None:
    """His chat is nobody's any more (R12.7): it gets what he has just been told of his leaving, and nothing after.

    The address of his calendar is void, too.
    """
    await _unlink(session, [user_id], by, now, cards=True)


async def _unlink(
    session: AsyncSession, of: Sequence[uuid.UUID], by: uuid.UUID | None, now: datetime, *, cards: bool
) -> None:
    await session.execute(_UNLINK, {"of": list(of), "cards": cards})
    await session.execute(delete(CalendarFeed).where(CalendarFeed.user_id.in_(of)))
    links = delete(ChatLink).where(ChatLink.user_id.in_(of)).returning(ChatLink.user_id, ChatLink.chat_id)
    gone = [
        audit.Entry("user", user_id, "unlinked", before={"chat_id": chat_id})
        for user_id, chat_id in await session.execute(links)
    ]
    if gone:
        await audit.record(session, by, now, *gone)


# Drivers whose every employment is over, and who are not at work.
_GONE = sql(
    """
    SELECT link.user_id FROM chat_links link JOIN users person ON person.id = link.user_id
    WHERE person.role = 'driver' AND EXISTS (SELECT FROM employments home WHERE home.user_id = link.user_id)
      AND NOT EXISTS (SELECT FROM employments home
                      WHERE home.user_id = link.user_id AND (home.ends_on IS NULL OR home.ends_on >= :today))
      AND NOT EXISTS (SELECT FROM assignments a WHERE a.user_id = link.user_id AND a.status = 'active')
    ORDER BY link.user_id
    FOR NO KEY UPDATE OF person SKIP LOCKED
    """,
    today=Date(),
)


async def unlink_who_left(session: AsyncSession, policy: Policy, now: datetime) -> Sequence[uuid.UUID]:
    """Takes their chats from those whose last day is over (R12.7, R14), but for home cards; returns who they were."""
    gone = (await session.scalars(_GONE, {"today": local_day(now, policy)})).all()
    if gone:
        await _unlink(session, gone, None, now, cards=False)
    return gone
