"""Where a notice stands with each who was told: what its sender sees (R11). `standing` is the rule, and pure."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Integer, Row, Text, TextClause, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Assignment, BidWindow, Message, Route, Warehouse
from domain.db.models.words import DeliveryState, Failure, Urgency
from domain.db.sql import alphabetical, sql
from domain.notices.kinds import RULES, Acknowledged, Kind
from domain.notices.recipients import recipients
from domain.pages import nearest
from domain.people.queries import manages
from domain.policy import Policy


class Stage(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    HELD = "held"  # for the quiet hours to end
    SENT = "sent"  # Telegram has it
    SEEN = "seen"  # he has done something since (R11.2)
    ANSWERED = "answered"  # by its own button
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SMS_WAITING = "sms_waiting"
    SMS_HELD = "sms_held"
    FOR_DIGEST = "for_digest"
    SMS_SENT = "sms_sent"
    SMS_DELIVERED = "sms_delivered"
    SMS_UNKNOWN = "sms_unknown"
    FAILED = "failed"
    POINTLESS = "pointless"  # it had lost its point before it could be sent (R11.3)
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Part:
    """One delivery of a notice, by Telegram or by SMS."""

    state: DeliveryState
    due_at: datetime | None = None
    sent_at: datetime | None = None
    failure: Failure | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a notice has come with somebody.

    `at`: since when, or for what is held until when. `telegram_at`: when Telegram took it, if it did. `failure`: why it
    failed; of an SMS under way, why Telegram could not bring it.
    """

    stage: Stage
    at: datetime | None = None
    telegram_at: datetime | None = None
    failure: Failure | None = None


def standing(
    telegram: Part | None, sms: Part | None, last_heard: datetime | None, acknowledged: Acknowledged, now: datetime
) -> Standing:
    """The newest that is known. `last_heard`: when its reader last did anything, which says that he has seen what had
    been sent by then, where the kind lets anything count."""
    parts = [part for part in (telegram, sms) if part is not None]
    telegram_at = telegram.sent_at if telegram else None
    if answered := [part.answered_at for part in parts if part.answered_at is not None]:
        return Standing(Stage.ANSWERED, min(answered), telegram_at)
    sent = [part.sent_at for part in parts if part.sent_at is not None]
    seen = bool(sent) and last_heard is not None and last_heard >= min(sent)
    if acknowledged is Acknowledged.BY_ANYTHING and seen:
        return Standing(Stage.SEEN, last_heard, telegram_at)
    if telegram is not None and telegram.state is DeliveryState.ACKNOWLEDGED:
        return Standing(Stage.SEEN, last_heard, telegram_at)
    if sms is not None and not _went_back(telegram, sms):
        return _by_sms(sms, telegram, now)
    return _by_telegram(telegram, now) if telegram is not None else Standing(Stage.WAITING)


def _went_back(telegram: Part | None, sms: Part) -> bool:
    """No SMS could be brought, and Telegram is tried again, or has it by now."""
    tried = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT)
    failed = sms.state in (DeliveryState.FAILED, DeliveryState.UNDELIVERED)
    return failed and telegram is not None and telegram.state in tried


def _by_telegram(part: Part, now: datetime) -> Standing:
    match part.state:
        case DeliveryState.ESCALATED:
            return Standing(Stage.SMS_WAITING, None, part.sent_at, part.failure)
        case _ if part.sent_at is not None:  # whatever became of the message since, he had it
            return Standing(Stage.SENT, part.sent_at, part.sent_at)
        case DeliveryState.PENDING if part.due_at is not None and part.due_at > now:
            return Standing(Stage.HELD, part.due_at)
        case DeliveryState.FAILED:
            return Standing(Stage.FAILED, failure=part.failure)
        case DeliveryState.CANCELLED:
            return Standing(Stage.POINTLESS)
        case DeliveryState.EXPIRED:
            return Standing(Stage.EXPIRED)
    return Standing(Stage.WAITING)


_BY_SMS: Final = {
    DeliveryState.SENT: Stage.SMS_SENT,
    DeliveryState.ACKNOWLEDGED: Stage.SMS_SENT,
    DeliveryState.DELIVERED: Stage.SMS_DELIVERED,
    DeliveryState.UNKNOWN: Stage.SMS_UNKNOWN,
    DeliveryState.UNDELIVERED: Stage.FAILED,
    DeliveryState.FAILED: Stage.FAILED,
    DeliveryState.CANCELLED: Stage.POINTLESS,
    DeliveryState.EXPIRED: Stage.EXPIRED,
}


def _by_sms(part: Part, telegram: Part | None, now: datetime) -> Standing:
    telegram_at, before = (telegram.sent_at, telegram.failure) if telegram else (None, None)
    stage = _BY_SMS.get(part.state, Stage.SMS_WAITING)
    if stage is Stage.FAILED:
        return Standing(stage, part.sent_at, telegram_at, part.failure)
    if stage in (Stage.POINTLESS, Stage.EXPIRED) and telegram_at is not None:
        return Standing(Stage.SENT, telegram_at, telegram_at)
    if part.state is DeliveryState.PENDING and part.due_at is None:
        return Standing(Stage.FOR_DIGEST, None, telegram_at, before)
    if part.state is DeliveryState.PENDING and part.sent_at is None and part.due_at is not None and part.due_at > now:
        return Standing(Stage.SMS_HELD, part.due_at, telegram_at, before)
    return Standing(stage, part.sent_at, telegram_at, before)


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who was told, and how far it has come with him. `phone`: for the reader to call, where he may."""

    name: str
    phone: str | None
    standing: Standing
    passed_on: bool = False  # it came to him since the first did not answer


def told_to(who: str) -> TextClause:
    """The deliveries to each of `who` (user_id, at, passed_on, done, done_at), in one statement whatever their number.

    What was told in a digest stands where the digest stands; an SMS in whose place Telegram came does not count.
    """
    return sql(
        f"""
        WITH part AS (
            SELECT DISTINCT ON (d.user_id, d.channel) d.* FROM deliveries d
            WHERE d.about = :about AND d.kind = :kind AND d.notification_id IS NOT NULL
            ORDER BY d.user_id, d.channel, d.created_at DESC, d.id
        ), who AS ({who})
        SELECT who.user_id, person.first_name || ' ' || person.last_name AS name, person.phone, heard.at AS last_heard,
               who.passed_on, who.done, who.done_at,
               t.state AS t_state, t.due_at AS t_due_at, t.sent_at AS t_sent_at, t.failure AS t_failure,
               t.answered_at AS t_answered_at,
               s.state AS s_state, s.due_at AS s_due_at, s.sent_at AS s_sent_at, s.failure AS s_failure,
               own.answered_at AS s_answered_at, count(*) OVER () AS total
        FROM who
        JOIN users person ON person.id = who.user_id
        LEFT JOIN part t ON t.user_id = who.user_id AND t.channel = 'telegram'
        LEFT JOIN part own ON own.user_id = who.user_id AND own.channel = 'sms'
        LEFT JOIN deliveries s ON s.id = coalesce(own.superseded_by, own.id) AND s.channel = 'sms'
        LEFT JOIN last_heard heard ON heard.user_id = who.user_id
        ORDER BY who.at, {alphabetical("person.first_name || ' ' || person.last_name")}, who.user_id
        LIMIT :most OFFSET :from
        """,  # noqa: S608 - one of our own
        about=Uuid(),
        kind=Text(),
        most=Integer(),
        **{"from": Integer()},
    )


_ASKED = told_to(
    """
    SELECT ask.user_id, ask.asked_at AS at, false AS passed_on,
           CASE WHEN w.winner_id = ask.user_id THEN 'accepted' WHEN no.user_id IS NOT NULL THEN 'declined' END AS done,
           CASE WHEN w.winner_id = ask.user_id THEN slot.assigned_at ELSE no.declined_at END AS done_at
    FROM window_asks ask
    JOIN bid_windows w ON w.id = ask.window_id
    JOIN assignments slot ON slot.id = w.assignment_id
    LEFT JOIN day_declines no ON no.user_id = ask.user_id AND no.date = slot.date
    WHERE ask.window_id = :about
    """
)
_WRITTEN_TO = told_to(
    """
    SELECT part.user_id, min(told.created_at) AS at, min(told.created_at) > min(message.sent_at) AS passed_on,
           NULL AS done, CAST(NULL AS timestamptz) AS done_at
    FROM part
    JOIN messages message ON message.id = part.about
    JOIN notifications told ON told.id = part.notification_id
    GROUP BY part.user_id
    """
)


def standing_in(row: Row[Any], kind: Kind, now: datetime) -> Standing:
    """Of a row of `told_to`."""
    if row.done is not None:
        return Standing(Stage(row.done), row.done_at, row.t_sent_at)
    telegram = (row.t_state, row.t_due_at, row.t_sent_at, row.t_failure, row.t_answered_at)
    sms = (row.s_state, row.s_due_at, row.s_sent_at, row.s_failure, row.s_answered_at)
    return standing(_part(*telegram), _part(*sms), row.last_heard, RULES[kind].acknowledged, now)


def _part(
    state: str | None,
    due_at: datetime | None,
    sent_at: datetime | None,
    failure: str | None,
    answered_at: datetime | None,
) -> Part | None:
    if state is None:
        return None
    return Part(DeliveryState(state), due_at, sent_at, Failure(failure) if failure else None, answered_at)


@dataclass(frozen=True, slots=True)
class Asked:
    """Some of those who were asked for a window, in the order in which they were; `total` counts all."""

    window_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    told: tuple[Told, ...]
    total: int
    page: int
    pages: int
    as_of: datetime


async def asked(
    session: AsyncSession, manager_id: uuid.UUID, window_id: uuid.UUID, page: int, per_page: int, now: datetime
) -> Asked | None:
    """A page, counted from 0, of who was asked for a window; None where it is not the manager's (R12.3)."""
    found = await session.execute(
        select(Route.name, Warehouse.name, Assignment.on)
        .join(Assignment, Assignment.route_id == Route.id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .join(BidWindow, BidWindow.assignment_id == Assignment.id)
        .where(BidWindow.id == window_id, manages(manager_id, Assignment.warehouse_id))
    )
    if (window := found.one_or_none()) is None:
        return None
    given = {"about": window_id, "kind": Kind.OFFER.value, "most": per_page}
    rows = (await session.execute(_ASKED, given | {"from": max(page, 0) * per_page})).all()
    if not rows and page > 0:  # a page that there is not: the first
        return await asked(session, manager_id, window_id, 0, per_page, now)
    total = rows[0].total if rows else 0
    told = tuple(Told(row.name, row.phone or None, standing_in(row, Kind.OFFER, now)) for row in rows)
    route, warehouse, on = window
    return Asked(window_id, route, warehouse, on, told, total, *nearest(page, total, per_page), now)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message as its author sees it: to whom it went and where it stands, as of an instant.

    `instead_of`: to whom he wrote it, where others got it since that one is away (R11.4a).
    """

    message_id: uuid.UUID
    text: str
    level: Urgency
    instead_of: str | None
    told: tuple[Told, ...]
    more: int  # who were told, too
    as_of: datetime


TOLD_MOST: Final = 6  # are listed: who it was written to, and those it was passed on to first


async def sending(
    session: AsyncSession, author_id: uuid.UUID, message_id: uuid.UUID, policy: Policy, now: datetime
) -> Sending | None:
    """A message that was sent, for its author; None for anybody else (R12.3).

    Phones are those of people who are (still) of his warehouses.
    """
    his = select(Message.text).where(
        Message.id == message_id, Message.author_id == author_id, Message.sent_at.is_not(None)
    )
    text = await session.scalar(his)
    if text is None:
        return None
    given = {"about": message_id, "kind": Kind.MANUAL.value, "most": TOLD_MOST, "from": 0}
    rows = (await session.execute(_WRITTEN_TO, given)).all()
    of = [row.user_id for row in rows]
    phones = {who.id: who.phone for who in await recipients(session, author_id, policy, now, of=of)}
    told = tuple(
        Told(row.name, phones.get(row.user_id) or None, standing_in(row, Kind.MANUAL, now), row.passed_on)
        for row in rows
    )
    level, instead_of = (await session.execute(_FIRST_TOLD, {"about": message_id})).one_or_none() or (None, None)
    more = rows[0].total - len(rows) if rows else 0
    return Sending(message_id, text, Urgency(level or 0), instead_of, told, more, now)


_FIRST_TOLD = sql(
    """
    SELECT d.level, told.data ->> 'instead_of' FROM deliveries d JOIN notifications told ON told.id = d.notification_id
    WHERE d.about = :about AND d.kind = 'manual' ORDER BY d.created_at LIMIT 1
    """
)
