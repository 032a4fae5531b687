"""Drawing a heat map, beside an empty sheet of its size: what matplotlib takes by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from time import process_time
from typing import Any, Final

from bot.pictures.drawing import draw
from bot.pictures.heat_map import HeatMap, Mark, Row, Section
from bot.pictures.heat_map_sheet import heat_map_sheet
from bot.pictures.sheet import new_sheet

ROUTES: Final = 60
TIMES: Final = 5
MARKS: Final = tuple(Mark)
DAYS: Final = tuple(zip("Mon Tue Wed Thu Fri Sat Sun".split(), map(str, range(7, 14)), strict=True))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Seconds of processor time, the least of several."""

    routes: int
    picture: float
    empty: float


def measured() -> Drawn:
    rows = tuple(
        Row(f"R{number}", tuple(MARKS[(number + day) % len(MARKS)] for day in range(7))) for number in range(ROUTES)
    )
    legend = tuple((mark, str(mark)) for mark in MARKS)
    facts = HeatMap("Week of 7 December", DAYS, (Section("North", rows),), legend)
    width, height = heat_map_sheet(facts).canvas.get_width_height()
    scale = width / heat_map_sheet(facts).axes.get_xlim()[1]
    empty = (width / scale, height / scale)
    return Drawn(ROUTES, _least(lambda: draw(facts)), _least(lambda: _empty(*empty)))


def _empty(width: float, height: float) -> None:
    canvas: Any = new_sheet(width, height).canvas
    canvas.print_png(BytesIO())


def _least(work: Callable[[], object]) -> float:
    took = []
    for _ in range(TIMES):
        began = process_time()
        work()
        took.append(process_time() - began)
    return min(took)
