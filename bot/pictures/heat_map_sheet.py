"""How a heat map looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.collections import PolyCollection
from matplotlib.path import Path

from bot.pictures.heat_map import HeatMap, Mark, Section
from bot.pictures.sheet import INK, PAPER, Sheet, new_sheet, points

WIDTH: Final = 720
EDGE: Final = 24
NAMES: Final = 164  # for the routes' names, left of the cells
TITLE, HEADS, SECTION, ROW, LEGEND = 70, 66, 50, 38, 42  # heights
GAP: Final = 4  # between cells
SIGN: Final = 20  # width of a sign, of a swatch in the legend
FAINT: Final = "#5B6470"

_CHECK: Final = Path([(-1.0, 0.1), (-0.3, -0.7), (1.0, 0.8)])
_PLUS: Final = Path([(-1, 0), (1, 0), (0, -1), (0, 1)], [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO])
_CROSS: Final = Path([(-1, -1), (1, 1), (-1, 1), (1, -1)], [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO])
_DASH: Final = Path([(-0.6, 0), (0.6, 0)])


@dataclass(frozen=True, slots=True)
class Look:
    """Of a mark: the ground of its cell, and its sign."""

    ground: str
    sign: Path | None
    ink: str = PAPER


# The strong ones are of Okabe and Ito's palette.
LOOKS: Final = {
    Mark.COVERED: Look("#009E73", _CHECK),
    Mark.WOULD_BE: Look("#56B4E9", _PLUS, INK),
    Mark.EMPTY: Look("#D55E00", _CROSS),
    Mark.NOT_RUN: Look("#F0F2F4", _DASH, "#A3ABB5"),
    Mark.OVER: Look("#D0D5DB", None),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell, by its upper left corner."""

    mark: Mark
    x: float
    y: float
    width: float
    height: float


def heat_map_sheet(facts: HeatMap) -> Sheet:
    """The title, the days' heads, the routes by warehouse, and what the marks mean."""
    column = (WIDTH - 2 * EDGE - NAMES) / max(len(facts.days), 1)
    rows = sum(len(section.rows) for section in facts.sections)
    legend = _legend_lines(facts)
    height = TITLE + HEADS + SECTION * len(facts.sections) + ROW * rows + LEGEND * len(legend) + EDGE
    sheet = new_sheet(WIDTH, height)
    sheet.write(facts.title, EDGE, TITLE * 0.6, 30, WIDTH - 2 * EDGE, bold=True)
    for number, (weekday, day) in enumerate(facts.days):
        middle = EDGE + NAMES + column * (number + 0.5)
        sheet.write(weekday, middle, TITLE + 20, 24, column, ha="center")
        sheet.write(day, middle, TITLE + 48, 24, column, ha="center", bold=True)
    cells: list[Placed] = []
    y: float = TITLE + HEADS
    for section in facts.sections:
        sheet.write(section.name, EDGE, y + SECTION * 0.6, 25, WIDTH - 2 * EDGE, bold=True)
        cells += _section(sheet, section, y + SECTION, column)
        y += SECTION + ROW * len(section.rows)
    cells += _legend(sheet, legend, y + EDGE / 2)
    _draw_cells(sheet, cells)
    return sheet


def _section(sheet: Sheet, section: Section, y: float, column: float) -> list[Placed]:
    cells: list[Placed] = []
    for number, row in enumerate(section.rows):
        top = y + ROW * number
        sheet.write(row.name, EDGE, top + ROW / 2, 24, NAMES - 12)
        for day, mark in enumerate(row.marks):
            cells.append(Placed(mark, EDGE + NAMES + column * day, top, column, ROW))
    return cells


def _legend_lines(facts: HeatMap) -> list[list[tuple[Mark, str, float]]]:
    """As many on a line as fit, each with its width."""
    paper = new_sheet(1, 1)
    lines: list[list[tuple[Mark, str, float]]] = []
    left = 0.0
    for mark, meaning in facts.legend:
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
            xs = [cell.x + cell.width / 2 for cell in marked]
            ys = [cell.y + cell.height / 2 for cell in marked]
            sheet.axes.scatter(xs, ys, s=points(SIGN) ** 2, marker=look.sign, **stroke)


def _corners(cell: Placed) -> list[tuple[float, float]]:
    left, right = cell.x + GAP / 2, cell.x + cell.width - GAP / 2
    top, bottom = cell.y + GAP / 2, cell.y + cell.height - GAP / 2
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
