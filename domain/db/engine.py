"""The way to the database, for every process alike."""

import functools
import json
import ssl
import uuid
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
import certifi
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

FOR_OTHER_CLIENTS = {
    "channel_binding",
    "connect_timeout",
    "connection_limit",
    "gssencmode",
    "keepalives",
    "pool_timeout",
}


_UNNAMED: Final = {"statement_cache_size": 0}
_KEPT: Final = {"max_cached_statement_lifetime": 0}  # as long as their connection


class TooSlow(TimeoutError):
    """A statement took longer than `statement_for`; connecting in vain raises a plain TimeoutError."""


def connect(
    database_url: str,
    *,
    connections: int = 10,
    name: str = "rollcall",
    statement_for: float | None = 60,
    renewed_after: float | None = 300,
) -> AsyncEngine:
    """An engine for a `postgresql://` address as hosts print it; nothing is connected yet.

    The address is read as PostgreSQL's own tools do (`sslmode`, `sslrootcert` and the rest). `connections` is the most
    that are open at once; 0 keeps none open between uses, for tests and one-off commands. `name` is shown in the
    server's list of sessions. A statement may take `statement_for` seconds (None: as long as it takes) before it raises
    TooSlow. Raises ValueError for an address of another kind.

    A connection is used for `renewed_after` seconds: idle ones are cut without a word by some networks, after six
    minutes on the shortest-tempered. So all have their turn, and none gets that old. None: each is good for ever, and
    the one that was used last is given out first, its statements prepared and planned.

    Works through a transaction-mode pooler (PgBouncer, Neon, Supabase): one is recognised when the first connection is
    made, or announced by `pgbouncer=true` in the address. No prepared statement then stays on the server, at the price
    of planning each statement anew (a third of a millisecond each). For the session nothing is set, either way, but
    what such poolers carry over: the time zone (UTC) and the name.

    A restart of the server costs nobody an error before work has begun: connections that it closed are replaced when
    they are taken from the pool. One that breaks during work raises, and the work is to be done again. Connecting
    raises OSError or asyncpg's own errors, not SQLAlchemy's.
    """
    pool: dict[str, Any] = {"poolclass": NullPool}
    if connections:
        pool = {"pool_size": connections, "max_overflow": 0, "pool_timeout": 10}
        pool |= {"pool_use_lifo": True} if renewed_after is None else {"pool_recycle": renewed_after}
    address, pooled = _address(database_url)
    settings = {"application_name": name, "TimeZone": "UTC"}
    opener = _opener(pooled, dsn=address, timeout=10, command_timeout=statement_for, server_settings=settings)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=opener, json_serializer=_json, hide_parameters=True, **pool
    )
    event.listen(engine.sync_engine, "checkout", _replace_closed)
    event.listen(engine.sync_engine, "handle_error", _tell_too_slow)
    return engine


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """What opens sessions. Rows stay readable after the commit: an answer is made from them then."""
    return async_sessionmaker(engine, expire_on_commit=False)


def _address(database_url: str) -> tuple[str, bool | None]:
    """The address as asyncpg takes it, and whether a pooler answers there, if it says so."""
    parts = urlsplit(database_url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("DATABASE_URL must begin with postgresql:// or postgres://")
    # asyncpg takes a word that it does not know for a setting of the server, and `system` (the authorities that this
    # machine trusts, as newer tools say) for a file.
    query = {key: value for key, value in parse_qsl(parts.query) if key not in FOR_OTHER_CLIENTS}
    if query.get("sslrootcert") == "system":
        query["sslrootcert"] = ssl.get_default_verify_paths().cafile or certifi.where()
    pooled = {"true": True, "false": False}.get(query.pop("pgbouncer", ""))
    return urlunsplit(parts._replace(query=urlencode(query))), pooled


def _opener(pooled: bool | None, **settings: Any) -> Callable[[], Awaitable[Any]]:
    async def open_one() -> Any:
        nonlocal pooled
        if pooled is None:
            connection = await asyncpg.connect(**settings)
            pooled = await _behind_a_pooler(connection)
            if not pooled:
                return connection
            await connection.close()
        # Without the cache asyncpg sends every statement unnamed, and parses it in the same breath as it executes it.
        return await asyncpg.connect(**settings, **(_UNNAMED if pooled else _KEPT))

    return open_one


async def _behind_a_pooler(connection: Any) -> bool:
    """A pooler greets in its own name: the process that it gives for cancelling is not the one that does the work."""
    async with connection.transaction():
        statement = await connection.prepare("SELECT pg_backend_pid()", name="")
        return bool(await statement.fetchval() != connection.get_server_pid())


def _replace_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection that the server has closed is known as such at once: cheaper than asking on every use."""
    if connection.driver_connection.is_closed():
        raise exc.DisconnectionError


def _tell_too_slow(context: Any) -> TooSlow | None:
    during = context.statement is not None
    return TooSlow() if during and is_too_slow(context.original_exception) else None


def is_too_slow(fault: BaseException) -> bool:
    """Of what a statement has raised: asyncpg's own limit of time has no number, the network's has."""
    return isinstance(fault, TimeoutError) and fault.errno is None


def _plain(value: object) -> str:
    match value:
        case uuid.UUID():
            return str(value)
        case date():  # and datetime
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


_json = functools.partial(json.dumps, default=_plain, ensure_ascii=False)
