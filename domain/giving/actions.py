"""A driver gives a shift away: to a colleague by a link, or to all. It stays his until somebody has it (R5.5)."""

import functools
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, Select, Uuid, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding.standing import SlotKey, next_to_ask, standing_of
from domain.coverage.actions import Declined, decline_of
from domain.db.models import GiveAway, GiveAwayAsk
from domain.db.models.words import GiveAwayEnd
from domain.giving import queries, rules
from domain.giving.handing_over import Settled, hand_over, settle, shown
from domain.giving.rules import Asked, AskManager, Give, Take
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.giving import GiveAwayAsked, Given, ShiftToGive
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_to_tell
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts.queries import shift_locked
from domain.shifts.rules import Done, ShiftFacts
from domain.tokens import hashed


@dataclass(frozen=True, slots=True)
class Offered:
    """It is offered; it stays his meanwhile. `told`: so many colleagues, where it is offered to all."""

    give_away_id: uuid.UUID
    assignment_id: uuid.UUID
    told: int


async def give_by_link(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, token: str, policy: Policy, now: datetime
) -> Offered | Refused:
    """Offers a shift by a one-time link; of its token, the edge's, only a hash is kept.

    Refused where it is not his, is offered already, has begun, was not confirmed in time, and from two hours before its
    start on.
    """
    shift = await _to_give(session, driver, assignment_id, policy, now)
    if isinstance(shift, Refused):
        return shift
    give_away_id = await _offer(session, shift, hashed(token), now)
    return Offered(give_away_id, assignment_id, 0)


async def give_to_all(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Offered | Refused:
    """Offers a shift to all who may take it: the thirty best are told, as of a window; the rest find it (R6.3).

    Refused as above.
    """
    shift = await _to_give(session, driver, assignment_id, policy, now)
    if isinstance(shift, Refused):
        return shift
    give_away_id = await _offer(session, shift, None, now)
    slot = SlotKey(give_away_id, shift.route_id, shift.warehouse_id, shift.on, emergency=False)
    told = (await session.execute(_first_to_ask(policy), slot.given | {"now": now})).scalars().all()
    if told:
        notice = ShiftToGive(shift.route, shift.warehouse, shift.on, time.shift_start(shift.on, policy))
        until = time.give_away_until(shift.on, policy)
        envelope = notices.Envelope(Kind.GIVE_AWAY, assignment_id, expires_at=until, occasion=now)
        await notices.tell(session, told, notice, envelope, say, policy, now)
        await following.follow_homes(session, now, of=told)
    return Offered(give_away_id, assignment_id, len(told))


async def _to_give(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> ShiftFacts | Refused:
    """His shift, locked, as long as he may give it away and has not done so."""
    shift = await shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_give(shift, policy, now)
    if not isinstance(decision, Give):
        return decision
    offered = await queries.open_of(session, assignment_id) is not None
    return Refused(Refusal.OFFERED_ALREADY) if offered else shift


async def _offer(session: AsyncSession, shift: ShiftFacts, token_hash: bytes | None, now: datetime) -> uuid.UUID:
    give_away_id = uuid.uuid4()
    of = {"assignment_id": shift.assignment_id, "giver_id": shift.driver_id, "token_hash": token_hash}
    await session.execute(insert(GiveAway).values(id=give_away_id, offered_at=now, **of))
    after = {"assignment_id": str(shift.assignment_id), "to": "all" if token_hash is None else "link"}
    await audit.record(session, shift.driver_id, now, audit.Entry("give_away", give_away_id, "offered", after=after))
    return give_away_id


@functools.cache
def _first_to_ask(policy: Policy) -> Select[tuple[uuid.UUID]]:
    """Writes down who is told, as the first wave of a window; the parameters are those of a slot, and `now`."""
    give_away = bindparam("slot_window", type_=Uuid())
    asked = select(GiveAwayAsk.user_id).where(GiveAwayAsk.give_away_id == give_away)
    chosen = select(next_to_ask(policy, asked).c.driver_id, give_away, bindparam("now", type_=DateTime(timezone=True)))
    columns = [GiveAwayAsk.user_id, GiveAwayAsk.give_away_id, GiveAwayAsk.asked_at]
    new = insert(GiveAwayAsk).from_select(columns, chosen).returning(GiveAwayAsk.user_id).cte("new")
    return select(new.c.user_id)


async def take_back(
    session: AsyncSession, driver: Person, give_away_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Settled | Done | Refused:
    """[Take it back]: it is nobody else's affair any more; who waits for a manager is told.

    Refused where it is not his, or somebody has it. Taken back, or over by itself, it is done.
    """
    given = await queries.locked(session, give_away_id, policy)
    if given is None or given.giver_id != driver.id:
        return Refused(Refusal.NOT_FOUND)
    if given.outcome is GiveAwayEnd.TAKEN:
        return Refused(Refusal.TAKEN)
    if given.outcome is not None:
        return Done()
    await settle(session, given, GiveAwayEnd.TAKEN_BACK, Given.TAKEN_BACK, driver.id, say, policy, now)
    return Settled(given.shift.assignment_id)


# -- who takes it


@dataclass(frozen=True, slots=True)
class Found:
    """What a link leads to. `own`: who has opened it gives it away himself."""

    assignment_id: uuid.UUID
    own: bool


async def open_link(session: AsyncSession, driver: Person, token: str, now: datetime) -> Found | Refused:
    """Somebody opens the link of a shift that is given away: from now on it is his affair, whatever becomes of it.

    Refused in one way where it leads nowhere: it is unknown.
    """
    this = select(GiveAway.id, GiveAway.assignment_id, GiveAway.giver_id).where(GiveAway.token_hash == hashed(token))
    given = (await session.execute(this)).one_or_none()
    if given is None:
        return Refused(Refusal.LINK_NOT_GOOD)
    if given.giver_id == driver.id:
        return Found(given.assignment_id, own=True)
    await look_at(session, driver, given.id, now)
    return Found(given.assignment_id, own=False)


async def look_at(session: AsyncSession, driver: Person, give_away_id: uuid.UUID, now: datetime) -> None:
    """It is shown to him from now on, be it open to him or not."""
    seen = upsert(GiveAwayAsk).values(give_away_id=give_away_id, user_id=driver.id, asked_at=now)
    await session.execute(seen.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Waits:
    """A manager must agree; until then it is the giver's. `unmanaged`: there is none who could, so nobody was told."""

    assignment_id: uuid.UUID
    unmanaged: bool = False


async def take_over(
    session: AsyncSession, driver: Person, give_away_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Settled | Waits | Done | Refused:
    """The driver takes a colleague's shift; the first has it (R5.5), and only who could take an open one (R6.3).

    Where the warehouse wants it so, he asks for it instead, and a manager decides. Locks: assignment, then giver and
    taker; his standing is read after them. Pressed again, it is done.
    """
    if not await queries.is_offered(session, driver.id, give_away_id):
        return Refused(Refusal.NOT_FOUND)
    given = await queries.locked(session, give_away_id, policy, also=[driver.id])
    assert given is not None, "it is offered"
    standing = await standing_of(session, queries.key_of(given), driver.id, policy)
    decision = rules.decide_take(given, standing, policy, now)
    match decision:
        case Take():
            await look_at(session, driver, give_away_id, now)
            await hand_over(session, given, driver, standing, decision, None, say, policy, now)
            return Settled(given.shift.assignment_id)
        case AskManager():
            await look_at(session, driver, give_away_id, now)
            return await _ask(session, given, driver, say, policy, now)
        case Asked():
            return Waits(given.shift.assignment_id)
    return decision


async def _ask(
    session: AsyncSession, given: rules.GiveAwayFacts, driver: Person, say: Wording, policy: Policy, now: datetime
) -> Waits:
    shift, this = given.shift, update(GiveAway).where(GiveAway.id == given.give_away_id)
    asking_id = uuid.uuid4()
    await session.execute(this.values(taker_id=driver.id, asked_at=now, asking_id=asking_id))
    after = {"taker_id": str(driver.id)}
    await audit.record(session, driver.id, now, audit.Entry("give_away", given.give_away_id, "asked", after=after))
    giver = await person_by_id(session, given.giver_id)
    assert giver is not None, "he is locked"
    notice = GiveAwayAsked(
        shift.route,
        shift.warehouse,
        shift.on,
        time.shift_start(shift.on, policy),
        f"{giver.first_name} {giver.last_name}",
        f"{driver.first_name} {driver.last_name}",
        given.give_away_id,
    )
    until = time.give_away_until(shift.on, policy)
    envelope = notices.Envelope(Kind.GIVE_AWAY_ASKED, asking_id, expires_at=until, warehouse_id=shift.warehouse_id)
    responsible = (await session.scalars(managers_to_tell(shift.warehouse_id, shift.route_id, now))).all()
    told = await notices.tell(session, responsible, notice, envelope, say, policy, now)
    await notices.mark_read(session, driver.id, Kind.GIVE_AWAY, shift.assignment_id)
    await shown(session, given, now)
    return Waits(shift.assignment_id, unmanaged=told == 0)


async def decline_day(
    session: AsyncSession, driver: Person, give_away_id: uuid.UUID, policy: Policy, now: datetime
) -> Declined | Refused:
    """[Not that day], on a colleague's shift: as on any offer (R6.3). Refused where he was not told of it."""
    if not await queries.is_offered(session, driver.id, give_away_id):
        return Refused(Refusal.NOT_FOUND)
    given = await queries.locked(session, give_away_id, policy, also=[driver.id])
    assert given is not None, "it is offered"
    if given.giver_id == driver.id:
        return Refused(Refusal.OWN_SHIFT)
    await decline_of(session, driver, given.shift.on, Kind.GIVE_AWAY, given.shift.assignment_id, now)
    return Declined()


async def withdraw(
    session: AsyncSession, driver: Person, give_away_id: uuid.UUID, policy: Policy, now: datetime
) -> Done | Refused:
    """[I can't after all], of who waits for a manager: it is open to others again. Refused where he does not wait."""
    given = await queries.locked(session, give_away_id, policy)
    if given is None or given.taker_id != driver.id:
        return Refused(Refusal.NOT_FOUND)
    if given.outcome is not None:
        return Refused(Refusal.DECIDED_ALREADY)
    this = update(GiveAway).where(GiveAway.id == give_away_id)
    await session.execute(this.values(taker_id=None, asked_at=None))
    before = {"taker_id": str(driver.id)}
    await audit.record(session, driver.id, now, audit.Entry("give_away", give_away_id, "ask_withdrawn", before))
    await shown(session, given, now)
    return Done()
