"""The map of routes as it is read: a picture that says the same as the words, and what needs somebody as buttons."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest

from bot.callbacks.callback import Callback
from bot.callbacks.coverage import CoverageOf, CoverageOfAll, Slot, Unfilled
from bot.delivery.pictures import CAPTION_MOST
from bot.pictures.drawing import draw
from bot.pictures.heat_map import DayMap, HeatMap, Mark
from bot.reader import Reader
from bot.screens.coverage_map import MARKS, coverage_map
from bot.screens.screen import Button, Screen
from domain.coverage.maps import Cell, CoverageMap, Open, RouteDays, WarehouseDays
from domain.coverage.queries import Uncovered
from domain.db.models.words import BidWindowMode
from domain.policy import TORONTO
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html
from tests.domain.depot import local

MONDAY, TODAY = date(2026, 11, 23), date(2026, 11, 25)
DAY = timedelta(days=1)
WEEK = tuple(MONDAY + n * DAY for n in range(7))
EN, FR = Reader("en", TORONTO), Reader("fr", TORONTO)
NORTH, SOUTH = uuid.UUID(int=1), uuid.UUID(int=2)
CELLS = (Cell.DONE, Cell.UNCOVERED, Cell.LATE, Cell.UNCONFIRMED, Cell.WITH_BIDS, Cell.CLOSED, Cell.NOT_PLANNED)


def open_(route: str = "R1", on: date = TODAY, *, asked: bool = False, with_bids: bool = False) -> Open:
    window = (uuid.uuid4(), BidWindowMode.COMPETITIVE, local(on, 7)) if asked else (None, None, None)
    return Open(Uncovered(uuid.uuid4(), route, "North", on, *window), with_bids)


def facts(routes: int = 1, name: str = "R{}", cells: tuple[Cell, ...] = CELLS, **more: Any) -> CoverageMap:
    north = WarehouseDays(NORTH, "North", tuple(RouteDays(name.format(n), cells) for n in range(1, routes + 1)))
    of: dict[str, Any] = {
        "first": MONDAY,
        "week": len(cells) > 1,
        "today": TODAY,
        "one": None,
        "all": ((NORTH, "North"),),
        "page": 0,
    }
    return CoverageMap(**(of | {"warehouses": (north,), "open": (open_(),)} | more))


def shown(of: CoverageMap, reader: Reader = EN) -> Screen:
    return coverage_map(of, 20, reader)


def text(screen: Screen) -> str:
    return parse_html(screen.html).text


def buttons(screen: Screen) -> list[Button]:
    return [button for row in screen.keyboard for button in row]


def labels(screen: Screen) -> list[str]:
    return [button.text for button in buttons(screen)]


def test_a_week_says_what_is_amiss_from_today_on_and_draws_all_of_it() -> None:
    screen = shown(facts())
    assert text(screen).splitlines() == [
        "🗺 Coverage, 23-29 Nov",
        "2 of 3 shifts from today on have a driver.",  # Tuesday's is over, and nobody drove it
        "🔴 1 without a driver · ✋ 1 with bids · ⏰ 1 not there · ❔ 1 not confirmed",
        "Press one to ask drivers or to give it to one.",
    ]
    assert isinstance(screen.picture, HeatMap)
    assert screen.picture.today == 2 and screen.picture.days[2] == ("Wed", "25")
    [section] = screen.picture.sections
    assert section.rows[0].marks == tuple(MARKS[cell] for cell in CELLS)
    assert {mark for mark, _ in screen.picture.legend} == set(section.rows[0].marks)


def test_every_way_to_stand_has_its_mark_and_its_meaning_in_both_languages() -> None:
    every = tuple(Cell)
    assert set(MARKS) == set(Cell) and len(set(MARKS.values())) == len(Cell)
    for reader in (EN, FR):
        week, rest = shown(facts(cells=every[:7]), reader).picture, shown(facts(cells=every[2:]), reader).picture
        assert isinstance(week, HeatMap) and isinstance(rest, HeatMap)
        meanings = dict((*week.legend, *rest.legend))
        assert set(meanings) == set(MARKS.values()) and len(set(meanings.values())) == len(Cell)


def test_of_a_day_each_route_that_runs_has_a_tile() -> None:
    of = facts(3, cells=(Cell.FILLED,), first=TODAY, open=())
    idle = WarehouseDays(SOUTH, "South", (RouteDays("R9", (Cell.NOT_RUN,)), RouteDays("R8", (Cell.UNCOVERED,))))
    screen = shown(
        CoverageMap(TODAY, False, TODAY, None, of.all, (*of.warehouses, idle), (open_("R8", asked=True),), 0)
    )
    assert isinstance(screen.picture, DayMap)
    assert [[row.name for row in section.rows] for section in screen.picture.sections] == [["R1", "R2", "R3"], ["R8"]]
    assert screen.picture.legend == ((Mark.EMPTY, "no driver"), (Mark.COVERED, "has a driver"))
    assert labels(screen)[:4] == ["🟠 R8", "‹ Tue 24 Nov", "Thu 26 Nov ›", "🗓 Week 23-29 Nov"]


def test_what_has_no_driver_is_a_button_that_says_how_far_it_is() -> None:
    several = (open_("R1"), open_("R12", TODAY + DAY, asked=True), open_("R2", TODAY + DAY, asked=True, with_bids=True))
    screen = shown(facts(open=several))
    assert labels(screen)[:3] == ["🔴 R1, Wed 25 Nov", "🟠 R12, Thu 26 Nov", "✋ R2, Thu 26 Nov"]
    assert [key.to for key in buttons(screen)[:3]] == [Slot(each.slot.assignment_id, 20) for each in several]
    many = shown(facts(open=tuple(open_(f"R{n}") for n in range(14))))
    assert labels(many)[10] == "🔎 4 more without a driver" and buttons(many)[10].to == Unfilled(0)


@pytest.mark.parametrize(("routes", "on_the_last"), [(40, 40), (41, 1), (100, 20)])
def test_beyond_forty_routes_it_has_pages(routes: int, on_the_last: int) -> None:
    first, last = shown(facts(routes)), shown(facts(routes, page=99))
    pages = -(-routes // 40)
    assert ("More ›" in labels(first)) is (pages > 1) and ("‹ Back" in labels(last)) is (pages > 1)
    assert isinstance(last.picture, HeatMap)
    assert sum(len(section.rows) for section in last.picture.sections) == on_the_last
    if pages > 1:
        assert CoverageOfAll(MONDAY.toordinal(), 1, 1) in [key.to for key in buttons(first)]


def test_other_days_weeks_and_places_are_a_press_away() -> None:
    both = ((NORTH, "North"), (SOUTH, "South"))
    alone = shown(facts(one=NORTH, all=both))
    assert text(alone).startswith("🗺 Coverage, North, 23-29 Nov")
    assert [key.to for key in buttons(alone)[1:10]] == [
        *(CoverageOf(NORTH, on.toordinal(), 0, 0) for on in WEEK),
        CoverageOf(NORTH, (MONDAY - 7 * DAY).toordinal(), 1, 0),
        CoverageOf(NORTH, (MONDAY + 7 * DAY).toordinal(), 1, 0),
    ]
    assert labels(alone)[1:10] == ["Mon", "Tue", "• Wed", "Thu", "Fri", "Sat", "Sun", "‹ 16-22 Nov", "30 Nov-6 Dec ›"]
    assert CoverageOfAll(MONDAY.toordinal(), 1, 0) in [key.to for key in buttons(alone)]
    together = shown(facts(all=both))
    assert labels(together)[10:12] == ["🏭 North", "🏭 South"]
    assert "🏭 North" not in labels(shown(facts()))


def test_days_that_are_over_and_days_without_shifts() -> None:
    over = facts(cells=(Cell.DONE,), first=TODAY - DAY, open=())
    assert text(shown(over)).splitlines()[1:] == ["These days are over."]
    idle = facts(cells=(Cell.NOT_RUN,), first=TODAY, open=())
    assert text(shown(idle)).splitlines()[1:] == ["No shifts on these days."] and shown(idle).picture is None
    assert "no warehouse yet" in text(shown(facts(all=(), warehouses=(), open=())))


@pytest.mark.parametrize("reader", [EN, FR])
@pytest.mark.parametrize("name", ["R{}", "Île-des-Sœurs par l’échangeur " * 5 + "{}", "<b>&{}"])
def test_whatever_routes_are_called_telegram_takes_it_and_it_can_be_drawn(reader: Reader, name: str) -> None:
    for cells in (CELLS, (Cell.UNCOVERED,)):
        of = facts(60, name, cells, open=tuple(open_(name.format(n)) for n in range(60)))
        screen = shown(of, reader)
        assert units(text(screen)) <= CAPTION_MOST
        assert all(len(button.text) < 60 for button in buttons(screen))
        for key in buttons(screen):
            assert isinstance(key.to, Callback) and type(key.to).parse(key.to.pack()) == key.to
        assert screen.picture is not None and len(draw(screen.picture)) < 1_000_000


def test_in_french() -> None:
    screen = shown(facts(), FR)
    assert "Couverture" in text(screen) and "1 avec candidatures" in text(screen)
    assert isinstance(screen.picture, HeatMap) and dict(screen.picture.legend)[Mark.CLOSED] == "fermé"
