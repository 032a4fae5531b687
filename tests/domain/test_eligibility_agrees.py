"""The query over the fleet and the pure rule are one definition of R6.3 and R6.4: compared in random worlds."""

import struct
import uuid
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import delete, insert, select

from domain.bidding.rules import first_refusal, parts
from domain.bidding.standing import SlotKey, may_take, standing, standing_of, standing_there
from domain.coverage.unasked import anybody_unasked
from domain.db.models import CapOverride, Employment, WindowAsk
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.people.queries import Person
from domain.refusals import Refusal
from tests.domain.test_accept_rules import model_score
from tests.domain.world import POLICY, Fleet, Slot

LIVE = [AssignmentStatus.SCHEDULED, AssignmentStatus.COMPLETED, AssignmentStatus.ACTIVE]


def real(number: float) -> float:
    """What a `real` column gives back."""
    value: float = struct.unpack("f", struct.pack("f", number))[0]
    return value


async def somebody(fleet: Fleet, dice: Random, slot: Slot, south: uuid.UUID, others: list[uuid.UUID]) -> Person:
    chance = dice.random
    employed = slot.on + timedelta(dice.randint(-3, 1)), dice.choice([None, slot.on + timedelta(dice.randint(-1, 2))])
    off = slot.on + timedelta(dice.randint(-3, 2))
    return await fleet.driver(
        home=dice.choice([slot.warehouse, slot.warehouse, slot.warehouse, south, None]),
        employed=employed if chance() < 0.3 else None,
        ticked=[slot.warehouse] if chance() < 0.5 else [],
        off=(off, off + timedelta(dice.randint(0, 2))) if chance() < 0.2 else None,
        cap=dice.choice([1, 2, 4, 4]),
        flagged=chance() < 0.08,
        in_pool=dice.choice([None, True, True, True, False]),
        prefers=dice.sample([slot.route, *others], 3) if chance() < 0.5 else None,
        completion=dice.choice([0.0, 1.0, chance(), 0.7]) if chance() < 0.8 else None,
        attendance=dice.choice([0.0, 1.0, chance(), 0.1]),
        completions={slot.route: dice.randint(0, 30)} if chance() < 0.6 else None,
        declined=[slot.on] if chance() < 0.1 else (),
    )


async def history(fleet: Fleet, dice: Random, slot: Slot, driver: Person, window: uuid.UUID, manager: Person) -> None:
    """Shifts of this and other weeks on routes of his own, so that no slot is taken twice."""
    own = await fleet.route(f"R{uuid.uuid4().hex[:6]}", slot.warehouse)
    for day in dice.sample(range(-9, 10), dice.randint(0, 6)):
        if day == 0 and dice.random() < 0.6:
            continue
        status = dice.choice([*LIVE[:2]] * 4 + [AssignmentStatus.CANCELLED] * 3 + [AssignmentStatus.ACTIVE])
        await fleet.shift(own, driver, slot.on + timedelta(day), status)
    if dice.random() < 0.15:
        kind = dice.choice([IncidentKind.LATE_CANCEL, IncidentKind.EARLY_CANCEL, IncidentKind.PROTECTED_ABSENCE, None])
        await fleet.cancelled_by(driver, slot.route, slot.on, kind)
    elif dice.random() < 0.15:
        kinds = [IncidentKind.NO_SHOW, IncidentKind.AUTO_DROP, IncidentKind.REMOVED_BY_MANAGER, None]
        await fleet.lost_by(driver, slot.route, slot.on, dice.choice(kinds))
    if dice.random() < 0.2:
        granted = {"window_id": window, "user_id": driver.id, "granted_by": manager.id, "granted_at": fleet.now}
        await fleet.put(CapOverride, granted)
    if dice.random() < 0.05:
        until = {"starts_on": date(2019, 1, 1), "ends_on": date(2019, 6, 1)}
        await fleet.add(Employment, user_id=driver.id, warehouse_id=slot.warehouse, **until)


@pytest.mark.parametrize("seed", range(4))
async def test_r6_3_and_r6_4_the_query_and_the_rule_agree(fleet: Fleet, seed: int) -> None:
    dice = Random(seed)
    north, south = await fleet.warehouse("North"), await fleet.warehouse("South")
    slot = await fleet.slot(await fleet.route("R12", north))
    others = [await fleet.route(f"R{number}", dice.choice([north, south])) for number in (20, 21, 22, 23)]
    manager = await fleet.manager("Mona", north)
    window = await fleet.window(slot)
    drivers = [await somebody(fleet, dice, slot, south, others) for _ in range(60)]
    for driver in drivers:
        await history(fleet, dice, slot, driver, window, manager)

    key = SlotKey(window, slot.route, slot.warehouse, slot.on, emergency=True)
    of = standing(POLICY).subquery()
    rows = await fleet.session.execute(
        select(of.c.driver_id, may_take(of), may_take(of, but_for_cap=True), of.c.score), key.given
    )
    by_query = {driver_id: facts for driver_id, *facts in rows}
    assert len(by_query) == len(drivers) + 1  # the manager has a row as well

    there = standing_there(POLICY).subquery()
    asked = set(
        await fleet.session.scalars(select(there.c.driver_id).where(may_take(there, but_for_cap=True)), key.given)
    )
    assert asked == {driver_id for driver_id, (_, but_for_cap, _) in by_query.items() if but_for_cap}

    said: set[Refusal | None] = set()
    for driver in drivers:
        facts = await standing_of(fleet.session, key, driver.id, POLICY)
        why = first_refusal(facts)
        said.add(why)
        may, but_for_cap, points = by_query[driver.id]
        assert may is (why is None)
        assert but_for_cap is (why in (None, Refusal.AT_CAP))
        assert points == parts(facts, POLICY).score  # bit by bit
        stored = facts.completion_rate, facts.attendance_rate
        assert stored == tuple(map(real, stored)), "the stored metrics, unrounded"
        assert points == model_score(stored[0], facts.route_completions, stored[1], facts.prefers_route)
    assert len(said) >= 8, "the dice must show most grounds, or the comparison says little"

    # The quick look before a wave passes nobody over: of each in turn, with everybody else asked.
    asks = [{"user_id": each.id, "window_id": window, "asked_at": fleet.now, "on": slot.on} for each in drivers]
    await fleet.session.execute(insert(WindowAsk), asks)
    found = set()
    for driver in drivers:
        his = WindowAsk.user_id == driver.id
        await fleet.session.execute(delete(WindowAsk).where(his))
        if await anybody_unasked(fleet.session, window):
            found.add(driver.id)
        await fleet.session.execute(insert(WindowAsk), [each for each in asks if each["user_id"] == driver.id])
    assert found >= {driver_id for driver_id, (may, *_) in by_query.items() if may}
    assert found < {driver.id for driver in drivers}, "and it spares the wave for some who may not"
    assert not await anybody_unasked(fleet.session, window)


async def test_r6_4_missing_data_count_0(fleet: Fleet) -> None:
    north = await fleet.warehouse()
    slot = await fleet.slot(await fleet.route("R12", north))
    new = await fleet.driver(home=north)
    key = SlotKey(uuid.uuid4(), slot.route, slot.warehouse, slot.on, emergency=True)
    assert parts(await standing_of(fleet.session, key, new.id, POLICY), POLICY).score == 0
    of = standing(POLICY).subquery()
    assert await fleet.session.scalar(select(of.c.score), key.given) == 0


async def test_r6_4_the_stored_facts_are_those_of_the_slots_route(fleet: Fleet) -> None:
    north = await fleet.warehouse()
    route, other = await fleet.route("R12", north), await fleet.route("R13", north)
    slot = await fleet.slot(route)
    key = SlotKey(uuid.uuid4(), slot.route, slot.warehouse, slot.on, emergency=True)
    elsewhere = await fleet.driver(
        home=north, completion=0.5, attendance=0.25, completions={other: 20}, prefers=[other]
    )
    facts = await standing_of(fleet.session, key, elsewhere.id, POLICY)
    assert (facts.route_completions, facts.prefers_route) == (0, False)
    assert parts(facts, POLICY).score == 0.5 * 0.4 + 0.25 * 0.2
    third = await fleet.driver(home=north, completions={route: 10}, prefers=[other, uuid.uuid4(), route])
    facts = await standing_of(fleet.session, key, third.id, POLICY)
    assert parts(facts, POLICY).score == 0.15 + 0.1
