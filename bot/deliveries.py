"""`rollcall deliveries`: what the deliveries look like to an operator, and what he hears of his wishes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.logs import masked
from domain.db.models.words import DeliveryState, Urgency
from domain.notices.operators import ID_LEAST, Done, Listed, NotDone, WhyNot

SHORT = 8  # characters of an id in the table
WIDE = 200  # columns where nobody looks on, as in a pipe


class Level(StrEnum):
    """R11's levels, as one types them."""

    URGENT = "urgent"
    IMPORTANT = "important"
    NORMAL = "normal"

    @property
    def urgency(self) -> Urgency:
        return Urgency[self.name]


_WHY = {
    WhyNot.NO_ID: f"is not the beginning of a delivery's id: give {ID_LEAST} or more of its characters.",
    WhyNot.NOT_FOUND: "is no delivery's id: `rollcall deliveries list` shows them.",
    WhyNot.AMBIGUOUS: "is how several ids begin: give more of it.",
    WhyNot.IN_HAND: "is being sent at this moment: look again in half a minute.",
    WhyNot.HAS_ARRIVED: "has arrived.",
    WhyNot.HAS_LEFT: "has left already.",
    WhyNot.MAY_HAVE_LEFT: "may have left already: it is being looked up at Twilio.",
    WhyNot.WENT_ON: "has gone on by SMS, which is a delivery of its own.",
    WhyNot.IN_DIGEST: "was told in a digest, which is a delivery of its own.",
    WhyNot.WAITS: "waits in the queue already.",
    WhyNot.WAITS_FOR_DIGEST: "waits for the digest already.",
    WhyNot.TIME_IS_OVER: "is about something that is over.",
    WhyNot.IS_OVER: "has ended already.",
}


def table(rows: Sequence[Listed], zone: ZoneInfo, console: Console | None = None) -> None:
    """Prints them as a table, a line each; instants by the company's clock, of phones the last two digits."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    shown = Table(box=None, pad_edge=False)
    for heading in ("id", "when", "to", "phone", "by", "kind", "level", "state", "why", "tries"):
        shown.add_column(heading, no_wrap=heading != "why")
    for row in rows:
        why = ": ".join(word for word in (row.failure, row.reason) if word)
        cells = [
            str(row.id)[:SHORT],
            f"{row.created_at.astimezone(zone):%Y-%m-%d %H:%M}",
            row.name,
            _end_of(row.phone),
            row.channel,
            row.kind,
            _level(row.level),
            row.state,
            masked(why),
            str(row.attempts),
        ]
        shown.add_row(*(Text(cell) for cell in cells))  # names are no markup
    console.print(shown)


def json_lines(rows: Iterable[Listed]) -> Iterable[str]:
    """A line of JSON each."""
    for row in rows:
        told = asdict(row) | {"phone": _end_of(row.phone), "level": _level(row.level)}
        told["reason"] = masked(row.reason) if row.reason else None
        yield json.dumps(told, default=_plain, ensure_ascii=False)


def told(result: Done | NotDone) -> str:
    """What became of one of the deliveries that he named, in one sentence."""
    if isinstance(result, NotDone):
        return f"{result.named} {_WHY[result.why]}"
    match result.after:
        case DeliveryState.CANCELLED:
            return f"{result.named} is cancelled."
        case DeliveryState.UNKNOWN:
            return f"{result.named} is looked up at Twilio, and sent again only if it never left."
    return f"{result.named} is in the queue again."


def _end_of(phone: str) -> str:
    return f"…{phone[-2:]}" if phone else ""


def _level(level: int | None) -> str:
    return Urgency(level).name.lower() if level is not None else ""


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
