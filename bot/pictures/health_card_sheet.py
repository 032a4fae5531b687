"""How a health card looks: the score first, read in two seconds; then the days, then the parts."""

from typing import Any, Final

from matplotlib.patches import Rectangle

from bot.pictures.health_card import HealthCard, Part
from bot.pictures.sheet import INK, Sheet, new_sheet, points

WIDTH: Final = 720
EDGE: Final = 24
RIGHT: Final = WIDTH - EDGE
LARGE, SMALL = 27, 19  # letters
BESIDE: Final = 290  # where it begins that stands beside the score
BAR, BAR_HIGH = 206, 30  # its top and its height
LINE, LINE_HIGH = 312, 150
PARTS, PART = 528, 48
FAINT, GROUND = "#5B6470", "#E3E7EB"
GOOD, SO_SO, BAD = "#007A5A", "#B26A00", "#C24A00"  # each is also told by a sign or a place
STAR: Final = "#E69F00"


def health_card_sheet(facts: HealthCard) -> Sheet:
    """Title, score, stars, the bar with its mark, the line of days, the parts, what brings more."""
    height = PARTS + PART * len(facts.parts) + 64
    sheet = new_sheet(WIDTH, height)
    sheet.write(facts.title, EDGE, 40, 28, WIDTH - 2 * EDGE, bold=True)
    sheet.write(str(facts.score), EDGE, 128, 112, BESIDE - EDGE, bold=True, color=_tone(facts))
    _whole(sheet, facts.verdict, BESIDE + 16, 104, RIGHT - BESIDE - 16, bold=True)
    _stars(sheet, facts)
    _bar(sheet, facts)
    _line(sheet, facts)
    for number, part in enumerate(facts.parts):
        _part(sheet, part, PARTS + PART * (number + 0.5))
    _whole(sheet, facts.next, EDGE, height - 34, WIDTH - 2 * EDGE, color=FAINT)
    return sheet


def _whole(sheet: Sheet, text: str, x: float, y: float, width: float, **look: Any) -> None:
    """As large as it can be with all of it shown; what is too long even so ends in an ellipsis."""
    wide = sheet.width(text, LARGE) * (1.15 if "bold" in look else 1)
    sheet.write(text, x, y, max(LARGE * min(1, width / max(wide, 1)), SMALL), width, **look)


def _tone(facts: HealthCard) -> str:
    return GOOD if facts.score >= facts.mark else SO_SO if 2 * facts.score >= facts.most else BAD


def _stars(sheet: Sheet, facts: HealthCard) -> None:
    for number in range(facts.stars_most):
        color = STAR if number < facts.stars else GROUND
        edge: dict[str, Any] = {
            "markeredgecolor": STAR if number < facts.stars else FAINT,
            "markeredgewidth": points(2),
        }
        sheet.axes.plot([BESIDE + 36 + 52 * number], [158], marker="*", markersize=points(40), color=color, **edge)


def _across(facts: HealthCard, score: float) -> float:
    return EDGE + (WIDTH - 2 * EDGE) * min(max(score / facts.most, 0), 1)


def _box(sheet: Sheet, left: float, top: float, right: float, high: float, color: str) -> None:
    sheet.axes.add_patch(Rectangle((left, top), right - left, high, facecolor=color, linewidth=0))


def _bar(sheet: Sheet, facts: HealthCard) -> None:
    _box(sheet, EDGE, BAR, RIGHT, BAR_HIGH, GROUND)
    _box(sheet, EDGE, BAR, _across(facts, facts.score), BAR_HIGH, _tone(facts))
    at = _across(facts, facts.mark)
    sheet.axes.plot([at, at], [BAR - 8, BAR + BAR_HIGH + 8], color=INK, linewidth=points(4))
    sheet.write(str(facts.mark), at, BAR + BAR_HIGH + 28, 24, ha="center", bold=True)


def _line(sheet: Sheet, facts: HealthCard) -> None:
    """The score of each day; a day without one is bridged. The mark of the elite crosses it."""

    def down(score: float) -> float:
        return LINE + LINE_HIGH * (1 - min(max(score / facts.most, 0), 1))

    end = RIGHT - 48
    _box(sheet, EDGE, LINE, end, LINE_HIGH, "#F5F7F9")
    sheet.axes.plot([EDGE, end], [down(facts.mark)] * 2, color=FAINT, linewidth=points(2), linestyle="--")
    sheet.write(str(facts.mark), end + 8, down(facts.mark), 22, 40, color=FAINT)
    xs = [end - (end - EDGE) * ago / max(facts.span - 1, 1) for ago, _score in facts.days]
    ys = [down(score) for _ago, score in facts.days]
    sheet.axes.plot(xs, ys, color=_tone(facts), linewidth=points(5), solid_joinstyle="round")
    sheet.axes.plot(xs[-1:], ys[-1:], color=_tone(facts), marker="o", markersize=points(16))
    sheet.write(facts.first, EDGE, LINE + LINE_HIGH + 22, 22, 280, color=FAINT)
    sheet.write(facts.last, end, LINE + LINE_HIGH + 22, 22, 280, ha="right", color=FAINT)


def _part(sheet: Sheet, part: Part, y: float) -> None:
    left, right = EDGE + 200, RIGHT - 160
    sheet.write(part.name, EDGE, y, 25, 190)
    _box(sheet, left, y - 9, right, 18, GROUND)
    _box(sheet, left, y - 9, left + (right - left) * min(max(part.share, 0), 1), 18, GOOD)
    sheet.write(part.helped, right + 84, y, 26, 76, ha="right", bold=True, color=GOOD)
    sheet.write(part.hurt, RIGHT, y, 26, 76, ha="right", bold=True, color=BAD)
