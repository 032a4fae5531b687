"""Which slots each driver may be given on each day (R3.4), said briefly enough for 20,000 drivers. Pure.

"Any route of my home warehouses" names up to thousands of slots a day, nearly all of which suit him alike: such a
driver is in the pool of his warehouse's day, and only the routes that he knows are named.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.roster.rules import Candidate, Pool, Slot, prefers
from domain.schedule.rules import weekday_of


@dataclass(frozen=True, slots=True)
class Day:
    """A driver on a day that he prefers, and what he may be given.

    `slots`: by their places among all, those that suit him in a way of their own; `pools`: any other slot of these.
    """

    driver: Candidate
    on: date
    slots: tuple[int, ...]
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """`slots` by date and route id; `pools`: the places of each one's slots; `days` by driver and date."""

    slots: Sequence[Slot]
    pools: Mapping[Pool, Sequence[int]]
    days: Sequence[Day]


def ways_of(candidates: Collection[Candidate], slots: Collection[Slot]) -> Ways:
    """All of them, drivers without room and days that are taken included; the same in whatever order they are given."""
    ordered = sorted(slots, key=lambda slot: (slot.on, slot.route_id.int))
    pools: dict[Pool, list[int]] = defaultdict(list)
    places: dict[date, dict[uuid.UUID, int]] = defaultdict(dict)
    for place, slot in enumerate(ordered):
        pools[slot.pool].append(place)
        places[slot.on][slot.route_id] = place
    days = [
        day
        for driver in sorted(candidates, key=lambda driver: driver.driver_id.int)
        for on in sorted(driver.days.keys() & places.keys())
        if (day := _day(driver, on, ordered, pools, places[on])) is not None
    ]
    return Ways(ordered, pools, days)


def _day(
    driver: Candidate,
    on: date,
    slots: Sequence[Slot],
    pools: Mapping[Pool, Sequence[int]],
    places: Mapping[uuid.UUID, int],
) -> Day | None:
    """None: nothing that he may be given."""
    left = {route_id for route_id, day in driver.left if day == on}
    open_to = {(on, warehouse_id) for warehouse_id in driver.days[on] if (on, warehouse_id) in pools}
    # Out of a pool he could be given what he has left himself.
    closed = {pool for pool in open_to if left and any(slots[place].route_id in left for place in pools[pool])}
    named = {places[route_id] for route_id in _own(driver, on) if route_id in places}
    named |= {place for pool in closed for place in pools[pool]}
    mine = tuple(sorted(place for place in named if prefers(driver, slots[place])))
    into = tuple(sorted(open_to - closed, key=lambda pool: pool[1].int))
    return Day(driver, on, mine, into) if mine or into else None


def _own(driver: Candidate, on: date) -> Iterator[uuid.UUID]:
    """The routes that he prefers by name, and those that suit him better than any that he does not know."""
    yield from driver.routes
    yield from driver.completions
    weekday = weekday_of(on)
    yield from (route_id for route_id, number in driver.drove if number == weekday)
