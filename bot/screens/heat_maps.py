"""What heat maps of routes have in common: a page of their routes by warehouse, and what their marks mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import UUID

from bot.pictures.heat_map import Mark, Row, Section
from bot.screens.screen import shortened

ROUTES_PER_PICTURE: Final = 40

Legend = tuple[tuple[Mark, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A route of a warehouse, and its marks."""

    warehouse_id: UUID
    warehouse: str
    route: str
    marks: tuple[Mark, ...]


def sections(lines: Sequence[Line], page: int) -> tuple[Section, ...]:
    """Those of a page, from 0 on, by warehouse, in which they come one after the other."""
    return tuple(_sections(lines[page * ROUTES_PER_PICTURE : (page + 1) * ROUTES_PER_PICTURE]))


def _sections(lines: Sequence[Line]) -> Iterator[Section]:
    for (_, warehouse), its in groupby(lines, key=lambda line: (line.warehouse_id, line.warehouse)):
        yield Section(shortened(warehouse), tuple(Row(shortened(line.route), line.marks) for line in its))


def legend(meanings: Sequence[tuple[Mark, str]], shown: Sequence[Section]) -> Legend:
    """Of the marks that are in it."""
    used = {mark for section in shown for row in section.rows for mark in row.marks}
    return tuple((mark, meaning) for mark, meaning in meanings if mark in used)
