"""What a manager means by the words behind a command: places of his, and a day or a week, in any order. Pure.

The one reading for all commands in one line: `/close North tomorrow`, `/coverage vendredi`, `/emergency r12`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot import dates
from bot.dates import Unreadable
from domain.names import folded
from domain.schedule.queries import Place, called, near


@dataclass(frozen=True, slots=True)
class Sought:
    """A line, read. `name`: what is left of it without the day; empty: it names no place.

    `found`: the places that are called so; `near`: where none is, those whose names look like it. `on` None: no day.
    `no_such_day`: it has one that does not exist. `week`: `on` is the Monday of the week that is meant.
    """

    name: str
    found: tuple[Place, ...]
    near: tuple[Place, ...] = ()
    on: date | None = None
    no_such_day: bool = False
    week: bool = False

    @property
    def unknown(self) -> bool:
        """It names something that he has not."""
        return bool(self.name) and not self.found


def sought(written: str, among: Sequence[Place], today: date, *, weeks: bool = False) -> Sought:
    """Reads a line; `weeks`: it may say a whole week. Whole names go before days: a route may be called Sunday."""
    bare = folded(written)  # of what is called by signs alone nothing is left, as of an empty line
    if bare and (whole := tuple(place for place in among if folded(place.name) == bare)):
        return Sought(written, whole)
    rest, monday = dates.week_parted(written, today) if weeks else (written, None)
    if monday is not None:
        return _named(rest, among, monday, week=True)
    rest, on = dates.parted(written, today)
    if isinstance(on, Unreadable):
        return Sought(rest, called(rest, among), no_such_day=True)
    return _named(rest, among, on)


def _named(name: str, among: Sequence[Place], on: date | None, *, week: bool = False) -> Sought:
    found = called(name, among)
    return Sought(name, found, () if found else near(name, among), on, week=week)
