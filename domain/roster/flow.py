"""The best roster that there is (R3.5), as a flow through a network, and the proof that no more can be filled (R3.6).

    source → driver → driver's day → slot → sink
                            ↘ pool ↗

A unit of flow is a shift. Into a driver lead as many arcs of one unit as he has room for, out of him one for each of
his days; a slot lets one unit out. So every flow is a roster, and every roster is a flow. Three aims, each before the
next:

1. Most slots filled: the flow is a maximum flow.
2. Highest total suitability S: a pair costs (L − its suitability) · (F + 1), L being the largest of any pair.
3. Fairest spread: the arcs into a driver who holds h shifts cost h, h + 1, h + 2 …, and the cheapest flow takes them in
   that order. F is the sum of all these arcs: no spread costs more.

A maximum flow of k pairs costs k · L · (F + 1) − S · (F + 1) + spread. k is the same for all of them by 1; one more of
S makes a roster cheaper by F + 1, which no two spreads differ by; where S is the same, the spread decides.

The solver is exact while cost · nodes is below 2^61. The largest suitability is 428,441. If 20,000 drivers could take
six shifts each on seven days, on 12,000 routes, all of it in one part (`parts`): F = 20,000 · (0 + 1 + … + 5) =
300,000, the dearest arc is 428,441 · 300,001 = 1.3 · 10^11, and there are 20,000 + 140,000 + 84,000 nodes: the product
is 3.1 · 10^16, and 2^61 is 2.3 · 10^18. It grows with the square of the fleet: there is room for 170,000 drivers.

A pool is a warehouse's day (`ways`): one arc in place of one to each of its slots, at the suitability of a route that
he doesn't know. Which of those who come into it gets which of the slots that it leads to is open, and any choice is
right: had one of them a better way of his own to one of these slots, the flow that takes it would be cheaper than the
cheapest.

Ties: of all rosters that are as good, the one whose pairs, by driver, date and route id, come first. It is found one
driver's day after the other: he gets the first slot that he has in any of these rosters (`ties`), and keeps it while
the next are looked at. Where thousands in one part are all alike that would take too long: from some point on their
days are as the solver has left them, which depends on the same ids alone, since its nodes and arcs are in their order,
but is not the first.

Solving holds the interpreter and wants memory: only the process that solves imports this module.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import chain, groupby
from typing import Any, Final

import numpy as np
from ortools.graph.python.max_flow import SimpleMaxFlow
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from domain.policy import Policy
from domain.roster.gaps import gaps_of
from domain.roster.parts import Week, parts_of
from domain.roster.rules import Candidate, Cut, Pair, Pool, Roster, Slot, suitability, suitability_of_unknown
from domain.roster.ties import Circles
from domain.roster.ways import Day, Ways, ways_of

Node = Candidate | Day | Pool | Slot | None
Arc = tuple[int, int, int, int]  # from a node, to a node, capacity, cost
Arcs = np.ndarray[Any, np.dtype[np.int64]]  # one a row

COST: Final = 3  # its column
EXACT_BELOW: Final = 2**61  # cost · nodes
SOURCE: Final = 0
SINK: Final = 1
WIDE: Final = 2  # for arcs that are never what limits a flow, since a day and a slot take one unit each


def best_roster(candidates: Collection[Candidate], slots: Collection[Slot], policy: Policy) -> Roster:
    """The roster of R3.5, its pairs by driver and date, with its certificate (R3.6).

    Raises OverflowError where it could not be computed exactly, RuntimeError if the proof says otherwise.
    """
    ways = ways_of(candidates, slots)
    # Who has no room, and days that are taken, only tell why a slot stays empty.
    days = (day for day in ways.days if day.driver.room > 0 and day.on not in day.driver.taken)
    weeks = [list(week) for _, week in groupby(days, key=lambda day: day.driver.driver_id)]
    networks = [_network(part, ways, policy) for part in parts_of(weeks, ways)]
    pairs = sorted(chain.from_iterable(map(_pairs, networks)), key=lambda pair: (pair.driver_id.int, pair.slot.on))
    maximum, cut = _proof(networks)
    if maximum != len(pairs):
        raise RuntimeError(f"{len(pairs)} slots are filled, and the proof says {maximum}")
    return Roster(tuple(pairs), tuple(gaps_of(ways, pairs)), maximum, cut)


@dataclass(frozen=True, slots=True)
class _Network:
    """`nodes`: what each stands for; source and sink stand for nothing."""

    nodes: Sequence[Node]
    arcs: Arcs


def _network(weeks: Sequence[Week], ways: Ways, policy: Policy) -> _Network:
    days = [day for week in weeks for day in week]
    pools = sorted({pool for day in days for pool in day.pools})
    places = sorted({place for day in days for place in day.slots} | {at for pool in pools for at in ways.pools[pool]})
    slots = [ways.slots[place] for place in places]
    nodes: list[Node] = [None, None, *(week[0].driver for week in weeks), *days, *pools, *slots]
    first_day = SINK + 1 + len(weeks)
    first_pool = first_day + len(days)
    to_pool = {pool: number for number, pool in enumerate(pools, first_pool)}
    to_slot = {place: number for number, place in enumerate(places, first_pool + len(pools))}

    def spread() -> Iterator[Arc]:
        for number, week in enumerate(weeks, SINK + 1):
            # One arc more than he has days, where he has room for it: then he himself is never what limits a flow.
            for nth in range(min(week[0].driver.room, len(week) + 1)):
                yield SOURCE, number, 1, week[0].driver.held + nth

    def suited() -> Iterator[Arc]:
        for number, day in enumerate(days, first_day):
            for place in day.slots:
                yield number, to_slot[place], WIDE, suitability(day.driver, ways.slots[place], policy)
            for pool in day.pools:
                yield number, to_pool[pool], WIDE, suitability_of_unknown(day.driver)

    def free() -> Iterator[Arc]:
        owners = [driver for driver, week in enumerate(weeks, SINK + 1) for _ in week]
        yield from ((driver, number, 1, 0) for number, driver in enumerate(owners, first_day))
        for pool in pools:
            yield from ((to_pool[pool], to_slot[place], WIDE, 0) for place in ways.pools[pool])
        yield from ((slot, SINK, 1, 0) for slot in to_slot.values())

    return _Network(nodes, _priced(_arcs(spread()), _arcs(suited()), _arcs(free()), len(nodes)))


def _arcs(arcs: Iterator[Arc]) -> Arcs:
    return np.array(list(arcs), dtype=np.int64).reshape(-1, 4)


def _priced(spread: Arcs, suited: Arcs, free: Arcs, nodes: int) -> Arcs:
    """Suitability outweighs every spread: see above."""
    largest, unit = int(np.max(suited[:, COST], initial=0)), int(spread[:, COST].sum()) + 1
    if max(largest, 1) * unit * nodes >= EXACT_BELOW:
        raise OverflowError(f"{nodes} nodes and {largest} times {unit} are more than the solver can tell apart")
    suited[:, COST] = (largest - suited[:, COST]) * unit
    return np.concatenate((spread, suited, free))


def _pairs(network: _Network) -> Iterator[Pair]:
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(*_columns(network.arcs))
    demand = sum(isinstance(node, Slot) for node in network.nodes)
    solver.set_node_supply(SOURCE, demand)
    solver.set_node_supply(SINK, -demand)
    if (status := solver.solve_max_flow_with_min_cost()) != solver.OPTIMAL:
        raise RuntimeError(f"no roster: {status}")
    flow = solver.flows(np.arange(len(network.arcs), dtype=np.int32))
    return _first(network, Circles(*_columns(network.arcs), flow))


def _first(network: _Network, circles: Circles) -> Iterator[Pair]:
    """The pairs of the first of all flows that are worth the same: a driver's day after the other."""
    for number, day in enumerate(network.nodes):
        if isinstance(day, Day):
            slot = _slot_of(network, circles, number)
            circles.settle(number)
            if slot is not None:
                circles.settle(slot)
                node = network.nodes[slot]
                assert isinstance(node, Slot)
                yield Pair(node, day.driver.driver_id)


def _slot_of(network: _Network, circles: Circles, day: int) -> int | None:
    """The first slot that is his that day in one of these flows: by an arc of its own, or by one to a pool and on."""

    def ways(arc: int, head: int) -> Iterator[tuple[int, int, int | None]]:
        if isinstance(network.nodes[head], Slot):
            yield head, arc, None
        else:
            yield from ((slot, arc, further) for further, slot in circles.out_of(head))

    closed = set[int]()
    for slot, arc, further in merge(*(ways(*out) for out in circles.out_of(day)), key=lambda way: way[0]):
        if arc in closed:
            continue
        if not circles.use(arc):
            closed.add(arc)
        elif further is None or circles.use(further):
            return slot
    return None


def _proof(networks: Iterable[_Network]) -> tuple[int, Cut]:
    """What a minimum cut is worth, and the cut, by driver, date and route id."""
    full, days, slots = list[Candidate](), list[Day](), list[Slot]()
    for network in networks:
        reached = _reached(network)
        drivers = {node.driver_id for number in reached if isinstance(node := network.nodes[number], Candidate)}
        for number, node in enumerate(network.nodes):
            match node:
                case Candidate() if number not in reached:
                    full.append(node)
                case Day() if number not in reached and node.driver.driver_id in drivers:
                    days.append(node)
                case Slot() if number in reached:
                    slots.append(node)
    cut = Cut(
        tuple(sorted(driver.driver_id for driver in full)),
        tuple(sorted((day.driver.driver_id, day.on) for day in days)),
        tuple(sorted((slot.route_id, slot.on) for slot in slots)),
    )
    return sum(driver.room for driver in full) + len(days) + len(slots), cut


def _reached(network: _Network) -> frozenset[int]:
    """The nodes that the source could still send something to in a maximum flow: where they end is a minimum cut."""
    solver = SimpleMaxFlow()
    tails, heads, capacities, _ = _columns(network.arcs)
    solver.add_arcs_with_capacity(tails, heads, capacities)
    if (status := solver.solve(SOURCE, SINK)) != solver.OPTIMAL:
        raise RuntimeError(f"no proof: {status}")
    return frozenset(solver.get_source_side_min_cut())


def _columns(arcs: Arcs) -> tuple[Arcs, Arcs, Arcs, Arcs]:
    tails, heads, capacities, costs = np.ascontiguousarray(arcs.T)
    return tails.astype(np.int32), heads.astype(np.int32), capacities, costs
