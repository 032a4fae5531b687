"""A manager's word, where a warehouse wants it before a shift changes hands, and what time ends (R5.5)."""

import uuid
from datetime import date, datetime, timedelta

from sqlalchemy import Date, Integer, Uuid, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding.standing import standing_of
from domain.db.models import Assignment, WarehouseSettings
from domain.db.models.words import AssignmentStatus, GiveAwayEnd
from domain.db.sql import Find, sql
from domain.giving import queries, rules
from domain.giving.handing_over import Settled, hand_over, settle
from domain.giving.rules import GiveAwayFacts, Take
from domain.notices import actions as notices
from domain.notices.facts.giving import Given
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule.queries import place_locked


async def agree(
    session: AsyncSession,
    manager: Person,
    give_away_id: uuid.UUID,
    asking_id: uuid.UUID,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Settled | Refused:
    """[Agree]: who has asked for the shift by this asking has it, if he may still take it; both are told.

    Refused: not of the manager's warehouses, he does not wait (any more), the shift or its time is over, or what keeps
    him from it.
    """
    given = await _waiting(session, manager, give_away_id, asking_id, policy)
    if isinstance(given, Refused):
        return given
    if await _declined_since(session, give_away_id):
        return Refused(Refusal.CHANGED_HIS_MIND)
    assert given.taker_id is not None, "he waits"
    standing = await standing_of(session, queries.key_of(given), given.taker_id, policy)
    decision = rules.decide_agreement(given, standing, policy, now)
    if not isinstance(decision, Take):
        return decision
    taker = await person_by_id(session, given.taker_id)
    assert taker is not None, "he is locked"
    await notices.mark_read(session, manager.id, Kind.GIVE_AWAY_ASKED, asking_id)
    await hand_over(session, given, taker, standing, decision, manager, say, policy, now)
    return Settled(given.shift.assignment_id)


async def refuse(
    session: AsyncSession,
    manager: Person,
    give_away_id: uuid.UUID,
    asking_id: uuid.UUID,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Settled | Refused:
    """[Don't agree]: it stays the giver's, and is offered to nobody any more; both are told. Refused as above."""
    given = await _waiting(session, manager, give_away_id, asking_id, policy)
    if isinstance(given, Refused):
        return given
    await notices.mark_read(session, manager.id, Kind.GIVE_AWAY_ASKED, asking_id)
    await settle(session, given, GiveAwayEnd.REFUSED, Given.REFUSED, manager.id, say, policy, now)
    return Settled(given.shift.assignment_id)


async def _waiting(
    session: AsyncSession, manager: Person, give_away_id: uuid.UUID, asking_id: uuid.UUID, policy: Policy
) -> GiveAwayFacts | Refused:
    """What waits for a manager's word on this asking, locked: the word is on no other."""
    given = await queries.locked(session, give_away_id, policy)
    if given is None or not await queries.is_managed(session, manager.id, give_away_id):  # its route may have moved
        return Refused(Refusal.NOT_FOUND)
    if given.outcome is not None or given.taker_id is None:
        return Refused(Refusal.DECIDED_ALREADY)
    return given if given.asking_id == asking_id else Refused(Refusal.ANOTHER_ASKS)


_DECLINED_SINCE = sql(
    """
    SELECT EXISTS (SELECT FROM give_aways g JOIN assignments a ON a.id = g.assignment_id
                   JOIN day_declines said ON said.user_id = g.taker_id AND said.date = a.date
                   WHERE g.id = :give_away AND said.declined_at >= g.asked_at)
    """,
    give_away=Uuid(),
)


async def _declined_since(session: AsyncSession, give_away_id: uuid.UUID) -> bool:
    """Whether who has asked for it has said [Not today] of that day since (R6.3); he is locked, so he can't now."""
    return bool(await session.scalar(_DECLINED_SINCE, {"give_away": give_away_id}))


# -- what a warehouse wants


async def require_agreement(
    session: AsyncSession, manager: Person, warehouse_id: uuid.UUID, required: bool, now: datetime
) -> bool:
    """Whether who takes a shift from a colleague needs a manager's word there, from now on; False: not the manager's.

    What waits for one already still does.
    """
    place = await place_locked(session, manager.id, warehouse_id)  # he may just have been removed from it (R12.5)
    if place is None or place.is_route:
        return False
    before = await agreement_required(session, warehouse_id)
    if before is not required:
        chosen = upsert(WarehouseSettings).values(warehouse_id=warehouse_id, approve_give_aways=required)
        await session.execute(
            chosen.on_conflict_do_update(index_elements=["warehouse_id"], set_={"approve_give_aways": required})
        )
        was, is_ = {"approve_give_aways": before}, {"approve_give_aways": required}
        await audit.record(session, manager.id, now, audit.Entry("warehouse", warehouse_id, "settings", was, is_))
    return True


async def agreement_required_for(session: AsyncSession, assignment_id: uuid.UUID) -> bool:
    """The same in the warehouse of a shift."""
    here = select(Assignment.warehouse_id).where(Assignment.id == assignment_id)
    warehouse_id = await session.scalar(here)
    return warehouse_id is not None and await agreement_required(session, warehouse_id)


async def agreement_required(session: AsyncSession, warehouse_id: uuid.UUID) -> bool:
    """Whether it is so in this warehouse; without a word of its managers it is not."""
    chosen = select(WarehouseSettings.approve_give_aways).where(WarehouseSettings.warehouse_id == warehouse_id)
    return bool(await session.scalar(chosen))


# -- what time ends

# The shift's time has come, or it is not the giver's any more. The assignment is locked first, as by everybody.
_DUE = sql(
    """
    SELECT g.id FROM give_aways g JOIN assignments a ON a.id = g.assignment_id
    WHERE g.ended_at IS NULL AND (a.status <> 'scheduled' OR a.date <= :last)
    ORDER BY a.date, g.id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF a SKIP LOCKED
    """,
    last=Date(),
    pass_by=Integer(),
)


def due_give_away(policy: Policy, now: datetime, pass_by: int = 0) -> Find:
    """One that is over by itself: its id."""
    return _DUE, {"last": _last_over(policy, now), "pass_by": pass_by}


async def end_due_give_away(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Settled | None:
    """Ends one that is over by itself, two hours before the start or since the shift is; None where there is none.

    Giver and taker are told where a manager was to decide and has not. What others hold is passed by, and so are the
    first `pass_by` of what is due.
    """
    give_away_id = await session.scalar(*due_give_away(policy, now, pass_by))
    if give_away_id is None:
        return None
    given = await queries.locked(session, give_away_id, policy)
    if given is None or given.outcome is not None:
        return None
    undecided = given.shift.status is AssignmentStatus.SCHEDULED
    end = Given.UNDECIDED if undecided else Given.TAKEN_BACK
    await settle(session, given, GiveAwayEnd.OVER, end, None, say, policy, now)
    return Settled(given.shift.assignment_id)


def _last_over(policy: Policy, now: datetime) -> date:
    """The last day whose shifts can't be given away any more."""
    day = time.local_day(now + policy.give_away_before, policy)
    return day if time.give_away_until(day, policy) <= now else day - timedelta(days=1)
