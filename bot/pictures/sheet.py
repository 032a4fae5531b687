"""A sheet of paper to draw on, measured in pixels from its upper left corner, as a phone of ordinary width has them.

It is its own ground, so that it reads the same in light and in dark chats.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

FAMILY: Final = "DejaVu Sans"  # comes with matplotlib and has our accents, so that it looks the same everywhere
PAPER: Final = "#FFFFFF"
INK: Final = "#1B1F24"
DOTS: Final = 100  # an inch
FINE: Final = 1.25  # so many dots are really drawn for each, since phones have more
HALF_A_CAPITAL: Final = 0.365  # of a line's size
WIDEST: Final = 1.3  # of a line's size: no letter is wider, so what is short need not be measured
POINTS: Final = 72  # an inch, in which matplotlib has sizes of letters and lines


@dataclass(frozen=True, slots=True)
class Sheet:
    canvas: FigureCanvasAgg
    axes: Axes

    def write(
        self, text: str, x: float, y: float, size: float, width: float | None = None, bold: bool = False, **look: Any
    ) -> None:
        """A line with the middle of its capitals at `y`; what is wider than `width` ends in an ellipsis."""
        font = _font(size, bold)
        shown = text if width is None else self._fitted(text, font, width)
        given: dict[str, Any] = {"color": INK, "parse_math": False} | look  # what people typed is no TeX
        self.axes.text(x, y + size * HALF_A_CAPITAL, shown, fontproperties=font, **given)

    def width(self, text: str, size: float) -> float:
        """How wide a line of this is."""
        return self._width(text, _font(size))

    def _fitted(self, text: str, font: FontProperties, width: float) -> str:
        if len(text) * WIDEST * font.get_size() <= points(width) or self._width(text, font) <= width:
            return text
        low, high = 0, len(text)
        while low < high:  # the longest beginning that fits
            middle = (low + high + 1) // 2
            if self._width(f"{text[:middle]}…", font) <= width:
                low = middle
            else:
                high = middle - 1
        return f"{text[:low].rstrip()}…"

    def _width(self, text: str, font: FontProperties) -> float:
        renderer: Any = self.canvas.get_renderer()  # type: ignore[no-untyped-call]  # the library has no types for this one call
        return float(renderer.get_text_width_height_descent(text, font, ismath=False)[0]) / FINE


def new_sheet(width: float, height: float) -> Sheet:
    """An empty one, so many pixels wide and high."""
    figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS * FINE, facecolor=PAPER)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return Sheet(FigureCanvasAgg(figure), axes)


@cache
def measuring() -> Sheet:
    """One to measure texts with, on which nothing is drawn."""
    return new_sheet(1, 1)


def points(pixels: float) -> float:
    """The same in matplotlib's points."""
    return pixels * POINTS / DOTS


def _font(size: float, bold: bool = False) -> FontProperties:
    return FontProperties(family=FAMILY, size=points(size), weight="bold" if bold else "normal")
