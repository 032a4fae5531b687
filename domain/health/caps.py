"""A manager's word on a driver's cap and flag, which no night overrides (R9.5)."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Integer, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.sql import sql
from domain.health.flags import cap_entry
from domain.health.rules import Cap, CapChosen, Episode, decide_cap, decide_unflag
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.standing import CAP_CHOSEN, CAP_LIFTED, CapChanged, Unflagged
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import his_driver
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class CapNow:
    """So many shifts a week the driver may have from now on."""

    driver_id: uuid.UUID
    cap: int


@dataclass(frozen=True, slots=True)
class FlagEnded:
    """He gets new shifts again."""

    driver_id: uuid.UUID
    flag_id: uuid.UUID


_CAP = sql(
    """
    SELECT u.weekly_cap, c.base, c.rewarded, c.cut, c.chosen FROM users u LEFT JOIN driver_caps c ON c.user_id = u.id
    WHERE u.id = :driver
    """,
    driver=Uuid(),
)
_CHOOSE = sql(
    """
    WITH chosen AS (
        INSERT INTO driver_caps (user_id, base, chosen, chosen_by, chosen_at, reason)
        VALUES (:driver, :base, :chosen, :by, :now, :reason)
        ON CONFLICT (user_id) DO UPDATE SET chosen = excluded.chosen, chosen_by = excluded.chosen_by,
            chosen_at = excluded.chosen_at, reason = excluded.reason
    )
    UPDATE users SET weekly_cap = :weekly, updated_at = :now WHERE id = :driver
    """,
    driver=Uuid(),
    base=Integer(),
    chosen=Integer(),
    weekly=Integer(),
    by=Uuid(),
    reason=Text(),
)


async def choose_cap(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    cap: int | None,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> CapNow | Refused:
    """A manager says how many shifts a week his driver may have, or, with None, lifts what was said; with a reason.

    The driver is told. A lower cap takes nothing away that he already holds (R9.3).
    """
    if await his_driver(session, manager.id, driver_id, local_day(now, policy)) is None:
        return Refused(Refusal.NOT_FOUND)
    await lock_people(session, [driver_id])
    row = (await session.execute(_CAP, {"driver": driver_id})).one()
    before = Cap(row.weekly_cap) if row.base is None else Cap(row.base, row.rewarded, row.cut, row.chosen)
    decision = decide_cap(before, cap, reason, policy)
    if not isinstance(decision, CapChosen):
        return decision
    after = replace(before, chosen=decision.chosen)
    weekly = after.weekly(policy)
    given = {"driver": driver_id, "base": after.base, "chosen": after.chosen, "weekly": weekly, "by": manager.id}
    await session.execute(_CHOOSE, given | {"reason": reason, "now": now})
    await audit.record(session, manager.id, now, cap_entry(driver_id, before, after, policy, {"reason": reason}))
    why = CAP_LIFTED if cap is None else CAP_CHOSEN
    notice = CapChanged(weekly, why, f"{manager.first_name} {manager.last_name}", reason)
    envelope = notices.Envelope(Kind.CAP, driver_id, occasion=now)
    await notices.tell(session, [driver_id], notice, envelope, say, policy, now)
    await following.follow_homes(session, now, of=[driver_id], first=manager.id)
    return CapNow(driver_id, weekly)


_FLAG = sql(
    "SELECT id, flagged_at, cut_at, put_at FROM flag_episodes WHERE user_id = :driver AND ended_at IS NULL",
    driver=Uuid(),
)
_END = sql(
    """
    WITH ended AS (
        UPDATE flag_episodes SET ended_at = :now, ended_by = :by, reason = :reason WHERE id = :flag
    )
    UPDATE users SET is_flagged = false, flag_warning_date = NULL, updated_at = :now WHERE id = :driver
    RETURNING weekly_cap
    """,
    flag=Uuid(),
    driver=Uuid(),
    by=Uuid(),
    reason=Text(),
)


async def unflag(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> FlagEnded | Refused:
    """A manager takes his driver's flag back, with a reason: he gets new shifts until an incident after this counts.

    A shift a week that it has cost him stays gone until he has recovered. The driver is told.
    """
    if await his_driver(session, manager.id, driver_id, local_day(now, policy)) is None:
        return Refused(Refusal.NOT_FOUND)
    await lock_people(session, [driver_id])
    flag = await open_flag(session, driver_id)
    decision = decide_unflag(flag, reason, policy)
    if not isinstance(decision, Episode):
        return decision
    cap = await end_flag(session, driver_id, decision.id, manager.id, reason, now)
    notice = Unflagged(cap, f"{manager.first_name} {manager.last_name}", reason)
    envelope = notices.Envelope(Kind.UNFLAGGED, decision.id, occasion=now)
    await notices.tell(session, [driver_id], notice, envelope, say, policy, now)
    await following.follow_homes(session, now, of=[driver_id], first=manager.id)
    return FlagEnded(driver_id, decision.id)


async def open_flag(session: AsyncSession, driver_id: uuid.UUID) -> Episode | None:
    """The flag that stands, if there is one."""
    row = (await session.execute(_FLAG, {"driver": driver_id})).one_or_none()
    return None if row is None else Episode(row.id, row.flagged_at, row.cut_at, row.put_at)


async def end_flag(
    session: AsyncSession, driver_id: uuid.UUID, flag_id: uuid.UUID, by: uuid.UUID, reason: str, now: datetime
) -> int:
    """By a manager's word, under the driver's lock; nobody is told by this. Returns his cap."""
    given = {"driver": driver_id, "flag": flag_id, "by": by, "reason": reason, "now": now}
    cap: int = (await session.execute(_END, given)).scalar_one()
    before, after = {"is_flagged": True}, {"is_flagged": False, "reason": reason}
    facts = {"flag_id": str(flag_id)}
    await audit.record(session, by, now, audit.Entry("user", driver_id, "unflagged", before, after, facts))
    return cap
