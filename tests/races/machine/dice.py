"""Sequences of steps by dice that know the company: most of what they choose changes something.

Drawn blindly nearly all is refused: 200 sequences by Hypothesis had four awards in them.
"""

from datetime import datetime
from random import Random
from typing import Final

from tests.races.machine.hands import DOES
from tests.races.machine.model import Act, bind
from tests.races.machine.state import DRIVERS, MANAGERS, SLOTS, State
from tests.races.machine.steps import Duty, Step, Wait, is_there

# How often each is tried, of a hundred: after a closed day, or a flag, less can happen.
_OFTEN: Final = {
    "bid": 24,
    "accept": 12,
    "cancel": 10,
    "take": 9,
    "open bids": 8,
    "give away": 7,
    "assign": 7,
    "withdraw": 5,
    "decline": 5,
    "cap": 4,
    "close early": 3,
    "emergency": 3,
    "flag": 2,
    "close day": 1,
}
_MOST: Final = {"assign": 1, "flag": 1, "close day": 1, "cap": 4}  # that there can be of `more`
_BY_MANAGERS: Final = ("open bids", "emergency", "close early", "close day")
_TRIES: Final = 8
_BLINDLY: Final = 0.15


def dealt(dice: Random, state: State, now: datetime) -> Step:
    """The next step: one or two acts, often of one driver or on one slot, and a duty or none."""
    wait = dice.choices([Wait.SECOND, Wait.MINUTES, Wait.CLOSING], [6, 1, 2])[0]
    at = Step(wait, (), ()).moment(state, now)
    first = _act(dice, state, at, list(_OFTEN), list(DRIVERS), list(SLOTS))
    acts = [first]
    if dice.random() < 0.6:
        near = dice.random()
        if near < 0.3 and first.who in DRIVERS:  # he does the same elsewhere, or something else
            whats = [first.what] if near < 0.15 else list(_OFTEN)
            acts.append(_act(dice, state, at, whats, [first.who], list(SLOTS)))
        else:
            slots = [first.slot] if near < 0.6 else list(SLOTS)
            acts.append(_act(dice, state, at, list(_OFTEN), list(DRIVERS), slots))
    early = tuple(dice.random() < 0.5 for _ in acts)
    return Step(wait, tuple(acts), early, dice.choice(list(Duty)))


def _act(dice: Random, state: State, at: datetime, whats: list[str], drivers: list[str], slots: list[str]) -> Act:
    what = dice.choices(whats, [_OFTEN[what] for what in whats])[0]
    for _ in range(1 if dice.random() < _BLINDLY else _TRIES):
        who = dice.choice(MANAGERS if what in _BY_MANAGERS else drivers)
        act = Act(what, who, dice.choice(slots), dice.randint(0, _MOST.get(what, 0)))
        it, after = bind(state, act, at), state.copy()
        if is_there(it) and DOES[what](after, it) and after.view() != state.view():
            break
    return act
