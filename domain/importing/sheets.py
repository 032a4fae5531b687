"""A company's data as a table in a file (CSV): drivers, warehouses or routes. Pure; faults are by line.

Comma, semicolon or tab; names of columns in English or French, in any order. What lines mean is read here; whether it
fits what there is already is for `judging`.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.names import folded
from domain.people.phones import e164
from domain.people.rules import judge_full_name, judge_person_name
from domain.policy import Policy
from domain.refusals import Refused
from domain.schedule.rules import DAYS_OF_WEEK
from domain.written import tidy


class SheetKind(StrEnum):
    """What its lines are; told from its columns."""

    WAREHOUSES = "warehouses"
    ROUTES = "routes"
    DRIVERS = "drivers"


class What(StrEnum):
    """What is wrong with a line, or with the whole."""

    EMPTY = "empty"  # the file has no lines below its header
    NOT_A_TABLE = "not_a_table"  # it can't be read as CSV from this line on
    TOO_MANY = "too_many"
    COLUMNS = "columns"  # they are those of none of the three; `value`: what they are
    FIELDS = "fields"  # the line has more fields than the header
    NAME = "name"
    PHONE = "phone"
    PHONE_TWICE = "phone_twice"  # `other`: the line that has it, too
    PHONE_TAKEN = "phone_taken"  # somebody has it already, whoever that is
    PHONE_OWN = "phone_own"  # one of the sender's drivers has it
    PHONE_LEFT = "phone_left"  # somebody who has driven here before
    WAREHOUSE_MISSING = "warehouse_missing"
    WAREHOUSE_UNKNOWN = "warehouse_unknown"
    WAREHOUSE_AMBIGUOUS = "warehouse_ambiguous"  # several are called so
    ADDRESS = "address"
    LANGUAGE = "language"
    DAYS = "days"
    ROUTES_MANY = "routes_many"  # more than a driver prefers
    ROUTE_UNKNOWN = "route_unknown"
    NAME_TWICE = "name_twice"  # `other`: as above
    NAME_TAKEN = "name_taken"


@dataclass(frozen=True, slots=True)
class Fault:
    """In which line what is wrong; line 1 is the header, 0 the whole. `value`: as it was written."""

    line: int
    what: What
    value: str = ""
    other: int = 0


@dataclass(frozen=True, slots=True)
class WarehouseLine:
    """A warehouse to be founded."""

    line: int
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route of the warehouse that is called so. `days`: 0 = Sunday; all of them where none are written."""

    line: int
    name: str
    warehouse: str
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DriverLine:
    """A driver whose home is the warehouse that is called so.

    What he prefers is known where it is written: `days`, and up to three of the warehouse's `routes`, or any of them.
    """

    line: int
    first_name: str
    last_name: str
    phone: str
    warehouse: str
    language: str | None
    days: tuple[int, ...]
    routes: tuple[str, ...]
    any_route: bool


Line = WarehouseLine | RouteLine | DriverLine


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that is a table; all its lines are of one kind. `faults`: what is wrong with some by themselves."""

    kind: SheetKind
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...] = ()


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "first": ("firstname", "first", "givenname", "prenom"),
    "last": ("lastname", "last", "surname", "familyname", "nomdefamille"),
    "name": ("name", "fullname", "nom", "nomcomplet"),
    "phone": ("phone", "phonenumber", "mobile", "cell", "telephone", "tel", "cellulaire", "numerodetelephone"),
    "warehouse": ("warehouse", "homewarehouse", "home", "depot", "entrepot"),
    "address": ("address", "adresse"),
    "route": ("route", "routename", "nomdelaroute"),
    "language": ("language", "lang", "langue"),
    "days": ("days", "weekdays", "jours"),
    "routes": ("routes", "preferredroutes", "routespreferees"),
}
_COLUMN_OF: Final = {word: column for column, words in _COLUMNS.items() for word in words}

_WEEKDAYS: Final = {  # by the first three letters, in both languages
    name: number
    for names in (("sun", "mon", "tue", "wed", "thu", "fri", "sat"), ("dim", "lun", "mar", "mer", "jeu", "ven", "sam"))
    for number, name in enumerate(names)
}
_DASH: Final = re.compile(r"\s*[-–]\s*")
_EVERY_DAY: Final = frozenset({"all", "every", "everyday", "daily", "tous", "touslesjours"})
_ANY_ROUTE: Final = frozenset({"any", "all", "toutes", "nimportelaquelle"})
_LANGUAGES: Final = {"en": "en", "an": "en", "fr": "fr"}  # english, anglais, french, français

Row = Mapping[str, str]


def read_sheet(text: str, policy: Policy) -> Sheet | tuple[Fault, ...]:
    """The table that a file's text has, with whatever its lines have wrong; or why it is none."""
    try:
        rows = list(_records(text))
    except _Unreadable as fault:
        return (Fault(fault.line, What.NOT_A_TABLE),)
    if not rows:
        return (Fault(0, What.EMPTY),)
    _, header = rows[0]
    columns = [_COLUMN_OF.get(folded(name), "") for name in header]
    columns, kind = _kind(columns)
    if kind is None:
        return (Fault(1, What.COLUMNS, ", ".join(tidy(name) for name in header)),)
    if len(rows) == 1:
        return (Fault(0, What.EMPTY),)
    if len(rows) - 1 > policy.import_lines_most:
        return (Fault(0, What.TOO_MANY, str(len(rows) - 1)),)
    faults: list[Fault] = []
    lines: list[Line] = []
    for number, fields in rows[1:]:
        if any(tidy(field) for field in fields[len(columns) :]):
            faults.append(Fault(number, What.FIELDS))
            continue
        row = {column: tidy(field) for column, field in zip(columns, fields, strict=False) if column}
        line, wrong = _READERS[kind](number, row, policy)
        faults += wrong
        if line is not None:
            lines.append(line)
    faults += _twice(lines)
    return Sheet(kind, tuple(lines), tuple(faults))


class _Unreadable(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that says anything, with the number that it begins at."""
    first = text.lstrip().partition("\n")[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _Unreadable(number) from None
        if any(field.strip() for field in record):
            yield number, record


def _kind(columns: Sequence[str]) -> tuple[list[str], SheetKind | None]:
    """What the columns are of. "Nom" is a last name beside a first one; no column stands there twice."""
    named = ["last" if column == "name" and "first" in columns else column for column in columns]
    known = {column for column in named if column}
    if len(known) < len([column for column in named if column]):
        return named, None
    if "phone" in known:
        whole = {"first", "last"} <= known or "name" in known
        return named, SheetKind.DRIVERS if whole and "warehouse" in known else None
    if "address" in known:
        named = ["name" if column == "warehouse" else column for column in named]
        return named, SheetKind.WAREHOUSES if named.count("name") == 1 else None
    named = ["route" if column == "name" else column for column in named]
    return named, SheetKind.ROUTES if named.count("route") == 1 and "warehouse" in known else None


Read = tuple[Line | None, list[Fault]]


def _warehouse(number: int, row: Row, policy: Policy) -> Read:
    name, address = row.get("name", ""), row.get("address", "")
    faults = []
    if not 0 < len(name) <= policy.place_name_most:
        faults.append(Fault(number, What.NAME, name))
    if not 0 < len(address) <= policy.address_most:
        faults.append(Fault(number, What.ADDRESS, address))
    return (None, faults) if faults else (WarehouseLine(number, name, address), [])


def _route(number: int, row: Row, policy: Policy) -> Read:
    name, warehouse, written = row.get("route", ""), row.get("warehouse", ""), row.get("days", "")
    faults = []
    if not 0 < len(name) <= policy.place_name_most:
        faults.append(Fault(number, What.NAME, name))
    if not warehouse:
        faults.append(Fault(number, What.WAREHOUSE_MISSING))
    days = weekdays_of(written) if written else tuple(range(DAYS_OF_WEEK))
    if days is None:
        faults.append(Fault(number, What.DAYS, written))
    return (None, faults) if faults or days is None else (RouteLine(number, name, warehouse, days), [])


def _driver(number: int, row: Row, policy: Policy) -> Read:
    faults = []
    name = (
        judge_full_name(row["first"], row.get("last", ""), policy)
        if "first" in row
        else judge_person_name(row.get("name", ""), policy)
    )
    if isinstance(name, Refused):
        faults.append(Fault(number, What.NAME, tidy(f"{row.get('first', row.get('name', ''))} {row.get('last', '')}")))
    phone = e164(row.get("phone", ""))
    if phone is None:
        faults.append(Fault(number, What.PHONE, row.get("phone", "")))
    warehouse = row.get("warehouse", "")
    if not warehouse:
        faults.append(Fault(number, What.WAREHOUSE_MISSING))
    spoken = row.get("language", "")
    language = _LANGUAGES.get(folded(spoken)[:2])
    if spoken and language is None:
        faults.append(Fault(number, What.LANGUAGE, spoken))
    days = weekdays_of(row.get("days", "")) if row.get("days") else ()
    if days is None:
        faults.append(Fault(number, What.DAYS, row["days"]))
    wanted = list(dict.fromkeys(each for each in map(tidy, _split(row.get("routes", ""), ",;|/")) if each))
    routes = tuple(each for each in wanted if folded(each) not in _ANY_ROUTE)
    if len(routes) > policy.routes_most:
        faults.append(Fault(number, What.ROUTES_MANY, row["routes"]))
    if faults or isinstance(name, Refused) or phone is None or days is None:
        return None, faults
    any_route = len(routes) < len(wanted)
    return DriverLine(number, name.first, name.last, phone, warehouse, language, days, routes, any_route), []


_READERS: Final[Mapping[SheetKind, Callable[[int, Row, Policy], Read]]] = {
    SheetKind.WAREHOUSES: _warehouse,
    SheetKind.ROUTES: _route,
    SheetKind.DRIVERS: _driver,
}


def _split(written: str, marks: str) -> list[str]:
    for mark in marks[1:]:
        written = written.replace(mark, marks[0])
    return written.split(marks[0])


def weekdays_of(written: str) -> tuple[int, ...] | None:
    """“mon-fri, sun”, “lundi mercredi”, “all”: as numbers (0 = Sunday), in order; None for what is no weekdays."""
    if folded(written) in _EVERY_DAY:
        return tuple(range(DAYS_OF_WEEK))
    found: set[int] = set()
    for word in _split(_DASH.sub("-", written), " ,;/+"):
        if not word:
            continue
        ends = [_WEEKDAYS.get(folded(end)[:3]) for end in word.split("-")]
        if None in ends or len(ends) > 2:
            return None
        first, last = [end for end in (ends[0], ends[-1]) if end is not None]
        found |= {(first + n) % DAYS_OF_WEEK for n in range((last - first) % DAYS_OF_WEEK + 1)}
    return tuple(sorted(found)) or None


def _twice(lines: Sequence[Line]) -> list[Fault]:
    """What no two lines may have in common."""
    first: dict[tuple[str, str], int] = {}
    faults = []
    for line in lines:
        match line:
            case DriverLine():
                key, what, value = (line.phone, ""), What.PHONE_TWICE, line.phone
            case RouteLine():
                key = line.name.casefold(), line.warehouse.casefold()
                what, value = What.NAME_TWICE, line.name
            case WarehouseLine():
                key, what, value = (line.name.casefold(), ""), What.NAME_TWICE, line.name
        if key in first:
            faults.append(Fault(line.line, what, value, first[key]))
        first.setdefault(key, line.line)
    return faults
