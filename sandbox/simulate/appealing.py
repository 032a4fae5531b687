"""What people do about how drivers stand: a driver reads why, and appeals; a manager looks at his drivers (R10.6)."""

from typing import Final

from bot.callbacks.appeals import AppealIt, AppealShown, SendAppeal, WhyHeld
from bot.callbacks.drivers import DriverCard
from bot.callbacks.his_standing import Drivers, Excuse, IncidentOf, Incidents, Unflag
from sandbox.simulate.hands import Hands
from sandbox.simulate.managing import because, decide_here, press_one

WORDS: Final = ("I was there; the gate was locked", "J'étais à l'hôpital <avec mon fils> & sans réseau", "x" * 501)


# -- a driver


async def ask_why(hands: Hands) -> None:
    """He reads how he stands, and one of what is held against him."""
    await hands.phone.type("/why")
    await press_one(hands, WhyHeld)


async def appeal(hands: Hands) -> None:
    """He does, and appeals it where he can: in his own words, the last button pressed once or twice, or never."""
    phone, dice = hands.phone, hands.dice
    await ask_why(hands)
    if not await press_one(hands, AppealIt):
        return
    words = dice.choice(WORDS)
    await phone.type(words)
    if words == WORDS[-1]:
        await phone.type(WORDS[0])
    await phone.press(phone.find(f"{SendAppeal.word}:"), times=dice.choice((0, 1, 1, 1, 2)))


# -- a manager


async def decide_an_appeal(hands: Hands) -> None:
    """One of those that wait for him."""
    await hands.phone.type("/appeals")
    if pressed := await press_one(hands, AppealShown):
        await decide_here(hands, pressed.message_id)


async def look_at_a_driver(hands: Hands) -> None:
    """One of those who need him most, or of those behind them: his flag, or an incident of his; or nothing."""
    await hands.phone.type("/drivers")
    await press_one(hands, Drivers)
    if not (card := await press_one(hands, DriverCard)):
        return
    if await decide_here(hands, card.message_id) or (pressed := await press_one(hands, Unflag, Incidents)) is None:
        return
    unflags = pressed.data.startswith(f"{Unflag.word}:")
    if unflags or (await press_one(hands, IncidentOf) and await press_one(hands, Excuse)):
        await because(hands)
