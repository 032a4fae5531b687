"""The deliveries as a queue in PostgreSQL: claim, record, and the rows of replies.

A claim is good for a lease, by the database's clock; its attempt number is the fencing token, so that whoever comes
back too late records nothing. What is due stays due (`due_at` says since when) until it is recorded as done; a retry's
pause is a lease that nobody holds. All statements but `track` and `untrack` commit by themselves.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Interval, Uuid, case, exists, func, literal, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.delivery.claims import LEASE_FOR, Claimed
from bot.delivery.steps import Accepted, Outcome, Sent, Step
from domain.db.models import ChatLink, Delivery
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.db.sql import sql
from domain.notices.kinds import Kind

RETIRED: Final = "retired"  # the kind of a message that is to be deleted: no table of kinds knows it

CLOCK: Final = func.clock_timestamp(type_=DateTime(timezone=True))


# `attempt` fences off a worker that is redrawing the message at this moment; see `overtaken`.
_TRACK = sql(
    """
    INSERT INTO deliveries (user_id, channel, kind, about, urgency, state, due_at, attempt, lease_until, chat_id,
                            message_id, created_at)
    VALUES (:user_id, 'telegram', :kind, :about, 0, :state, :now, 1, clock_timestamp() + :lease_for, :chat_id,
            :message_id, :now)
    ON CONFLICT (chat_id, message_id) DO UPDATE
    SET user_id = excluded.user_id, kind = excluded.kind, about = excluded.about, urgency = excluded.urgency,
        state = excluded.state, due_at = excluded.due_at, lease_until = excluded.lease_until,
        attempt = deliveries.attempt + 1, redraw = false
    RETURNING id, attempt
    """,
    lease_for=Interval(),
    about=Uuid(),
    chat_id=BigInteger(),
    message_id=BigInteger(),
)

_UNTRACK = sql(
    """
    INSERT INTO deliveries (user_id, channel, kind, urgency, state, chat_id, message_id, created_at)
    VALUES (:user_id, 'telegram', 'static', 2, 'sent', :chat_id, :message_id, :now)
    ON CONFLICT (chat_id, message_id) DO UPDATE
    SET kind = excluded.kind, about = NULL, attempt = deliveries.attempt + 1, lease_until = NULL, redraw = false,
        due_at = NULL
    """,
    chat_id=BigInteger(),
    message_id=BigInteger(),
)

# The message itself is locked with them: in the order in which everybody locks (domain.notices.actions).
_RETIRE_HOMES = sql(
    """
    WITH locked AS (
        SELECT id, (chat_id, message_id) IS NOT DISTINCT FROM (:chat_id, :message_id) AS kept FROM deliveries
        WHERE user_id = :user_id AND kind = 'home' AND state IN ('pending', 'sending', 'sent')
           OR chat_id = :chat_id AND message_id = :message_id
        ORDER BY kind = 'home', id
        FOR NO KEY UPDATE
    )
    UPDATE deliveries d SET kind = 'retired', redraw = true, due_at = :now, urgency = 3
    FROM locked WHERE d.id = locked.id AND (:message_id IS NULL OR NOT kept)
    """,
    chat_id=BigInteger(),
    message_id=BigInteger(),
)


async def track(
    session: AsyncSession,
    user_id: uuid.UUID,
    kind: str,
    about: uuid.UUID | None,
    *,
    chat_id: int,
    message_id: int | None,
    now: datetime,
) -> Claimed:
    """The row of a reply, in the transaction that it answers, leased by this process until it has sent it.

    With `message_id` it takes the place of what that message showed, else it is a message to come. There is one home
    card: earlier ones are deleted from the chat by a worker.
    """
    if kind == Kind.HOME:
        where = {"user_id": user_id, "chat_id": chat_id, "message_id": message_id}
        await session.execute(_RETIRE_HOMES, where | {"now": now})
    given = {
        "user_id": user_id,
        "kind": kind,
        "about": about,
        "state": DeliveryState.SENDING if message_id is None else DeliveryState.SENT,
        "chat_id": chat_id,
        "message_id": message_id,
    }
    row = await session.execute(_TRACK, given | {"now": now, "lease_for": LEASE_FOR})
    id_, attempt = row.one()
    return Claimed(id_, attempt, user_id, Channel.TELEGRAM, kind, about, Urgency.URGENT, now, None, chat_id, message_id)


async def untrack(session: AsyncSession, user_id: uuid.UUID, chat_id: int, message_id: int, now: datetime) -> None:
    """The message shows something from now on that is never redrawn; no redraw may bring its old screen back.

    It gets a row where it has none yet: whoever sent it may not have recorded it.
    """
    given = {"user_id": user_id, "chat_id": chat_id, "message_id": message_id, "now": now}
    await session.execute(_UNTRACK, given)


async def begin_sms(db: AsyncEngine, claimed: Claimed) -> bool:
    """Writes down that from now on the SMS may have left; False where it was cancelled or claimed by another."""
    begun = (
        _held(claimed)
        .where(Delivery.state == DeliveryState.PENDING)
        .values(state=DeliveryState.SENDING, lease_until=CLOCK + LEASE_FOR)
    )
    return await _hit(db, begun)


async def abandon_sms(db: AsyncEngine, now: datetime) -> int:
    """SMS whose sender died while sending: nobody knows whether they left, so they are not sent again (R11.7)."""
    lost = (
        update(Delivery)
        .where(Delivery.channel == Channel.SMS, Delivery.state == DeliveryState.SENDING)
        .where(Delivery.due_at <= now, Delivery.lease_until <= CLOCK)
        .values(state=DeliveryState.UNKNOWN, due_at=None, reason="its sender died before it had an answer")
    )
    async with db.connect() as connection:
        return (await connection.execute(lost)).rowcount


async def record(db: AsyncEngine, claimed: Claimed, step: Step, outcome: Outcome, now: datetime) -> bool:
    """Writes down what came of an attempt; False where a later attempt has the row.

    What changed while the message was under way (`redraw`) makes it due again.
    """
    values: dict[str, Any] = {"state": step.state, "reason": step.reason, "lease_until": None}
    if step.channel is not None:
        values |= {"channel": step.channel, "due_at": now}
    elif step.pause is not None:
        values |= {"lease_until": CLOCK + step.pause}
    elif step.state is DeliveryState.SENT and claimed.channel is Channel.TELEGRAM:
        values |= {"due_at": case((Delivery.redraw, literal(now, DateTime(timezone=True))), else_=null())}
    else:
        values |= {"due_at": None}
    match outcome:
        case Sent(message_id=message_id):
            values |= {"chat_id": claimed.chat_id, "message_id": message_id, "sent_at": now}
        case Accepted(sid=sid):
            values |= {"sms_sid": sid, "sent_at": now}
        case _:
            pass
    try:
        return await _hit(db, _held(claimed).values(values))
    except IntegrityError:
        # Its button was pressed before we came to record it: the message has a row of that press, and ours is done.
        pressed = {"state": DeliveryState.CANCELLED, "due_at": None, "lease_until": None, "redraw": False}
        return await _hit(db, _held(claimed).values(pressed | {"reason": "pressed before it was recorded"}))


async def overtaken(db: AsyncEngine, claimed: Claimed, outcome: Outcome, now: datetime) -> None:
    """An attempt came to its end after another had begun: what it left in the chat is put right.

    A second copy of the message is kept current from now on like the first; an edit may have undone a later one.
    """
    if isinstance(outcome, Sent):
        # In a chat that is no longer his (R12.2) it is deleted instead.
        his = exists().where(ChatLink.user_id == Delivery.user_id, ChatLink.chat_id == claimed.chat_id)
        copied = (Delivery.user_id, Delivery.about)
        copy: dict[str, Any] = {
            "channel": Channel.TELEGRAM,
            "state": DeliveryState.SENT,
            "urgency": int(Urgency.TIDYING),
            "due_at": now,
            "redraw": True,
            "chat_id": claimed.chat_id,
            "message_id": outcome.message_id,
            "sent_at": now,
            "created_at": now,
        }
        columns = [*(column.key for column in copied), *copy, "kind"]
        kept = [literal(value, getattr(Delivery, name).type) for name, value in copy.items()]
        kind = case((or_(his, Delivery.kind == Kind.LINK_MOVED), Delivery.kind), else_=RETIRED)
        await _hit(
            db,
            insert(Delivery)
            .from_select(columns, select(*copied, *kept, kind).where(Delivery.id == claimed.id))
            .on_conflict_do_nothing(),
        )
    elif claimed.message_id is not None:
        again = update(Delivery).where(Delivery.id == claimed.id, Delivery.state == DeliveryState.SENT)
        await _hit(db, again.values(redraw=True, due_at=now))


async def release(db: AsyncEngine, claimed: Claimed) -> None:
    """Gives the row back untried; whoever claims next has it."""
    untried = case((Delivery.state == DeliveryState.SENDING, DeliveryState.PENDING), else_=Delivery.state)
    await _hit(db, _held(claimed).values(state=untried, lease_until=None))


async def mark_unreachable(db: AsyncEngine, chat_id: int, now: datetime) -> None:
    """Telegram no longer reaches this chat; anything that its owner sends mends it."""
    link = update(ChatLink).where(ChatLink.chat_id == chat_id, ChatLink.unreachable_at.is_(None))
    await _hit(db, link.values(unreachable_at=now))


def _held(claimed: Claimed) -> Any:
    return update(Delivery).where(Delivery.id == claimed.id, Delivery.attempt == claimed.attempt)


async def _hit(db: AsyncEngine, statement: Any) -> bool:
    async with db.connect() as connection:
        return (await connection.execute(statement)).rowcount > 0
