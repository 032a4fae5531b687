"""Telling people: the inbox row and its delivery, in the transaction that caused them (R11.1), and what follows."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    CursorResult,
    Date,
    Select,
    SmallInteger,
    String,
    Text,
    Uuid,
    and_,
    case,
    column,
    func,
    literal,
    select,
    values,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import ChatLink, ContactSettings, Delivery, Notification
from domain.db.models.words import Channel, DeliveryState, NotificationType, Urgency
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.notices.wording import Notice, Wording


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a notice travels: its given type, its kind, how urgent, what it is about, and when it has lost its point."""

    type: NotificationType
    kind: Kind
    urgency: Urgency
    about: uuid.UUID
    expires_at: datetime | None = None


async def tell(
    session: AsyncSession, recipients: Select[Any], notice: Notice, envelope: Envelope, say: Wording, now: datetime
) -> int:
    """Tells everybody whom `recipients` (one column: user ids) selects; returns how many that were.

    One statement whatever their number: the notice is worded once per language. Nobody is told twice of the same thing:
    the dedupe key is kind, subject and person. Who has no chat, or can't be reached there, gets an SMS (R11.2).
    """
    noted = _inbox_rows(recipients, notice, envelope, say, now).returning(Notification.id, Notification.user_id)
    noted_rows = noted.cte("noted")
    reachable = and_(ChatLink.chat_id.is_not(None), ChatLink.unreachable_at.is_(None))
    deliveries = insert(Delivery).from_select(
        [
            "notification_id",
            "user_id",
            "channel",
            "kind",
            "about",
            "urgency",
            "state",
            "due_at",
            "expires_at",
            "created_at",
        ],
        select(
            noted_rows.c.id,
            noted_rows.c.user_id,
            case((reachable, Channel.TELEGRAM.value), else_=Channel.SMS.value),
            literal(envelope.kind.value, Text),
            literal(envelope.about),
            literal(int(envelope.urgency)),
            literal(DeliveryState.PENDING.value),
            literal(now),
            literal(envelope.expires_at, Delivery.expires_at.type),
            literal(now),
        ).select_from(noted_rows.outerjoin(ChatLink, ChatLink.user_id == noted_rows.c.user_id)),
    )
    written = cast("CursorResult[Any]", await session.execute(deliveries))
    return written.rowcount


_NOTE = sql(
    """
    INSERT INTO notifications (user_id, type, title, body, data, read, created_at)
    VALUES (:user_id, CAST(:type AS notification_type), :title, :body, :data, true, :now)
    ON CONFLICT DO NOTHING
    """,
    type=Text(),
    data=JSONB(),
)


async def note(
    session: AsyncSession,
    user_id: uuid.UUID,
    language: str | None,
    notice: Notice,
    envelope: Envelope,
    say: Wording,
    now: datetime,
) -> None:
    """Writes the inbox row alone, as read: the person learns of it by the answer to his own press."""
    worded = say(notice, language if language in say.languages else say.languages[0])
    data = _data(notice, envelope) | {"dedupe": f"{envelope.kind.value}:{envelope.about}:{user_id}"}
    given = {"user_id": user_id, "type": envelope.type.value, **worded._asdict(), "data": data, "now": now}
    await session.execute(_NOTE, given)


def _inbox_rows(recipients: Select[Any], notice: Notice, envelope: Envelope, say: Wording, now: datetime) -> Any:
    worded = values(column("language", String), column("title", Text), column("body", Text), name="worded").data(
        [(language, *say(notice, language)) for language in say.languages]
    )
    who = recipients.subquery("recipients")
    user_id = next(iter(who.c))
    # Whatever else the column holds, nobody is left untold for it.
    language = case((ContactSettings.language.in_(say.languages), ContactSettings.language), else_=say.languages[0])
    data = _data(notice, envelope)
    dedupe = func.concat(f"{envelope.kind.value}:{envelope.about}:", sql_cast(user_id, Text))
    return (
        insert(Notification)
        .from_select(
            ["user_id", "type", "title", "body", "data", "read", "created_at"],
            select(
                user_id,
                literal(envelope.type, Notification.type.type),
                worded.c.title,
                worded.c.body,
                literal(data, JSONB).op("||")(func.jsonb_build_object("dedupe", dedupe)),
                literal(False),
                literal(now),
            )
            .select_from(who.outerjoin(ContactSettings, ContactSettings.user_id == user_id))
            .join(worded, worded.c.language == language),
        )
        .on_conflict_do_nothing()
    )


def _data(notice: Notice, envelope: Envelope) -> dict[str, Any]:
    facts = {
        name: value.isoformat() if isinstance(value, date) else value  # a datetime is a date, too
        for name, value in asdict(notice).items()
    }
    return {"kind": envelope.kind.value, "about": str(envelope.about)} | facts


# Whoever changes several of these rows locks them in the one order that all share: home cards last, then by id. Windows
# have drivers in common: two that end at once would else lock the same home cards crosswise.
_FOLLOW = sql(
    """
    WITH touched AS (
        SELECT :about AS about, true AS itself
        UNION ALL
        SELECT w.id, false FROM window_asks ask
        JOIN bid_windows w ON w.id = ask.window_id AND w.status = 'open' AND w.id <> :about
        JOIN assignments a ON a.id = w.assignment_id AND a.date = :on
        WHERE ask.user_id = :driver
    ), locked AS (
        SELECT d.id FROM deliveries d JOIN touched USING (about)
        WHERE itself AND :over AND kind = 'offer' AND state = 'pending'
           OR (kind <> 'offer' OR itself AND :over OR user_id = :driver)
              AND state IN ('sending', 'sent') AND channel = 'telegram'
        ORDER BY kind = 'home', d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET
        state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END,
        reason = CASE state WHEN 'pending' THEN 'the window is over' ELSE reason END,
        redraw = state <> 'pending',
        due_at = CASE state WHEN 'pending' THEN NULL ELSE :now END,
        urgency = CASE kind WHEN 'offer' THEN :last ELSE :soon END
    WHERE id IN (SELECT id FROM locked)
    """,
    about=Uuid(),
    over=Boolean(),
    driver=Uuid(),
    on=Date(),
    last=SmallInteger(),
    soon=SmallInteger(),
)

_FOLLOW_HOMES = sql(
    """
    WITH whose AS (
        SELECT unnest(:of) AS user_id
        UNION SELECT user_id FROM window_asks WHERE window_id = :asked_of
        UNION SELECT user_id FROM warehouse_managers WHERE warehouse_id = :managers_of
    ), locked AS (
        SELECT d.id FROM deliveries d JOIN whose USING (user_id)
        WHERE d.kind = 'home' AND d.state IN ('sending', 'sent')
        ORDER BY d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET redraw = true, due_at = :now,
        urgency = CASE user_id WHEN :first THEN :soon ELSE :last END
    WHERE id IN (SELECT id FROM locked)
    """,
    of=ARRAY(Uuid()),
    asked_of=Uuid(),
    managers_of=Uuid(),
    first=Uuid(),
    last=SmallInteger(),
    soon=SmallInteger(),
)
_WHEN = {"soon": int(Urgency.IMPORTANT), "last": int(Urgency.TIDYING)}


@dataclass(frozen=True, slots=True)
class Day:
    """A driver's day has changed, and with it what he is offered for it through other windows."""

    driver_id: uuid.UUID
    on: date


async def follow(session: AsyncSession, about: uuid.UUID, now: datetime, *, over: bool, day: Day | None = None) -> None:
    """Something about `about` has changed: every message that shows it is redrawn, the managers' cards first.

    `over`: there is nothing left to offer; offers not yet sent are cancelled, those sent are redrawn last (R11.8).
    One that is being sent right now is redrawn afterwards. `day`: so are this driver's other offers of that day, and
    the managers' cards of those windows. All in one statement, since all these rows are locked in one order.
    """
    whose = {"driver": day.driver_id if day else None, "on": day.on if day else None}
    await session.execute(_FOLLOW, {"about": about, "over": over, "now": now} | whose | _WHEN)


_MARK_READ = sql("UPDATE notifications SET read = true WHERE data ->> 'dedupe' = :dedupe AND NOT read")


async def mark_read(session: AsyncSession, user_id: uuid.UUID, kind: Kind, about: uuid.UUID) -> None:
    """The person answered a notice by its own button (R11.1)."""
    await session.execute(_MARK_READ, {"dedupe": f"{kind.value}:{about}:{user_id}"})


async def follow_homes(
    session: AsyncSession,
    now: datetime,
    *,
    of: Sequence[uuid.UUID] = (),
    asked_of: uuid.UUID | None = None,
    managers_of: uuid.UUID | None = None,
    first: uuid.UUID | None = None,
) -> None:
    """The home cards of these people show something that has changed; that of `first` is redrawn before the others.

    `asked_of`: all who were asked for this window; `managers_of`: those of this warehouse. After `follow`, once in a
    transaction: the order in which everybody locks these rows.
    """
    given = {"of": list(of), "asked_of": asked_of, "managers_of": managers_of, "first": first, "now": now}
    await session.execute(_FOLLOW_HOMES, given | _WHEN)
