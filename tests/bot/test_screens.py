"""Every screen is what Telegram takes, whatever the people, routes and warehouses are called (R12.4, PRODUCT)."""

import importlib
import inspect
import pkgutil
import re
import typing
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bot.screens
from bot.acting import TOAST_MOST
from bot.callbacks.callback import Callback
from bot.callbacks.home import Home
from bot.delivery.pictures import CAPTION_MOST
from bot.reader import Reader
from bot.screens.bidding import offer
from bot.screens.home import DriverHome, ManagerHome, home
from bot.screens.open_shifts import open_shifts
from bot.screens.parcels import Keys
from bot.screens.screen import Button, Screen, shortened
from domain.bidding.offers import Offer
from domain.bidding.open_shifts import OpenPage
from domain.coverage.queries import WarehouseToday
from domain.db.models.words import BidWindowMode
from domain.giving.queries import GivenAway
from domain.policy import Policy
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html

TORONTO = ZoneInfo("America/Toronto")
READERS = [Reader("en", TORONTO), Reader("fr", TORONTO)]
MARKUP_MOST = 10_000  # Telegram's for all buttons together, as far as it tells
NASTY = (
    "<b>",
    "</b>",
    "<a href='",
    "&amp;",
    "&",
    "&#0;",
    "<",
    '"',
    "{name}",
    "{",
    "%s",
    "🚚",
    "\u202e",
    "\n",
    "O'Neil",
)
INSTANTS = st.integers(1_767_225_600, 1_830_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
LONG = ("W", "<b>&", "🚚", "e\u0301\n")
HUGE = st.sampled_from(LONG).map(lambda sign: sign * 2000)
# Without colons of their own: those of the screens are looked at.
ANYTHING = st.text(st.characters(codec="utf-8", exclude_characters=":"), min_size=1, max_size=40)
NAMES = st.one_of(st.sampled_from(NASTY), HUGE, ANYTHING).filter(str.strip)

# What the parameters of the screens are made from; the facts themselves follow from their types.
KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    str: NAMES,
    int: st.integers(0, 400),
    float: st.floats(0, 1),
    bool: st.booleans(),
    datetime: INSTANTS,
    date: DAYS,
    timedelta: st.timedeltas(timedelta(0), timedelta(days=3)),
    uuid.UUID: st.uuids(),
    object: st.none(),
    Button: st.just(Button("‹ Back", Home())),
    Callback: st.just(Home()),
    Keys: st.just(Keys(lambda _typed: Home(), lambda _entered: Home())),
    Policy: st.just(Policy()),
    Reader: st.sampled_from(READERS),
}


def screens() -> list[Callable[..., Screen]]:
    """All functions of the screens' modules that make one."""
    modules = [
        importlib.import_module(f"bot.screens.{each.name}") for each in pkgutil.iter_modules(bot.screens.__path__)
    ]
    found = [
        value
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and not name.startswith("_")
    ]
    return [each for each in found if typing.get_type_hints(each).get("return") is Screen]


@cache  # of a strategy that is made anew for each example, making it is most of the work
def made(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type: of one known here, of a dataclass by its fields, of what the typing module is made of."""
    if kind in KNOWN:
        return KNOWN[kind]
    if typing.get_origin(kind) is tuple:
        first, *rest = typing.get_args(kind)
        if rest == [...]:
            return st.lists(made(first), max_size=5).map(tuple)
        return st.tuples(made(first), *map(made, rest))
    if typing.get_args(kind):
        return st.one_of(*(made(each) for each in typing.get_args(kind)))
    if hasattr(kind, "__dataclass_fields__"):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{name: made(hints[name]) for name in kind.__dataclass_fields__})
    return st.from_type(kind)


@cache
def arguments(screen: Callable[..., Screen]) -> st.SearchStrategy[dict[str, Any]]:
    hints = typing.get_type_hints(screen)
    return st.fixed_dictionaries({name: made(hints[name]) for name in inspect.signature(screen).parameters})


@pytest.mark.parametrize("screen", screens(), ids=lambda each: f"{each.__module__}.{each.__name__}")
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_telegram_takes_every_screen(screen: Callable[..., Screen], data: st.DataObject) -> None:
    given = data.draw(arguments(screen))
    fits(shown := screen(**given))
    if given.get("reader") == READERS[1]:
        is_french(shown)


def is_french(shown: Screen) -> None:
    """Each colon has its no-break space, but for those of what is to be typed or opened."""
    for text in (parse_html(shown.html).text, *(button.text for row in shown.keyboard for button in row)):
        assert not re.search(r"(?<!\u00a0):(?=\s|$)", re.sub(r"/message [^:]+:|webcal:", "", text)), text


def fits(shown: Screen) -> None:
    """It is what Telegram takes."""
    text = parse_html(shown.html).text
    assert 0 < units(text.strip()) <= (4096 if shown.picture is None else CAPTION_MOST)
    for row in shown.keyboard:
        for button in row:
            assert button.text.strip(), "a button says something"
    markup = shown.markup()
    assert markup is None or len(markup.to_json()) <= MARKUP_MOST
    assert shown.below is None or not shown.keyboard, "a message has only the one or the other"
    buttons = shown.buttons()
    for keys in buttons.inline_keyboard if buttons else ():
        for key in keys:
            assert key.url or len(str(key.callback_data).encode()) <= 64


@given(st.sampled_from(READERS), st.integers(0, 60), st.sampled_from(LONG))
@settings(max_examples=15)
def test_a_home_card_fits_however_much_there_is_to_show(reader: Reader, many: int, sign: str) -> None:
    today, name = date(2026, 11, 25), sign * 2000
    offers = tuple(offered(name, declined=number % 2 == 0) for number in range(many))
    warehouses = tuple(WarehouseToday(f"{number} {name}", 3, number % 2) for number in range(many))
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    given = tuple(given_away(name) for _ in range(many))
    for facts in (
        DriverHome(name, now, today, 0, (), 0, offers),
        DriverHome(name, now, today, 0, (), 0, offers[:4], given=given),
        ManagerHome(name, today, 0, None, warehouses),
    ):
        fits(home(facts, reader))


def given_away(name: str) -> GivenAway:
    facts: dict[str, Any] = dict.fromkeys(GivenAway.__dataclass_fields__, datetime(2026, 11, 25, 12, tzinfo=UTC))
    facts |= {"route": name, "warehouse": name, "give_away_id": uuid.uuid4(), "on": date(2026, 11, 25)}
    return GivenAway(**facts)


def offered(name: str, *, declined: bool) -> Offer:
    facts: dict[str, Any] = dict.fromkeys(Offer.__dataclass_fields__, datetime(2026, 11, 25, 12, tzinfo=UTC))
    facts |= {"route": name, "warehouse": name, "address": name, "window_id": uuid.uuid4(), "bonus_percent": 20}
    return Offer(**facts | {"on": date(2026, 11, 25), "declined": declined, "mode": BidWindowMode.INSTANT})


@pytest.mark.parametrize("reader", READERS, ids=["en", "fr"])
@pytest.mark.parametrize(("mode", "sign"), [(BidWindowMode.INSTANT, "⚡"), (BidWindowMode.EMERGENCY, "🚨")])
def test_r6_2_an_offer_has_the_mark_of_its_mode_wherever_it_stands(
    reader: Reader, mode: BidWindowMode, sign: str
) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    facts: dict[str, Any] = {"mode": mode, "open": True, "taken": False, "busy": False, "asked": True, "hurries": False}
    minute = timedelta(minutes=1)
    it = replace(offered("R12", declined=False), bid=None, barred=None, is_today=True, arrive_within=minute, **facts)
    at_home = home(DriverHome("Dana", now, now.date(), 0, (), 0, (it,)), reader).html
    listed = open_shifts(OpenPage((it,), 1, 0, 1), (), now, reader)
    card = offer(it, reader).html
    for shown in (at_home, listed.html, listed.keyboard[0][0].text, card):
        assert [each for each in "⚡🚨" if each in shown] == [sign]


@given(st.sampled_from(LONG), st.integers(0, 500))
def test_a_toast_fits_whatever_it_names(sign: str, many: int) -> None:
    told = shortened(sign * many, TOAST_MOST)
    assert units(told) <= TOAST_MOST
    assert told.removesuffix("…") in sign * many
