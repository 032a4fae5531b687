"""How a heat map looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle

from bot.pictures.heat_map import DayMap, HeatMap, Mark, Section
from bot.pictures.marks import LOOKS
from bot.pictures.sheet import INK, PAPER, Sheet, measuring, new_sheet, points

WIDTH: Final = 720
EDGE: Final = 24
NAMES: Final = 164  # for the routes' names, left of the cells
TITLE, HEADS, SECTION, ROW, LEGEND = 70, 66, 50, 38, 42  # heights
TILES, TILE = 3, 48  # of a day: so many in a row, each so high
GAP: Final = 4  # between cells
SIGN: Final = 20  # width of a sign, of a swatch in the legend
FAINT: Final = "#5B6470"


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell, by its upper left corner. `aside`: so much of it, at the left, has the sign in its middle."""

    mark: Mark
    x: float
    y: float
    width: float
    height: float
    aside: float | None = None


def heat_map_sheet(facts: HeatMap) -> Sheet:
    """The title, the days' heads, the routes by warehouse, and what the marks mean."""
    column = (WIDTH - 2 * EDGE - NAMES) / max(len(facts.days), 1)
    rows = sum(len(section.rows) for section in facts.sections)
    legend = _legend_lines(facts.legend)
    sheet = _titled(facts.title, HEADS + SECTION * len(facts.sections) + ROW * rows, legend)
    for number, day in enumerate(facts.days):
        _head(sheet, day, EDGE + NAMES + column * number, column, is_today=number == facts.today)
    cells: list[Placed] = []
    y: float = TITLE + HEADS
    for section in facts.sections:
        sheet.write(section.name, EDGE, y + SECTION * 0.6, 25, WIDTH - 2 * EDGE, bold=True)
        cells += _section(sheet, section, y + SECTION, column)
        y += SECTION + ROW * len(section.rows)
    cells += _legend(sheet, legend, y + EDGE / 2)
    _draw_cells(sheet, cells)
    return sheet


def day_map_sheet(facts: DayMap) -> Sheet:
    """The title, the routes by warehouse as tiles, and what the marks mean."""
    legend = _legend_lines(facts.legend)
    rows = sum(-(-len(section.rows) // TILES) for section in facts.sections)
    sheet = _titled(facts.title, SECTION * len(facts.sections) + TILE * rows, legend)
    cells: list[Placed] = []
    y: float = TITLE
    for section in facts.sections:
        sheet.write(section.name, EDGE, y + SECTION * 0.6, 25, WIDTH - 2 * EDGE, bold=True)
        cells += _tiles(sheet, section, y + SECTION)
        y += SECTION + TILE * -(-len(section.rows) // TILES)
    cells += _legend(sheet, legend, y + EDGE / 2)
    _draw_cells(sheet, cells)
    return sheet


def _titled(title: str, height: float, legend: Sequence[object]) -> Sheet:
    """A sheet with its title and so much room between that and the legend."""
    sheet = new_sheet(WIDTH, TITLE + height + LEGEND * len(legend) + EDGE)
    sheet.write(title, EDGE, TITLE * 0.6, 30, WIDTH - 2 * EDGE, bold=True)
    return sheet


def _head(sheet: Sheet, day: tuple[str, str], x: float, column: float, *, is_today: bool) -> None:
    """A day's weekday and number; today's is set off."""
    color = PAPER if is_today else INK
    if is_today:
        ground = Rectangle((x + GAP / 2, TITLE), column - GAP, HEADS - GAP, facecolor=INK, linewidth=0)
        sheet.axes.add_patch(ground)
    for text, y, bold in ((day[0], TITLE + 20, False), (day[1], TITLE + 48, True)):
        sheet.write(text, x + column / 2, y, 24, column, ha="center", bold=bold, color=color)


def _section(sheet: Sheet, section: Section, y: float, column: float) -> list[Placed]:
    cells: list[Placed] = []
    for number, row in enumerate(section.rows):
        top = y + ROW * number
        sheet.write(row.name, EDGE, top + ROW / 2, 24, NAMES - 12)
        for day, mark in enumerate(row.marks):
            cells.append(Placed(mark, EDGE + NAMES + column * day, top, column, ROW))
    return cells


def _tiles(sheet: Sheet, section: Section, y: float) -> list[Placed]:
    """The routes of a day, side by side: the sign at the left of the tile, the name beside it."""
    width = (WIDTH - 2 * EDGE) / TILES
    cells: list[Placed] = []
    for number, row in enumerate(section.rows):
        x, top = EDGE + width * (number % TILES), y + TILE * (number // TILES)
        for mark in row.marks:
            cells.append(Placed(mark, x, top, width, TILE, TILE))
            sheet.write(row.name, x + TILE, top + TILE / 2, 24, width - TILE - 8, bold=True, color=LOOKS[mark].name)
    return cells


def _legend_lines(legend: Sequence[tuple[Mark, str]]) -> list[list[tuple[Mark, str, float]]]:
    """As many on a line as fit, each with its width."""
    paper = measuring()
    lines: list[list[tuple[Mark, str, float]]] = []
    left = 0.0
    for mark, meaning in legend:
        width = min(paper.width(meaning, 22) + 3 * SIGN + EDGE, WIDTH - 2 * EDGE)
        if not lines or width > left:
            lines.append([])
            left = WIDTH - 2 * EDGE
        lines[-1].append((mark, meaning, width))
        left -= width
    return lines


def _legend(sheet: Sheet, lines: Sequence[Sequence[tuple[Mark, str, float]]], y: float) -> list[Placed]:
    cells: list[Placed] = []
    for number, line in enumerate(lines):
        x, top = float(EDGE), y + LEGEND * number
        for mark, meaning, width in line:
            cells.append(Placed(mark, x, top + (LEGEND - ROW) / 2, 2 * SIGN, ROW))
            sheet.write(meaning, x + 2.5 * SIGN, top + LEGEND / 2, 22, width - 2.5 * SIGN, color=FAINT)
            x += width
    return cells


def _draw_cells(sheet: Sheet, cells: Sequence[Placed]) -> None:
    """All cells of a mark at once: one by one, 400 of them would take half a second."""
    for mark, look in LOOKS.items():
        marked = [cell for cell in cells if cell.mark is mark]
        if not marked:
            continue
        sheet.axes.add_collection(PolyCollection([_corners(cell) for cell in marked], facecolors=look.ground))
        if look.sign is not None:
            stroke: dict[str, Any] = {"facecolors": "none", "edgecolors": look.ink, "linewidths": points(4)}
            xs = [cell.x + (cell.aside or cell.width) / 2 for cell in marked]
            ys = [cell.y + cell.height / 2 for cell in marked]
            sheet.axes.scatter(xs, ys, s=points(SIGN * look.size) ** 2, marker=look.sign, **stroke)


def _corners(cell: Placed) -> list[tuple[float, float]]:
    left, right = cell.x + GAP / 2, cell.x + cell.width - GAP / 2
    top, bottom = cell.y + GAP / 2, cell.y + cell.height - GAP / 2
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
