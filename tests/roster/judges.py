"""What a roster must be, found without the product's network: by trying all, by scipy, by looking."""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

from domain.policy import Policy
from domain.roster.rules import Candidate, Pair, Slot, prefers, suitability

POLICY = Policy()

Worth = tuple[int, int, int]  # filled, suitability, and the spread, negative: more is better in all three


def may_have(driver: Candidate, slot: Slot) -> bool:
    return prefers(driver, slot) and driver.room > 0 and slot.on not in driver.taken


def worth(drivers: Sequence[Candidate], pairs: Sequence[Pair]) -> Worth:
    """R3.5, word for word."""
    by_id = {driver.driver_id: driver for driver in drivers}
    shifts = Counter(pair.driver_id for pair in pairs)
    spread = sum(by_id[who].held + further for who, count in shifts.items() for further in range(count))
    suited = sum(suitability(by_id[pair.driver_id], pair.slot, POLICY) for pair in pairs)
    return len(pairs), suited, -spread


def every_roster(drivers: Sequence[Candidate], slots: Sequence[Slot]) -> Iterator[list[Pair]]:
    """All that there are: each slot goes to whoever may have it, or to nobody."""
    if not slots:
        yield []
        return
    slot, *rest = slots
    for pairs in every_roster(drivers, rest):
        yield pairs
        for driver in drivers:
            his = [pair.slot.on for pair in pairs if pair.driver_id == driver.driver_id]
            if may_have(driver, slot) and slot.on not in his and len(his) < driver.room:
                yield [*pairs, Pair(slot, driver.driver_id)]


def first_of_the_best(drivers: Sequence[Candidate], slots: Sequence[Slot]) -> list[Pair]:
    """Of all that are worth the most, the one that comes first, its pairs by driver, date and route id."""
    rosters = list(every_roster(drivers, slots))
    best_worth = max(worth(drivers, each) for each in rosters)

    def ids(pairs: Sequence[Pair]) -> list[tuple[uuid.UUID, date, uuid.UUID]]:
        return [(pair.driver_id, pair.slot.on, pair.slot.route_id) for pair in pairs]

    ordered = (sorted(each, key=lambda pair: ids([pair])) for each in rosters if worth(drivers, each) == best_worth)
    return min(ordered, key=ids)


def most(drivers: Sequence[Candidate], slots: Sequence[Slot]) -> int:
    """How many can be filled, by scipy, with an arc for each pair."""
    days = [(driver, on) for driver in range(len(drivers)) for on in sorted({slot.on for slot in slots})]
    first_day, first_slot = 1 + len(drivers), 1 + len(drivers) + len(days)
    sink = first_slot + len(slots)
    arcs = [(0, 1 + n, driver.room) for n, driver in enumerate(drivers)]
    arcs += [(1 + driver, first_day + n, 1) for n, (driver, _) in enumerate(days)]
    arcs += [
        (first_day + d, first_slot + s, 1)
        for d, (driver, on) in enumerate(days)
        for s, slot in enumerate(slots)
        if slot.on == on and may_have(drivers[driver], slot)
    ]
    arcs += [(first_slot + n, sink, 1) for n in range(len(slots))]
    tails, heads, capacities = (np.array(each, dtype=np.int32) for each in zip(*arcs, strict=True))
    graph = coo_array((capacities, (tails, heads)), shape=(sink + 1, sink + 1)).tocsr()
    return int(maximum_flow(graph, 0, sink).flow_value)


def best(drivers: Sequence[Candidate], slots: Sequence[Slot]) -> Worth:
    """What the best is worth, by linear programming: each aim in its turn, what is reached held fast for the next.

    All corners of what is allowed are whole numbers, as in every problem of this kind.
    """
    pairs = [(d, s) for d, driver in enumerate(drivers) for s, slot in enumerate(slots) if may_have(driver, slot)]
    shifts = [(d, n) for d, driver in enumerate(drivers) for n in range(min(driver.room, 7))]
    if not pairs:
        return 0, 0, 0
    limits: dict[tuple[str, object, object], dict[int, float]] = {}
    per_driver: dict[int, dict[int, float]] = {}
    for column, (d, s) in enumerate(pairs):
        limits.setdefault(("slot", s, None), {})[column] = 1
        limits.setdefault(("day", d, slots[s].on), {})[column] = 1
        per_driver.setdefault(d, {})[column] = 1
    for column, (d, _) in enumerate(shifts, len(pairs)):
        per_driver.setdefault(d, {})[column] = -1
    columns = len(pairs) + len(shifts)
    at_most = _rows(list(limits.values()), columns)
    equal = list(per_driver.values())
    equals = [0.0] * len(equal)
    filled = [1.0] * len(pairs) + [0.0] * len(shifts)
    suited = [float(suitability(drivers[d], slots[s], POLICY)) for d, s in pairs] + [0.0] * len(shifts)
    spread = [0.0] * len(pairs) + [-float(drivers[d].held + n) for d, n in shifts]
    reached = []
    for aim in (filled, suited, spread):
        solved = linprog(
            [-each for each in aim], at_most, np.ones(len(limits)), _rows(equal, columns), equals, bounds=(0, 1)
        )
        assert solved.success, solved.message
        reached.append(round(-solved.fun))
        equal.append(dict(enumerate(aim)))
        equals.append(reached[-1])
    return reached[0], reached[1], reached[2]


def _rows(rows: Sequence[dict[int, float]], columns: int) -> coo_array:
    where = [(row, column, value) for row, entries in enumerate(rows) for column, value in entries.items() if value]
    tails, heads, values = zip(*where, strict=True)
    return coo_array((values, (tails, heads)), shape=(len(rows), columns))
