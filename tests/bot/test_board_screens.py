"""The board as it is read: what is most pressing first, whatever the size of the warehouse."""

import uuid
from datetime import date, datetime, timedelta

import pytest

from bot.callbacks.arrivals import Driven
from bot.callbacks.coverage import BoardOf, BoardOfAll, Slot
from bot.callbacks.home import Home
from bot.reader import Reader
from bot.screens.board import LINES_MOST, TROUBLED_MOST, board, pages_of
from bot.screens.screen import Button, Screen
from domain.coverage.board import Board, Mark, RouteStands, WarehouseDay
from domain.policy import TORONTO
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html
from tests.domain.depot import local

TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)
EN, FR = Reader("en", TORONTO), Reader("fr", TORONTO)
NORTH = uuid.UUID(int=1)


def stands(
    mark: Mark,
    route: str = "R12",
    driver: str = "Dana Osei",
    *,
    arrived_at: datetime | None = None,
    loaded: int | None = None,
    back: int | None = None,
    asked: int | None = None,
) -> RouteStands:
    return RouteStands(uuid.uuid4(), route, driver, mark, local(TODAY, 9), arrived_at, loaded, back, asked)


def of(*routes: RouteStands, on: date = TODAY, page: int = 0, others: bool = False, name: str = "North") -> Board:
    return Board(on, TODAY, WarehouseDay(NORTH, name, routes), others, (), page)


def shown(facts: Board, reader: Reader = EN) -> Screen:
    return board(facts, 20, reader)


def buttons(screen: Screen) -> list[Button]:
    return [button for row in screen.keyboard for button in row]


def test_each_route_with_its_driver_and_how_far_he_has_come() -> None:
    screen = shown(
        of(
            stands(Mark.UNCOVERED, "R1"),
            stands(Mark.UNCOVERED, "R2", asked=12),
            stands(Mark.MISSING, "R3"),
            stands(Mark.UNCONFIRMED, "R4"),
            stands(Mark.CONFIRMED, "R5"),
            stands(Mark.ARRIVED, "R6", arrived_at=local(TODAY, 6, 45)),
            stands(Mark.LOADED, "R7", loaded=142),
            stands(Mark.DONE, "R8", loaded=142, back=4),
        )
    )
    assert screen.html == (
        "📋 <b>North</b>, today, Wed 25 Nov\n\n"
        "🔴 2 without a driver · ⏰ 1 not there · ❔ 1 not confirmed · 👍 1 confirmed · 📍 1 arrived · 📦 1 loaded · "
        "🏁 1 done\n\n"
        "🔴 <b>R1</b> · no driver\n"
        "🟠 <b>R2</b> · no driver, 12 asked\n"
        "⏰ <b>R3</b> Dana Osei · not there, due by 09:00\n"
        "❔ <b>R4</b> Dana Osei · not confirmed yet\n"
        "👍 <b>R5</b> Dana Osei · due by 09:00\n"
        "📍 <b>R6</b> Dana Osei · there since 06:45\n"
        "📦 <b>R7</b> Dana Osei · 142 parcels\n"
        "🏁 <b>R8</b> Dana Osei · 138 of 142 delivered"
    )


def test_what_is_wrong_is_a_button_to_what_can_be_done_about_it_and_the_rest_a_smaller_one() -> None:
    open_, missing, fine = stands(Mark.UNCOVERED), stands(Mark.MISSING, "R3"), stands(Mark.CONFIRMED, "R4")
    first, second, third, before, after, home = buttons(shown(of(open_, missing, fine)))
    assert (third.text, third.to) == ("R4", Driven(fine.assignment_id))
    assert (first.text, first.to) == ("🔴 R12", Slot(open_.assignment_id, 20))
    assert (second.text, second.to) == ("⏰ R3", Driven(missing.assignment_id))
    assert (before.text, before.to) == ("‹ Yesterday", BoardOf(NORTH, (TODAY - DAY).toordinal(), 0))
    assert (after.text, after.to) == ("Tomorrow ›", BoardOf(NORTH, (TODAY + DAY).toordinal(), 0))
    assert home.to == Home()


@pytest.mark.parametrize(
    ("ahead", "title", "before", "after"),
    [
        (-1, "yesterday, Tue 24 Nov", "‹ Mon 23 Nov", "Today ›"),
        (1, "tomorrow, Thu 26 Nov", "‹ Today", "Fri 27 Nov ›"),
        (2, ", Fri 27 Nov", "‹ Tomorrow", "Sat 28 Nov ›"),
    ],
)
def test_days_are_called_as_people_call_them(ahead: int, title: str, before: str, after: str) -> None:
    screen = shown(of(on=TODAY + ahead * DAY))
    assert title in screen.html and "No routes run on this day." in screen.html
    assert [button.text for button in buttons(screen)] == [before, after, "🏠 Home"]


def test_one_of_several_warehouses_leads_back_to_all_on_the_same_day() -> None:
    [back] = [button for button in buttons(shown(of(on=TODAY + DAY, others=True))) if "All warehouses" in button.text]
    assert back.to == BoardOfAll((TODAY + DAY).toordinal(), 0)


@pytest.mark.parametrize("sign", ["W", "<b>&", "🚚"])
@pytest.mark.parametrize("troubled", [0, 1, 60, 300])
@pytest.mark.parametrize("reader", [EN, FR])
def test_three_hundred_routes_stay_within_telegrams_limits_and_all_are_shown(
    sign: str, troubled: int, reader: Reader
) -> None:
    name = sign * 200
    bad = [stands(Mark.UNCOVERED if n % 2 else Mark.MISSING, f"{n} {name}", name, asked=999) for n in range(troubled)]
    good = [stands(Mark.LOADED, f"{n} {name}", name, loaded=999) for n in range(300 - troubled)]
    facts, seen, pressed = of(*bad, *good, name=name), 0, 0
    for number, page in enumerate(pages_of(facts.one.routes if facts.one else ())):
        screen = shown(of(*bad, *good, page=number, name=name), reader)
        text, _ = parse_html(screen.html)
        assert units(text) <= 4096
        assert len(buttons(screen)) <= len(page) + 5 and len(page) <= LINES_MOST
        assert sum(each.mark.troubled for each in page) <= TROUBLED_MOST
        seen += len(page)
        pressed += sum(isinstance(button.to, Slot | Driven) for button in buttons(screen))
        leads = {button.to.page for button in buttons(screen) if isinstance(button.to, BoardOf) and button.to.page}
        assert leads <= {number - 1, number + 1}
        assert all(len(button.to.pack()) <= 64 for button in buttons(screen) if not isinstance(button.to, str))
    assert (seen, pressed) == (300, 300)


def test_a_page_that_there_is_no_longer_is_the_last_one() -> None:
    done = stands(Mark.DONE, loaded=1, back=0)
    assert shown(of(done, page=999)) == shown(of(done))


def test_several_warehouses_are_listed_those_in_need_first() -> None:
    days = tuple(
        WarehouseDay(uuid.UUID(int=n), name, routes)
        for n, (name, routes) in enumerate(
            [
                ("East", ()),
                ("North", (stands(Mark.CONFIRMED), stands(Mark.DONE))),
                ("South", (stands(Mark.UNCOVERED), stands(Mark.CONFIRMED))),
                ("West", (stands(Mark.MISSING),)),
            ]
        )
    )
    screen = shown(Board(TODAY, TODAY, None, False, days, 0))
    assert screen.html == (
        "📋 <b>Your warehouses</b>, today, Wed 25 Nov\n\n"
        "<b>South</b>\n🔴 1 without a driver · 👍 1 confirmed\n\n"
        "<b>West</b>\n⏰ 1 not there\n\n"
        "<b>North</b>\n👍 1 confirmed · 🏁 1 done\n\n"
        "<b>East</b>\nno routes"
    )
    choices = [(button.text, button.to) for button in buttons(screen)][:4]
    day = TODAY.toordinal()
    assert choices == [
        ("🔴 South", BoardOf(uuid.UUID(int=2), day, 0)),
        ("⏰ West", BoardOf(uuid.UUID(int=3), day, 0)),
        ("🟢 North", BoardOf(uuid.UUID(int=1), day, 0)),
        ("⚪ East", BoardOf(uuid.UUID(int=0), day, 0)),
    ]
    many = tuple(WarehouseDay(uuid.UUID(int=n), f"W{n}", ()) for n in range(20))
    last = shown(Board(TODAY, TODAY, None, False, many, 2))
    assert last.html.count("no routes") == 4


def test_in_french() -> None:
    screen = shown(of(stands(Mark.UNCOVERED, asked=2), stands(Mark.MISSING), stands(Mark.LOADED, loaded=1)), FR)
    assert "aujourd’hui, mer. 25 nov." in screen.html
    assert "🔴 1 sans chauffeur · ⏰ 1 pas arrivé · 📦 1 chargé" in screen.html
    assert "sans chauffeur, 2 sollicités" in screen.html and "pas sur place, doit y être avant 9\u00a0h" in screen.html
    assert [button.text for button in buttons(screen)][-3:] == ["‹ Hier", "Demain ›", "🏠 Accueil"]
