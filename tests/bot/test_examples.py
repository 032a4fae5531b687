"""Examples of what to write are with names that the reader knows: a warehouse of his own."""

import uuid
from zoneinfo import ZoneInfo

import pytest

from bot.reader import LANGUAGES, Reader
from bot.screens import calendar, coverage_map
from bot.screens.help import help_for_managers
from domain.schedule.queries import Closings, Place
from sandbox.telegram.formatting import parse_html

READERS = pytest.mark.parametrize("reader", [Reader(each, ZoneInfo("America/Toronto")) for each in LANGUAGES])


def a_place(name: str, warehouse: str | None = None) -> Place:
    id_ = uuid.uuid4()
    return Place(id_, name, id_ if warehouse is None else uuid.uuid4(), warehouse or name)


@READERS
def test_an_example_has_a_warehouse_of_his(reader: Reader) -> None:
    mine = (a_place("Laval & fils"), a_place("Sud"))
    for screen, command in (
        (calendar.overview(Closings((), 0, 1), mine, reader), "/close Laval & fils"),
        (calendar.no_such_place("Nowhere", (), mine, None, reader), "/close Laval & fils"),
        (calendar.no_such_day(mine, reader), "/close Laval & fils"),
        (coverage_map.no_such_day(mine, reader), "/coverage Laval & fils"),
        (help_for_managers(mine, reader), "/close Laval & fils"),
        (help_for_managers(mine, reader), "/message Laval & fils:"),
    ):
        text = parse_html(screen.html).text
        assert command in text and "Nor" not in text, text


@READERS
def test_of_too_many_places_it_has_one_that_is_not_on_a_button(reader: Reader) -> None:
    many = tuple(a_place(f"R{n}", "Laval") for n in range(20))
    text = calendar.which_place(many, None, reader).html
    assert f"/close Laval R{calendar.PLACES_MOST} " in text


@READERS
def test_who_has_no_warehouse_yet_reads_one_in_his_language(reader: Reader) -> None:
    example = {"en": "/close North tomorrow", "fr": "/close Nord demain"}[reader.language]
    assert example in help_for_managers((), reader).html
