"""What `/fill` in one line may mean: a route, a day and a driver, in any order (PRODUCT)."""

import uuid
from datetime import date, timedelta

import pytest

from bot.fill_line import names_no_day, readings
from domain.schedule.queries import Place

TODAY = date(2026, 11, 25)  # a Wednesday
TOMORROW = TODAY + timedelta(days=1)
NORTH, SOUTH = uuid.uuid4(), uuid.uuid4()


def route(name: str, warehouse: str = "North") -> Place:
    return Place(uuid.uuid4(), name, NORTH if warehouse == "North" else SOUTH, warehouse)


ROUTES = [route("R1"), route("R12"), route("R12", "South"), route("Lake Shore"), route("R120")]


def likeliest(written: str) -> tuple[set[str], date | None, str] | None:
    found = readings(written, ROUTES, TODAY)
    if not found:
        return None
    return {f"{each.warehouse} {each.name}" for each in found[0].routes}, found[0].on, found[0].name


BOTH = {"North R12", "South R12"}


@pytest.mark.parametrize(
    "written",
    [
        "R12 tomorrow Amara Osei",
        "tomorrow R12 Amara Osei",
        "Amara Osei R12 tomorrow",
        "Amara Osei tomorrow R12",
        "r12 demain Amara Osei",
        "r12 26 nov Amara Osei",
        "Amara Osei r-12 on thursday",
        "jeudi Amara Osei R12",
        "R12 le 26 novembre 2026 Amara Osei",
        "R12 2026-11-26 Amara Osei",
    ],
)
def test_in_any_order_and_in_both_languages(written: str) -> None:
    assert likeliest(written) == (BOTH, TOMORROW, "Amara Osei")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("R12", (BOTH, None, "")),
        ("R12 tomorrow", (BOTH, TOMORROW, "")),
        ("R12 Amara", (BOTH, None, "Amara")),
        ("North R12 Amara", ({"North R12"}, None, "Amara")),
        ("Amara South R12 tomorrow", ({"South R12"}, TOMORROW, "Amara")),
        ("lake shore friday Amara", ({"North Lake Shore"}, TOMORROW + timedelta(days=1), "Amara")),
        ("lake Amara", ({"North Lake Shore"}, None, "Amara")),  # a beginning will do, where nothing else is called so
        ("R1 Amara", ({"North R1"}, None, "Amara")),  # a whole name before beginnings of others
        ("Amara Osei", None),
        ("tomorrow", None),
        ("", None),
        ("R12 " * 2000, None),
    ],
)
def test_what_is_left_out(written: str, means: tuple[set[str], date | None, str] | None) -> None:
    assert likeliest(written) == means


@pytest.mark.parametrize(
    ("name", "none"), [("31 nov Amara", True), ("Amara 30 février", True), ("Amara Osei", False), ("", False)]
)
def test_a_day_that_does_not_exist_is_no_name(name: str, none: bool) -> None:
    assert names_no_day(name, TODAY) is none


def test_a_name_that_could_be_a_day_is_read_both_ways() -> None:
    """Who of the drivers is called so decides: Tom is short for tomorrow, too."""
    ways = {(each.on, each.name) for each in readings("R12 Tom Sawyer", ROUTES, TODAY)}
    assert {(TOMORROW, "Sawyer"), (None, "Tom Sawyer")} <= ways
