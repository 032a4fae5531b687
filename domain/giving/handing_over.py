"""How a give-away ends: the shift is the taker's, or stays the giver's (R5.5)."""

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Date, DateTime, Uuid, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding.awarding import day_taken_back
from domain.bidding.rules import Standing
from domain.db.models import GiveAway
from domain.db.models.words import AssignmentStatus, GiveAwayEnd
from domain.db.sql import sql
from domain.giving import queries
from domain.giving.rules import GiveAwayFacts, Take
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.giving import GiveAwayEnded, Given, ShiftGiven
from domain.notices.facts.offers import ShiftWon
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_to_tell
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.shifts.leaving import vacate


@dataclass(frozen=True, slots=True)
class Settled:
    """It has come to an end. `assignment_id`: the giver's shift."""

    assignment_id: uuid.UUID


# The slot is never without a driver: the giver's row, which is history by now, and the taker's own are one transaction.
# Taken by his own press, as an acceptance is; no bid has won, so it is no pickup (R6.10).
_HAND_OVER = sql(
    """
    WITH slot AS (
        INSERT INTO assignments (id, route_id, warehouse_id, date, user_id, status, assigned_by, assigned_at,
                                 confirmed_at, created_at, updated_at)
        SELECT :new, route_id, warehouse_id, date, :taker, 'scheduled', 'bid', :now, :now, :now, :now
        FROM assignments WHERE id = :old
    ), terms AS (
        INSERT INTO assignment_terms (assignment_id, arrive_by) VALUES (:new, :arrive_by)
    ), ended AS (
        UPDATE give_aways SET ended_at = :now, outcome = 'taken', taker_id = :taker, taken_as = :new, decided_by = :by
        WHERE id = :give_away
    ), taken_back AS (
        DELETE FROM day_declines WHERE user_id = :taker AND date = :on RETURNING date
    )
    INSERT INTO driver_metrics AS m (user_id, total_assigned, confirmed_shifts, updated_at) VALUES (:taker, 1, 1, :now)
    ON CONFLICT (user_id) DO UPDATE
    SET total_assigned = m.total_assigned + 1, confirmed_shifts = m.confirmed_shifts + 1, updated_at = :now
    RETURNING EXISTS (SELECT FROM taken_back)
    """,
    old=Uuid(),
    new=Uuid(),
    taker=Uuid(),
    by=Uuid(),
    give_away=Uuid(),
    on=Date(),
    arrive_by=DateTime(timezone=True),
)


async def hand_over(
    session: AsyncSession,
    given: GiveAwayFacts,
    taker: Person,
    standing: Standing,
    take: Take,
    by: Person | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> uuid.UUID:
    """The shift is the taker's, `by` a manager's word or without; returns his own assignment.

    The giver's row becomes history without incident, and without what would keep him from taking the slot again. All
    locks are held; what shows it follows last.
    """
    old, new, actor = given.shift.assignment_id, uuid.uuid4(), (by or taker).id
    await vacate(session, given.shift, actor, "given_away", {"give_away": str(given.give_away_id)}, now)
    values = {"old": old, "new": new, "taker": taker.id, "by": by.id if by else None, "arrive_by": take.arrive_by}
    of = {"give_away": given.give_away_id, "on": given.shift.on, "now": now}
    taken_back = await session.scalar(_HAND_OVER, values | of)
    his = {"status": AssignmentStatus.SCHEDULED, "user_id": str(taker.id), "confirmed_at": now.isoformat()}
    facts = dataclasses.asdict(standing) | {"driver_id": str(standing.driver_id)}
    await audit.record(
        session,
        actor,
        now,
        audit.Entry("assignment", new, "taken_over", {}, his | {"instead_of": str(old)}, facts),
        audit.Entry("give_away", given.give_away_id, "taken", {}, {"taker_id": str(taker.id), "taken_as": str(new)}),
        *([day_taken_back(taker.id, given.shift.on)] if taken_back else []),
    )
    await _tell_taken(session, given, taker, new, take, by, say, policy, now)
    await shown(session, given, now, taker.id)
    return new


async def _tell_taken(
    session: AsyncSession,
    given: GiveAwayFacts,
    taker: Person,
    new: uuid.UUID,
    take: Take,
    by: Person | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """The taker learns of it by his press, or is told where a manager has agreed; the managers know who drives now."""
    shift, starts_at = given.shift, time.shift_start(given.shift.on, policy)
    place = (shift.route, shift.warehouse, shift.on, starts_at)
    won, his = ShiftWon(*place, take.arrive_by, 0), notices.Envelope(Kind.WON, new)
    if by is None:
        await notices.note(session, taker.id, taker.language, won, his, say, now)
        await notices.mark_read(session, taker.id, Kind.GIVE_AWAY, shift.assignment_id)
    else:
        await notices.tell(session, [taker.id], won, his, say, policy, now)
    await _tell_end(session, given, taker.id, given.giver_id, Given.TAKEN, say, policy, now)
    giver = await person_by_id(session, given.giver_id)
    assert giver is not None, "he is locked"
    names = f"{giver.first_name} {giver.last_name}", f"{taker.first_name} {taker.last_name}"
    responsible = (await session.scalars(managers_to_tell(shift.warehouse_id, shift.route_id, now))).all()
    envelope = notices.Envelope(Kind.SHIFT_GIVEN, new, warehouse_id=shift.warehouse_id)
    told = [each for each in responsible if by is None or each != by.id]
    await notices.tell(session, told, ShiftGiven(*place, *names), envelope, say, policy, now)


async def settle(
    session: AsyncSession,
    given: GiveAwayFacts,
    outcome: GiveAwayEnd,
    end: Given,
    actor_id: uuid.UUID | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """It ends, and is not the taker's. Who has asked for it is told why (`end`), and so is the giver of others' doing.

    Where nobody had asked, its card says so.
    """
    this = update(GiveAway).where(GiveAway.id == given.give_away_id)
    decided = {"decided_by": actor_id} if outcome is GiveAwayEnd.REFUSED else {}
    await session.execute(this.values(ended_at=now, outcome=outcome, **decided))
    await audit.record(session, actor_id, now, audit.Entry("give_away", given.give_away_id, outcome))
    if given.taker_id is not None:
        for user_id in (given.taker_id,) if end is Given.TAKEN_BACK else (given.taker_id, given.giver_id):
            await _tell_end(session, given, given.taker_id, user_id, end, say, policy, now)
    await shown(session, given, now)


async def _tell_end(
    session: AsyncSession,
    given: GiveAwayFacts,
    taker_id: uuid.UUID,
    user_id: uuid.UUID,
    end: Given,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """What has become of it; the two know each other by name where a link was forwarded (R12.3)."""
    shift, is_giver = given.shift, user_id == given.giver_id
    other = None if given.to_all else await person_by_id(session, taker_id if is_giver else given.giver_id)
    notice = GiveAwayEnded(
        shift.route,
        shift.warehouse,
        shift.on,
        time.shift_start(shift.on, policy),
        end,
        is_giver,
        f"{other.first_name} {other.last_name}" if other else None,
    )
    envelope = notices.Envelope(Kind.GIVE_AWAY_ENDED, shift.assignment_id, occasion=now)
    await notices.tell(session, [user_id], notice, envelope, say, policy, now)


_NO_MORE_OFFERS = sql(
    """
    WITH unsent AS (
        SELECT id FROM deliveries
        WHERE about = :shift AND kind = 'give_away' AND state = 'pending'
          AND EXISTS (SELECT FROM give_aways WHERE id = :give_away AND ended_at IS NOT NULL)
        ORDER BY id
        FOR NO KEY UPDATE
    )
    UPDATE deliveries SET state = 'cancelled', reason = 'the shift is not given away any more', due_at = NULL
    WHERE id IN (SELECT id FROM unsent)
    """,
    shift=Uuid(),
    give_away=Uuid(),
)


async def shown(session: AsyncSession, given: GiveAwayFacts, now: datetime, taker_id: uuid.UUID | None = None) -> None:
    """Whatever shows the shift turns, and the taker's other offers of that day; locked last, home cards behind.

    Once it has an end, who has not been told of it yet is not told any more (R11.3).
    """
    shift = given.shift
    await session.execute(_NO_MORE_OFFERS, {"shift": shift.assignment_id, "give_away": given.give_away_id})
    day = following.Day(taker_id, shift.on) if taker_id else None
    await following.follow(session, shift.assignment_id, now, over=False, day=day)
    at = [following.DayAt(shift.warehouse_id, shift.on)] if taker_id else []
    told = await queries.told_of(session, given.give_away_id)
    first = taker_id or given.giver_id
    await following.follow_homes(session, now, of=[given.giver_id, *told], managers_of=at, first=first)
