"""How the marks of heat maps look: each has a ground, a sign and a lightness of its own, so that no colour is needed.

The strong grounds are of Okabe and Ito's palette, which the colour-blind tell apart; what is empty and who is late are
darker than theirs, so that they stand out without any colour, too.
"""

from dataclasses import dataclass
from typing import Final

from matplotlib.path import Path

from bot.pictures.heat_map import Mark
from bot.pictures.sheet import INK, PAPER

_PALE, _FAINT, _DARK, _GREEN = "#A3ABB5", "#5B6470", "#3D4650", "#00553E"
_MOVE, _LINE = Path.MOVETO, Path.LINETO

CHECK: Final = Path([(-1.0, 0.1), (-0.3, -0.7), (1.0, 0.8)])
TWICE: Final = Path(
    [(-1.0, 0), (-0.55, -0.5), (0.25, 0.65), (-0.15, -0.4), (0.0, -0.5), (1.0, 0.65)],
    [_MOVE, _LINE, _LINE, _MOVE, _LINE, _LINE],
)
PLUS: Final = Path([(-1, 0), (1, 0), (0, -1), (0, 1)], [_MOVE, _LINE, _MOVE, _LINE])
CROSS: Final = Path([(-1, -1), (1, 1), (-1, 1), (1, -1)], [_MOVE, _LINE, _MOVE, _LINE])
DASH: Final = Path([(-0.6, 0), (0.6, 0)])
QUESTION: Final = Path(
    [(-0.65, 0.5), (-0.3, 0.95), (0.3, 0.95), (0.65, 0.5), (0.4, 0.1), (0, -0.2), (0, -0.45), (0, -0.85), (0, -1.05)],
    [_MOVE, *[_LINE] * 6, _MOVE, _LINE],
)
EXCLAMATION: Final = Path([(0, 1), (0, -0.35), (0, -0.8), (0, -1.05)], [_MOVE, _LINE, _MOVE, _LINE])
RAISED: Final = Path([(0, -1), (0, 0.9), (-0.75, 0.15), (0, 0.9), (0.75, 0.15)], [_MOVE, _LINE, _MOVE, _LINE, _LINE])
BAR: Final = Path([(-1, 0), (1, 0)])
RING: Final = Path.unit_circle()


@dataclass(frozen=True, slots=True)
class Look:
    """Of a mark: the ground of its cell, its sign with its ink, and the ink of a name that is written beside it."""

    ground: str
    sign: Path | None
    ink: str = PAPER
    name: str = PAPER
    size: float = 1.0  # of the sign


LOOKS: Final = {
    Mark.COVERED: Look("#009E73", CHECK),
    Mark.WOULD_BE: Look("#56B4E9", PLUS, INK, INK),
    Mark.EMPTY: Look("#C04000", CROSS),
    Mark.NOT_RUN: Look("#F0F2F4", DASH, _PALE, _FAINT),
    Mark.OVER: Look("#D0D5DB", None, name=INK),
    Mark.UNCONFIRMED: Look("#F0E442", QUESTION, INK, INK),
    Mark.WITH_BIDS: Look("#56B4E9", RAISED, INK, INK),
    Mark.LATE: Look("#8F2D6B", EXCLAMATION),
    Mark.DONE: Look("#C7E5DA", TWICE, _GREEN, _GREEN, 1.3),
    Mark.CLOSED: Look("#BCC4CD", BAR, _DARK, _DARK),
    Mark.NOT_PLANNED: Look("#F0F2F4", RING, _PALE, _FAINT, 0.6),
}
