"""A company's roster in parts that don't concern each other: mostly its warehouses. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from domain.roster.ways import Day, Ways

Week = Sequence[Day]  # of one driver


def parts_of(weeks: Sequence[Week], ways: Ways) -> list[list[Week]]:
    """Two drivers are in the same part if a slot is open to both, be it by way of other drivers.

    A roster is best if it is in each part: all that R3.5 counts is summed over slots and drivers. Solving takes
    longer than in proportion, so this saves most of the time.
    """
    next_to = list(range(len(ways.slots)))  # from a slot to one of the same part, and in the end to what stands for it

    def part(place: int) -> int:
        while next_to[place] != place:
            next_to[place] = place = next_to[next_to[place]]
        return place

    pools = {pool for week in weeks for day in week for pool in day.pools}
    for together in (*(list(_places(week, ways)) for week in weeks), *(ways.pools[pool] for pool in pools)):
        for place in together:
            next_to[part(place)] = part(together[0])
    parts = defaultdict[int, list[Week]](list)
    for week in weeks:
        parts[part(next(_places(week, ways)))].append(week)
    return list(parts.values())


def _places(week: Week, ways: Ways) -> Iterator[int]:
    """Of slots, one for each pool: its slots are together anyway."""
    for day in week:
        yield from day.slots
        yield from (ways.pools[pool][0] for pool in day.pools)
