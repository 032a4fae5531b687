"""R12.3: whom a manager may look at, against a plain reading of the rows; however he is asked about."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from domain.db.models import (
    Assignment,
    Bid,
    BidPlace,
    DriverPreferences,
    Employment,
    OpenWarehouse,
    Owner,
    Route,
    User,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus
from domain.health.attention import drivers_listed
from domain.people.drivers import is_own, is_seen, near_drivers, own_among
from domain.people.queries import Person
from tests.domain.depot import Depot
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY

WAREHOUSES, DRIVERS = 4, 60


@dataclass
class Company:
    """Drivers with at most two traces each, so that mostly one alone shows whom a manager sees."""

    depot: Depot
    dice: random.Random
    warehouses: list[uuid.UUID] = field(default_factory=list)
    routes: list[uuid.UUID] = field(default_factory=list)
    managers: list[Person] = field(default_factory=list)

    async def settle(self) -> None:
        fleet = self.depot.fleet
        self.warehouses = [await fleet.warehouse(f"W{n}") for n in range(WAREHOUSES)]
        self.routes = [await fleet.route(f"R{n}", self.warehouses[n % WAREHOUSES]) for n in range(2 * WAREHOUSES)]
        some = [self.dice.sample(self.warehouses, count) for count in (0, 1, 1, 2)]
        self.managers = [await fleet.manager(f"M{n}", *his) for n, his in enumerate(some)]
        olga = await fleet.manager("Olga", self.dice.choice(self.warehouses))
        await fleet.put(Owner, {"phone": olga.phone})
        for n in range(DRIVERS):
            driver = await fleet.driver(f"D{n}")
            for on in range(self.dice.randint(0, 2)):
                await self.employ(driver, fleet.day(400 * on - 500))
            for trace in self.dice.sample(range(5), self.dice.randint(0, 2)):
                await (self.opens, self.wishes, self.works, self.bids, self.withdraws)[trace](driver)
        self.managers.append(olga)

    async def employ(self, driver: Person, starts_on: date) -> None:
        """In one spell or two: over, until today, to come."""
        today = self.depot.fleet.today
        ends = self.dice.choice([None, today - timedelta(days=1), today, today + timedelta(days=300)])
        his = {"user_id": driver.id, "warehouse_id": self.dice.choice(self.warehouses)}
        await self.depot.fleet.put(Employment, his | {"starts_on": starts_on, "ends_on": ends})

    async def opens(self, driver: Person) -> None:
        place = self.dice.choice(self.warehouses)
        await self.depot.fleet.put(OpenWarehouse, {"user_id": driver.id, "warehouse_id": place})

    async def wishes(self, driver: Person) -> None:
        his = {"user_id": driver.id, "preferred_routes": self.dice.sample(self.routes, 2)}
        await self.depot.fleet.put(DriverPreferences, his | {"updated_at": self.depot.now})

    async def works(self, driver: Person) -> None:
        status = self.dice.choice([each for each in AssignmentStatus if each is not AssignmentStatus.UNFILLED])
        await self.slot(driver, status)

    async def slot(self, driver: Person | None, status: AssignmentStatus) -> uuid.UUID:
        """On a day of its own; sometimes its route has moved since, and took it along."""
        fleet = self.depot.fleet
        on = fleet.day(-(await fleet.session.scalar(select(func.count()).select_from(Assignment)) or 0))
        route = self.dice.choice(self.routes)
        where = await fleet.session.scalar(select(Route.warehouse_id).where(Route.id == route))
        his = {"user_id": driver and driver.id, "route_id": route, "warehouse_id": where, "on": on, "status": status}
        return await fleet.add(Assignment, **his, created_at=self.depot.now, updated_at=self.depot.now)

    async def bids(self, driver: Person) -> None:
        """And the slot may move thereafter."""
        slot = await self.bid_for(driver)
        if self.dice.random() < 0.5:
            there = update(Assignment).where(Assignment.id == slot)
            await self.depot.session.execute(there.values(warehouse_id=self.dice.choice(self.warehouses)))

    async def withdraws(self, driver: Person) -> None:
        slot = await self.bid_for(driver)
        await self.depot.session.execute(delete(Bid).where(Bid.assignment_id == slot, Bid.user_id == driver.id))

    async def bid_for(self, driver: Person) -> uuid.UUID:
        slot = await self.slot(None, AssignmentStatus.UNFILLED)
        when = {"bid_at": self.depot.now, "window_closes_at": self.depot.now + timedelta(hours=1)}
        await self.depot.fleet.add(Bid, assignment_id=slot, user_id=driver.id, **when)
        return slot

    async def seen_by(self, manager: Person) -> dict[uuid.UUID, bool]:
        """Each whom he may look at, and whether he is his: from all rows there are, by R12.3's words."""
        execute, today = self.depot.session.execute, self.depot.fleet.today
        given = await execute(select(WarehouseManager.user_id, WarehouseManager.warehouse_id))
        mine = {place for user_id, place in given if user_id == manager.id}
        if manager.phone in set((await execute(select(Owner.phone))).scalars()):
            mine = {self.depot.north, *self.warehouses}
        homes = (await execute(select(Employment.user_id, Employment.warehouse_id, Employment.ends_on))).all()
        traces = set((await execute(select(OpenWarehouse.user_id, OpenWarehouse.warehouse_id))).tuples())
        traces |= {(who, place) for who, place, _ in homes}
        of_slot = {
            row[0]: row for row in await execute(select(Assignment.id, Assignment.user_id, Assignment.warehouse_id))
        }
        traces |= {(who, place) for _, who, place in of_slot.values()}
        traces |= {(who, of_slot[slot][2]) for who, slot in await execute(select(Bid.user_id, Bid.assignment_id))}
        place_of = dict((await execute(select(Route.id, Route.warehouse_id))).tuples().all())
        wishes = await execute(select(DriverPreferences.user_id, DriverPreferences.preferred_routes))
        traces |= {(who, place_of[route]) for who, routes in wishes for route in routes}
        found: dict[uuid.UUID, bool] = {}
        for driver in (await execute(select(User.id).where(User.role == "driver"))).scalars():
            his = [(place, ends_on) for who, place, ends_on in homes if who == driver]
            now = any(place in mine and (ends_on is None or ends_on >= today) for place, ends_on in his)
            own = bool(mine) and (now or not his)
            if own or any(who == driver and place in mine for who, place in traces):
                found[driver] = own
        return found


@pytest.mark.parametrize("seed", range(6))
async def test_r12_3_whom_a_manager_sees_is_what_the_rows_say(depot: Depot, seed: int) -> None:
    company = Company(depot, random.Random(seed))
    await company.settle()
    session, today = depot.session, depot.fleet.today
    everybody = set(await session.scalars(select(User.id)))
    shown = set()
    for manager in (*company.managers, depot.mona):
        expected = await company.seen_by(manager)
        listed = await drivers_listed(session, manager.id, 0, 500, POLICY, depot.now)
        assert {each.id for each in listed.drivers} == expected.keys()
        assert len(listed.drivers) == listed.total == len(expected)
        assert await own_among(session, manager.id, everybody, today) == {who for who, own in expected.items() if own}
        near = {
            who.id for name in ("Dx Test", "D Test") for who in await near_drivers(session, manager.id, name, today)
        }
        assert near <= expected.keys()
        for who in everybody:
            assert await is_seen(session, manager.id, who, today) == (who in expected)
            assert await is_own(session, manager.id, who, today) == expected.get(who, False)
        shown.add(len(expected))
    assert len(shown) > 3, "each sees others"


async def test_r12_3_where_somebody_has_bid_is_kept_whoever_writes_the_bid(depot: Depot) -> None:
    """For all in one statement; and when a slot moves, for the other warehouse as well."""
    fleet = depot.fleet
    south = await fleet.warehouse("South")
    slots = [await fleet.slot(await fleet.route(f"R{n}", depot.north)) for n in range(2)]
    drivers = [await fleet.driver(name) for name in ("Ann", "Ben")]
    when = {"bid_at": depot.now, "window_closes_at": depot.now}
    bids = [{"assignment_id": slot.id, "user_id": who.id} | when for slot in slots for who in drivers]
    await fleet.put(Bid, *bids)
    places = select(BidPlace.warehouse_id, BidPlace.user_id)
    north = {(depot.north, who.id) for who in drivers}
    assert set((await depot.session.execute(places)).tuples()) == north
    await depot.session.execute(update(Assignment).where(Assignment.id == slots[0].id).values(warehouse_id=south))
    assert set((await depot.session.execute(places)).tuples()) == north | {(south, who.id) for who in drivers}
