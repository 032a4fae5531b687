"""A driver's shifts in his own calendar program: the private address, and what can be done with it."""

from bot.callbacks.feed import CloseFeed, OpenFeed, RenewFeed
from bot.callbacks.shifts import Schedule
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.screen import Button, Screen, escape

ADDRESS_MOST = 1000


def none_yet(reader: Reader) -> Screen:
    _ = reader.gettext
    text = _(
        "📅 <b>Your shifts in your own calendar</b>\n"
        "You get a private address that the calendar of your phone or computer can follow: new shifts, confirmations "
        "and cancellations show up there by themselves."
    )
    return Screen(text, ((Button(_("📅 Give me an address"), OpenFeed()),), (home_button(reader),)))


def address(at: str, mark: int, reader: Reader) -> Screen:
    """To be copied; a program on a phone opens the second form by itself."""
    _ = reader.gettext
    text = _(
        "📅 <b>Your shifts in your own calendar</b>\n"
        "In your calendar choose “Subscribe” or “From URL”, and paste this address:\n"
        "<code>{address}</code>\n"
        "or, where it is asked for:\n"
        "<code>{webcal}</code>\n\n"
        "Keep it to yourself: whoever has it can read your shifts."
    )
    webcal = "webcal:" + at.partition(":")[2]
    said = text.format(address=escape(at, ADDRESS_MOST), webcal=escape(webcal, ADDRESS_MOST))
    return Screen(said, _choices(mark, reader))


def not_shown(mark: int, reader: Reader) -> Screen:
    """It was made under another token of the bot: who follows it still does."""
    text = reader.gettext(
        "📅 <b>Your shifts in your own calendar</b>\n"
        "Your address works, but can't be shown any more. A new one can; the old one ends with it."
    )
    return Screen(text, _choices(mark, reader))


def _choices(mark: int, reader: Reader) -> tuple[tuple[Button, ...], ...]:
    _ = reader.gettext
    return (
        (Button(_("🔁 New address"), RenewFeed(mark)), Button(_("🚫 Turn it off"), CloseFeed())),
        (home_button(reader),),
    )


def no_public_address(reader: Reader) -> Screen:
    _ = reader.gettext
    text = _(
        "📅 Your calendar can't follow your shifts here: this company's Rollcall has no public address. "
        "/schedule shows them week by week."
    )
    return Screen(text, ((Button(_("🗓 My shifts"), Schedule(0)),), (home_button(reader),)))


def renewed(reader: Reader) -> str:
    return reader.gettext("The old address is void.")


def closed(reader: Reader) -> str:
    return reader.gettext("Turned off: the address is void.")
