"""Every text that a person can read is there in every language, and nothing else is in the catalogues."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.reader import LANGUAGES

BOT = Path(__file__).parents[2] / "bot"
COUNT = {"n"}  # a singular may say it in words
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}


def texts_in_the_code() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(str(BOT), method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found if message}


def messages(language: str) -> Iterator[Message]:
    with (BOT / "locales" / f"{language}.po").open("rb") as file:
        yield from (message for message in read_po(file, locale=language) if message.id)


def fields(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_text_is_missing_or_unused(language: str) -> None:
    known = {message.id if isinstance(message.id, str) else tuple(message.id) for message in messages(language)}
    used = texts_in_the_code()
    assert used - known == set(), "in the code, but not in the catalogue"
    assert known - used == set(), "in the catalogue, but not in the code"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_text_is_translated_with_the_same_fields(language: str) -> None:
    for message in messages(language):
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        translations = [message.string] if isinstance(message.string, str) else list(message.string or ())
        wanted = set().union(*map(fields, originals)) | COUNT
        assert not message.fuzzy, f"not checked by a person yet: {originals[0]}"
        assert translations and all(translations), f"not translated: {originals[0]}"
        for translation in translations:
            assert fields(translation) | COUNT == wanted, f"other fields than the original: {translation}"
            assert translation.count("<b>") == originals[-1].count("<b>"), (
                f"other tags than the original: {translation}"
            )


def test_french_signs_stay_with_their_words() -> None:
    """A colon, a per cent sign and quotation marks never begin or end a line by themselves."""
    for message in messages("fr"):
        for text in [message.string] if isinstance(message.string, str) else list(message.string or ()):
            assert not re.search(r"\S [:%»]|« ", text), f"no no-break space: {text}"


UNITS = "min|h|s|j|km|kg|ko|Mo"


def test_french_units_stay_with_their_numbers() -> None:
    """`{n} min`, `5 h`, `23 h 59`, with no-break spaces; an SMS has plain ones instead (`plain`)."""
    for message in messages("fr"):
        for text in [message.string] if isinstance(message.string, str) else list(message.string or ()):
            apart = re.search(rf"[\d}}] ({UNITS})(?![\w’'])|[\d}}]\sh [\d{{]", text)
            assert not apart, f"no no-break space: {text}"


def test_a_french_day_has_its_article() -> None:
    """“Fermer South le jeu. 26 nov.?”: an abbreviated day doesn't follow a verb or a preposition by itself."""
    for message in messages("fr"):
        for text in [message.string] if isinstance(message.string, str) else list(message.string or ()):
            bare = re.search(
                r"(avant|depuis|dès|pour|roule|fermé|Fermer \{place\}) (<b>)?\{(day|on|confirm_by)\}", text
            )
            assert not bare, f"no article: {text}"


def test_french_signs_without_a_space() -> None:
    """As in Canada, question and exclamation marks stand by their words."""
    for message in messages("fr"):
        for text in [message.string] if isinstance(message.string, str) else list(message.string or ()):
            assert not re.search(r"\s[?!;](?!\w)", text), f"a space before the sign: {text}"


DAYS = {"day", "days", "on", "week", "first", "last"}  # fields that end with an abbreviation: “lun. 7 déc.”


def test_no_french_sentence_ends_with_a_day() -> None:
    """Where its abbreviation has a period there would be two."""
    for message in messages("fr"):
        for text in [message.string] if isinstance(message.string, str) else list(message.string or ()):
            ends = {field for field in DAYS if "{" + field + "}." in text}
            assert not ends, f"two periods in a row: {text}"


NAMED = r"\{(name|driver|who|person|giver|taker)\}(</b>)?"


def test_french_texts_about_a_named_person_fit_a_woman_too() -> None:
    """Neither “il” nor a participle that agrees: “Fatima est absent”."""
    for message in messages("fr"):
        for text in [message.string] if isinstance(message.string, str) else list(message.string or ()):
            he = re.search(
                rf"{NAMED}[^.;:?!]*-(t-)?il\b|{NAMED},? (qui )?(est|était|sera|a été) (absent|mis|\w*venu|\w+é)\b", text
            )
            assert not he, f"of a man alone: {text}"
