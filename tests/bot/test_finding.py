"""What is meant by the words behind a command (PRODUCT: names are matched tolerantly, days as people write them)."""

import uuid
from datetime import date

import pytest

from bot.finding import sought
from domain.schedule.queries import Place, routes_among

THURSDAY, FRIDAY, MONDAY = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 30)


def _places() -> list[Place]:
    north, south = (Place(id_ := uuid.uuid4(), name, id_, name) for name in ("Montréal-Nord", "Sud"))
    routes = [
        ("R2", north),
        ("R12", north),
        ("R120", north),
        ("Île-des-Sœurs", north),
        ("Sunday", north),
        ("R12", south),
    ]
    return [north, south, *(Place(uuid.uuid4(), name, of.id, of.name) for name, of in routes)]


PLACES = _places()


def named(places: tuple[Place, ...]) -> list[str]:
    return [f"{place.name}, {place.warehouse}" if place.is_route else place.name for place in places]


BOTH = ["R12, Montréal-Nord", "R12, Sud"]


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("r12", BOTH),
        ("R-12", BOTH),
        ("r 12", BOTH),
        ("12", BOTH),  # its number will do
        ("route 12", BOTH),
        ("route 012", []),
        ("sud r12", ["R12, Sud"]),
        ("montreal nord", ["Montréal-Nord"]),
        ("MONTREAL", ["Montréal-Nord"]),  # a beginning
        ("ile des soeurs", ["Île-des-Sœurs, Montréal-Nord"]),
        ("R1", [*BOTH[:1], "R120, Montréal-Nord", *BOTH[1:]]),
        ("R13", []),
        ("", []),
    ],
)
def test_tolerant_of_case_accents_signs_and_numbers(written: str, means: list[str]) -> None:
    line = sought(written, PLACES, THURSDAY)
    assert named(line.found) == means and line.on is None
    assert line.unknown is (bool(written) and not means)


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("Montral-Nord", "Montréal-Nord"),
        ("ile des seurs", "Île-des-Sœurs, Montréal-Nord"),
        ("Q12", "R12, Montréal-Nord"),
    ],
)
def test_what_is_misspelled_is_offered_and_never_picked(written: str, first: str) -> None:
    line = sought(f"{written} tomorrow", PLACES, THURSDAY)
    assert line.unknown and line.on == FRIDAY
    assert named(line.near)[0] == first


def test_what_looks_like_nothing_is_offered_nothing() -> None:
    assert sought("Vancouver", PLACES, THURSDAY).near == ()


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("sud tomorrow", (["Sud"], FRIDAY, False)),
        ("vendredi sud", (["Sud"], FRIDAY, False)),
        ("friday", ([], FRIDAY, False)),
        ("sud next week", (["Sud"], MONDAY, True)),
        ("semaine prochaine", ([], MONDAY, True)),
        ("week of 1 dec Sud", (["Sud"], MONDAY, True)),
        ("Sunday", (["Sunday, Montréal-Nord"], None, False)),  # a whole name goes before a day
        ("sunday sud", (["Sud"], date(2026, 11, 29), False)),
    ],
)
def test_with_a_day_or_a_week_in_any_order(written: str, means: tuple[list[str], date | None, bool]) -> None:
    line = sought(written, PLACES, THURSDAY, weeks=True)
    assert (named(line.found), line.on, line.week) == means and not line.unknown


def test_an_empty_line_names_no_place_that_is_called_by_signs_alone() -> None:
    signs = Place(id_ := uuid.uuid4(), "🚚 —", id_, "🚚 —")
    for written in ("", " ", "tomorrow"):
        line = sought(written, [*PLACES, signs], THURSDAY)
        assert (line.found, line.unknown) == ((), False)


def test_a_day_that_does_not_exist_says_so() -> None:
    line = sought("sud 31 nov", PLACES, THURSDAY)
    assert line.no_such_day and line.on is None and named(line.found) == ["Sud"]


def test_a_warehouse_means_all_its_routes() -> None:
    south = next(place for place in PLACES if place.name == "Sud")
    assert named(routes_among([south], PLACES)) == ["R12, Sud"]
    r2 = next(place for place in PLACES if place.name == "R2")
    assert named(routes_among([r2], PLACES)) == ["R2, Montréal-Nord"]
