"""Telling a database that is away for a moment from a fault of ours, and how a fault is named."""

import base64
import secrets
from dataclasses import dataclass

import asyncpg
from sqlalchemy import exc

from domain.db.engine import TooSlow

# asyncpg's own come bare where SQLAlchemy does not know them; TimeoutError is an OSError.
_BARE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    exc.TimeoutError,
)
# Beginnings of SQLSTATE: connection, rolled back for another's sake, resources, lock, operator, system.
_PASSING = ("08", "40", "53", "55P03", "57", "58")
_OVERTAKEN = ("23505", "23503")  # unique, foreign key
_CANCELLED = "57014"  # by the server's own limit of time, where somebody has set one


def is_passing(fault: BaseException) -> bool:
    """Whether the fault lies with the database's whereabouts and not with us: the same work may succeed later."""
    if isinstance(fault, exc.DBAPIError):
        state = getattr(fault.orig, "sqlstate", None) or ""
        gone = fault.connection_invalidated or isinstance(fault, exc.InterfaceError | exc.InternalError)
        return gone or state.startswith(_PASSING)
    if isinstance(fault, asyncpg.PostgresError) and (fault.sqlstate or "").startswith(_PASSING):
        return True
    return isinstance(fault, _BARE)


def is_away(fault: BaseException) -> bool:
    """As `is_passing`, but for statements that took too long: where nobody waits, they would do so every time."""
    return is_passing(fault) and not _is_too_slow(fault)


def _is_too_slow(fault: BaseException) -> bool:
    return isinstance(fault, TooSlow) or _CANCELLED in (
        getattr(getattr(fault, "orig", None), "sqlstate", None),
        getattr(fault, "sqlstate", None),
    )


def is_overtaken(fault: BaseException) -> bool:
    """Whether somebody else was quicker, and a second look will show what he did.

    He has put there what was to be unique, or has deleted what was referred to.
    """
    return isinstance(fault, exc.IntegrityError) and getattr(fault.orig, "sqlstate", None) in _OVERTAKEN


def brief(fault: BaseException) -> str:
    """The kind of a fault alone: the database's texts repeat values, and with them people's."""
    return type(getattr(fault, "orig", None) or fault).__name__


def fault_id() -> str:
    """What a person is shown and the log repeats, so that one leads to the other."""
    return base64.b32encode(secrets.token_bytes(5)).decode()


@dataclass(frozen=True, slots=True)
class Failed:
    """One thing of a duty that could not be done by a fault of ours; it is due again."""

    fault_id: str
