"""What a worker has learnt of the database once, it does not learn again for each test's own engine and connections.

To the product it makes no difference but time: a process of its own opens few connections and keeps them.
"""

from types import SimpleNamespace
from typing import Any, ClassVar

import asyncpg
import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.util import LRUCache

STATEMENTS = 5_000  # more than all that there are

_ask = asyncpg.Connection._introspect_types


class Dialect(PGDialect_asyncpg):
    """SQLAlchemy's own, one for all engines: what has been compiled is remembered by its dialect."""

    supports_statement_cache = True
    _compiled: ClassVar[LRUCache[Any, Any]] = LRUCache(STATEMENTS)
    _made: ClassVar[dict[frozenset[tuple[str, Any]], "Dialect"]] = {}

    def __new__(cls, **given: Any) -> "Dialect":
        return cls._made.setdefault(frozenset(given.items()), super().__new__(cls))

    def __init__(self, **given: Any) -> None:
        if not vars(self):
            super().__init__(**given)  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects have no types

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine._compiled_cache = cls._compiled


def learn_once(patch: pytest.MonkeyPatch) -> None:
    """From now on, in this process."""
    registry.register("postgresql.asyncpg", __name__, Dialect.__name__)
    types: dict[tuple[Any, frozenset[int]], Any] = {}

    async def known(self: asyncpg.Connection, oids: set[int], timeout: float) -> tuple[Any, Any]:
        """Clones have the types of their template, under the same numbers; no other database of a server has."""
        key = (self._addr, frozenset(oids))
        if key in types:
            return types[key], SimpleNamespace(name="none, for nothing was asked")
        types[key], statement = await _ask(self, oids, timeout)
        return types[key], statement

    patch.setattr(asyncpg.Connection, "_introspect_types", known)
