"""What a phone shows: a text and the buttons below it. Pure, so that it is tested by reading it."""

from dataclasses import dataclass
from html import escape

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callbacks import Callback

__all__ = ["Button", "Screen", "escape"]


@dataclass(frozen=True, slots=True)
class Button:
    """Leads to a callback of ours, or to a web address."""

    text: str
    to: Callback | str


@dataclass(frozen=True, slots=True)
class Screen:
    """`html` is Telegram's HTML; what people typed (names, addresses) is escaped where it is put in."""

    html: str
    keyboard: tuple[tuple[Button, ...], ...] = ()

    def markup(self) -> InlineKeyboardMarkup | None:
        """For Telegram; none without buttons, which removes those that a message had."""
        if not self.keyboard:
            return None
        return InlineKeyboardMarkup(
            [
                [
                    InlineKeyboardButton(button.text, callback_data=button.to.pack())
                    if isinstance(button.to, Callback)
                    else InlineKeyboardButton(button.text, url=button.to)
                    for button in row
                ]
                for row in self.keyboard
            ]
        )
