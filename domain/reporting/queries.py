"""How a week went, in a manager's warehouses: exact figures, from what was recorded (R12.5).

All of a shift counts in the week of its own day, whenever it happened; an SMS when it was sent. What happened before
penalties begin happened all the same, so it counts here; what a manager has excused is told apart.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Date, DateTime, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import BidWindowMode
from domain.db.sql import sql
from domain.people.queries import warehouses_of
from domain.policy import Policy
from domain.shifts.ledger import Excuse
from domain.time import local_day, local_instant, week_of

A_WEEK: Final = timedelta(days=7)


class Way(StrEnum):
    """In which a shift that was open got its driver."""

    COMPETITIVE = BidWindowMode.COMPETITIVE.value
    INSTANT = BidWindowMode.INSTANT.value
    EMERGENCY = BidWindowMode.EMERGENCY.value
    BY_HAND = "by_hand"  # by a manager, while it was offered


@dataclass(frozen=True, slots=True)
class Filled:
    """So many shifts were filled that way; half of them within `median` of being offered so."""

    way: Way
    shifts: int
    median: timedelta


@dataclass(frozen=True, slots=True)
class Left:
    """So many shifts were given up for a reason, by its word as the audit has it."""

    reason: str
    shifts: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A week of one warehouse; `warehouse` None: of all that are asked for, together.

    `slots`: shifts that were to be driven, `driven` those that were; `closed`: called off, which are none of them.
    `no_shows`, `late`: no-shows and late cancellations that were not excused; `excused`: those of both that a manager
    has excused. `left`: by reason, the most frequent first; `dropped`: not confirmed in time. `windows`: those that
    were open for bids, with `bids` altogether. `bonus_shifts`: driven for a bonus; `bonus_points`: their percents added
    up. `sms`: segments; None where what was sent is not kept any more.
    """

    warehouse: str | None
    slots: int
    driven: int
    closed: int
    no_shows: int
    late: int
    excused: int
    left: tuple[Left, ...]
    dropped: int
    filled: tuple[Filled, ...]
    windows: int
    bids: int
    bonus_shifts: int
    bonus_points: int
    sms: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """The week of this Monday, in a manager's warehouses by name. `earlier`, `later`: whether there are such weeks."""

    week: date
    warehouses: tuple[Figures, ...]
    total: Figures
    earlier: bool
    later: bool
    today: date


def last_week(policy: Policy, now: datetime) -> date:
    """The Monday of the last week that is over."""
    return week_of(local_day(now, policy))[0] - A_WEEK


async def report(
    session: AsyncSession, manager_id: uuid.UUID, week: date, policy: Policy, now: datetime
) -> Report | None:
    """The figures of the week of this Monday; None before it is over, and for who manages nothing."""
    mine = await warehouses_of(session, manager_id)
    if week > last_week(policy, now) or not mine:
        return None
    earlier = bool(await session.scalar(_EARLIER, {"mine": mine, "week": week}))
    by_warehouse = await figures(session, mine, week, policy, now)
    total = by_warehouse.pop(None)
    return Report(
        week, tuple(by_warehouse.values()), total, earlier, week < last_week(policy, now), local_day(now, policy)
    )


# By each warehouse's own days, of which one is looked at.
_EARLIER = sql(
    """
    SELECT EXISTS (
        SELECT FROM unnest(:mine) AS his (id) CROSS JOIN LATERAL (
            SELECT FROM assignments WHERE warehouse_id = his.id AND date < :week ORDER BY date DESC LIMIT 1
        ) AS before)
    """,
    mine=ARRAY(Uuid()),
    week=Date(),
)
_ROWS: Final = """
    WITH rows AS (
        SELECT * FROM assignments WHERE warehouse_id = ANY (:mine) AND date BETWEEN :first AND :last
    )
"""
# The slots of the week: a route on a day, whoever had it. One that was called off and put back is one like any other;
# one whose route has moved since somebody lost it is where its latest row is. Each is looked up by itself, and not
# among all that was ever driven.
_SHIFTS = sql(
    f"""
    {_ROWS}
    , of_slots AS (
        SELECT a.* FROM (SELECT DISTINCT route_id, date FROM rows) slot CROSS JOIN LATERAL (
            SELECT * FROM assignments WHERE route_id = slot.route_id AND date = slot.date OFFSET 0
        ) AS a
    ), slots AS (
        SELECT (array_agg(warehouse_id ORDER BY status <> 'cancelled' DESC, created_at DESC, id))[1] AS warehouse_id,
               bool_or(status IN ('active', 'completed')) AS driven, bool_or(status <> 'cancelled') AS live,
               (array_agg(status = 'cancelled' AND EXISTS (
                   SELECT FROM audit_logs log WHERE log.entity_type = 'assignment' AND log.entity_id = of_slots.id
                   AND log.action = 'called_off') ORDER BY created_at DESC, id))[1] AS called_off
        FROM of_slots GROUP BY route_id, date
    )
    SELECT warehouse_id, count(*) FILTER (WHERE live OR NOT called_off) AS slots,
           count(*) FILTER (WHERE driven) AS driven, count(*) FILTER (WHERE called_off AND NOT live) AS closed
    FROM slots WHERE warehouse_id = ANY (:mine) GROUP BY warehouse_id
    """,  # noqa: S608 - our own texts, as all below
    mine=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
)
_INCIDENTS = sql(
    f"""
    {_ROWS}
    , happened AS (
        SELECT rows.warehouse_id, i.kind,
               i.excused_at IS NOT NULL AND i.excuse_reason IS DISTINCT FROM :practice AS excused
        FROM rows JOIN incidents i ON i.assignment_id = rows.id WHERE i.kind IN ('no_show', 'late_cancel')
    )
    SELECT warehouse_id, count(*) FILTER (WHERE kind = 'no_show' AND NOT excused) AS no_shows,
           count(*) FILTER (WHERE kind = 'late_cancel' AND NOT excused) AS late,
           count(*) FILTER (WHERE excused) AS excused
    FROM happened GROUP BY warehouse_id
    """,  # noqa: S608
    mine=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
    practice=Text(),
)
_LEFT = sql(
    f"""
    {_ROWS}
    SELECT rows.warehouse_id, CASE log.action WHEN 'cancelled' THEN log.changes -> 'after' ->> 'reason' END AS reason,
           count(*) AS shifts
    FROM rows JOIN audit_logs log ON log.entity_type = 'assignment' AND log.entity_id = rows.id
    WHERE log.action IN ('cancelled', 'auto_dropped')
    GROUP BY 1, 2
    """,  # noqa: S608
    mine=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
)
# How long it took is counted from when it was last offered in another way. Who got back what was his has not filled it.
_FILLED = sql(
    f"""
    {_ROWS}
    , filled AS (
        SELECT rows.warehouse_id, CASE rows.assigned_by WHEN 'manager' THEN 'by_hand' ELSE w.mode::text END AS way,
               rows.assigned_at - coalesce(
                   (SELECT max(log.created_at) FROM audit_logs log
                    WHERE log.entity_type = 'bid_window' AND log.entity_id = w.id AND log.action = 'mode_changed'),
                   w.opens_at) AS took
        FROM rows JOIN bid_windows w ON w.assignment_id = rows.id
        WHERE w.status = 'resolved' AND w.winner_id = rows.user_id AND rows.assigned_by IN ('bid', 'manager')
          AND NOT EXISTS (SELECT FROM audit_logs log WHERE log.entity_type = 'assignment' AND log.entity_id = rows.id
                          AND log.action = 'restored')
    )
    SELECT warehouse_id, way, count(*) AS shifts, percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median
    FROM filled GROUP BY GROUPING SETS ((warehouse_id, way), (way))
    """,  # noqa: S608
    mine=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
)
# An acceptance is written as a bid that is won the moment it is made.
_BIDS = sql(
    f"""
    {_ROWS}
    SELECT rows.warehouse_id,
           sum((SELECT count(*) FROM bid_windows w WHERE w.assignment_id = rows.id AND (
                   w.mode = 'competitive' OR EXISTS (
                       SELECT FROM audit_logs log WHERE log.entity_type = 'bid_window' AND log.entity_id = w.id
                       AND log.action = 'mode_changed' AND log.changes -> 'before' ->> 'mode' = 'competitive'))
               )) AS windows,
           sum((SELECT count(*) FROM bids b
                WHERE b.assignment_id = rows.id AND (b.resolved_at IS NULL OR b.resolved_at > b.bid_at))) AS bids
    FROM rows GROUP BY rows.warehouse_id
    """,  # noqa: S608
    mine=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
)
_BONUSES = sql(
    f"""
    {_ROWS}
    SELECT rows.warehouse_id, count(*) AS bonus_shifts, sum(w.pay_bonus_percent) AS bonus_points
    FROM rows JOIN bid_windows w ON w.assignment_id = rows.id
    WHERE rows.status = 'completed' AND rows.assigned_by = 'bid' AND w.status = 'resolved'
      AND w.winner_id = rows.user_id AND w.pay_bonus_percent > 0
    GROUP BY rows.warehouse_id
    """,  # noqa: S608
    mine=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
)
# Of the warehouse that the notice names; else of the home, by name the first, of who got it, or the one he manages; of
# who has neither, where he drove last.
_SMS = sql(
    """
    WITH sent AS (
        SELECT s.user_id, s.segments, told.data ->> 'warehouse_id' AS named
        FROM sms_attempts s
        JOIN deliveries d ON d.id = s.delivery_id
        LEFT JOIN notifications told ON told.id = d.notification_id
        WHERE s.created_at >= :begins AND s.created_at < :ends AND s.status IS DISTINCT FROM 'refused'
    ), placed AS (
        SELECT segments, coalesce(
            (SELECT w.id FROM warehouses w WHERE w.id::text = sent.named),
            (SELECT w.id FROM employments home JOIN warehouses w ON w.id = home.warehouse_id
             WHERE home.user_id = sent.user_id AND home.starts_on <= :last
               AND (home.ends_on IS NULL OR home.ends_on >= :first) ORDER BY w.name, w.id LIMIT 1),
            (SELECT w.id FROM warehouse_managers his JOIN warehouses w ON w.id = his.warehouse_id
             WHERE his.user_id = sent.user_id ORDER BY w.name, w.id LIMIT 1),
            (SELECT a.warehouse_id FROM assignments a WHERE a.user_id = sent.user_id AND a.date <= :last
             ORDER BY a.date DESC, a.id LIMIT 1)) AS warehouse_id
        FROM sent
    )
    SELECT warehouse_id, sum(segments) AS sms FROM placed WHERE warehouse_id = ANY (:mine) GROUP BY warehouse_id
    """,
    mine=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
    begins=DateTime(timezone=True),
    ends=DateTime(timezone=True),
)
_NAMES = sql("SELECT id, name FROM warehouses WHERE id = ANY (:mine) ORDER BY name, id", mine=ARRAY(Uuid()))


async def figures(
    session: AsyncSession, warehouses: Collection[uuid.UUID], week: date, policy: Policy, now: datetime
) -> dict[uuid.UUID | None, Figures]:
    """Of each of these by name, and of all together (None); as many statements for one as for all."""
    days = {"mine": list(warehouses), "first": week, "last": week + A_WEEK - timedelta(days=1)}
    counts: dict[uuid.UUID | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for statement, more in (
        (_SHIFTS, {}),
        (_INCIDENTS, {"practice": Excuse.PRACTICE.value}),
        (_BIDS, {}),
        (_BONUSES, {}),
        (_SMS, _instants(week, policy)),
    ):
        for row in (await session.execute(statement, days | more)).mappings():
            for where in (row["warehouse_id"], None):
                for name, number in row.items():
                    if name != "warehouse_id":
                        counts[where][name] += int(number or 0)
    left = await _left(session, days)
    filled = await _filled(session, days)
    names = {row.id: row.name for row in await session.execute(_NAMES, {"mine": list(warehouses)})}
    found: dict[uuid.UUID | None, str | None] = {**names, None: None}
    kept = _instants(week, policy)["begins"] >= now - policy.keep_sms_for
    made = {where: _made(name, counts[where], left[where], filled[where]) for where, name in found.items()}
    return made if kept else {where: replace(each, sms=None) for where, each in made.items()}


def _instants(week: date, policy: Policy) -> dict[str, datetime]:
    begins, ends = (local_instant(on, policy.midnight, policy) for on in (week, week + A_WEEK))
    return {"begins": begins, "ends": ends}


async def _left(session: AsyncSession, days: Mapping[str, Any]) -> dict[uuid.UUID | None, dict[str | None, int]]:
    """By reason; None: not confirmed in time."""
    found: dict[uuid.UUID | None, dict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    for row in await session.execute(_LEFT, days):
        for where in (row.warehouse_id, None):
            found[where][row.reason] += row.shifts
    return found


async def _filled(session: AsyncSession, days: Mapping[str, Any]) -> dict[uuid.UUID | None, list[Filled]]:
    found: dict[uuid.UUID | None, list[Filled]] = defaultdict(list)
    for row in await session.execute(_FILLED, days):
        found[row.warehouse_id].append(Filled(Way(row.way), row.shifts, row.median))
    return found


def _made(
    name: str | None, counts: Mapping[str, int], left: Mapping[str | None, int], filled: Sequence[Filled]
) -> Figures:
    reasons = [Left(reason, shifts) for reason, shifts in left.items() if reason is not None]
    ways = list(Way)
    return Figures(
        warehouse=name,
        **{each: counts[each] for each in _COUNTED},
        left=tuple(sorted(reasons, key=lambda each: (-each.shifts, each.reason))),
        dropped=left.get(None, 0),
        filled=tuple(sorted(filled, key=lambda each: ways.index(each.way))),
    )


_COUNTED: Final = (
    *("slots", "driven", "closed", "no_shows", "late", "excused"),
    *("windows", "bids", "bonus_shifts", "bonus_points", "sms"),
)
