"""What a driver does besides his work: he looks around, talks nonsense, falls ill, blocks the bot."""

from datetime import timedelta
from uuid import UUID

from bot.callbacks.absences import FallIll, IllUntil, WellAgain
from bot.callbacks.shifts import CancelShift, Confirm, EnterParcels, ImHere, Keypad
from sandbox.simulate.hands import Hands, forged


async def talk_nonsense(hands: Hands) -> None:
    """What nobody can read."""
    await hands.phone.type(hands.dice.choice(("asdf", "142 or so", "/nosuch", "👍", "<b>hi", "late 15", "C'est bon")))


async def send_sticker(hands: Hands) -> None:
    """Likewise."""
    await hands.phone.sticker()


async def press_old_button(hands: Hands) -> None:
    """One that he scrolls back to."""
    buttons = list(hands.phone.buttons())
    if buttons:
        await hands.phone.press(hands.dice.choice(buttons))


async def forge(hands: Hands) -> None:
    """Data of no button of his: malformed, or about somebody else's affair."""
    about = UUID(int=hands.dice.getrandbits(128), version=4)
    some = (Confirm(about), ImHere(about), CancelShift(about, 0), EnterParcels(about, 2, 0), Keypad(about, 9, 10**5))
    packed = [each.pack() for each in some]
    await hands.phone.press(forged(hands, hands.dice.choice([*packed, "take:", "nosuch:1:2", "ok:" + "A" * 22])))


async def look_around(hands: Hands) -> None:
    """A command or two."""
    await hands.phone.type(hands.dice.choice(("/today", "/schedule", "/inbox", "/settings", "/help", "/confirm")))


async def look_at_day(hands: Hands) -> None:
    """The home card."""
    await hands.phone.type("/today")


async def block_for_days(hands: Hands) -> None:
    """He blocks the bot, and comes back."""
    await hands.phone.block(True)
    hands.later(hands.now + timedelta(hours=hands.dice.randint(5, 80)), come_back)


async def come_back(hands: Hands) -> None:
    """He presses START."""
    await hands.phone.block(False)


async def fall_ill(hands: Hands) -> None:
    """Says so, and until which day; is well again by then, or a day before."""
    phone = hands.phone
    await phone.type(hands.dice.choice(("sick", "I'm ill", "malade")))
    days = [each for each in phone.buttons() if each.data.startswith(f"{IllUntil.word}:")]
    if days and await phone.press(hands.dice.choice(days[:4])):
        await phone.press(phone.find(f"{FallIll.word}:"), times=hands.dice.choice((1, 1, 2)))
        hands.later(hands.now + timedelta(hours=hands.dice.randint(6, 40)), be_well)


async def be_well(hands: Hands) -> None:
    """Sooner than he had said."""
    await hands.phone.press(hands.phone.find(f"{WellAgain.word}:"))


async def stop_texts(hands: Hands) -> None:
    """STOP, and START some days later."""
    await hands.phone.text(hands.dice.choice(("STOP", "Arret")))
    hands.later(hands.now + timedelta(hours=hands.dice.randint(20, 120)), start_texts)


async def start_texts(hands: Hands) -> None:
    """He takes SMS again."""
    await hands.phone.text("START")


async def say_ok(hands: Hands) -> None:
    """To whatever was texted last."""
    await hands.phone.text("ok")
