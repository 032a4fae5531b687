"""Why somebody did not get what he has bid for, in his own parts (R6.8). Pure."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from domain.bidding.rules import Bidder, Standing, parts, ranked
from domain.policy import Policy

PERCENT = 100  # rates are told, and raised, by whole points


@dataclass(frozen=True, slots=True)
class Gap:
    """What would have been enough, in whole steps: each of these by itself or, where none is, all of them together.

    Never the difference of the scores: beside his own it would tell the other's (R6.8, R12.3). None: that part could
    not have been raised so far, or was not needed. `fewer_shifts`, `earlier`: the scores were equal, and the other had
    fewer shifts that week, or had bid earlier.
    """

    completions: int | None = None  # more on the route
    attendance: int | None = None  # points higher
    completion: int | None = None  # points higher
    preference: bool = False  # the route among his three
    fewer_shifts: bool = False
    earlier: bool = False
    together: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of his score, the steps by which it can be raised, and himself with it raised so far."""

    name: str
    steps: range
    raised: Callable[[Standing, int], Standing]


def gap(own: Bidder, winner: Bidder, policy: Policy) -> Gap:
    """Between a bidder and who was awarded before him, by the very order in which bids are awarded (R6.4)."""

    def least(standing: Standing, part: _Part) -> int | None:
        return next((step for step in part.steps if enough(part.raised(standing, step))), None)

    def enough(better: Standing) -> bool:
        return ranked([dataclasses.replace(own, standing=better), winner], policy)[0].bid_id == own.bid_id

    mine = own.standing
    could = _parts(mine, policy)
    alone = {part.name: step for part in could if (step := least(mine, part)) is not None}
    ways = alone or _together(mine, could, least)
    equal = parts(winner.standing, policy).score == parts(mine, policy).score
    return Gap(
        completions=ways.get("completions"),
        attendance=ways.get("attendance"),
        completion=ways.get("completion"),
        preference="preference" in ways,
        fewer_shifts=equal and winner.standing.load < mine.load,
        earlier=equal and winner.standing.load == mine.load,
        together=bool(ways) and not alone,
    )


def _together(mine: Standing, could: list[_Part], least: Callable[[Standing, _Part], int | None]) -> dict[str, int]:
    """One part after the other as high as it goes, the last as little as is enough; nothing if all are not."""
    better, ways = mine, dict[str, int]()
    for part in could:
        step = least(better, part)
        ways[part.name] = step or part.steps[-1]
        if step is not None:
            return ways
        better = part.raised(better, part.steps[-1])
    return {}


def _parts(mine: Standing, policy: Policy) -> list[_Part]:
    """Those that are not at their highest, what is soonest raised first."""
    replace = dataclasses.replace
    every = (
        _Part("preference", range(1, 1 if mine.prefers_route else 2), lambda his, _: replace(his, prefers_route=True)),
        _Part(
            "completions",
            range(1, policy.familiar_after - mine.route_completions + 1),
            lambda his, more: replace(his, route_completions=his.route_completions + more),
        ),
        _Part(
            "attendance",
            _points_left(mine.attendance_rate),
            lambda his, more: replace(his, attendance_rate=_raised(his.attendance_rate, more)),
        ),
        _Part(
            "completion",
            _points_left(mine.completion_rate),
            lambda his, more: replace(his, completion_rate=_raised(his.completion_rate, more)),
        ),
    )
    return [part for part in every if part.steps]


def _points_left(rate: float) -> range:
    """The steps up to 100 %, the last one perhaps not a whole one."""
    return range(1, -int(-(1 - rate) * PERCENT // 1) + 1)


def _raised(rate: float, points: int) -> float:
    return min(rate + points / PERCENT, 1.0)
