"""What an operator sees of the deliveries, and what he may do about one: once more, or not at all (R11.7)."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, outerjoin, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from domain.audit import Entry, record
from domain.db.models import Delivery, User, WarehouseGroup
from domain.db.models.words import Channel, DeliveryState, Failure, Urgency
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.people.phones import e164
from domain.policy import Policy
from domain.time import local_day

ID_LEAST = 6  # characters of an id that is shortened


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits on a network at one place in the queue. `oldest_for`: seconds that the oldest has been due."""

    channel: Channel
    level: Urgency
    due: int
    later: int  # held, or for a fixed time
    oldest_for: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How the deliveries stand. `segments` are those of SMS in this month of the company's calendar.

    `paused`: an operator has paused everything.
    """

    queues: tuple[Queue, ...]
    for_digest: int
    unknown: int
    segments: int
    paused: bool


# An SMS that has left is due again to be asked after; it does not wait to be sent. Both statements read partial indexes
# alone: what was ever sent is not looked at.
_QUEUES = sql(
    """
    SELECT channel, urgency, count(*) FILTER (WHERE due_at <= :now) AS due,
           count(*) FILTER (WHERE due_at > :now) AS later,
           greatest(0, extract(epoch FROM :now - min(due_at)))::float8 AS oldest_for
    FROM deliveries
    WHERE due_at IS NOT NULL AND (channel = 'telegram' OR state IN ('pending', 'sending'))
    GROUP BY channel, urgency
    """
)
_REST = sql(
    """
    SELECT (SELECT count(*) FROM deliveries
            WHERE channel = 'sms' AND state = 'pending' AND due_at IS NULL) AS for_digest,
           (SELECT count(*) FROM deliveries WHERE state = 'unknown') AS unknown,
           EXISTS (SELECT FROM pauses) AS paused,
           coalesce((SELECT segments FROM sms_months WHERE month = :month), 0) AS segments
    """
)


async def standing(session: AsyncSession, policy: Policy, now: datetime) -> Standing:
    """The figures of this moment, in two cheap statements."""
    rows = (await session.execute(_QUEUES, {"now": now})).all()
    month = local_day(now, policy).replace(day=1)
    rest = (await session.execute(_REST, {"month": month})).one()
    queues = (Queue(Channel(row.channel), Urgency(row.urgency), row.due, row.later, row.oldest_for) for row in rows)
    return Standing(tuple(queues), rest.for_digest, rest.unknown, rest.segments, rest.paused)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which deliveries to list; `person` is a phone number or part of a name."""

    state: DeliveryState | None = None
    level: Urgency | None = None
    kind: str | None = None
    person: str | None = None
    since: datetime | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One delivery, and whose it is: of a group by its title, without a phone."""

    id: uuid.UUID
    notice_id: uuid.UUID | None
    created_at: datetime
    name: str
    phone: str
    channel: Channel
    kind: str
    level: int | None
    state: DeliveryState
    due_at: datetime | None
    sent_at: datetime | None
    failure: Failure | None
    reason: str | None
    attempts: int


_NAME = func.coalesce(User.first_name + " " + User.last_name, WarehouseGroup.title)
_PHONE = func.coalesce(User.phone, "")
_LISTED = select(
    Delivery.id,
    Delivery.notification_id,
    Delivery.created_at,
    _NAME,
    _PHONE,
    Delivery.channel,
    Delivery.kind,
    Delivery.level,
    Delivery.state,
    Delivery.due_at,
    Delivery.sent_at,
    Delivery.failure,
    Delivery.reason,
    Delivery.attempt,
).select_from(
    outerjoin(
        outerjoin(Delivery, User, User.id == Delivery.user_id), WarehouseGroup, WarehouseGroup.id == Delivery.group_id
    )
)


async def listed(session: AsyncSession, sought: Sought) -> list[Listed]:
    """The deliveries that fit, the newest first."""
    fitting: list[ColumnElement[bool]] = []
    if sought.state is not None:
        fitting.append(Delivery.state == sought.state)
    if sought.level is not None:
        fitting.append(Delivery.level == sought.level)
    if sought.kind is not None:
        fitting.append(Delivery.kind == sought.kind)
    if sought.since is not None:
        fitting.append(Delivery.created_at >= sought.since)
    if sought.person is not None:
        fitting.append(or_(_NAME.icontains(sought.person, autoescape=True), _PHONE.in_([e164(sought.person)])))
    newest = _LISTED.where(*fitting).order_by(Delivery.created_at.desc(), Delivery.id).limit(sought.limit)
    return [Listed(*row) for row in await session.execute(newest)]


class WhyNot(StrEnum):
    """Why an operator's wish makes no sense; the edge says it."""

    NO_ID = "no_id"  # not the beginning of one
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    IN_HAND = "in_hand"  # a worker has it at this moment
    HAS_ARRIVED = "has_arrived"
    HAS_LEFT = "has_left"  # the network has it
    MAY_HAVE_LEFT = "may_have_left"
    WENT_ON = "went_on"  # by SMS, a row of its own
    IN_DIGEST = "in_digest"  # a digest tells it
    WAITS = "waits"  # it is in the queue
    WAITS_FOR_DIGEST = "waits_for_digest"
    TIME_IS_OVER = "time_is_over"
    IS_OVER = "is_over"  # it has ended, and there is nothing to cancel


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What decides whether an operator's wish makes sense. `shown`: the message is in the chat."""

    state: DeliveryState
    in_hand: bool
    due: bool  # `due_at` is set
    shown: bool
    expires_at: datetime | None


_ENDED: dict[DeliveryState, WhyNot] = {
    DeliveryState.SENT: WhyNot.HAS_LEFT,
    DeliveryState.DELIVERED: WhyNot.HAS_ARRIVED,
    DeliveryState.ACKNOWLEDGED: WhyNot.HAS_ARRIVED,
    DeliveryState.ESCALATED: WhyNot.WENT_ON,
    DeliveryState.SUPERSEDED: WhyNot.IN_DIGEST,
}


def why_no_retry(row: Standpoint, now: datetime) -> WhyNot | None:
    """Whether it may be tried again; None: it may. What is over can't come back by it (R11.3)."""
    if row.in_hand or row.state is DeliveryState.SENDING:
        return WhyNot.IN_HAND
    if (ended := _ENDED.get(row.state)) is not None:
        return ended
    if row.shown:
        return WhyNot.HAS_LEFT
    if row.state is DeliveryState.PENDING:
        return WhyNot.WAITS if row.due else WhyNot.WAITS_FOR_DIGEST
    over = row.expires_at is not None and row.expires_at <= now
    return WhyNot.TIME_IS_OVER if over and row.state is not DeliveryState.UNKNOWN else None


def why_no_cancel(row: Standpoint) -> WhyNot | None:
    """Whether it may be cancelled; None: it may. Nothing that has left, or may have, can be taken back."""
    if row.in_hand or row.state is DeliveryState.SENDING:
        return WhyNot.IN_HAND
    if row.state is DeliveryState.PENDING and not row.shown:
        return None
    if row.state is DeliveryState.UNKNOWN:
        return WhyNot.MAY_HAVE_LEFT
    return _ENDED.get(row.state, WhyNot.HAS_LEFT if row.shown else WhyNot.IS_OVER)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of the deliveries that were named, as it was `named`."""

    named: str
    id: uuid.UUID
    before: DeliveryState
    after: DeliveryState


@dataclass(frozen=True, slots=True)
class NotDone:
    named: str
    why: WhyNot


# Who comes back with the old attempt records nothing any more. A normal SMS waits for the digest again (R11.4a).
_RETRY = sql(
    """
    UPDATE deliveries SET
        state = CASE state WHEN 'unknown' THEN 'unknown' ELSE 'pending' END,
        due_at = CASE WHEN channel = 'sms' AND urgency = 2 AND kind <> :digest AND state <> 'unknown' THEN NULL
                      ELSE :now END,
        pause_until = NULL, lease_until = NULL, attempt = attempt + 1, failure = NULL, reason = 'again, by an operator'
    WHERE id = :id
    """,
    id=Uuid(),
)
_CANCEL = sql(
    """
    UPDATE deliveries SET
        state = 'cancelled', due_at = NULL, pause_until = NULL, lease_until = NULL, escalate_at = NULL, redraw = false,
        attempt = attempt + 1, reason = 'by an operator'
    WHERE id = :id
    """,
    id=Uuid(),
)


async def retry(session: AsyncSession, named: Sequence[str], now: datetime) -> list[Done | NotDone]:
    """Puts these back into the queue, due now; an SMS of which nobody knows whether it left is looked up (R11.7).

    What can't be retried is refused with its reason, and the others are not held up by it.
    """

    def after(row: Standpoint) -> DeliveryState | WhyNot:
        known = DeliveryState.UNKNOWN if row.state is DeliveryState.UNKNOWN else DeliveryState.PENDING
        return why_no_retry(row, now) or known

    async def write(id_: uuid.UUID) -> None:
        await session.execute(_RETRY, {"id": id_, "now": now, "digest": Kind.DIGEST.value})

    return await _change(session, named, after, write, "retried", now)


async def cancel(session: AsyncSession, named: Sequence[str], now: datetime) -> list[Done | NotDone]:
    """These are never sent; refused is what has left, or is just leaving."""

    def after(row: Standpoint) -> DeliveryState | WhyNot:
        return why_no_cancel(row) or DeliveryState.CANCELLED

    async def write(id_: uuid.UUID) -> None:
        await session.execute(_CANCEL, {"id": id_})

    return await _change(session, named, after, write, "cancelled", now)


async def _change(
    session: AsyncSession,
    named: Sequence[str],
    after: Callable[[Standpoint], DeliveryState | WhyNot],
    write: Callable[[uuid.UUID], Awaitable[None]],
    action: str,
    now: datetime,
) -> list[Done | NotDone]:
    found = {name: await _found(session, name) for name in named}
    rows = await _locked(session, [id_ for id_ in found.values() if isinstance(id_, uuid.UUID)])
    results: dict[str, Done | NotDone] = {}
    for name, id_ in found.items():
        if isinstance(id_, WhyNot):
            results[name] = NotDone(name, id_)
            continue
        if (row := rows.pop(id_, None)) is None:  # named twice
            continue
        if isinstance(to := after(row), WhyNot):
            results[name] = NotDone(name, to)
            continue
        await write(id_)
        entry = Entry("delivery", id_, action, before={"state": row.state}, after={"state": to})
        await record(session, None, now, entry)
        results[name] = Done(name, id_, row.state, to)
    return list(results.values())


async def _found(session: AsyncSession, name: str) -> uuid.UUID | WhyNot:
    """The delivery whose id begins so; read by the primary key."""
    digits = name.replace("-", "").lower()
    if not ID_LEAST <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):
        return WhyNot.NO_ID
    low, high = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
    ids = (await session.scalars(select(Delivery.id).where(Delivery.id.between(low, high)).limit(2))).all()
    if len(ids) == 1:
        return ids[0]
    return WhyNot.AMBIGUOUS if ids else WhyNot.NOT_FOUND


# In the order in which everybody locks them; a worker's claim that commits meanwhile is seen here as its lease.
_LOCK = sql(
    """
    SELECT id, state, coalesce(lease_until > clock_timestamp(), false) AS in_hand, due_at IS NOT NULL AS due,
           message_id IS NOT NULL AS shown, expires_at
    FROM deliveries WHERE id = ANY (:ids)
    ORDER BY kind IN ('home', 'board', 'coverage'), id
    FOR NO KEY UPDATE
    """,
    ids=ARRAY(Uuid()),
)


async def _locked(session: AsyncSession, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Standpoint]:
    rows = await session.execute(_LOCK, {"ids": list(ids)})
    return {
        id_: Standpoint(DeliveryState(state), in_hand, due, shown, expires_at)
        for id_, state, in_hand, due, shown, expires_at in rows.tuples()
    }
