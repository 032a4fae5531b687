"""What if a driver's terms were others, or there were one more (R3.9)? Pure."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Self

from domain.policy import Policy
from domain.refusals import Refused
from domain.roster.preferring import Preferences
from domain.roster.rules import Candidate, Slot
from domain.schedule.rules import weekday_of

SOMEBODY_NEW: Final = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Supposed:
    """What a preview supposes of a driver, in place of his own terms. `driver_id` None: somebody new.

    Any home route: of somebody new, any of the warehouses that the preview is for.
    """

    driver_id: uuid.UUID | None
    preferences: Preferences
    cap: int

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        has = self.preferences
        return {
            "driver_id": None if self.driver_id is None else str(self.driver_id),
            "days": list(has.days),
            "routes": [str(each) for each in has.routes],
            "any_home_route": has.any_home_route,
            "cap": self.cap,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        driver_id = None if plain["driver_id"] is None else uuid.UUID(plain["driver_id"])
        routes = tuple(uuid.UUID(each) for each in plain["routes"])
        return cls(driver_id, Preferences(tuple(plain["days"]), routes, plain["any_home_route"]), plain["cap"])


def somebody_new(policy: Policy) -> Supposed:
    """Who would drive from Monday to Friday, wherever he is wanted."""
    return Supposed(None, Preferences(tuple(range(1, 6)), (), any_home_route=True), policy.cap)


def preferring(supposed: Supposed, result: Preferences | Refused) -> Supposed | Refused:
    """With what he would prefer then, or why that can't be."""
    return result if isinstance(result, Refused) else replace(supposed, preferences=result)


def at_cap(supposed: Supposed, cap: int, policy: Policy) -> Supposed:
    """The nearest cap that there may be."""
    return replace(supposed, cap=min(max(cap, 1), policy.cap_most))


def newcomer(supposed: Supposed, warehouses: Iterable[uuid.UUID], days: Iterable[date]) -> Candidate:
    """Somebody new as a candidate; `warehouses`: those that the preview is for."""
    has, homes = supposed.preferences, frozenset(warehouses) if supposed.preferences.any_home_route else frozenset()
    his = {on: homes for on in days if weekday_of(on) in has.days}
    return Candidate(SOMEBODY_NEW, his, has.routes, room=supposed.cap, held=0)


SlotKey = tuple[uuid.UUID, date]  # a route on a day


@dataclass(frozen=True, slots=True)
class Difference:
    """What comes of it. `closed`: slots that are filled only then, `opened`: that are filled only otherwise."""

    closed: tuple[SlotKey, ...] = ()
    opened: tuple[SlotKey, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON, beside what is supposed."""
        slots = {"closed": self.closed, "opened": self.opened}
        return {name: [[str(route), on.isoformat()] for route, on in each] for name, each in slots.items()}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """None yet where it was not made."""
        closed, opened = (
            tuple((uuid.UUID(route), date.fromisoformat(on)) for route, on in plain.get(name, ()))
            for name in ("closed", "opened")
        )
        return cls(closed, opened)


def difference(before: Collection[Slot], after: Collection[Slot]) -> Difference:
    """Of what two rosters fill, by day and route."""
    closed, opened = (
        tuple(sorted(((slot.route_id, slot.on) for slot in set(some) - set(others)), key=lambda key: (key[1], key[0])))
        for some, others in ((after, before), (before, after))
    )
    return Difference(closed, opened)
