"""What drivers do about open shifts, and about their own that they would rather give to a colleague."""

from datetime import timedelta
from typing import Final

from bot.callbacks.bidding import (
    Accept,
    HandBack,
    HandBackNow,
    MyBids,
    OpenShift,
    OpenShifts,
    PlaceBid,
    WhyBid,
    WithdrawBid,
)
from bot.callbacks.giving import GiveAway, GiveByLink, GiveToAll, NotAfterAll, SeeGiven, TakeBack, TakeOver
from bot.callbacks.shifts import Confirm
from sandbox.simulate.hands import Hands, beside, press_it, press_on_card
from sandbox.simulate.phones import Phone

OFFERS: Final = (PlaceBid, Accept, TakeOver)  # what a card that is opened from /open can ask


# -- bids


async def bid_for_hours(hands: Hands) -> None:
    """He bids, and takes it back some hours later."""
    if await hands.phone.press(hands.button):
        hands.later(hands.now + timedelta(hours=hands.dice.randint(1, 9)), withdraw)


async def withdraw(hands: Hands) -> None:
    """[Withdraw my bid], while it is there."""
    await hands.phone.press(hands.phone.find(beside(hands, WithdrawBid)), times=hands.dice.choice((1, 1, 2)))


async def bid_anew(hands: Hands) -> None:
    """He bids, takes it back, and bids again."""
    if await hands.phone.press(hands.button):
        await withdraw(hands)
        hands.later(hands.now + timedelta(hours=hands.dice.randint(1, 5)), press_it)


async def look_for_shifts(hands: Hands) -> None:
    """/open: he looks at one of them, and takes what it is."""
    phone = hands.phone
    await phone.type("/open")
    open_ = phone.choices(OpenShift, SeeGiven)
    if not open_ or not await phone.press(hands.dice.choice(open_[:4])):
        return
    for there in phone.choices(*OFFERS)[:1]:
        await phone.press(there)


async def look_at_bids(hands: Hands) -> None:
    """His bids, and why one of them ended as it did."""
    phone = hands.phone
    await phone.type("/open")
    await phone.press(phone.find(MyBids(0).pack()))
    if results := phone.choices(WhyBid):
        await phone.press(hands.dice.choice(results))
        await phone.press(phone.find(OpenShifts(0).pack()))


async def ask_why(hands: Hands) -> None:
    """[Why?], below what tells him."""
    await hands.phone.press(hands.phone.find(f"{WhyBid.word}:"))


async def hand_back(hands: Hands) -> None:
    """What he has just won is too much for him."""
    await hands.phone.press(hands.phone.find(beside(hands, HandBack)))
    await hands.phone.press(hands.phone.find(beside(hands, HandBackNow)), times=hands.dice.choice((1, 1, 2)))


# -- what a manager has given him


async def agree(hands: Hands) -> None:
    """[OK, I'll drive]."""
    await hands.phone.press(hands.phone.find(beside(hands, Confirm)))


# -- to a colleague


async def give_to_all(hands: Hands) -> None:
    """He offers it to whoever can take it."""
    await press_on_card(hands, GiveAway(hands.his.id))
    await hands.phone.press(hands.phone.find(GiveToAll(hands.his.id).pack()))


async def give_to_all_for_hours(hands: Hands) -> None:
    """He does, and takes it back."""
    await give_to_all(hands)
    hands.later(hands.now + timedelta(hours=hands.dice.randint(1, 12)), take_back)


async def take_back(hands: Hands) -> None:
    """While nobody has it."""
    await press_on_card(hands, GiveAway(hands.his.id))
    for back in hands.phone.choices(TakeBack)[:1]:
        await hands.phone.press(back)


async def give_by_link(hands: Hands) -> None:
    """He forwards the link to somebody whom he works with, who opens it when he sees it."""
    phone = hands.phone
    await press_on_card(hands, GiveAway(hands.his.id))
    if not await phone.press(phone.find(GiveByLink(hands.his.id).pack())) or (payload := phone.link()) is None:
        return
    colleague = Phone(phone.town, hands.dice.choice(phone.town.company.people))

    async def open_it(_: Hands) -> None:
        await colleague.open(payload)

    hands.later(hands.now + timedelta(minutes=hands.dice.randint(2, 300)), open_it)


async def take_over_and_think_better(hands: Hands) -> None:
    """He takes a colleague's shift; where a manager has to agree, he can't after all."""
    await hands.phone.press(hands.button)
    await hands.phone.press(hands.phone.find(beside(hands, NotAfterAll)))
