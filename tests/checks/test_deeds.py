"""R13: whatever the domain writes into the audit log can be read in words; one forgotten is found here.

What is named where it is written is found in the code. What is put together there is found as it is written: whatever
any test lets the domain write has its words, too (`deeds_have_words` in tests/conftest.py).
"""

import ast
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.reader import Reader
from bot.screens import history as screens
from bot.screens.deeds import Key, words
from domain.db.models.words import BidStatus, GiveAwayEnd
from domain.history.deeds import Deed, Facts, Of
from domain.history.queries import Head, History, Subject
from domain.roster import publishing
from tests.bot.test_screens import LONG, READERS, fits

DOMAIN = Path(__file__).parents[2] / "domain"
NOW, ID = datetime(2026, 11, 25, 12, tzinfo=UTC), uuid.UUID(int=7)


def named_in_the_code() -> Iterator[Key]:
    """Every entry whose two words stand beside each other."""
    for path in DOMAIN.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("Entry") or len(node.args) < 3:
                continue
            match node.args[0], node.args[2]:
                case ast.Constant(value=str(entity)), ast.Constant(value=str(action)):
                    yield entity, action


def test_r13_every_entry_that_the_code_names_has_words() -> None:
    found = set(named_in_the_code())
    assert len(found) > 50, "the code is read as it is written"
    assert found - set(words(READERS[0])) == set()


def test_r13_so_has_what_is_written_by_a_statement_of_its_own() -> None:
    found = set(re.findall(r"SELECT '(\w+)'(?: AS entity)?, [\w.]+(?: AS id)?, '(\w+)'", publishing._AUDIT.text))
    assert len(found) >= 4
    assert found - set(words(READERS[0])) == set()


def test_r13_so_have_the_ends_that_are_words_of_the_model() -> None:
    ends = {("give_away", str(end)) for end in GiveAwayEnd}
    bids = {("bid", str(status)) for status in BidStatus if status is not BidStatus.PENDING}
    assert (ends | bids) - set(words(READERS[0])) == set()


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
@pytest.mark.parametrize("sign", LONG)
def test_a_page_of_any_entries_fits_whatever_the_people_are_called(reader: Reader, sign: str) -> None:
    long, on = sign * 2000, date(2026, 11, 25)
    said = Facts(on=on, reason=long, mode="emergency", bonus_percent=20, parcels_start=999, until=NOW)
    deeds = [
        Deed(NOW, *key, long, long, Of(long, long, on), by_phone=True, before=said, after=said) for key in words(reader)
    ]
    for what in Subject:
        for first in range(0, len(deeds), screens.PER_PAGE):
            some = tuple(deeds[first : first + screens.PER_PAGE])
            fits(screens.history(History(what, ID, Head(long, long, on), some, 1, 3, NOW), reader))


def test_what_another_program_wrote_is_shown_as_it_is() -> None:
    deed = Deed(NOW, "invoice", "<paid>", None, None, None, by_phone=False, before=Facts(), after=Facts())
    shown = screens.history(History(Subject.ROUTE, ID, Head("R12", "North"), (deed,), 0, 1, NOW), READERS[0])
    assert "invoice: &lt;paid&gt;" in shown.html
