"""What holds for a driver now: his flag, his hard stop, his cap, so that each can be explained to him (R10.6)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.health.whys import OwnAppeal
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class OwnFlag:
    """He is flagged (R9.2): so many shifts were due then, and so many of them completed. `cut_at`: it has cost a shift
    a week since; `put_at`: a manager was asked, since there was no shift left by which to recover.
    """

    id: uuid.UUID
    flagged_at: datetime
    due: int
    completed: int
    cut_at: datetime | None
    put_at: datetime | None
    appeal: OwnAppeal | None

    def may_appeal(self, policy: Policy, now: datetime) -> bool:
        return self.appeal is None and now <= self.flagged_at + policy.appeal_within


@dataclass(frozen=True, slots=True)
class OwnStop:
    """A hard stop that nobody has decided on, or that keeps him out (R10.2). `back_at`: since when he is back for now,
    if he is; `reason`: why he stays out, in the manager's words; `adopted`: another program has stopped him.
    """

    id: uuid.UUID
    stopped_at: datetime
    back_at: datetime | None
    reason: str | None
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class OwnCap:
    """How many shifts a week he may have, and why (R9.3-9.5). `chosen`: by a manager, for this `reason`."""

    cap: int
    base: int
    rewarded: bool
    cut: bool
    chosen: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """What holds for a driver now. `free`: he can get new shifts."""

    flag: OwnFlag | None
    stop: OwnStop | None
    cap: OwnCap
    free: bool


_STANDING = sql(
    """
    SELECT u.weekly_cap, NOT u.is_flagged AND coalesce(s.assignment_pool_eligible, true) AS free,
           coalesce(c.base, u.weekly_cap) AS base, coalesce(c.rewarded, false) AS rewarded,
           coalesce(c.cut, false) AS cut, c.chosen IS NOT NULL AS chosen, c.reason AS cap_reason,
           f.id AS flag_id, f.flagged_at, f.due, f.completed, f.cut_at, f.put_at,
           p.id AS appeal_id, p.decide_by, p.granted, p.answer,
           h.id AS stop_id, h.stopped_at, CASE WHEN s.assignment_pool_eligible THEN h.back_at END AS back_at, h.reason,
           h.adopted
    FROM users u
    LEFT JOIN driver_health_state s ON s.user_id = u.id
    LEFT JOIN driver_caps c ON c.user_id = u.id
    LEFT JOIN flag_episodes f ON f.user_id = u.id AND f.ended_at IS NULL
    LEFT JOIN appeals p ON p.flag_id = f.id
    LEFT JOIN hard_stops h ON h.user_id = u.id AND h.ended_at IS NULL
    WHERE u.id = :driver
    """,
    driver=Uuid(),
)


async def standing(session: AsyncSession, driver_id: uuid.UUID) -> OwnStanding:
    """His flag, his hard stop and his cap."""
    row = (await session.execute(_STANDING, {"driver": driver_id})).one()
    appeal = None if row.appeal_id is None else OwnAppeal(row.appeal_id, row.decide_by, row.granted, row.answer)
    flag = (
        None
        if row.flag_id is None
        else OwnFlag(row.flag_id, row.flagged_at, row.due, row.completed, row.cut_at, row.put_at, appeal)
    )
    stop = None if row.stop_id is None else OwnStop(row.stop_id, row.stopped_at, row.back_at, row.reason, row.adopted)
    cap = OwnCap(row.weekly_cap, row.base, row.rewarded, row.cut, row.chosen, row.cap_reason)
    return OwnStanding(flag, stop, cap, row.free)
