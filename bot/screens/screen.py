"""What a phone shows: a text, or a picture with one, and the buttons below it. Pure: it is tested by reading it."""

import html
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.callbacks.callback import Callback
from bot.pictures import Picture

NAME_MOST: Final = 80  # of a name or an address: a message fits into Telegram's 4096, whatever people typed
TEXT_MOST: Final = 2000  # of what somebody wrote: its 1,000 signs may count twice
LABEL_MOST: Final = 120  # of a button, of which a phone shows less


def shortened(text: str, most: int = NAME_MOST) -> str:
    """At most so many of Telegram's characters, which count twice what is beyond the basic plane."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", errors="ignore") + "…"


def escape(text: str, most: int = NAME_MOST) -> str:
    """What somebody typed, as a part of Telegram's HTML; `most` where it is more than a name."""
    return html.escape(shortened(text, most))


@dataclass(frozen=True, slots=True)
class Button:
    """Leads to a callback of ours, or to a web address."""

    text: str
    to: Callback | str


@dataclass(frozen=True, slots=True)
class ShareNumber:
    """The one button below the text field with which somebody shares his own contact."""

    text: str


@dataclass(frozen=True, slots=True)
class NoButtonBelow:
    """Takes that button away."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file, as it is called on the phone."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Screen:
    """`html` is Telegram's HTML; what people typed (names, addresses) is cut and escaped where it is put in.

    `below` changes what stands below the text field; only a new message can, and it has no buttons of its own then.
    `picture` stands above the text, which Telegram then lets have 1024 characters only, and tells the same once more.
    `document` comes with it in the same way; it is only ever a new message, and
    has no buttons: what a press shows would take its place.
    """

    html: str
    keyboard: tuple[tuple[Button, ...], ...] = ()
    below: ShareNumber | NoButtonBelow | None = None
    picture: Picture | None = None
    document: Document | None = None

    def digest(self) -> bytes:
        """Of two screens it is alike only where everything is that a phone shows of them."""
        shown = repr((self.html, [[(key.text, key.to) for key in row] for row in self.keyboard], self.picture))
        return blake2b(shown.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def markup(self) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
        """For a new message."""
        match self.below:
            case ShareNumber(text=text):
                share = KeyboardButton(shortened(text, LABEL_MOST), request_contact=True)
                return ReplyKeyboardMarkup([[share]], resize_keyboard=True, one_time_keyboard=True)
            case NoButtonBelow():
                return ReplyKeyboardRemove()
        return self.buttons()

    def buttons(self) -> InlineKeyboardMarkup | None:
        """For a message that is there; none without buttons, which removes those that it had."""
        if not self.keyboard:
            return None
        return InlineKeyboardMarkup(
            [
                [
                    InlineKeyboardButton(shortened(button.text, LABEL_MOST), callback_data=button.to.pack())
                    if isinstance(button.to, Callback)
                    else InlineKeyboardButton(shortened(button.text, LABEL_MOST), url=button.to)
                    for button in row
                ]
                for row in self.keyboard
            ]
        )
