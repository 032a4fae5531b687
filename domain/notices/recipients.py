"""Whom a manager may write to, and who of them is meant by what he has written."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Date, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import names
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.policy import Policy
from domain.time import local_day

NAME_WORDS: Final = 6  # a name without a colon behind it has so many at the most


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom a manager may write to, and the warehouse that both are of (the first by name)."""

    id: uuid.UUID
    first_name: str
    last_name: str
    role: UserRole
    phone: str
    warehouse_id: uuid.UUID
    warehouse: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


# Drivers by their homes of today (R12.7: none recorded, everywhere) and managers by theirs, one row each.
_RECIPIENTS = sql(
    """
    WITH mine AS (
        SELECT w.id, w.name FROM desks here
        JOIN warehouses w ON w.id = here.warehouse_id
        WHERE here.user_id = :manager_id
    ), reached AS (
        SELECT home.user_id, mine.id AS warehouse_id, mine.name, 'driver' AS role
        FROM mine JOIN employments home ON home.warehouse_id = mine.id
        WHERE home.starts_on <= :today AND (home.ends_on IS NULL OR home.ends_on >= :today)
        UNION ALL
        SELECT driver.id, mine.id, mine.name, 'driver'
        FROM users driver CROSS JOIN mine
        WHERE NOT EXISTS (SELECT FROM employments home WHERE home.user_id = driver.id)
        UNION ALL
        SELECT there.user_id, mine.id, mine.name, 'manager'
        FROM mine JOIN warehouse_managers there ON there.warehouse_id = mine.id
    )
    SELECT DISTINCT ON (who.id)
           who.id, who.first_name, who.last_name, who.role::text, who.phone, reached.warehouse_id, reached.name
    FROM reached JOIN users who ON who.id = reached.user_id AND who.role::text = reached.role
    WHERE who.id <> :manager_id AND (CAST(:of AS uuid[]) IS NULL OR who.id = ANY (:of))
    ORDER BY who.id, reached.name, reached.warehouse_id
    """,
    manager_id=Uuid(),
    today=Date(),
    of=ARRAY(Uuid()),
)


async def recipients(
    session: AsyncSession,
    manager_id: uuid.UUID,
    policy: Policy,
    now: datetime,
    *,
    of: Sequence[uuid.UUID] | None = None,
) -> tuple[Recipient, ...]:
    """Whom a manager may write to: the drivers and the other managers of his own warehouses; `of`: among these."""
    given = {"manager_id": manager_id, "today": local_day(now, policy), "of": of if of is None else list(of)}
    rows = (await session.execute(_RECIPIENTS, given)).tuples()
    return tuple(Recipient(row[0], row[1], row[2], UserRole(row[3]), *row[4:]) for row in rows)


@dataclass(frozen=True, slots=True)
class Addressed:
    """A command taken apart: the name as it was written, who is called so, and what they are to be told.

    `near`: where nobody is, whose names look like it.
    """

    sought: str
    found: tuple[Recipient, ...]
    text: str
    near: tuple[Recipient, ...] = ()


def addressed(written: str, people: Sequence[Recipient]) -> Addressed:
    """Takes `Amara Osei: please call` apart, or `Amara please call`, where the longest name that fits counts."""
    known = names.people(people)
    name, colon, text = written.partition(":")
    if colon and (found := known.called(name)):
        return Addressed(name.strip(), found, text.strip())
    ends = [word.end() for word in re.finditer(r"\S+", written)][:NAME_WORDS]
    for end in reversed(ends):
        if found := known.called(written[:end]):
            return Addressed(written[:end].strip(" ,:"), found, written[end:].lstrip(" ,:").strip())
    return Addressed(name.strip(), (), text.strip(), known.near(name) if colon else ())
