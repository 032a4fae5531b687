"""Everything that is kept of one person, for himself (R12.6).

Rows that are his are in it with all that they say; of what he did with others' rows, what and when. Another driver is
in none of it: neither his name nor his phone nor his score.
"""

import enum
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, DateTime, Table, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.base import Base
from domain.db.models import Assignment, AuditLog, Route, User, Warehouse
from domain.db.models.words import UserRole
from domain.names import folded
from domain.people.drivers import Found
from domain.people.naming import Instead
from domain.people.phones import e164

# By which columns a row is about him.
HIS: Final[Mapping[str, tuple[str, ...]]] = {
    "users": ("id",),
    "absence_questions": ("user_id",),
    "appeals": ("user_id",),
    "assignments": ("user_id",),
    "bid_places": ("user_id",),
    "bid_windows": ("winner_id",),
    "bids": ("user_id",),
    "boards": ("user_id",),
    "coverage_maps": ("user_id",),
    "manager_digests": ("user_id",),
    "calendar_feeds": ("user_id",),
    "cap_overrides": ("user_id",),
    "chat_links": ("user_id",),
    "contact_settings": ("user_id",),
    "conversations": ("user_id",),
    "day_declines": ("user_id",),
    "deliveries": ("user_id",),
    "departures": ("user_id",),
    "driver_caps": ("user_id",),
    "driver_health_snapshots": ("user_id",),
    "driver_health_state": ("user_id",),
    "driver_metrics": ("user_id",),
    "driver_preferences": ("user_id",),
    "employments": ("user_id",),
    "flag_episodes": ("user_id",),
    "give_away_asks": ("user_id",),
    "give_aways": ("giver_id", "taker_id"),
    "hard_stops": ("user_id",),
    "imports": ("user_id",),
    "incidents": ("user_id",),
    "invites": ("user_id",),
    "last_heard": ("user_id",),
    "messages": ("author_id",),
    "notifications": ("user_id",),
    "open_warehouses": ("user_id",),
    "preference_versions": ("user_id",),
    "roster_pairs": ("user_id",),
    "route_completions": ("user_id",),
    "sms_attempts": ("user_id",),
    "sms_codes": ("user_id",),
    "star_weeks": ("user_id",),
    "time_off": ("user_id",),
    "warehouse_managers": ("user_id",),
    "window_asks": ("user_id",),
}
# By which columns he has done something with what is another's, or nobody's.
DONE: Final[Mapping[str, tuple[str, ...]]] = {
    "appeals": ("decided_by",),
    "arrival_holds": ("released_by",),
    "audit_logs": ("actor_id",),
    "calendar_exceptions": ("created_by",),
    "cap_overrides": ("granted_by",),
    "departures": ("announced_by",),
    "driver_caps": ("chosen_by",),
    "flag_episodes": ("ended_by",),
    "give_aways": ("decided_by",),
    "hard_stops": ("decided_by",),
    "incidents": ("excused_by",),
    "invites": ("created_by",),
    "late_announcements": ("decided_by",),
    "roster_runs": ("requested_by",),
    "routes": ("created_by", "manager_id"),
    "shift_reviews": ("decided_by",),
    "warehouse_groups": ("connected_by", "ended_by"),
    "warehouses": ("created_by",),
}
# What belongs to a shift of his.
OF_HIS_SHIFTS: Final = (
    "arrival_warnings",
    "assignment_terms",
    "late_announcements",
    "overdue_shifts",
    "shift_reviews",
    "shifts",
)
# What belongs to his number, if it is his alone.
OF_HIS_PHONE: Final = ("owners", "received_sms", "sms_opt_outs")

# Never in it: what opens something, what only our own machine reads, and facts that tell of others (the text that he
# was shown is in `title` and `body`).
WITHHELD: Final = frozenset({"users.password_hash", "invites.token_hash", "calendar_feeds.token_hash",
                             "give_aways.token_hash", "imports.lines", "imports.drivers", "sms_codes.code",
                             "notifications.data", "deliveries.shows"})  # fmt: skip
_SAID_OF_A_DEED: Final = frozenset({"audit_logs.entity_type", "audit_logs.action", "routes.name", "warehouses.name"})
ANOTHER: Final = "another driver"
_PHONE: Final = re.compile(r"\+\d{8,15}")
_WORD: Final = re.compile(r"\w+")

Rows = list[dict[str, Any]]


async def people_named(session: AsyncSession, written: str) -> tuple[Found, ...]:
    """Whose whole name or phone number this is, by id: for who runs the company, at the command line."""
    number, name = e164(written), folded(written)
    of = select(User.id, User.first_name, User.last_name, User.phone).order_by(User.id)
    everybody = [Found(*row) for row in await session.execute(of)]
    return tuple(
        who
        for who in everybody
        if (number is not None and who.phone == number)
        or (name and name in (folded(who.first_name + who.last_name), folded(who.last_name + who.first_name)))
    )


async def export_person(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """All of it, ready to be written as JSON: `records` by table, what he `did`, and what routes and warehouses are
    called. Nothing is locked or written."""
    tables = Base.metadata.tables
    records: dict[str, Rows] = {}
    for name in sorted({*HIS, *OF_HIS_SHIFTS, *OF_HIS_PHONE}):
        records[name] = await _rows(
            session, tables[name], _is_his(tables[name], user_id), _shown(tables[name]), user_id
        )
    about = and_(AuditLog.entity_type == "user", AuditLog.entity_id == user_id)
    log = tables["audit_logs"]
    records["audit_logs"] = await _rows(session, log, about, list(log.c), user_id)
    did = {
        name: await _rows(
            session, tables[name], _any_of(tables[name], DONE[name], user_id), _deed(tables[name]), user_id
        )
        for name in sorted(DONE)
    }
    whole: dict[str, Any] = {
        "made_at": now.isoformat(),
        "records": {name: rows for name, rows in records.items() if rows},
        "did": {name: rows for name, rows in did.items() if rows},
        "routes": {str(key): name for key, name in await session.execute(select(Route.id, Route.name))},
        "warehouses": {str(key): name for key, name in await session.execute(select(Warehouse.id, Warehouse.name))},
    }
    named = set(_texts([whole["records"], whole["did"]]))
    for places in ("routes", "warehouses"):
        whole[places] = {key: name for key, name in whole[places].items() if key in named}
    others = await _others_in(session, user_id, named)
    return {**whole, "records": others.within(whole["records"]), "did": others.within(whole["did"])}


def _any_of(table: Table, columns: tuple[str, ...], user_id: uuid.UUID) -> ColumnElement[bool]:
    return or_(*(table.c[column] == user_id for column in columns))


def _is_his(table: Table, user_id: uuid.UUID) -> ColumnElement[bool]:
    if table.name in HIS:
        return _any_of(table, HIS[table.name], user_id)
    if table.name in OF_HIS_SHIFTS:
        return table.c.assignment_id.in_(select(Assignment.id).where(Assignment.user_id == user_id))
    others = exists().where(User.phone == table.c.phone, User.id != user_id)
    return and_(table.c.phone.in_(select(User.phone).where(User.id == user_id)), ~others)


def _shown(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if str(column) not in WITHHELD]


def _deed(table: Table) -> list[Column[Any]]:
    """What was done when; not to whom."""
    return [
        column
        for column in table.c
        if not refers_to_users(column)
        and (column.primary_key or isinstance(column.type, DateTime) or str(column) in _SAID_OF_A_DEED)
    ]


def refers_to_users(column: Column[Any]) -> bool:
    """Whether somebody's id is in it."""
    return any(key.target_fullname == "users.id" for key in column.foreign_keys)


async def _rows(
    session: AsyncSession, table: Table, which: ColumnElement[bool], columns: list[Column[Any]], user_id: uuid.UUID
) -> Rows:
    found = await session.execute(select(*columns).where(which).order_by(*table.primary_key.columns))
    somebody = {column.name for column in columns if refers_to_users(column)}
    return [
        {
            key: _plain(value)
            for key, value in row.items()
            if value is not None and (key not in somebody or value == user_id)
        }
        for row in found.mappings()
    ]


def _plain(value: Any) -> Any:
    match value:
        case enum.IntEnum():
            return int(value)
        case enum.Enum():
            return value.value
        case uuid.UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {key: _plain(each) for key, each in value.items()}
    return value


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)


async def _others_in(session: AsyncSession, user_id: uuid.UUID, texts: set[str]) -> Instead:
    """Other drivers who are named in what is his: somebody else, and no number. His own name stays.

    A company may have 20,000: a name is looked for only where all of its words are there.
    """
    words = {word for text in texts for word in _WORD.findall(text)}
    phones = {phone for text in texts for phone in _PHONE.findall(text)}
    people = select(User.id, User.first_name, User.last_name, User.phone)
    rows = (await session.execute(people.where((User.role == UserRole.DRIVER) | (User.id == user_id)))).all()
    names = {
        name: ANOTHER
        for row in rows
        if (name := f"{row.first_name} {row.last_name}") and (its := _WORD.findall(name)) and words.issuperset(its)
    }
    own = next((f"{row.first_name} {row.last_name}", row.phone) for row in rows if row.id == user_id)
    return Instead(
        names | {row.phone: "…" for row in rows if row.phone in phones} | {each: each for each in own if each}
    )
