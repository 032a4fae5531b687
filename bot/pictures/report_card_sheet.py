"""How a report looks: a bar for each warehouse, read at a glance, and its figures below it."""

from typing import Final

from matplotlib.patches import Rectangle

from bot.pictures.report_card import Bar, ReportCard
from bot.pictures.sheet import Sheet, new_sheet

WIDTH: Final = 720
EDGE: Final = 24
TITLE, NAME, BAR, LINE, GAP = 76, 48, 34, 38, 26  # heights
MIDDLE: Final = 330  # where the figures begin, right of their names
FAINT, GROUND = "#5B6470", "#E3E7EB"
GOOD, SO_SO, BAD = "#007A5A", "#B26A00", "#C24A00"  # the share is written, too
FROM_GOOD, FROM_SO_SO = 0.98, 0.9


def report_card_sheet(facts: ReportCard) -> Sheet:
    """The title, and the warehouses."""
    heights = [NAME + BAR + LINE * len(bar.lines) + GAP for bar in facts.bars]
    sheet = new_sheet(WIDTH, TITLE + sum(heights) + EDGE)
    sheet.write(facts.title, EDGE, TITLE * 0.6, 32, WIDTH - 2 * EDGE, bold=True)
    y: float = TITLE
    for bar, height in zip(facts.bars, heights, strict=True):
        _warehouse(sheet, bar, y)
        y += height
    return sheet


def _warehouse(sheet: Sheet, bar: Bar, y: float) -> None:
    written = sheet.width(bar.written, 26) * 1.15
    sheet.write(bar.name, EDGE, y + NAME / 2, 27, WIDTH - 3 * EDGE - written, bold=True)
    sheet.write(bar.written, WIDTH - EDGE, y + NAME / 2, 26, ha="right", bold=True)
    share = min(max(bar.share, 0), 1)
    tone = GOOD if share >= FROM_GOOD else SO_SO if share >= FROM_SO_SO else BAD
    wide = WIDTH - 2 * EDGE
    for width, color in ((wide, GROUND), (wide * share, tone)):
        sheet.axes.add_patch(Rectangle((EDGE, y + NAME), width, BAR - 8, facecolor=color, linewidth=0))
    for number, (name, figure) in enumerate(bar.lines):
        middle = y + NAME + BAR + LINE * (number + 0.5)
        sheet.write(name, EDGE, middle, 23, MIDDLE - EDGE - 8, color=FAINT)
        sheet.write(figure, MIDDLE, middle, 24, WIDTH - EDGE - MIDDLE)
