"""What is shown on phones is kept current: whoever changes something marks what shows it (docs/decisions.md)."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Boolean, Date, DateTime, Interval, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import Urgency
from domain.db.sql import sql
from domain.notices.kinds import Kind, cover_of, week_about
from domain.policy import REDRAWN_EVERY
from domain.time import week_of

# Whoever changes several of these rows locks them in the one order that all share: boards and home cards last, then by
# id. Windows have drivers in common: two that end at once would else lock the same home cards crosswise.
_FOLLOW = sql(
    """
    WITH touched AS (
        SELECT :about AS about, true AS itself, false AS own
        UNION ALL
        SELECT unnest(:also), false, false
        UNION ALL
        SELECT g.assignment_id, false, true FROM give_away_asks ask
        JOIN give_aways g ON g.id = ask.give_away_id AND g.ended_at IS NULL AND g.assignment_id <> :about
        JOIN assignments a ON a.id = g.assignment_id AND a.date = :on
        WHERE ask.user_id = :driver
        UNION ALL
        SELECT w.id, false, false FROM window_asks ask
        JOIN bid_windows w ON w.id = ask.window_id AND w.status = 'open' AND w.id <> :about
        WHERE ask.user_id = :driver AND ask.date = :on
        UNION ALL
        SELECT earlier.id, false, false FROM bid_windows w
        JOIN bid_windows earlier ON earlier.assignment_id = w.assignment_id AND earlier.id <> w.id
        WHERE w.id = :about AND :over
        UNION ALL
        SELECT gone.id, false, false FROM bid_windows w
        JOIN assignments a ON a.id = w.assignment_id
        JOIN assignments gone ON gone.route_id = a.route_id AND gone.date = a.date
             AND gone.id <> a.id AND gone.status = 'cancelled'
        WHERE w.id = :about AND (:over OR :anew OR :bids)
        UNION ALL
        SELECT w.id, false, false FROM bid_windows w WHERE w.assignment_id = :about
        UNION ALL
        SELECT asking_id, false, false FROM give_aways WHERE assignment_id = :about AND asking_id IS NOT NULL
        UNION ALL
        SELECT list_id, false, false FROM arrival_warnings WHERE assignment_id = :about
        UNION ALL
        SELECT hold.id, false, false FROM assignments a
        JOIN arrival_holds hold ON hold.warehouse_id = a.warehouse_id AND hold.date = a.date
        WHERE a.id = :about
    ), locked AS (
        SELECT d.id FROM deliveries d JOIN touched USING (about)
        WHERE itself AND (:over OR :anew) AND kind = 'offer' AND state = 'pending'
           OR (kind NOT IN ('offer', 'give_away') AND NOT own OR user_id = :driver
               OR itself AND (:over OR :offers OR kind = 'give_away'))
              AND (state IN ('sending', 'sent', 'acknowledged') OR state = 'escalated' AND message_id IS NOT NULL)
              AND channel = 'telegram'
        ORDER BY kind IN ('home', 'board', 'coverage'), d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET
        state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END,
        reason = CASE WHEN state <> 'pending' THEN reason WHEN :over THEN 'the window is over' ELSE 'told anew' END,
        redraw = state <> 'pending',
        due_at = CASE state WHEN 'pending' THEN NULL ELSE :now END,
        escalate_at = CASE WHEN kind = 'offer' AND about = :about AND :over THEN NULL ELSE escalate_at END,
        urgency = CASE WHEN kind IN ('offer', 'give_away') THEN :last ELSE :soon END
    WHERE id IN (SELECT id FROM locked)
    """,
    about=Uuid(),
    also=ARRAY(Uuid()),
    over=Boolean(),
    anew=Boolean(),
    offers=Boolean(),
    bids=Boolean(),
    driver=Uuid(),
    on=Date(),
    last=SmallInteger(),
    soon=SmallInteger(),
)
# Boards and lists wait a moment for what else happens (`pause_until`): five drivers who arrive at once make one edit.
# What waits already does not wait any longer for it, or a busy morning would never be shown. Lists are found by their
# dedupe key, and ids as arrays, so that none of it is ever looked for in all that was told.
_FOLLOW_HOMES = sql(
    """
    WITH changed AS (
        SELECT * FROM unnest(CAST(:warehouses AS uuid[]), CAST(:days AS date[]), CAST(:covers AS uuid[]))
            AS changed (warehouse_id, date, cover)
    ), whose AS (
        SELECT unnest(:of) AS user_id, 'home' AS kind
        UNION SELECT user_id, 'home' FROM window_asks WHERE window_id = :asked_of
        UNION SELECT user_id, 'home' FROM desks WHERE warehouse_id = ANY (:at_home)
        UNION SELECT board.user_id, 'board'
        FROM boards board JOIN changed ON changed.date = board.date
        WHERE board.live_until > :now AND (board.warehouse_id = changed.warehouse_id OR board.warehouse_id IS NULL
              AND EXISTS (SELECT FROM desks his WHERE his.user_id = board.user_id
                          AND his.warehouse_id = changed.warehouse_id))
        UNION SELECT map.user_id, 'coverage'
        FROM coverage_maps map JOIN changed ON changed.date BETWEEN map.date AND map.date + (map.days - 1)
        WHERE map.live_until > :now AND (map.warehouse_id = changed.warehouse_id OR map.warehouse_id IS NULL
              AND EXISTS (SELECT FROM desks his WHERE his.user_id = map.user_id
                          AND his.warehouse_id = changed.warehouse_id))
    ), showing AS (
        SELECT d.id FROM deliveries d JOIN whose USING (user_id, kind)
        UNION ALL
        SELECT d.id FROM deliveries d
        WHERE d.user_id = ANY (:of) AND d.kind = ANY ('{week,week_locked}') AND d.about = ANY (:weeks)
        UNION ALL
        SELECT d.id FROM deliveries d WHERE d.notification_id = ANY (ARRAY(
            SELECT list.id FROM notifications list WHERE list.data ->> 'dedupe' = ANY (ARRAY(
                SELECT 'cover:' || changed.cover || ':' || manager.user_id
                FROM changed JOIN warehouse_managers manager ON manager.warehouse_id = changed.warehouse_id))))
        UNION ALL
        SELECT d.id FROM deliveries d WHERE d.notification_id = ANY (ARRAY(
            SELECT digest.notification_id
            FROM manager_digests digest JOIN warehouse_managers his ON his.user_id = digest.user_id
            WHERE digest.live_until > :now
              AND (his.warehouse_id = ANY (:at_home) OR his.warehouse_id = ANY (CAST(:warehouses AS uuid[])))))
    ), locked AS (
        SELECT d.id FROM deliveries d
        WHERE d.id = ANY (ARRAY(SELECT id FROM showing)) AND d.channel = 'telegram'
          AND (d.kind IN ('home', 'board', 'coverage') AND d.state IN ('sending', 'sent')
               OR d.kind IN ('cover', 'manager_digest', 'week', 'week_locked') AND d.expires_at > :now
                  AND (d.state IN ('sending', 'sent', 'acknowledged')
                       OR d.state = 'escalated' AND d.message_id IS NOT NULL))
        ORDER BY kind IN ('home', 'board', 'coverage'), d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET
        due_at = CASE WHEN kind <> 'home' AND redraw THEN coalesce(due_at, :now) ELSE CAST(:now AS timestamptz) END,
        pause_until = CASE WHEN kind = 'home' OR redraw THEN pause_until
                           ELSE greatest(pause_until, clock_timestamp() + :redrawn_every) END,
        redraw = true,
        urgency = CASE WHEN kind <> 'home' THEN :boards WHEN user_id = :first THEN :soon ELSE :last END
    WHERE id IN (SELECT id FROM locked)
    """,
    warehouses=ARRAY(Uuid()),
    days=ARRAY(Date()),
    covers=ARRAY(Uuid()),
    weeks=ARRAY(Uuid()),
    of=ARRAY(Uuid()),
    asked_of=Uuid(),
    at_home=ARRAY(Uuid()),
    first=Uuid(),
    redrawn_every=Interval(),
    boards=SmallInteger(),
    last=SmallInteger(),
    soon=SmallInteger(),
)
_WHEN = {"soon": int(Urgency.IMPORTANT), "last": int(Urgency.TIDYING)}


@dataclass(frozen=True, slots=True)
class Day:
    """A driver's day has changed, and with it what he is offered for it through other windows."""

    driver_id: uuid.UUID
    on: date


async def follow(
    session: AsyncSession,
    about: uuid.UUID,
    now: datetime,
    *,
    over: bool,
    offers: bool = False,
    anew: bool = False,
    bids: bool = False,
    day: Day | None = None,
    also: Collection[uuid.UUID] = (),
) -> None:
    """Something about `about` has changed: every message that shows it is redrawn, the managers' cards first.

    What shows an assignment are the windows through which it was filled, the lists of who is missing (R8.2a, R8.6a),
    and the askings for it, where it is given away, too.

    `over`: there is nothing left to offer; offers not yet sent are cancelled, those sent are redrawn last (R11.8), and
    cards of earlier windows of the slot say who has it, and who had it before can't have it back. One that is being
    sent right now is redrawn afterwards. `offers`: those sent are redrawn though it is not over; `anew`: so are they,
    and those not yet sent are cancelled, since it will be told again. `bids`: somebody bids for it, or does no longer;
    who had it before can have it back while nobody else does (R4.3). `day`: this driver's other offers of that day are
    redrawn, too, and the managers' cards of those windows, and whatever `also` shows. All in one statement, since all
    these rows are locked in one order.
    """
    whose = {"driver": day.driver_id if day else None, "on": day.on if day else None}
    which = {"about": about, "also": list(also), "over": over, "anew": anew, "offers": offers or anew, "now": now}
    await session.execute(_FOLLOW, which | {"bids": bids} | whose | _WHEN)


# Only what is yet to be sent is not locked by `follow` before.
_EXPIRE_LATER = sql(
    """
    WITH those AS (
        SELECT id FROM deliveries WHERE about = :about AND kind = :kind AND expires_at IS NOT NULL
        ORDER BY id FOR NO KEY UPDATE
    ), codes AS (
        UPDATE sms_codes SET expires_at = :at WHERE about = :about AND kind = :kind AND expires_at > :now
    )
    UPDATE deliveries SET expires_at = :at WHERE id IN (SELECT id FROM those)
    """,
    about=Uuid(),
    kind=Text(),
    at=DateTime(timezone=True),
)


async def expire_later(session: AsyncSession, kind: Kind, about: uuid.UUID, at: datetime, now: datetime) -> None:
    """What was told of this, by whatever way, keeps its point until `at`, and so do its codes. After `follow`."""
    await session.execute(_EXPIRE_LATER, {"kind": kind.value, "about": about, "at": at, "now": now})


_FOLLOW_AUTHOR = sql(
    """
    UPDATE deliveries SET redraw = true, due_at = :now, urgency = :last,
        pause_until = CASE WHEN :at_leisure THEN greatest(pause_until, clock_timestamp() + :redrawn_every)
                           ELSE pause_until END
    WHERE id IN (
        SELECT id FROM deliveries
        WHERE about = :about AND kind = 'message' AND channel = 'telegram' AND state IN ('sending', 'sent')
          AND NOT (:at_leisure AND redraw)
        ORDER BY id
        FOR NO KEY UPDATE
    )
    """,
    about=Uuid(),
    at_leisure=Boolean(),
    redrawn_every=Interval(),
    last=SmallInteger(),
)


async def follow_author(session: AsyncSession, about: uuid.UUID, now: datetime, *, at_leisure: bool = False) -> None:
    """A message has come further: its author's card shows where it stands. Locks nothing but that, and last.

    `at_leisure`: one that went to many; its card is edited once in three seconds at most, as a board is.
    """
    given = {"about": about, "at_leisure": at_leisure, "redrawn_every": REDRAWN_EVERY, "last": _WHEN["last"]}
    await session.execute(_FOLLOW_AUTHOR, given | {"now": now})


@dataclass(frozen=True, slots=True)
class DayAt:
    """Something has changed about a warehouse's shifts of this day."""

    warehouse_id: uuid.UUID
    on: date


async def follow_homes(
    session: AsyncSession,
    now: datetime,
    *,
    of: Sequence[uuid.UUID] = (),
    asked_of: uuid.UUID | None = None,
    managers_of: Sequence[DayAt] = (),
    boards_of: Sequence[DayAt] = (),
    first: uuid.UUID | None = None,
) -> None:
    """The home cards of these people show something that has changed; that of `first` is redrawn before the others.

    `asked_of`: all who were asked for this window; `managers_of`: those of these warehouses, whose boards, maps and
    lists of what is covered on those days then follow, too, once in three seconds at most. `boards_of`: these alone,
    for what a home card does not tell. Boards and maps of days that are over stay as they are. What was told to these
    people of the weeks of any of these days follows as boards do. After `follow`, once in a transaction: the order in
    which everybody locks these rows.
    """
    days = list({(day.warehouse_id, day.on) for day in (*managers_of, *boards_of)})
    given = {
        "of": list(of),
        "asked_of": asked_of,
        "at_home": [day.warehouse_id for day in managers_of],
        "warehouses": [warehouse_id for warehouse_id, _ in days],
        "days": [on for _, on in days],
        "covers": [cover_of(on) for _, on in days],
        "weeks": [week_about(week) for week in {week_of(on)[0] for _, on in days}],
        "first": first,
        "redrawn_every": REDRAWN_EVERY,
        "boards": int(Urgency.NORMAL),
        "now": now,
    }
    await session.execute(_FOLLOW_HOMES, given | _WHEN)
