"""What a manager does: he covers what is uncovered, fills slots by hand, decides what he is asked, looks around."""

from dataclasses import replace
from typing import Final

from bot.callbacks.appeals import GrantAppeal, RefuseAppeal
from bot.callbacks.arrivals import (
    AcceptReview,
    AllHere,
    AnswerLate,
    Driven,
    HesHere,
    LeaveToOthers,
    RefuseReview,
    TheseMissing,
)
from bot.callbacks.calendar import CloseDay, ClosePreview, RunAfterAll, WarehousePage
from bot.callbacks.callback import Callback
from bot.callbacks.coverage import Emergency, Slot, TakeOff, TakeOffNow
from bot.callbacks.filling import Assign, AssignOverCap, FillSlot, FillWith
from bot.callbacks.giving import AgreeToGive, RefuseToGive, RequireAgreement
from bot.callbacks.settings import GoAway
from bot.callbacks.stops import KeepOut, Reinstate
from bot.callbacks.windows import AskCapped, CloseNow, ExtendUntil, ExtendWindow, OpenBids, Raise, WindowCard
from sandbox.simulate.hands import Hands
from sandbox.simulate.phones import Button

# What a manager is asked to decide, by the words of the buttons.
DECISIONS: Final = frozenset(
    kind.word
    for kind in (
        AnswerLate,
        HesHere,
        LeaveToOthers,
        AllHere,
        TheseMissing,
        AgreeToGive,
        RefuseToGive,
        AcceptReview,
        RefuseReview,
        GrantAppeal,
        RefuseAppeal,
        Reinstate,
        KeepOut,
    )
)
# Those for which he types a reason.
REASONED: Final = frozenset(kind.word for kind in (RefuseReview, GrantAppeal, RefuseAppeal, Reinstate, KeepOut))
REASONS: Final = ("There was no word of it that day", "x" * 501)
ONE_MORE_BECAUSE: Final = ("Nobody else knows the streets there", "He has asked for it", "x" * 501)


async def press_one(hands: Hands, *kinds: type[Callback]) -> Button | None:
    """Any of such buttons, on the newest message that has them; None where there is none, or no network."""
    there = hands.phone.choices(*kinds)
    chosen = hands.dice.choice(there) if there else None
    return chosen if await hands.phone.press(chosen) else None


# -- what is uncovered


async def cover(hands: Hands) -> None:
    """What is uncovered, the soonest first: he opens bids while there is time, else an emergency.

    Where drivers are being asked, he asks those at their cap too.
    """
    phone = hands.phone
    await phone.type("/unfilled")
    for slot in phone.choices(Slot)[:6]:
        if not await phone.press(slot):
            return
        here = [button for button in phone.buttons() if button.message_id == slot.message_id]
        for kind, chance in ((OpenBids, 0.6), (Emergency, 0.8), (AskCapped, 0.5)):
            fitting = [button for button in here if button.data.startswith(f"{kind.word}:")]
            if fitting and hands.dice.random() < chance:
                await phone.press(hands.dice.choice(fitting), times=hands.dice.choice((1, 1, 1, 2)))
                break


async def handle_window(hands: Hands) -> None:
    """One of the open windows: he closes it now, raises it to an emergency, has it open for longer, or asks more."""
    await hands.phone.type("/windows")
    if await press_one(hands, WindowCard) is None:
        return
    pressed = await press_one(hands, CloseNow, Raise, ExtendWindow, AskCapped)
    if pressed is not None and pressed.data.startswith((f"{Raise.word}:", f"{ExtendWindow.word}:")):
        await press_one(hands, Emergency, ExtendUntil)


async def fill(hands: Hands) -> None:
    """A slot and somebody for it, out of what he is shown."""
    await hands.phone.type("/fill")
    if await press_one(hands, FillSlot) and await press_one(hands, FillWith):
        await _assign(hands)


async def fill_in_line(hands: Hands) -> None:
    """In one line: the route, the day and the driver whom he has in mind, as he likes to write them."""
    phone, dice = hands.phone, hands.dice
    await phone.type("/fill")
    slots = [each for each in phone.choices(FillSlot) if each.text.count(", ") == 2]  # others lead there, too
    if not slots:
        return
    route, _warehouse, day = dice.choice(slots).text.split(" ", 1)[1].split(", ")
    name = dice.choice(phone.town.company.drivers).name
    words = [route, day, dice.choice((name, name.lower(), " ".join(reversed(name.split(" ", 1)))))]
    dice.shuffle(words)
    await phone.type(f"/fill {' '.join(words)}")
    await _assign(hands)


async def _assign(hands: Hands) -> None:
    """The last press; over the cap he writes why, and once more if that was too long."""
    pressed = await press_one(hands, Assign, AssignOverCap)
    if pressed is not None and pressed.data.startswith(f"{AssignOverCap.word}:"):
        why = hands.dice.choice(ONE_MORE_BECAUSE)
        await hands.phone.type(why)
        if why == ONE_MORE_BECAUSE[-1]:
            await hands.phone.type(ONE_MORE_BECAUSE[0])


async def take_off(hands: Hands) -> None:
    """Today's shift off somebody, for others."""
    await hands.phone.type("/shifts")
    if await press_one(hands, Driven) and await press_one(hands, TakeOff):
        await press_one(hands, TakeOffNow)


async def close_a_route(hands: Hands) -> None:
    """For a day: its driver does not travel, and bids for it are off."""
    _id, route = hands.dice.choice(hands.phone.town.company.routes)
    await hands.phone.type(f"/close {route}")
    if await press_one(hands, ClosePreview):
        await press_one(hands, CloseDay)


async def run_after_all(hands: Hands) -> None:
    """Something that he had closed."""
    await hands.phone.type("/close")
    await press_one(hands, RunAfterAll)


async def want_a_word(hands: Hands) -> None:
    """Whether a shift may change hands without his word: he has it the other way."""
    await hands.phone.type("/routes")
    if await press_one(hands, WarehousePage):
        await press_one(hands, RequireAgreement)


# -- what he is asked


async def decide(hands: Hands) -> None:
    """One of the decisions that a message asks of him; where he is asked for his reason, he types it."""
    if hands.button is not None:
        await decide_here(hands, hands.button.message_id)


async def decide_here(hands: Hands, message_id: int) -> bool:
    """One of the decisions that this message asks of him; False where it asks for none."""
    there = [each for each in hands.phone.buttons() if each.message_id == message_id]
    choices = [each for each in there if each.data.partition(":")[0] in DECISIONS]
    chosen = hands.dice.choice(choices) if choices else None
    if await hands.phone.press(chosen) and chosen is not None and chosen.data.partition(":")[0] in REASONED:
        await because(hands)
    return chosen is not None


async def because(hands: Hands) -> None:
    """His reason; now and then one that is too long, and then another."""
    why = hands.dice.choice((REASONS[0], *REASONS))
    await hands.phone.type(why)
    if why != REASONS[0]:
        await hands.phone.type(REASONS[0])


async def review(hands: Hands) -> None:
    """Decides on one of the absences that wait for him."""
    await hands.phone.type("/reviews")
    for waiting in hands.phone.choices(AcceptReview, RefuseReview)[:1]:
        await decide(replace(hands, button=waiting))


# -- what else


async def look_after(hands: Hands) -> None:
    """A manager's command or two."""
    commands = ("/today", "/shifts", "/inbox", "/unfilled", "/windows", "/fill", "/routes", "/help")
    await hands.phone.type(hands.dice.choice(commands))


async def be_away(hands: Hands) -> None:
    """For a while; his notices go to the other."""
    phone = hands.phone
    await phone.type("/away")
    if choices := phone.choices(GoAway):
        await phone.press(hands.dice.choice(choices[:4]))
