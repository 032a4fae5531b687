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
from domain.notices.facts.standing import CAP_CHOSEN, CAP_LIFTED, CAP_UNCUT, CapChanged, Unflagged
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import still_his
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
    await lock_people(session, [driver_id])  # he may just be leaving (R12.7)
    if await still_his(session, manager.id, driver_id, local_day(now, policy)) is None:
        return Refused(Refusal.NOT_FOUND)
    before = await _cap(session, driver_id)
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


async def _cap(session: AsyncSession, driver_id: uuid.UUID) -> Cap:
    row = (await session.execute(_CAP, {"driver": driver_id})).one()
    return Cap(row.weekly_cap) if row.base is None else Cap(row.base, row.rewarded, row.cut, row.chosen)


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

    A shift a week that it has cost him stays gone until he has recovered; but an appeal of it that waits is granted,
    and that undoes this, too (R10.6). The driver is told.
    """
    await lock_people(session, [driver_id])  # he may just be leaving (R12.7)
    if await still_his(session, manager.id, driver_id, local_day(now, policy)) is None:
        return Refused(Refusal.NOT_FOUND)
    flag = await open_flag(session, driver_id)
    decision = decide_unflag(flag, reason, policy)
    if not isinstance(decision, Episode):
        return decision
    by = f"{manager.first_name} {manager.last_name}"
    if (appeal_id := await _end_flag(session, driver_id, decision.id, manager.id, reason, now)) is not None:
        await _restore_cut(session, driver_id, decision, manager.id, reason, policy, now)
        await following.follow(session, appeal_id, now, over=False, also=[decision.id])
    notice = Unflagged((await _cap(session, driver_id)).weekly(policy), by, reason)
    envelope = notices.Envelope(Kind.UNFLAGGED, decision.id, occasion=now)
    await notices.tell(session, [driver_id], notice, envelope, say, policy, now)
    await following.follow_homes(session, now, of=[driver_id], first=manager.id)
    return FlagEnded(driver_id, decision.id)


async def open_flag(session: AsyncSession, driver_id: uuid.UUID) -> Episode | None:
    """The flag that stands, if there is one."""
    row = (await session.execute(_FLAG, {"driver": driver_id})).one_or_none()
    return None if row is None else Episode(row.id, row.flagged_at, row.cut_at, row.put_at)


async def take_flag_back(
    session: AsyncSession,
    driver_id: uuid.UUID,
    flag_id: uuid.UUID,
    by: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """An appeal of his flag is granted, under his lock: it ends, and with it the shift a week that it has cost.

    That he has one more is told by this; that it was granted, and the redrawing, is the caller's affair.
    """
    flag = await open_flag(session, driver_id)
    assert flag is not None and flag.id == flag_id, "what is granted counts until then"
    await _end_flag(session, driver_id, flag_id, by, reason, now)
    cap = await _restore_cut(session, driver_id, flag, by, reason, policy, now)
    if cap is not None:
        envelope = notices.Envelope(Kind.CAP, driver_id, occasion=now)
        await notices.tell(session, [driver_id], CapChanged(cap, CAP_UNCUT), envelope, say, policy, now)


# Nobody has to decide any more on a flag that is gone (R10.6).
_GRANT = sql(
    """
    UPDATE appeals SET decided_at = :now, decided_by = :by, granted = true, answer = :reason
    WHERE flag_id = :flag AND decided_at IS NULL
    RETURNING id
    """,
    flag=Uuid(),
    by=Uuid(),
    reason=Text(),
)


async def _end_flag(
    session: AsyncSession, driver_id: uuid.UUID, flag_id: uuid.UUID, by: uuid.UUID, reason: str, now: datetime
) -> uuid.UUID | None:
    """By a manager's word. Returns the appeal of it that has waited, and is granted by this."""
    given = {"flag": flag_id, "by": by, "reason": reason, "now": now}
    await session.execute(_END, given | {"driver": driver_id})
    before, after = {"is_flagged": True}, {"is_flagged": False, "reason": reason}
    entries = [audit.Entry("user", driver_id, "unflagged", before, after, {"flag_id": str(flag_id)})]
    appeal_id: uuid.UUID | None = await session.scalar(_GRANT, given)
    if appeal_id is not None:
        entries.append(audit.Entry("appeal", appeal_id, "decided", after={"granted": True, "reason": reason}))
    await audit.record(session, by, now, *entries)
    return appeal_id


_UNCUT = sql(
    """
    WITH uncut AS (UPDATE driver_caps SET cut = false WHERE user_id = :driver)
    UPDATE users SET weekly_cap = :weekly, updated_at = :now WHERE id = :driver
    """,
    driver=Uuid(),
    weekly=Integer(),
)


async def _restore_cut(
    session: AsyncSession,
    driver_id: uuid.UUID,
    flag: Episode,
    by: uuid.UUID,
    reason: str,
    policy: Policy,
    now: datetime,
) -> int | None:
    """The shift a week that this flag has cost is his again. Returns how many he may have, if that is more now."""
    before = await _cap(session, driver_id)
    if flag.cut_at is None or not before.cut:
        return None
    after = replace(before, cut=False)
    weekly = after.weekly(policy)
    await session.execute(_UNCUT, {"driver": driver_id, "weekly": weekly, "now": now})
    why = {"reason": reason, "flag_id": str(flag.id)}
    await audit.record(session, by, now, cap_entry(driver_id, before, after, policy, why))
    return weekly if weekly != before.weekly(policy) else None
