"""What a person does once he has made up his mind: each a function of his hands on his phone."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from bot.callbacks.bidding import NotToday
from bot.callbacks.callback import Callback
from bot.callbacks.shifts import (
    AddNote,
    CancelBecause,
    CancelShift,
    CannotCome,
    Confirm,
    ConfirmAll,
    EnterParcels,
    ImHere,
    Keypad,
    MustStop,
    RunLate,
    ShiftCard,
    StopBecause,
    StopShift,
)
from domain.db.models.words import AssignmentStatus, CancelReason
from domain.shifts.rules_of_leaving import PROTECTED
from domain.shifts.rules_of_parcels import Count
from sandbox.simulate.phones import Button, Phone

REASONS: Final = tuple(CancelReason)
CODED: Final = re.compile(r"\b(TAKE|PRENDRE|C) ([A-Z]\d[A-Z])\b")
AGAIN_IN: Final = timedelta(minutes=10)  # where his phone has no network


@dataclass(frozen=True, slots=True)
class HisShift:
    """A shift as its driver knows it."""

    id: UUID
    route: str
    on: date
    status: AssignmentStatus
    known_at: datetime
    starts_at: datetime
    arrive_by: datetime
    confirm_by: datetime
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Hands:
    """Somebody about to do something: `shift` or `button` is what it is about. `later` plans what he does then."""

    phone: Phone
    dice: Random
    now: datetime
    later: Callable[[datetime, "Does"], None]
    shift: HisShift | None = None
    button: Button | None = None

    @property
    def his(self) -> HisShift:
        """The shift that it is about."""
        assert self.shift is not None
        return self.shift

    def retry(self, does: "Does") -> None:
        """Once his phone may have a network again."""
        self.later(self.now + AGAIN_IN, does)


Does = Callable[[Hands], Awaitable[None]]


async def nothing(hands: Hands) -> None:
    """He leaves it at that."""


# -- confirming


async def confirm_week(hands: Hands) -> None:
    """All at once; by SMS one."""
    if not hands.phone.has_telegram:
        await confirm_by_text(hands)
    elif not hands.phone.online:
        hands.retry(confirm_week)
    else:
        await hands.phone.type("/confirm")
        await hands.phone.press(hands.phone.find(f"{ConfirmAll.word}:", Confirm(hands.his.id).pack()))


async def confirm_one(hands: Hands) -> None:
    """This one, from whatever message shows it."""
    button = Confirm(hands.his.id).pack()
    if not hands.phone.has_telegram:
        await confirm_by_text(hands)
    elif not hands.phone.online:
        hands.retry(confirm_one)
    elif not await hands.phone.press(hands.phone.find(button)):
        await hands.phone.type("/confirm")
        await hands.phone.press(hands.phone.find(button))


async def confirm_twice(hands: Hands) -> None:
    """In a hurry."""
    await hands.phone.type("/confirm")
    await hands.phone.press(hands.phone.find(Confirm(hands.his.id).pack()), times=2)


async def confirm_by_text(hands: Hands) -> None:
    """With the code of the last SMS that asks for it, or simply so."""
    codes = [found for text in hands.phone.texts() if (found := CODED.search(text.body)) and found[1] == "C"]
    await hands.phone.text(f"C {codes[-1][2]}" if codes else "c")


# -- leaving it


def _reason(hands: Hands, *, protected: bool) -> int:
    fitting = [number for number, reason in enumerate(REASONS) if (reason in PROTECTED) is protected]
    return hands.dice.choice(fitting)


async def cancel(hands: Hands) -> None:
    """For a reason of his own."""
    await _cancel(hands, _reason(hands, protected=False), note=False)


async def cancel_with_cause(hands: Hands) -> None:
    """For a reason that protects him, mostly with a few words."""
    await _cancel(hands, _reason(hands, protected=True), note=hands.dice.random() < 0.6)


async def think_better(hands: Hands) -> None:
    """He looks at what would follow, and keeps it."""
    await _cancel(hands, _reason(hands, protected=False), note=False, goes_through=False)


async def _cancel(hands: Hands, reason: int, *, note: bool, goes_through: bool = True) -> None:
    phone, id_ = hands.phone, hands.his.id
    await press_on_card(hands, CannotCome(id_))
    await phone.press(phone.find(CancelBecause(id_, reason).pack()))
    if note and await phone.press(phone.find(AddNote(id_, reason).pack())):
        await phone.type("My van won't start & the garage <closes> at 5")
    if goes_through:
        await phone.press(phone.find(CancelShift(id_, reason).pack()), times=hands.dice.choice((1, 1, 1, 2)))


async def press_on_card(hands: Hands, button: Callback) -> bool:
    """A button of the shift's, from whatever shows it; at the last from the shift's own card."""
    phone = hands.phone
    if await phone.press(phone.find(button.pack())):
        return True
    await phone.type("/schedule")
    await phone.press(phone.find(ShiftCard(hands.his.id).pack()))
    return await phone.press(phone.find(button.pack()))


async def cancel_by_text(hands: Hands) -> None:
    """CANT, and mostly the number of a reason; now and then one that is none, or nothing."""
    await hands.phone.text(hands.dice.choice(("CANT", "can't", "Absent")))
    if (number := hands.dice.choice(("1", "2", "6", "7", "9", ""))) != "":
        await hands.phone.text(number)


# -- the day


async def arrive(hands: Hands) -> None:
    """[I'm here], from whatever shows it; by SMS where there is no Telegram."""
    await _arrive(hands, 1)


async def arrive_twice(hands: Hands) -> None:
    """In a hurry."""
    await _arrive(hands, 2)


async def arrive_by_text(hands: Hands) -> None:
    """By SMS, though he may have Telegram."""
    await hands.phone.text("ICI" if hands.phone.member.language == "fr" else "Here")


async def arrive_too_early(hands: Hands) -> None:
    """Before five, in vain; and once more when it is time."""
    await _arrive(hands, 1)
    hands.later(hands.now + timedelta(minutes=40), arrive)


async def _arrive(hands: Hands, times: int) -> None:
    phone, button = hands.phone, ImHere(hands.his.id).pack()
    if not phone.online:
        await arrive_by_text(hands)
    elif not await phone.press(phone.find(button), times):
        await phone.type("/today")
        await phone.press(phone.find(button), times)


async def run_late(hands: Hands) -> None:
    """Says so, by whatever way; and comes twenty minutes after he was due."""
    phone, button = hands.phone, RunLate(hands.his.id).pack()
    if not phone.online:
        await phone.text("LATE 20")
    elif hands.dice.random() < 0.5 or not await phone.press(phone.find(button)):
        await phone.type(hands.dice.choice(("late 20", "I'm running late", "en retard de 30 min")))
    hands.later(hands.his.arrive_by + timedelta(minutes=20), arrive)


async def stop(hands: Hands) -> None:
    """He can't go on: the reason, what he brings back, and that it is so."""
    phone, id_ = hands.phone, hands.his.id
    if not await phone.press(phone.find(MustStop(id_).pack())):
        await phone.type("/today")
        await phone.press(phone.find(MustStop(id_).pack()))
    reason = hands.dice.randrange(len(REASONS))
    await phone.press(phone.find(StopBecause(id_, reason, 0).pack()))
    if not await phone.press(phone.find(f"{StopShift(id_, reason, 0).pack()[:-1]}")):
        await phone.press(phone.find(StopBecause(id_, reason, 4).pack()))
        await phone.press(phone.find(StopShift(id_, reason, 4).pack()))


def _loaded(hands: Hands) -> int:
    return Random(f"{hands.phone.member.name}:{hands.his.route}:{hands.his.on}").randint(60, 180)


async def load(hands: Hands) -> None:
    """Types how many he has loaded."""
    if hands.phone.online:
        await hands.phone.type(str(_loaded(hands)))
    else:
        await hands.phone.text(f"LOAD {_loaded(hands)}")


async def load_by_keypad(hands: Hands) -> None:
    """Digit by digit."""
    await _keyed(hands, Count.LOADED, _loaded(hands))


async def load_wrongly(hands: Hands) -> None:
    """What can't be, what is no number, a wrong number; and the right one in the end."""
    for typed in ("1000", "about a hundred", "0", "7"):
        await hands.phone.type(typed)
    await load_by_keypad(hands)


async def bring_back(hands: Hands) -> None:
    """Mostly nothing is left."""
    left = hands.dice.choice((0, 0, 0, 0, 1, 2, 5, 30))
    if hands.phone.online:
        await _keyed(hands, Count.BROUGHT_BACK, left)
    elif hands.phone.has_telegram:
        hands.retry(bring_back)
    else:
        await hands.phone.text(f"BACK {left}")


async def bring_back_too_many(hands: Hands) -> None:
    """More than he had loaded, by a button that no screen has; and then what is true."""
    await hands.phone.press(forged(hands, EnterParcels(hands.his.id, Count.BROUGHT_BACK, 998).pack()))
    await bring_back(hands)


async def correct(hands: Hands) -> None:
    """One of the numbers was wrong."""
    phone = hands.phone
    await phone.press(phone.find(f"fix:{EnterParcels(hands.his.id, 1, 0).pack().split(':')[1]}"))
    await _keyed(hands, Count.BROUGHT_BACK, 3)


async def _keyed(hands: Hands, what: Count, number: int) -> None:
    phone, id_ = hands.phone, hands.his.id
    first = Keypad(id_, what, 0).pack()
    if not await phone.press(phone.find(first)):
        await phone.type("/today")
        await phone.press(phone.find(first))
    typed = 0
    for digit in str(number) if number else "":
        typed = typed * 10 + int(digit)
        await phone.press(phone.find(Keypad(id_, what, typed).pack()))
    await phone.press(phone.find(EnterParcels(id_, what, number).pack()))


def forged(hands: Hands, data: str) -> Button | None:
    """Any client may send any data for any message."""
    some = next(hands.phone.buttons(), None)
    return None if some is None else Button(some.message_id, "", data)


# -- what comes on his phone


async def press_it(hands: Hands) -> None:
    """The button that came."""
    await hands.phone.press(hands.button)


async def press_it_twice(hands: Hands) -> None:
    """Likewise, in a hurry."""
    await hands.phone.press(hands.button, times=2)


async def decline(hands: Hands) -> None:
    """[Not today], beside the offer's [Accept] or [Bid]."""
    await hands.phone.press(hands.phone.find(beside(hands, NotToday)))


def beside(hands: Hands, other: type[Callback]) -> str:
    """The data of another button about the same as the one that came."""
    assert hands.button is not None
    return f"{other.word}:{hands.button.data.partition(':')[2]}"


async def take_by_text(hands: Hands) -> None:
    """With the code of the last offer; now and then with a wrong one."""
    codes = [found for text in hands.phone.texts() if (found := CODED.search(text.body)) and found[1] != "C"]
    if codes:
        await hands.phone.text(f"take {codes[-1][2]}" if hands.dice.random() < 0.9 else "take Z9Z")
