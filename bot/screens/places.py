"""How places are called, and the way there."""

from typing import Final
from urllib.parse import quote_plus

from bot.reader import Reader
from bot.screens.screen import Button, shortened
from domain.schedule.queries import Place

ADDRESS_MOST: Final = 200  # Telegram takes no buttons of more than some kilobytes together


def place_name(place: Place) -> str:
    """As plain text: a route with its warehouse."""
    return f"{place.name}, {place.warehouse}" if place.is_route else place.name


def directions(warehouse: str, address: str, reader: Reader) -> Button:
    """Opens the map program of the phone."""
    return Button(
        reader.gettext("📍 Directions to {warehouse}").format(warehouse=warehouse),
        f"https://www.google.com/maps/dir/?api=1&destination={quote_plus(shortened(address, ADDRESS_MOST))}",
    )
