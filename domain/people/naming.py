"""Somebody's name within what others have written. Pure."""

import re
from collections.abc import Mapping
from typing import Any


class Instead:
    """Puts something else for whole names and numbers: "Ann Lee" is neither in "Ann Leeson" nor in "Joann Lee".

    Of several that begin at one place the longest is meant.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        longest_first = sorted(words, key=lambda each: (-len(each), each))
        self._any = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)") if words else None

    def within(self, value: Any) -> Any:
        """The same, be it a text, or whatever JSON has texts in."""
        match value:
            case str():
                return self._any.sub(lambda found: self._words[found[0]], value) if self._any else value
            case list():
                return [self.within(each) for each in value]
            case dict():
                return {key: self.within(each) for key, each in value.items()}
        return value
