"""Telling people: the inbox row and its delivery, in the transaction that caused them (R11.1)."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import CursorResult, DateTime, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Notification
from domain.db.models.words import NotificationType, Urgency
from domain.db.sql import sql
from domain.groups import telling as groups
from domain.notices import following
from domain.notices.kinds import IN_GROUPS, RULES, Kind
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
    he is not left untold for it. A route that needs a driver is told of in the warehouse's group, too.
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
    if (in_group := IN_GROUPS.get(envelope.kind)) is not None:
        await groups.tell(session, in_group, envelope.about, level, now)
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
_ANSWERED: Final = """
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
"""
_ACKNOWLEDGE = sql(
    f"""
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
        ORDER BY kind IN ('home', 'board', 'coverage'), id
        FOR NO KEY UPDATE
    ), his AS (
        UPDATE deliveries d SET {_ANSWERED}
        FROM locked WHERE d.id = locked.id AND locked.his
    ), others AS (
        UPDATE deliveries d SET redraw = true, due_at = :now, urgency = :soon
        FROM locked WHERE d.id = locked.id AND NOT locked.his
    )
    SELECT bool_and(answered_at IS NULL) FROM locked WHERE his
    """,  # noqa: S608 - our own text, as below
    kind=Text(),
    about=Uuid(),
    soon=SmallInteger(),
)
# Of what was told to many no other message shows who has answered, but for its author's card, which follows behind.
_ACKNOWLEDGE_ALONE = sql(
    f"""
    WITH locked AS (
        SELECT id, answered_at, channel = 'telegram' AND message_id IS NOT NULL
                                AND state IN ('sent', 'acknowledged', 'escalated') AS shown
        FROM deliveries WHERE user_id = :user_id AND kind = :kind AND about = :about
        ORDER BY id
        FOR NO KEY UPDATE
    ), his AS (
        UPDATE deliveries d SET {_ANSWERED}
        FROM locked WHERE d.id = locked.id
    )
    SELECT bool_and(answered_at IS NULL) FROM locked
    """,  # noqa: S608
    kind=Text(),
    about=Uuid(),
)


async def acknowledge(
    session: AsyncSession, user_id: uuid.UUID, kind: Kind, about: uuid.UUID, now: datetime
) -> bool | None:
    """The person answers a notice by its own button, or says so by SMS (R11.2); returns whether that is the first time.

    None: he was told of no such thing. It goes nowhere else any more: an SMS of it that has not left is cancelled, one
    that has left is still followed to its end. Whoever sees the thing, its sender and others who were told, sees it.
    """
    await mark_read(session, user_id, kind, about)
    given = {"user_id": user_id, "kind": kind.value, "about": about, "now": now}
    to_many = kind is Kind.BROADCAST
    soon = {} if to_many else {"soon": int(Urgency.IMPORTANT)}
    first: bool | None = await session.scalar(_ACKNOWLEDGE_ALONE if to_many else _ACKNOWLEDGE, given | soon)
    if to_many and first:
        await following.follow_author(session, about, now, at_leisure=True)
    return first


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
