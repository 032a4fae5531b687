"""Why slots stay empty in a roster that fills as many as can be filled (R3.6). Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from heapq import merge
from itertools import islice
from typing import Final

from domain.db.models.words import GapReason
from domain.roster.rules import Gap, Keeps, Pair, Pool
from domain.roster.ways import Day, Ways

NAMED_MOST: Final = 10  # of those who prefer a slot


def gaps_of(ways: Ways, pairs: Collection[Pair]) -> Iterator[Gap]:
    """The slots that nobody gets, by date and route id; those who prefer one by driver id."""
    given = {(pair.driver_id, pair.slot.on): pair.slot.route_id for pair in pairs}
    filled = {pair.slot for pair in pairs}
    by_name, by_pool = defaultdict[int, list[Day]](list), defaultdict[Pool, list[Day]](list)
    for day in ways.days:
        for place in day.slots:
            if ways.slots[place].pool not in day.pools:  # who is in its pool is counted there
                by_name[place].append(day)
        for pool in day.pools:
            by_pool[pool].append(day)

    def keeps(day: Day) -> Keeps:
        driver = day.driver
        return Keeps(driver.driver_id, driver.taken.get(day.on) or given.get((driver.driver_id, day.on)))

    for place, slot in enumerate(ways.slots):
        if slot in filled:
            continue
        named, pooled = by_name[place], by_pool[slot.pool]
        first = islice(merge(named, pooled, key=lambda day: day.driver.driver_id.int), NAMED_MOST)
        reason = GapReason.TAKEN if named or pooled else GapReason.NOBODY
        yield Gap(slot, reason, len(named) + len(pooled), tuple(keeps(day) for day in first))
