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
    DateTime,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Notification
from domain.db.models.words import NotificationType, Urgency
from domain.db.sql import sql
from domain.notices.kinds import RULES, Kind
from domain.notices.wording import Notice, Wording, notice_of
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a notice travels: its kind, what it is about, when it has lost its point, whose managers it may go on to.

    `level` is chosen by who sends it, where the table of kinds leaves that open; `type` where it differs from the
    table's. `occasion`: what can happen again is told again.
    """

    kind: Kind
    about: uuid.UUID
    expires_at: datetime | None = None
    warehouse_id: uuid.UUID | None = None
    level: Urgency | None = None
    occasion: datetime | None = None
    type: NotificationType | None = None

    @property
    def dedupe(self) -> str:
        """The key by which nobody is told twice, but for the person."""
        again = f"{self.occasion.isoformat()}:" if self.occasion else ""
        return f"{self.kind.value}:{self.about}:{again}"

    @property
    def urgency(self) -> Urgency:
        given = RULES[self.kind].urgency
        urgency = self.level if given is None else given
        assert urgency is not None, "a level must be chosen"
        return urgency


# One statement whatever their number, and the same text each time: the notice is worded once per language. Who has no
# chat, or can't be reached there, gets an SMS: at once, or, if it is a normal notice, in the day's digest (not due).
_TELL = sql(
    """
    WITH worded AS (
        SELECT * FROM unnest(CAST(:languages AS text[]), CAST(:titles AS text[]), CAST(:bodies AS text[]))
            AS worded (language, title, body)
    ), noted AS (
        INSERT INTO notifications (user_id, type, title, body, data, read, created_at)
        SELECT who.id, CAST(:type AS notification_type), worded.title, worded.body,
               :data || jsonb_build_object('dedupe', :dedupe || who.id), false, :now
        FROM users who
        LEFT JOIN contact_settings contact ON contact.user_id = who.id
        JOIN worded ON worded.language =
            CASE WHEN contact.language = ANY (CAST(:languages AS text[])) THEN contact.language ELSE :else END
        WHERE who.id = ANY (:of)
        ON CONFLICT DO NOTHING
        RETURNING id, user_id
    )
    INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, level, state, due_at, expires_at,
                            escalate_at, created_at)
    SELECT noted.id, noted.user_id, way.channel, :kind, :about, :level, :level, 'pending',
           CASE WHEN way.channel = 'telegram' OR :level <= 1 THEN :now END, :expires_at,
           CASE WHEN way.channel = 'sms' AND who.role = 'manager' THEN CAST(:pass_on_at AS timestamptz) END, :now
    FROM noted
    JOIN users who ON who.id = noted.user_id
    LEFT JOIN chat_links link ON link.user_id = noted.user_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN link.chat_id IS NOT NULL AND link.unreachable_at IS NULL THEN 'telegram' ELSE 'sms' END
    ) AS way (channel)
    """,
    type=Text(),
    data=JSONB(),
    dedupe=Text(),
    of=ARRAY(Uuid()),
    languages=ARRAY(Text()),
    titles=ARRAY(Text()),
    bodies=ARRAY(Text()),
    kind=Text(),
    about=Uuid(),
    level=SmallInteger(),
    expires_at=DateTime(timezone=True),
    pass_on_at=DateTime(timezone=True),
    **{"else": Text()},
)


async def tell(
    session: AsyncSession,
    user_ids: Sequence[uuid.UUID],
    notice: Notice,
    envelope: Envelope,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> int:
    """Tells these people, one inbox row and one delivery each (R11.1); returns how many that were.

    Nobody is told twice of the same thing: the dedupe key is kind, subject and person. Whatever language somebody has,
    he is not left untold for it.
    """
    rule, level = RULES[envelope.kind], envelope.urgency
    worded = [say(notice, language) for language in say.languages]
    given = {
        "of": list(user_ids),
        "type": (envelope.type or rule.type).value,
        "data": facts_of(notice, envelope),
        "dedupe": envelope.dedupe,
        "languages": list(say.languages),
        "titles": [words.title for words in worded],
        "bodies": [words.body for words in worded],
        "else": say.languages[0],
        "kind": envelope.kind.value,
        "about": envelope.about,
        "level": int(level),
        "expires_at": envelope.expires_at,
        "pass_on_at": now + policy.pass_on_after if rule.passed_on and level is Urgency.URGENT else None,
        "now": now,
    }
    written = cast("CursorResult[Any]", await session.execute(_TELL, given))
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
    data = facts_of(notice, envelope) | {"dedupe": f"{envelope.dedupe}{user_id}"}
    given = {"user_id": user_id, "type": RULES[envelope.kind].type.value, **worded._asdict(), "data": data, "now": now}
    await session.execute(_NOTE, given)


def facts_of(notice: Notice, envelope: Envelope) -> dict[str, Any]:
    """What an inbox row keeps in `data`, but for the dedupe key."""
    facts = {
        name: value.isoformat() if isinstance(value, date) else value  # a datetime is a date, too
        for name, value in asdict(notice).items()
    }
    warehouse = {"warehouse_id": str(envelope.warehouse_id)} if envelope.warehouse_id else {}
    return {"kind": envelope.kind.value, "about": str(envelope.about)} | warehouse | facts


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
        UNION ALL
        SELECT earlier.id, false FROM bid_windows w
        JOIN bid_windows earlier ON earlier.assignment_id = w.assignment_id AND earlier.id <> w.id
        WHERE w.id = :about AND :over
        UNION ALL
        SELECT gone.id, false FROM bid_windows w
        JOIN assignments a ON a.id = w.assignment_id
        JOIN assignments gone ON gone.route_id = a.route_id AND gone.date = a.date
             AND gone.id <> a.id AND gone.status = 'cancelled'
        WHERE w.id = :about AND :over
    ), locked AS (
        SELECT d.id FROM deliveries d JOIN touched USING (about)
        WHERE itself AND :over AND kind = 'offer' AND state = 'pending'
           OR (kind <> 'offer' OR itself AND :over OR user_id = :driver)
              AND (state IN ('sending', 'sent', 'acknowledged') OR state = 'escalated' AND message_id IS NOT NULL)
              AND channel = 'telegram'
        ORDER BY kind = 'home', d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET
        state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END,
        reason = CASE state WHEN 'pending' THEN 'the window is over' ELSE reason END,
        redraw = state <> 'pending',
        due_at = CASE state WHEN 'pending' THEN NULL ELSE :now END,
        escalate_at = CASE WHEN kind = 'offer' AND about = :about AND :over THEN NULL ELSE escalate_at END,
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

    `over`: there is nothing left to offer; offers not yet sent are cancelled, those sent are redrawn last (R11.8), and
    cards of earlier windows of the slot say who has it, and who had it before can't have it back. One that is being
    sent right now is redrawn afterwards. `day`: so are this driver's other offers of that day, and the managers' cards
    of those windows. All in one statement, since all these rows are locked in one order.
    """
    whose = {"driver": day.driver_id if day else None, "on": day.on if day else None}
    await session.execute(_FOLLOW, {"about": about, "over": over, "now": now} | whose | _WHEN)


_MARK_READ = sql(
    """
    UPDATE notifications SET read = true
    WHERE user_id = :user_id AND NOT read AND data ->> 'kind' = :kind AND data ->> 'about' = :about
    """,
    user_id=Uuid(),
)


async def mark_read(session: AsyncSession, user_id: uuid.UUID, kind: Kind, about: uuid.UUID) -> None:
    """The person answered a notice by its own button (R11.1)."""
    await session.execute(_MARK_READ, {"user_id": user_id, "kind": kind.value, "about": str(about)})


# Everything that shows the thing is locked in one statement and in the one order, his own messages with the others':
# two people may answer the same one at once. His own get a new attempt, so that an edit of them that is just under way
# does not put the old state back.
_ACKNOWLEDGE = sql(
    """
    WITH locked AS (
        SELECT id, answered_at, kind = :kind AND user_id = :user_id AS his,
               channel = 'telegram' AND message_id IS NOT NULL AND state IN ('sent', 'acknowledged', 'escalated')
                   AS shown
        FROM deliveries
        WHERE about = :about
          AND (kind = :kind AND user_id = :user_id
               OR channel = 'telegram'
                  AND (state IN ('sending', 'sent', 'acknowledged') OR state = 'escalated' AND message_id IS NOT NULL)
                  AND EXISTS (SELECT FROM deliveries mine WHERE mine.about = :about AND mine.kind = :kind
                              AND mine.user_id = :user_id AND mine.answered_at IS NULL))
        ORDER BY kind = 'home', id
        FOR NO KEY UPDATE
    ), his AS (
        UPDATE deliveries d SET
            answered_at = coalesce(d.answered_at, :now),
            escalate_at = NULL,
            state = CASE WHEN d.state = 'pending' THEN 'cancelled'
                         WHEN d.channel = 'telegram' AND d.state IN ('sending', 'sent', 'escalated') THEN 'acknowledged'
                         ELSE d.state END,
            reason = CASE d.state WHEN 'pending' THEN 'answered already' ELSE d.reason END,
            attempt = CASE d.channel WHEN 'telegram' THEN d.attempt + 1 ELSE d.attempt END,
            lease_until = CASE d.channel WHEN 'telegram' THEN NULL ELSE d.lease_until END,
            redraw = locked.shown,
            due_at = CASE WHEN locked.shown THEN CAST(:now AS timestamptz)
                          WHEN d.channel = 'sms' AND d.state <> 'pending' THEN d.due_at END
        FROM locked WHERE d.id = locked.id AND locked.his
    ), others AS (
        UPDATE deliveries d SET redraw = true, due_at = :now, urgency = :soon
        FROM locked WHERE d.id = locked.id AND NOT locked.his
    )
    SELECT bool_and(answered_at IS NULL) FROM locked WHERE his
    """,
    kind=Text(),
    about=Uuid(),
    soon=SmallInteger(),
)


async def acknowledge(
    session: AsyncSession, user_id: uuid.UUID, kind: Kind, about: uuid.UUID, now: datetime
) -> bool | None:
    """The person answers a notice by its own button, or says so by SMS (R11.2); returns whether that is the first time.

    None: he was told of no such thing. It goes nowhere else any more: an SMS of it that has not left is cancelled, one
    that has left is still followed to its end. Whoever sees the thing, its sender and others who were told, sees it.
    """
    await mark_read(session, user_id, kind, about)
    given = {"user_id": user_id, "kind": kind.value, "about": about, "soon": _WHEN["soon"], "now": now}
    first: bool | None = await session.scalar(_ACKNOWLEDGE, given)
    return first


_FOLLOW_AUTHOR = sql(
    """
    UPDATE deliveries SET redraw = true, due_at = :now, urgency = :last
    WHERE id IN (
        SELECT id FROM deliveries
        WHERE about = :about AND kind = 'message' AND channel = 'telegram' AND state IN ('sending', 'sent')
        ORDER BY id
        FOR NO KEY UPDATE
    )
    """,
    about=Uuid(),
    last=SmallInteger(),
)


async def follow_author(session: AsyncSession, about: uuid.UUID, now: datetime) -> None:
    """A message has come further: its author's card shows where it stands. In a transaction of its own."""
    await session.execute(_FOLLOW_AUTHOR, {"about": about, "last": _WHEN["last"], "now": now})


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


_OTHERS = sql(
    """
    WITH others AS (
        SELECT manager.user_id, contact.away_until IS NULL OR contact.away_until <= :now AS present
        FROM warehouse_managers manager
        JOIN users person ON person.id = manager.user_id AND person.role = 'manager'
        LEFT JOIN contact_settings contact ON contact.user_id = manager.user_id
        WHERE manager.warehouse_id = :warehouse_id AND manager.user_id <> :told
          AND NOT EXISTS (SELECT FROM messages own WHERE own.id = :about AND own.author_id = manager.user_id)
    )
    SELECT user_id FROM others WHERE present OR NOT EXISTS (SELECT FROM others WHERE present)
    """,
    warehouse_id=Uuid(),
    told=Uuid(),
    about=Uuid(),
)


async def pass_on(
    session: AsyncSession, notification_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> int:
    """Tells the warehouse's other managers what one of them did not answer (R11.2); returns how many.

    Who was told of it already, or wrote it, is left out, and so is who is away, unless they all are (R11.4a).
    """
    noted = await session.get(Notification, notification_id)
    if noted is None or noted.data is None or "warehouse_id" not in noted.data:
        return 0
    warehouse_id, about = uuid.UUID(noted.data["warehouse_id"]), uuid.UUID(noted.data["about"])
    given = {"warehouse_id": warehouse_id, "told": noted.user_id, "about": about, "now": now}
    others = (await session.scalars(_OTHERS, given)).all()
    envelope = Envelope(Kind(noted.data["kind"]), about, warehouse_id=warehouse_id, level=Urgency.URGENT)
    return await tell(session, others, notice_of(noted.data), envelope, say, policy, now)
