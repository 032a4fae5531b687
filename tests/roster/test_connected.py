"""R3.9: what a preview leaves out makes no difference to what it shows."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import pytest

from domain.roster.connected import connected
from domain.roster.flow import best_roster
from domain.roster.rules import Candidate, Pair, Slot
from tests.roster.judges import POLICY, worth

MONDAY = date(2026, 12, 7)
DAYS = [MONDAY + timedelta(days=day) for day in range(3)]
A, B, C, D = (uuid.UUID(int=number) for number in range(4))


def test_who_shares_drivers_be_it_by_way_of_others() -> None:
    ties = [{A, B}, {B, C}, {D}, {C}]
    assert connected([A], ties) == {A, B, C}
    assert connected([D], ties) == {D}
    assert connected([A, D], []) == {A, D}
    assert connected([], [{A, B}]) == set()


def warehouses_of(driver: Candidate, slots: Sequence[Slot]) -> set[uuid.UUID]:
    """In which he takes routes, whatever the day."""
    homes = set[uuid.UUID]().union(*driver.days.values())
    return homes | {slot.warehouse_id for slot in slots if slot.route_id in driver.routes}


@pytest.mark.parametrize("seed", range(60))
def test_r3_9_the_best_of_what_is_connected_is_its_part_of_the_best_of_all(seed: int) -> None:
    dice = Random(seed)
    warehouses = [uuid.UUID(int=number) for number in range(1, 7)]
    routes = {uuid.UUID(int=100 + number): dice.choice(warehouses) for number in range(9)}
    slots = [Slot(route, on, at) for route, at in routes.items() for on in DAYS if dice.random() < 0.8]
    drivers = []
    for number in range(12):
        home = frozenset({dice.choice(warehouses)} if dice.random() < 0.3 else ())
        drivers.append(
            Candidate(
                uuid.UUID(int=1000 + number),
                {on: home for on in DAYS if dice.random() < 0.7},
                tuple(dice.sample(sorted(routes), dice.randint(0, 2))),
                room=dice.randint(0, 3),
                held=dice.randint(0, 2),
                completion=dice.randint(0, 1),
                completions={route: dice.randint(0, 20) for route in dice.sample(sorted(routes), 3)},
            )
        )
    inside = connected([dice.choice(warehouses)], [warehouses_of(driver, slots) for driver in drivers])
    own = [slot for slot in slots if slot.warehouse_id in inside]
    theirs = [driver for driver in drivers if warehouses_of(driver, slots) & inside]

    def of_own(pairs: Sequence[Pair]) -> list[Pair]:
        return [pair for pair in pairs if pair.slot.warehouse_id in inside]

    every, alone = best_roster(drivers, slots, POLICY), best_roster(theirs, own, POLICY)
    assert worth(drivers, of_own(every.pairs)) == worth(theirs, alone.pairs)
    assert len(of_own(every.pairs)) == alone.maximum
