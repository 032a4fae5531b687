"""Each button has a word of its own: of two alike only the first handler would ever be asked."""

from collections import Counter

import bot.app  # noqa: F401  (knows all of them)
from bot.callbacks.callback import Callback


def test_every_word_is_one_buttons_own() -> None:
    buttons = {(button.__module__, button.__qualname__): button.word for button in Callback.__subclasses__()}
    assert [word for word, count in Counter(buttons.values()).items() if count > 1] == []
    assert len(buttons) > 100
