"""A roster is published: its rows, its windows, its certificate, in one transaction whatever its size (R3.5 to R3.7).

The slots are a table of this transaction, which every statement reads (`judging`).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.coverage.rules import opening_for
from domain.db.models.words import GapReason, RosterCause
from domain.db.sql import sql
from domain.notices import following
from domain.notices.following_many import follow_slots
from domain.notices.wording import Wording
from domain.policy import Policy
from domain.roster import telling
from domain.roster.certificate import keep_certificate
from domain.roster.judging import LeftOpen, clear, judge, left_open
from domain.roster.rules import Gap, Roster
from domain.roster.runs import Run
from domain.roster.snapshot import Snapshot, days_to_come


@dataclass(frozen=True, slots=True)
class Published:
    """So many slots have got their driver by this run, and so many have not."""

    run_id: uuid.UUID
    week: date
    filled: int
    gaps: int


async def publish(
    session: AsyncSession, run: Run, seen: Snapshot, roster: Roster, say: Wording, policy: Policy, now: datetime
) -> Published:
    """Writes the roster of a run that the caller has locked. The statements are constant in number.

    Of a freeze drivers are told on Monday; to whom a manager's run gives shifts, he learns it at once (R3.8, R3.9).
    """
    days = days_to_come(run.week, policy, now)
    by_name = {each.driver_id: each.routes for each in seen.candidates}
    at_home = {pair.slot for pair in roster.pairs if pair.slot.route_id not in by_name.get(pair.driver_id, ())}
    await judge(session, run, seen.slots, {pair.slot: pair.driver_id for pair in roster.pairs}, at_home, days)
    await _write(session, run, days, policy, now)
    left = await left_open(session, run, days)
    gaps = _gaps(seen, roster, left)
    filled = await session.scalar(_FILLED) or 0
    came = [each for each, gap in zip(left, gaps, strict=True) if gap.reason is GapReason.CAME]
    freed = sum(each.had_driver for each in came)  # they were held when the roster was worked out
    slots = seen.all + len(came) - freed
    await keep_certificate(session, run, slots, seen.held - freed, roster, filled, gaps, now)
    if run.cause is RosterCause.MANAGER:
        await session.execute(_KEEP_PAIRS, {"run": run.id})
        drivers = (await session.scalars(_DRIVERS)).all()
        await telling.tell_given(session, run.week, drivers, say, policy, now)
    await _show(session, run, now)
    await clear(session)
    return Published(run.id, run.week, filled, len(gaps))


def _gaps(seen: Snapshot, roster: Roster, left: Sequence[LeftOpen]) -> list[Gap]:
    """Why each slot that is left open is (R3.6): somebody had got it for whom it did not hold, as the solver has it,
    or it was not the solver's."""
    known = {(gap.slot.route_id, gap.slot.on): gap for gap in roster.gaps}
    bidden = {(slot.route_id, slot.on) for slot in seen.bidden}
    gaps = []
    for each in left:
        of = each.slot.route_id, each.slot.on
        if of in known and not each.lost:
            gaps.append(known[of])
        else:
            reason = GapReason.LOST if each.lost else GapReason.BIDS if of in bidden else GapReason.CAME
            gaps.append(Gap(each.slot, reason))
    return gaps


_FILLED = sql("SELECT count(driver_id) FROM roster_slots")
_KEEP_PAIRS = sql(  # his card counts them
    """
    INSERT INTO roster_pairs (run_id, route_id, date, user_id)
    SELECT :run, route_id, date, driver_id FROM roster_slots WHERE driver_id IS NOT NULL
    """,
    run=Uuid(),
)
_DRIVERS = sql("SELECT DISTINCT driver_id FROM roster_slots WHERE driver_id IS NOT NULL ORDER BY driver_id")

# -- what is written

_ASSIGN = sql(
    """
    UPDATE assignments a
    SET user_id = s.driver_id, status = 'scheduled', assigned_by = 'algorithm', assigned_at = :now, updated_at = :now
    FROM roster_slots s WHERE a.id = s.assignment_id AND s.stood AND s.driver_id IS NOT NULL
    """
)
# The unique indexes are the last guard, against another program's rows: it is all tried again then (R2.1).
_INSERT = sql(
    """
    INSERT INTO assignments (id, route_id, warehouse_id, date, user_id, status, assigned_by, assigned_at,
                             created_at, updated_at)
    SELECT assignment_id, route_id, warehouse_id, date, driver_id,
           CAST(CASE WHEN driver_id IS NULL THEN 'unfilled' ELSE 'scheduled' END AS assignment_status),
           CAST(CASE WHEN driver_id IS NOT NULL THEN 'algorithm' END AS assigned_by),
           CASE WHEN driver_id IS NOT NULL THEN CAST(:now AS timestamptz) END, :now, :now
    FROM roster_slots WHERE NOT stood
    """
)
_RESOLVE = sql(
    """
    WITH waves AS (
        UPDATE window_waves v SET next_at = NULL
        FROM roster_slots s WHERE v.window_id = s.window_id AND s.driver_id IS NOT NULL AND NOT s.opens
    )
    UPDATE bid_windows w SET status = 'resolved', winner_id = s.driver_id
    FROM roster_slots s WHERE w.id = s.window_id AND s.driver_id IS NOT NULL AND NOT s.opens
    """
)
_COUNT = sql(  # counters exist from a driver's first event on (R9.6)
    """
    INSERT INTO driver_metrics AS m (user_id, total_assigned, updated_at)
    SELECT driver_id, count(*), :now FROM roster_slots WHERE driver_id IS NOT NULL GROUP BY driver_id ORDER BY driver_id
    ON CONFLICT (user_id) DO UPDATE SET total_assigned = m.total_assigned + excluded.total_assigned, updated_at = :now
    """
)
_OPEN = sql(
    """
    INSERT INTO bid_windows (id, assignment_id, mode, trigger, pay_bonus_percent, opens_at, closes_at, status)
    SELECT s.window_id, s.assignment_id, CAST(day.mode AS bid_window_mode), 'schedule_unfilled', day.bonus, :now,
           day.closes_at, 'open'
    FROM roster_slots s
    JOIN unnest(:days, :modes, :bonuses, :closings) AS day (date, mode, bonus, closes_at) ON day.date = s.date
    WHERE s.opens AND s.driver_id IS NULL
    """,
    days=ARRAY(Date()),
    modes=ARRAY(Text()),
    bonuses=ARRAY(Integer()),
    closings=ARRAY(DateTime(timezone=True)),
)
_WAVES = sql(
    """
    INSERT INTO window_waves (window_id, next_at)
    SELECT window_id, :now FROM roster_slots WHERE opens AND driver_id IS NULL
    """
)
_AUDIT = sql(
    """
    INSERT INTO audit_logs (entity_type, entity_id, action, actor_id, actor_type, changes, created_at)
    SELECT entity, id, action, :actor, CAST(CASE WHEN :actor IS NULL THEN 'system' ELSE 'user' END AS actor_type),
           changes, :now
    FROM (
        SELECT 'assignment' AS entity, assignment_id AS id, 'roster_assign' AS action, jsonb_build_object(
                   'before', CASE WHEN stood THEN jsonb_build_object('status', 'unfilled', 'user_id', NULL)
                             ELSE '{}' END,
                   'after', jsonb_build_object('status', 'scheduled', 'user_id', driver_id, 'date', date),
                   'facts', jsonb_build_object('run_id', :run)) AS changes
        FROM roster_slots WHERE driver_id IS NOT NULL
        UNION ALL
        SELECT 'assignment', assignment_id, 'opened', jsonb_build_object(
                   'before', jsonb_build_object(), 'after', jsonb_build_object('status', 'unfilled', 'date', date))
        FROM roster_slots WHERE driver_id IS NULL AND NOT stood
        UNION ALL
        SELECT 'bid_window', w.id, 'opened', jsonb_build_object('before', jsonb_build_object(), 'after',
                   jsonb_build_object('assignment_id', w.assignment_id, 'mode', w.mode, 'trigger', w.trigger,
                                      'bonus_percent', w.pay_bonus_percent, 'closes_at', w.closes_at))
        FROM roster_slots s JOIN bid_windows w ON w.id = s.window_id WHERE s.opens AND s.driver_id IS NULL
        UNION ALL
        SELECT 'bid_window', window_id, 'resolved', jsonb_build_object(
                   'before', jsonb_build_object('status', 'open'),
                   'after', jsonb_build_object('status', 'resolved', 'winner_id', driver_id))
        FROM roster_slots WHERE driver_id IS NOT NULL AND NOT opens
    ) AS entries
    """,
    actor=Uuid(),
    run=Uuid(),
)


async def _write(session: AsyncSession, run: Run, days: Sequence[date], policy: Policy, now: datetime) -> None:
    """Rows, windows, counters, audit. Of what a freeze leaves open the week's message tells, not waves (R6.3)."""
    openings = {on: opening for on in days if (opening := opening_for(on, policy, now)) is not None}
    opened = {
        "days": list(openings),
        "modes": [each.mode.value for each in openings.values()],
        "bonuses": [each.bonus_percent for each in openings.values()],
        "closings": [each.closes_at for each in openings.values()],
    }
    at = {"now": now}
    for statement in (_ASSIGN, _INSERT, _RESOLVE, _COUNT):
        await session.execute(statement, at if statement is not _RESOLVE else {})
    await session.execute(_OPEN, opened | at)
    if run.cause is not RosterCause.DEADLINE:
        await session.execute(_WAVES, at)
    await session.execute(_AUDIT, {"actor": run.requested_by, "run": run.id} | at)


# -- what shows it

_SHOWN = sql(
    """
    SELECT array_agg(assignment_id) FILTER (WHERE stood AND driver_id IS NOT NULL) AS filled,
           (SELECT array_agg(DISTINCT who) FROM (
                SELECT driver_id AS who FROM roster_slots WHERE driver_id IS NOT NULL
                UNION SELECT ask.user_id FROM window_asks ask JOIN roster_slots s USING (window_id)
                      WHERE s.driver_id IS NOT NULL AND NOT s.opens) AS concerned) AS people
    FROM roster_slots
    """
)
_DAYS = sql("SELECT DISTINCT warehouse_id, date FROM roster_slots")
_OFFERED = sql(  # to whom something is given on a day for which he was offered something else
    """
    SELECT s.driver_id, s.date FROM roster_slots s
    JOIN window_asks ask ON ask.user_id = s.driver_id AND ask.date = s.date
    UNION
    SELECT s.driver_id, s.date FROM roster_slots s
    JOIN give_away_asks ask ON ask.user_id = s.driver_id
    JOIN give_aways g ON g.id = ask.give_away_id AND g.ended_at IS NULL
    JOIN assignments a ON a.id = g.assignment_id AND a.date = s.date
    """
)


async def _show(session: AsyncSession, run: Run, now: datetime) -> None:
    """Offers of windows that are resolved are taken, and others of that day no longer for whoever has got it; boards,
    home cards and the run's own card turn, last of all."""
    shown = (await session.execute(_SHOWN)).one()
    days = [following.DayAt(*row) for row in await session.execute(_DAYS)]
    offered = [following.Day(*row) for row in await session.execute(_OFFERED)]
    await follow_slots(session, shown.filled or [], [run.id], now, days=offered)
    await following.follow_homes(session, now, of=shown.people or [], managers_of=days)
