"""Every screen is what Telegram takes, whatever the people, routes and warehouses are called (R12.4, PRODUCT)."""

import importlib
import inspect
import pkgutil
import typing
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bot.screens
from bot.reader import Reader
from bot.screens.screen import Screen
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html

TORONTO = ZoneInfo("America/Toronto")
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
NAMES = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=40)).filter(str.strip)

# What the parameters of the screens are made from; the facts themselves follow from their types.
KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    str: NAMES,
    int: st.integers(0, 400),
    bool: st.booleans(),
    datetime: INSTANTS,
    date: DAYS,
    timedelta: st.timedeltas(timedelta(0), timedelta(days=3)),
    uuid.UUID: st.uuids(),
    object: st.none(),
    Reader: st.sampled_from([Reader("en", TORONTO), Reader("fr", TORONTO)]),
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


def made(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type: of one known here, of a dataclass by its fields, of what the typing module is made of."""
    if kind in KNOWN:
        return KNOWN[kind]
    if typing.get_origin(kind) is tuple:
        element = typing.get_args(kind)[0]
        return st.lists(made(element), max_size=5).map(tuple)
    if typing.get_args(kind):
        return st.one_of(*(made(each) for each in typing.get_args(kind)))
    if hasattr(kind, "__dataclass_fields__"):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{name: made(hints[name]) for name in kind.__dataclass_fields__})
    return st.from_type(kind)


def arguments(screen: Callable[..., Screen]) -> st.SearchStrategy[dict[str, Any]]:
    hints = typing.get_type_hints(screen)
    return st.fixed_dictionaries({name: made(hints[name]) for name in inspect.signature(screen).parameters})


@pytest.mark.parametrize("screen", screens(), ids=lambda each: f"{each.__module__}.{each.__name__}")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_telegram_takes_every_screen(screen: Callable[..., Screen], data: st.DataObject) -> None:
    shown = screen(**data.draw(arguments(screen)))
    text = parse_html(shown.html).text
    assert 0 < units(text.strip()) <= 4096
    for row in shown.keyboard:
        for button in row:
            assert button.text.strip(), "a button says something"
    markup = shown.markup()
    for keys in markup.inline_keyboard if markup else ():
        for key in keys:
            assert key.url or len(str(key.callback_data).encode()) <= 64
