"""What the roster is measured by: the rule that is commonly used, which never takes back what it has given."""

import uuid
from collections import Counter, defaultdict

from bench.roster_fleet import Week
from domain.roster.rules import Candidate, prefers


def greedy(week: Week) -> int:
    """So many slots it fills: day by day, route by route, each given to the best of those who prefer it, are free that
    day and below their cap; the best by completions of the route, then completion rate, then attendance."""
    wanted_by = defaultdict[uuid.UUID, list[Candidate]](list)
    for driver in sorted(week.drivers, key=lambda driver: driver.driver_id.int):
        for route in driver.routes:
            wanted_by[route].append(driver)
    shifts, busy = Counter[uuid.UUID](), set[tuple[uuid.UUID, object]]()
    for slot in sorted(week.slots, key=lambda slot: (slot.on, slot.route_id.int)):
        free = [
            driver
            for driver in wanted_by[slot.route_id]
            if prefers(driver, slot)
            and shifts[driver.driver_id] < driver.room
            and (driver.driver_id, slot.on) not in busy
        ]
        if free:
            best = max(
                free, key=lambda each: (each.completions.get(slot.route_id, 0), each.completion, each.attendance)
            )
            shifts[best.driver_id] += 1
            busy.add((best.driver_id, slot.on))
    return len(busy)
