"""A driver's own score, part by part, as he may see it (R6.8)."""

import math
from collections.abc import Sequence

from bot.reader import Reader
from bot.screens.screen import escape
from domain.bidding.gaps import Gap
from domain.bidding.rules import OwnScore


def adding_up(parts: Sequence[float]) -> list[float]:
    """The parts of a sum to two places, so that they add up to the sum to two places.

    Each is its own hundredth or the next one: those that lose most by rounding down are rounded up.
    """
    hundredths = [part * 100 for part in parts]
    down = [math.floor(part) for part in hundredths]
    missing = round(sum(hundredths)) - sum(down)
    most = sorted(range(len(down)), key=lambda at: down[at] - hundredths[at])[:missing]
    return [(part + (at in most)) / 100 for at, part in enumerate(down)]


def lines(score: OwnScore, route: str, reader: Reader) -> str:
    """The score, and of each part what it brings and could bring."""
    _ = reader.gettext
    have, most, name = score.parts, score.most, escape(route)
    preferred = _("{route} is among your three routes") if score.prefers_route else _("{route} isn't among them")
    times = min(score.completions, score.completions_enough)
    parts = (
        (_("Deliveries"), have.completion, most.completion, reader.percent(score.completion_rate)),
        (
            _("{route} driven").format(route=name),
            have.familiarity,
            most.familiarity,
            _("{times} of {enough} times").format(times=times, enough=score.completions_enough),
        ),
        (_("Attendance"), have.attendance, most.attendance, reader.percent(score.attendance_rate)),
        (_("Preferred routes"), have.preference, most.preference, preferred.format(route=name)),
    )
    head = _("📊 Your score: <b>{score}</b> of {most}")
    part = _("· {part} {has} of {most} ({why})")
    shown = adding_up([has for _which, has, _most, _why in parts])
    return "\n".join(
        [
            head.format(score=reader.number(sum(shown)), most=reader.number(most.score)),
            *(
                part.format(part=which, has=reader.number(has), most=reader.number(could), why=why)
                for (which, _has, could, why), has in zip(parts, shown, strict=True)
            ),
        ]
    )


def missing(gap: Gap, route: str, reader: Reader) -> str:
    """What would have been enough, in his own parts (R6.8)."""
    _ = reader.gettext
    if gap.fewer_shifts:
        return _("Your scores were equal; it went to the one with fewer shifts that week.")
    if gap.earlier:
        return _("Your scores were equal, and so were your shifts that week; it went to the earlier bid.")
    ways = []
    if gap.completions is not None:
        text = reader.ngettext("{n} more completion on {route}", "{n} more completions on {route}", gap.completions)
        ways.append(text.format(n=gap.completions, route=escape(route)))
    if gap.attendance is not None:
        text = reader.ngettext("attendance {n} point higher", "attendance {n} points higher", gap.attendance)
        ways.append(text.format(n=gap.attendance))
    if gap.completion is not None:
        text = reader.ngettext("deliveries {n} point higher", "deliveries {n} points higher", gap.completion)
        ways.append(text.format(n=gap.completion))
    if gap.preference:
        ways.append(_("{route} among your three preferred routes").format(route=escape(route)))
    if not ways:
        return _("No part of your score could have made that up.")
    if gap.together:
        head = _("All of these together would have been enough:")
    elif len(ways) == 1:
        head = _("This would have been enough:")
    else:
        head = _("Any of these would have been enough:")
    return head + "".join(f"\n· {way}" for way in ways)
