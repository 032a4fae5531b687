"""A statement that commits by itself, handed straight to asyncpg: a delivery has several, and each duty one a second.

SQLAlchemy's own way takes five times what asyncpg does of the processor, and no transaction or object hangs on these.
"""

import asyncio
import functools
from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.db.engine import TooSlow, is_too_slow

_DIALECT = dialect()  # type: ignore[no-untyped-call]  # the library has no types for this one call


@functools.cache
def _compiled(statement: TextClause) -> tuple[str, tuple[str, ...]]:
    """Its text for PostgreSQL, types included, and the names of its parameters in their order."""
    made: Any = statement.compile(dialect=_DIALECT)
    return made.string, tuple(made.positiontup)


async def alone(db: AsyncEngine, statement: TextClause, given: Mapping[str, Any]) -> list[asyncpg.Record]:
    """Its rows. On a connection of the pool; raises asyncpg's own errors, TooSlow, or those of getting a connection.

    Who is stopped in the middle of it leaves no connection behind of which nobody knows what it is at.
    """
    text, names = _compiled(statement)
    lent = await db.raw_connection()
    try:
        return await _rows(lent.driver_connection, text, [given[name] for name in names])
    except asyncio.CancelledError as stopped:
        lent.invalidate(stopped)
        raise
    except TimeoutError as fault:
        if is_too_slow(fault):
            raise TooSlow from fault
        raise
    finally:
        lent.close()


async def _rows(connection: Any, text: str, given: list[Any]) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(text, *given)
    return rows
