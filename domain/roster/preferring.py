"""What a driver prefers to drive, and what he may change about it (R3.1). Pure."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule.rules import DAYS_OF_WEEK


@dataclass(frozen=True, slots=True)
class Preferences:
    """`days`: 0 = Sunday, in order. `routes`: ranked. `any_home_route`: any of his home warehouses, behind these."""

    days: tuple[int, ...] = ()
    routes: tuple[uuid.UUID, ...] = ()
    any_home_route: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A route as it is about to be preferred; `his`: its warehouse is his home or open to him (R6.3)."""

    route_id: uuid.UUID
    his: bool


def made(days: Iterable[int | None], routes: Iterable[uuid.UUID], any_home_route: bool, policy: Policy) -> Preferences:
    """From what is written, maybe by another program: each day and route once, and no more of them than there are.

    Days may have nulls among them.
    """
    known = tuple(sorted({day for day in days if day is not None and 0 <= day < DAYS_OF_WEEK}))
    return Preferences(known, tuple(dict.fromkeys(routes))[: policy.routes_most], any_home_route)


def prefer_day(has: Preferences, weekday: int, wanted: bool) -> Preferences | Refused:
    """Refused: a weekday that there is not."""
    if not 0 <= weekday < DAYS_OF_WEEK:
        return Refused(Refusal.NO_SUCH_CHOICE)
    days = set(has.days) | {weekday} if wanted else set(has.days) - {weekday}
    return replace(has, days=tuple(sorted(days)))


def prefer_any_route(has: Preferences, wanted: bool) -> Preferences:
    """Any route of his home warehouses, or only those that he has named."""
    return replace(has, any_home_route=wanted)


def prefer_route(has: Preferences, wanted: Wanted | None, policy: Policy) -> Preferences | Refused:
    """Ranked last. Refused: one that does not exist (any more), is preferred already, is of a warehouse that is not
    open to him, or would be a fourth."""
    if wanted is None:
        return Refused(Refusal.NO_SUCH_ROUTE)
    if wanted.route_id in has.routes:
        return Refused(Refusal.PREFERRED_ALREADY)
    if not wanted.his:
        return Refused(Refusal.WAREHOUSE_NOT_HIS)
    if len(has.routes) >= policy.routes_most:
        return Refused(Refusal.ROUTES_FULL)
    return replace(has, routes=(*has.routes, wanted.route_id))


def rank_route(has: Preferences, route_id: uuid.UUID, rank: int) -> Preferences | Refused:
    """`rank` counts from 0. Refused: a route that he does not prefer, a rank that there is not."""
    if route_id not in has.routes or not 0 <= rank < len(has.routes):
        return Refused(Refusal.NO_SUCH_CHOICE)
    others = [each for each in has.routes if each != route_id]
    return replace(has, routes=(*others[:rank], route_id, *others[rank:]))


def drop_route(has: Preferences, route_id: uuid.UUID) -> Preferences:
    """Without this one, if he prefers it."""
    return replace(has, routes=tuple(each for each in has.routes if each != route_id))
