"""The deliveries as a queue in PostgreSQL: what is recorded of a Telegram row, and the rows of replies.

A claim is good for a lease, by the database's clock; its attempt number is the fencing token, so that whoever comes
back too late records nothing. What is due stays due (`due_at` says since when) until it is recorded as done;
before `pause_until` nobody takes it up again. All statements but `track` and `untrack` commit by themselves.
"""

import uuid
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Interval,
    LargeBinary,
    Text,
    TextClause,
    Uuid,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.types import TypeEngine

from bot.alone import alone
from bot.delivery.claims import LEASE_FOR, Claimed
from bot.delivery.outcomes import Outcome, Sent, Waited
from bot.delivery.steps import SHOWN, Step
from domain.db.models import ChatLink, Delivery
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.db.sql import sql
from domain.notices.kinds import CHANGED_BY_ALL, RULES, Kind
from domain.policy import Policy

TO_OLD_CHATS: Final = (Kind.LINK_MOVED, Kind.LEAVING)  # what may go to a chat that is no longer his
# Kinds that no table knows: of a message that is to be deleted, and of one that stays as it is.
RETIRED: Final = "retired"
STATIC: Final = "static"


# `attempt` fences off a worker that is redrawing the message at this moment; see `overtaken`. A notice that still shows
# itself stays answered, or on its way by SMS; what shows something else from now on has nothing left to escalate.
_TRACK = sql(
    """
    INSERT INTO deliveries (user_id, channel, kind, about, urgency, state, due_at, attempt, lease_until, chat_id,
                            message_id, created_at)
    VALUES (:user_id, 'telegram', :kind, :about, 0, :state, :now, 1, clock_timestamp() + :lease_for, :chat_id,
            :message_id, :now)
    ON CONFLICT (chat_id, message_id) DO UPDATE
    SET user_id = excluded.user_id, kind = excluded.kind, about = excluded.about, urgency = excluded.urgency,
        state = CASE WHEN deliveries.state IN ('acknowledged', 'escalated') AND deliveries.kind = excluded.kind
                          AND deliveries.about IS NOT DISTINCT FROM excluded.about
                     THEN deliveries.state ELSE excluded.state END,
        escalate_at = CASE WHEN deliveries.kind = excluded.kind THEN deliveries.escalate_at END,
        due_at = excluded.due_at, lease_until = excluded.lease_until, pause_until = NULL,
        attempt = deliveries.attempt + 1, redraw = false, shows = NULL
    RETURNING id, attempt
    """,
    lease_for=Interval(),
    about=Uuid(),
    chat_id=BigInteger(),
    message_id=BigInteger(),
)

# Nothing is due of what stays as it is: `pause_until` says until when a redraw that it has overtaken may still arrive.
_UNTRACK = sql(
    """
    INSERT INTO deliveries (user_id, channel, kind, urgency, state, chat_id, message_id, created_at)
    VALUES (:user_id, 'telegram', 'static', 2, 'sent', :chat_id, :message_id, :now)
    ON CONFLICT (chat_id, message_id) DO UPDATE
    SET kind = excluded.kind, about = NULL, attempt = deliveries.attempt + 1, redraw = false, due_at = NULL,
        escalate_at = NULL, lease_until = NULL,
        pause_until = CASE WHEN deliveries.kind = 'static' THEN deliveries.pause_until ELSE deliveries.lease_until END
    RETURNING CASE WHEN pause_until > clock_timestamp() THEN id END
    """,
    chat_id=BigInteger(),
    message_id=BigInteger(),
)

# The message itself is locked with them: in the order in which everybody locks (domain.notices.actions).
_RETIRE_EARLIER = sql(
    """
    WITH locked AS (
        SELECT id, (chat_id, message_id) IS NOT DISTINCT FROM (:chat_id, :message_id) AS kept FROM deliveries
        WHERE user_id = :user_id AND kind = :kind AND state IN ('pending', 'sending', 'sent') AND NOT pins
           OR chat_id = :chat_id AND message_id = :message_id
        ORDER BY kind IN ('home', 'board', 'coverage'), id
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
    card, one board and one map: earlier ones are deleted from the chat by a worker, but for the board that is pinned.
    """
    if kind in CHANGED_BY_ALL:
        where = {"user_id": user_id, "kind": kind, "chat_id": chat_id, "message_id": message_id}
        await session.execute(_RETIRE_EARLIER, where | {"now": now})
    state = DeliveryState.SENDING if message_id is None else DeliveryState.SENT
    given = {
        "user_id": user_id,
        "kind": kind,
        "about": about,
        "state": state,
        "chat_id": chat_id,
        "message_id": message_id,
    }
    row = await session.execute(_TRACK, given | {"now": now, "lease_for": LEASE_FOR})
    id_, attempt = row.one()
    here = (chat_id, message_id, state)
    return Claimed(id_, attempt, user_id, Channel.TELEGRAM, kind, about, Urgency.URGENT, now, None, *here)


async def untrack(
    session: AsyncSession, user_id: uuid.UUID, chat_id: int, message_id: int, now: datetime
) -> uuid.UUID | None:
    """The message shows something from now on that is never redrawn; no redraw may bring its old screen back.

    It gets a row where it has none yet: whoever sent it may not have recorded it. Returns the row where a redraw is
    under way, which would be the last word if it came later than what the message is to show: see `in_hand`.
    """
    given = {"user_id": user_id, "chat_id": chat_id, "message_id": message_id, "now": now}
    row: uuid.UUID | None = await session.scalar(_UNTRACK, given)
    return row


async def in_hand(db: AsyncEngine, id_: uuid.UUID) -> bool:
    """Whether a redraw that `untrack` has overtaken is still under way."""
    async with db.connect() as connection:
        under_way = (Delivery.kind == STATIC) & (Delivery.pause_until > func.clock_timestamp())
        return bool(await connection.scalar(select(under_way).where(Delivery.id == id_)))


async def _landed(db: AsyncEngine, claimed: Claimed) -> bool:
    """It is not under way any more, whatever has become of it. False: what it was about is redrawn."""
    static = update(Delivery).where(Delivery.id == claimed.id, Delivery.kind == STATIC)
    return await _hit(db, static.values(pause_until=None))


async def is_pinned(session: AsyncSession, chat_id: int, message_id: int) -> bool:
    """Whether the message is to stay at the top of its chat, whatever is pressed on it."""
    where = Delivery.chat_id == chat_id, Delivery.message_id == message_id
    return bool(await session.scalar(select(Delivery.pins).where(*where)))


async def mark_pinned(db: AsyncEngine, id_: uuid.UUID, now: datetime) -> None:
    """Since now it stands there."""
    await _hit(db, update(Delivery).where(Delivery.id == id_).values(pinned_at=now))


_MINE: Final = """
    UPDATE deliveries SET
        state = CASE WHEN :shown AND :state = :was THEN state ELSE :state END,
        reason = CASE WHEN :shown AND :was = 'escalated' THEN coalesce(:reason, reason) ELSE :reason END,
        failure = CASE WHEN :shown AND :was = 'escalated' THEN coalesce(:failure, failure) ELSE :failure END,
        lease_until = NULL,
        pause_until = CASE WHEN :waited THEN pause_until ELSE greatest(pause_until, clock_timestamp() + :pause) END,
        due_at = CASE WHEN :waited THEN due_at
                      WHEN :pause IS NOT NULL THEN coalesce(:due_at, due_at)
                      WHEN redraw AND :state IN ('sent', 'acknowledged', 'escalated')
                      THEN CAST(:now AS timestamptz)
                      ELSE :due_at END,
        escalate_at = CASE WHEN :keeps THEN escalate_at ELSE :escalate_at END,
        chat_id = coalesce(:chat_id, chat_id), message_id = coalesce(:message_id, message_id),
        sent_at = coalesce(:sent_at, sent_at),
        shows = CASE WHEN :waited THEN shows WHEN redraw THEN NULL ELSE CAST(:shows AS bytea) END
    WHERE id = :id AND attempt = :attempt AND (:shown OR state = :was)
    RETURNING *
"""
# What an SMS row has of the Telegram row that it goes on from; a normal one waits for the digest (not due, R11.4a).
# One each, whoever is killed and whoever comes second: `escalated_from` is unique.
_BY_SMS: Final = """, by_sms AS (
        INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, level, state, due_at,
                                expires_at, escalate_at, escalated_from, created_at)
        SELECT mine.notification_id, mine.user_id, 'sms', mine.kind, mine.about, mine.level, mine.level, 'pending',
               CASE WHEN mine.level <= 1 THEN CAST(:now AS timestamptz) END, mine.expires_at,
               CASE WHEN person.role = 'manager' THEN CAST(:pass_on_at AS timestamptz) END, mine.id, :now
        FROM mine JOIN users person ON person.id = mine.user_id
        ON CONFLICT (escalated_from) DO NOTHING
    )
"""
_OVER: Final = ", over AS (DELETE FROM operator_alerts WHERE key = 'telegram')"
_OF_ALL: Final[dict[str, TypeEngine[Any]]] = {
    "state": Text(),
    "was": Text(),
    "shown": Boolean(),
    "keeps": Boolean(),
    "waited": Boolean(),
    "reason": Text(),
    "failure": Text(),
    "pause": Interval(),
    "due_at": DateTime(timezone=True),
    "escalate_at": DateTime(timezone=True),
    "sent_at": DateTime(timezone=True),
    "chat_id": BigInteger(),
    "message_id": BigInteger(),
    "shows": LargeBinary(),
    "id": Uuid(),
}


def _recording(also: str = "", **types: TypeEngine[Any]) -> TextClause:
    """Most attempts end with nothing but their own row; what else may follow costs whether it does or not."""
    return sql(f"WITH mine AS ({_MINE}) {also} SELECT count(*) FROM mine", **_OF_ALL, **types)  # noqa: S608


_RECORD, _RECORD_SENT = _recording(), _recording(_OVER)
_RECORD_ESCALATED = _recording(_BY_SMS, pass_on_at=DateTime(timezone=True))


async def record(
    db: AsyncEngine,
    claimed: Claimed,
    step: Step,
    outcome: Outcome,
    policy: Policy,
    now: datetime,
    shows: bytes | None = None,
) -> bool:
    """Writes down what came of a Telegram row's attempt; False where a later attempt has had it.

    `shows`: a digest of what the message shows since; what was changed meanwhile is edited whatever it says.

    What becomes `escalated` gets its SMS row in the same statement. What changed while the message was under way
    (`redraw`) makes it due again. An edit keeps the notice's own state and the time at which it goes on; what waiting
    has come to keeps the redraw that is due. A message that Telegram takes ends the operators' alert about it.
    """
    rule, urgent = RULES.get(claimed.kind), claimed.of_level is Urgency.URGENT
    given = {
        "id": claimed.id,
        "attempt": claimed.attempt,
        "state": step.state.value,
        "was": claimed.state.value,
        "shown": claimed.shown,
        "keeps": claimed.shown and step.state in SHOWN and not isinstance(outcome, Waited),
        "waited": claimed.shown and isinstance(outcome, Waited),
        "reason": step.reason,
        "failure": step.failure.value if step.failure else None,
        "pause": step.pause,
        "due_at": step.due_at,
        "escalate_at": step.escalate_at,
        "sent_at": now if isinstance(outcome, Sent) else None,
        "chat_id": claimed.chat_id if isinstance(outcome, Sent) else None,
        "message_id": outcome.message_id if isinstance(outcome, Sent) else None,
        "shows": shows,
        "now": now,
    }
    statement = _RECORD_SENT if isinstance(outcome, Sent) else _RECORD
    if step.state is DeliveryState.ESCALATED and claimed.state is not DeliveryState.ESCALATED:
        statement = _RECORD_ESCALATED
        passes_on = urgent and rule is not None and rule.passed_on
        given["pass_on_at"] = now + policy.pass_on_after if passes_on else None
    try:
        [(recorded,)] = await alone(db, statement, given)
        return bool(recorded)
    except asyncpg.IntegrityConstraintViolationError:
        # Its button was pressed before we came to record it: the message has a row of that press, and ours is done.
        pressed = {"state": DeliveryState.CANCELLED, "due_at": None, "lease_until": None, "redraw": False}
        return await _hit(db, _held(claimed).values(pressed | {"reason": "pressed before it was recorded"}))


async def overtaken(db: AsyncEngine, claimed: Claimed, outcome: Outcome, now: datetime) -> None:
    """An attempt came to its end after another had begun: what it left in the chat is put right.

    A second copy of the message is kept current from now on like the first; an edit may have undone a later one. What
    is not redrawn any more has waited for it (`in_hand`).
    """
    stays = await _landed(db, claimed)
    if isinstance(outcome, Sent):
        # In a chat that is no longer his (R12.2) it is deleted instead, and so it is where a list has its place now.
        his = exists().where(ChatLink.user_id == Delivery.user_id, ChatLink.chat_id == claimed.chat_id)
        copied = (Delivery.user_id, Delivery.group_id, Delivery.about)
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
        goes_on = and_(or_(his, Delivery.kind.in_(TO_OLD_CHATS)), Delivery.kind != STATIC)
        kind = case((goes_on, Delivery.kind), else_=RETIRED)
        await _hit(
            db,
            insert(Delivery)
            .from_select(columns, select(*copied, *kept, kind).where(Delivery.id == claimed.id))
            .on_conflict_do_nothing(),
        )
    elif claimed.message_id is not None and not stays:
        of = (Delivery.id == claimed.id, Delivery.state == DeliveryState.SENT, Delivery.kind != STATIC)
        again = update(Delivery).where(*of)
        await _hit(db, again.values(redraw=True, due_at=now, shows=None))


async def release(db: AsyncEngine, claimed: Claimed) -> None:
    """Gives the row back untried; whoever claims next has it."""
    untried = case((Delivery.state == DeliveryState.SENDING, DeliveryState.PENDING), else_=Delivery.state)
    if not await _hit(db, _held(claimed).values(state=untried, lease_until=None)):
        await _landed(db, claimed)


async def mark_unreachable(db: AsyncEngine, chat_id: int, now: datetime) -> None:
    """Telegram no longer reaches this chat; anything that its owner sends mends it."""
    link = update(ChatLink).where(ChatLink.chat_id == chat_id, ChatLink.unreachable_at.is_(None))
    await _hit(db, link.values(unreachable_at=now))


def _held(claimed: Claimed) -> Any:
    return update(Delivery).where(Delivery.id == claimed.id, Delivery.attempt == claimed.attempt)


async def _hit(db: AsyncEngine, statement: Any) -> bool:
    async with db.connect() as connection:
        return (await connection.execute(statement)).rowcount > 0
