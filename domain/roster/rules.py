"""A week's roster, as it is decided (R3.4 to R3.6): frozen facts in, pairs of slots and drivers out. Pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from domain.db.models.words import GapReason
from domain.policy import Policy
from domain.schedule.rules import weekday_of

Pool = tuple[date, uuid.UUID]  # a warehouse on a day: all its slots


@dataclass(frozen=True, slots=True)
class Slot:
    """A route on a day that has no driver yet, to be filled."""

    route_id: uuid.UUID
    on: date
    warehouse_id: uuid.UUID

    @property
    def pool(self) -> Pool:
        return self.on, self.warehouse_id


@dataclass(frozen=True, slots=True)
class Candidate:
    """A driver who may be given shifts in that week (R3.4), and which.

    `days`: those that he prefers, each with the warehouses of which he takes any route that day (none where he has not
    ticked that); `taken`: the route that he has already on such a day. `routes`: the three that he prefers, whatever
    their warehouse. `left`: slots that he has left himself. `room`: shifts below his weekly cap; `held`: those that he
    has in that week already. `completion`, `attendance`: whole percents. `completions` by route; `drove`: route and
    weekday (0 = Sunday) in the week that is ending.
    """

    driver_id: uuid.UUID
    days: Mapping[date, frozenset[uuid.UUID]]
    routes: tuple[uuid.UUID, ...]
    room: int
    held: int
    completion: int = 0
    attendance: int = 0
    completions: Mapping[uuid.UUID, int] = field(default_factory=dict)
    drove: frozenset[tuple[uuid.UUID, int]] = frozenset()
    left: frozenset[tuple[uuid.UUID, date]] = frozenset()
    taken: Mapping[date, uuid.UUID] = field(default_factory=dict)


def prefers(driver: Candidate, slot: Slot) -> bool:
    """Whether he may be given this slot, his cap and his other shifts of the week aside (R3.4)."""
    homes = driver.days.get(slot.on)
    if homes is None or (slot.route_id, slot.on) in driver.left:
        return False
    return slot.route_id in driver.routes or slot.warehouse_id in homes


def suitability(driver: Candidate, slot: Slot, policy: Policy) -> int:
    """Of a pair, as a whole number (R3.5): completions of the route, then his completion rate, then his attendance,
    each deciding before the next (101 values, 101 · 101 = 10201); then whether he drove it on this weekday last week.
    """
    known = min(driver.completions.get(slot.route_id, 0), policy.familiar_after)
    repeats = (slot.route_id, weekday_of(slot.on)) in driver.drove
    return 2 * 10201 * known + suitability_of_unknown(driver) + int(repeats)


def suitability_of_unknown(driver: Candidate) -> int:
    """His for every route that he has neither completed nor driven on that weekday: the least that he has for any."""
    return 2 * (101 * driver.completion + driver.attendance)


@dataclass(frozen=True, slots=True)
class Pair:
    """A slot and who gets it."""

    slot: Slot
    driver_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Keeps:
    """What keeps a driver from a slot that he prefers: the slot that he has that day, or (None) his weekly cap."""

    driver_id: uuid.UUID
    taken_by: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A slot that stays empty, and why (R3.6): how many prefer it, and the first of them with what keeps each."""

    slot: Slot
    reason: GapReason
    wanted_by: int = 0
    drivers: tuple[Keeps, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """The proof that no more can be filled: whatever is filled uses up one of these, and each serves for one only.

    `full`: drivers, each worth as many shifts as he has room for; `days`: drivers on a day, worth one each; `slots`:
    routes on a day, worth one each.
    """

    full: tuple[uuid.UUID, ...]
    days: tuple[tuple[uuid.UUID, date], ...]
    slots: tuple[tuple[uuid.UUID, date], ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """The best that there is. `maximum`: what the cut proves to be the most that can be filled; it is `len(pairs)`."""

    pairs: tuple[Pair, ...]
    gaps: tuple[Gap, ...]
    maximum: int
    cut: Cut
