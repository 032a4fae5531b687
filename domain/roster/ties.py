"""From a flow that is best to others that are as good, as far as wished (R3.5: ties). Pure.

Two flows of the same worth differ by circles on which nothing is gained or lost. So an arc can be used in one of them
if it is used already, or lies on such a circle, round which one unit is then sent.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

Column = np.ndarray[Any, np.dtype[Any]]  # of whole numbers
FROM, TO = 1, -1
STEPS_MOST: Final = 10_000_000  # in search of circles: twenty seconds
Step = tuple[int, int]  # an arc, and by how much its flow changes: 1 more, or 1 less where it is gone backwards


class Circles:
    """A flow, and whatever in it can differ in others of the same worth. Nodes and arcs by number."""

    def __init__(self, tails: Column, heads: Column, capacities: Column, costs: Column, flow: Column) -> None:
        nodes = int(max(tails.max(), heads.max())) + 1
        worth = _potentials(tails, heads, capacities, costs, flow, nodes)
        free = np.flatnonzero(worth[tails] + costs == worth[heads])
        columns: list[list[int]] = [column[free].tolist() for column in (tails, heads, capacities, flow)]
        self._tails, self._heads, self._capacities, self._flow = columns
        self._at: list[list[int]] = [[] for _ in range(nodes)]
        for arc, (tail, head) in enumerate(zip(self._tails, self._heads, strict=True)):
            self._at[tail].append(arc)
            self._at[head].append(arc)
        self._settled = bytearray(nodes)
        self._stale = [0] * nodes  # arcs at each node that lead to what is settled
        self._steps_left = STEPS_MOST

    def out_of(self, node: int) -> Iterator[tuple[int, int]]:
        """The arcs to what is not settled, each with where it ends, in the order in which they were given."""
        for arc in self._at[node]:
            if self._tails[arc] == node and not self._settled[self._heads[arc]]:
                yield arc, self._heads[arc]

    def settle(self, node: int) -> None:
        """What goes through it stays as it is."""
        self._settled[node] = True
        for arc in self._at[node]:
            other = self._other_end(arc, node)
            self._stale[other] += 1
            if 2 * self._stale[other] > len(self._at[other]):  # else a pool would be searched through again and again
                self._at[other] = [each for each in self._at[other] if not self._settled[self._other_end(each, other)]]
                self._stale[other] = 0

    def use(self, arc: int) -> bool:
        """Something flows through the arc, or does from now on; after STEPS_MOST that is not tried any more."""
        if self._flow[arc]:
            return True
        circle = self._path(self._heads[arc], self._tails[arc])
        if circle is None:
            return False
        for each, change in [(arc, 1), *circle]:
            self._flow[each] += change
        return True

    def _path(self, start: int, end: int) -> list[Step] | None:
        """Looked for from both ends in turns, so that little is looked at where either is shut in."""
        came: list[dict[int, Step]] = [{start: (-1, 0)}, {end: (-1, 0)}]
        trails = [[self._steps(start, FROM)], [self._steps(end, TO)]]
        side = 0
        while (trail := trails[side]) and self._steps_left:
            self._steps_left -= 1
            mine, other = came[side], came[1 - side]
            step = next(trail[-1], None)
            if step is None:
                trail.pop()
            elif step[0] not in mine:
                node, arc, change = step
                mine[node] = arc, change
                if node in other:
                    return [*self._back(came[0], node), *self._back(came[1], node)]
                trail.append(self._steps(node, TO if side else FROM))
            side = 1 - side
        return None

    def _steps(self, node: int, direction: int) -> Iterator[tuple[int, int, int]]:
        """Where one can get from the node, or to it from; by which arc, and how that changes it."""
        for arc in self._at[node]:
            forward = self._tails[arc] == node
            change = direction if forward else -direction
            room = self._flow[arc] < self._capacities[arc] if change > 0 else self._flow[arc] > 0
            other = self._heads[arc] if forward else self._tails[arc]
            if room and not self._settled[other]:
                yield other, arc, change

    def _back(self, came: dict[int, Step], node: int) -> Iterator[Step]:
        while (step := came[node])[1]:
            yield step
            node = self._other_end(step[0], node)

    def _other_end(self, arc: int, node: int) -> int:
        return self._heads[arc] if self._tails[arc] == node else self._tails[arc]


def _potentials(tails: Column, heads: Column, capacities: Column, costs: Column, flow: Column, nodes: int) -> Column:
    """A worth for each node, such that no change of the flow along an arc costs less than their difference: where it
    costs as much, it is free. By Bellman and Ford, all arcs at a time.
    """
    more, less = flow < capacities, flow > 0
    come_from = np.concatenate((tails[more], heads[less]))
    go_to = np.concatenate((heads[more], tails[less]))
    cost = np.concatenate((costs[more], -costs[less]))
    worth = np.zeros(nodes, dtype=np.int64)
    while True:
        lower = worth.copy()
        np.minimum.at(lower, go_to, worth[come_from] + cost)
        if (lower == worth).all():
            return worth
        worth = lower
