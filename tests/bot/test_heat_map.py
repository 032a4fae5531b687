"""What a heat map looks like: as wide as a phone shows well, as long as its routes need, whatever they are called."""

import struct
from dataclasses import replace

import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

from bot.pictures.drawing import draw
from bot.pictures.heat_map import HeatMap, Mark, Row, Section
from bot.pictures.heat_map_sheet import WIDTH, heat_map_sheet
from bot.pictures.marks import LOOKS
from bot.pictures.sheet import FINE, new_sheet

DAYS = tuple(zip("lun. mar. mer. jeu. ven. sam. dim.".split(), map(str, range(7, 14)), strict=True))
MARKS = tuple(Mark)
LEGEND = tuple((mark, "serait comblé maintenant") for mark in MARKS)


def heat_map(routes: int, name: str = "R{}") -> HeatMap:
    rows = [Row(name.format(n), tuple(MARKS[(n + day) % len(MARKS)] for day in range(7))) for n in range(routes)]
    half = (routes + 1) // 2
    sections = (Section("Montréal-Nord", tuple(rows[:half])), Section("Île-des-Sœurs", tuple(rows[half:])))
    return HeatMap("Semaine du 7 déc.", DAYS, tuple(each for each in sections if each.rows), LEGEND)


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("routes", [1, 12, 40, 60])
def test_it_fits_a_phone_and_telegram(routes: int) -> None:
    png = draw(heat_map(routes))
    width, height = size(png)
    assert width == WIDTH * FINE and 200 < height < 5 * width
    assert png.startswith(b"\x89PNG") and len(png) < 1_000_000


@pytest.mark.parametrize("name", ["Île-des-Sœurs par l’échangeur " * 5 + "{}", "$x_{{{}}}$ \\frac", "路线 {}", "", " "])
def test_any_name_can_be_drawn(name: str) -> None:
    facts = heat_map(2, name)
    sections = tuple(replace(section, name=name or "…") for section in facts.sections)
    legend = ((Mark.EMPTY, name * 3), *LEGEND)
    assert size(draw(replace(facts, title=name, sections=sections, legend=legend)))[0] == WIDTH * FINE


def test_what_is_too_long_ends_in_an_ellipsis_within_its_column() -> None:
    paper = new_sheet(500, 100)
    for text in ("W" * 300, "Île-des-Sœurs par l’échangeur Décarie", "R12"):
        paper.write(text, 0, 50, 24, width=188)
    *cut, whole = [text.get_text() for text in paper.axes.texts]
    assert whole == "R12" and all(text.endswith("…") and 150 < paper.width(text, 24) <= 188 for text in cut)


def test_every_day_of_every_route_has_its_cell() -> None:
    facts = heat_map(12)
    sheet = heat_map_sheet(facts)
    cells = sum(len(each.get_paths()) for each in sheet.axes.collections if isinstance(each, PolyCollection))
    assert cells == 12 * 7 + len(facts.legend)
    assert {"lun.", "13", "Montréal-Nord", "R11"} <= {text.get_text() for text in sheet.axes.texts}


def test_no_two_marks_look_alike_without_colours() -> None:
    looks = [(look.sign, look.ground) for look in LOOKS.values()]
    assert set(LOOKS) == set(Mark) and len({id(sign) for sign, _ in looks}) == len(Mark)
    for look in LOOKS.values():
        if look.sign is not None:
            assert abs(brightness(look.ground) - brightness(look.ink)) > 0.2, "its sign can be seen"


def brightness(colour: str) -> float:
    red, green, blue = to_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
