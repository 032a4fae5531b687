"""What else in a run must come from its seed: the database's clock, ids, and what is drawn so that none can guess it.

Leases, pauses and halts run by the database's clock (ARCHITECTURE 8), and what nothing else puts in order is put in
order by id. So in a simulation's own database `clock_timestamp()` and `gen_random_uuid()` are found in a schema that is
looked through first: the statements of the product are those that they are.
"""

import base64
import random
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from unittest import mock

import asyncpg
from sqlalchemy.engine import make_url

from bot.delivery import pace
from domain.notices import codes

# VOLATILE, as the real ones are: what only reads a sequence by a function is then put in the place of each call.
_SCHEMA: Final = """
CREATE SCHEMA virtual;
CREATE SEQUENCE virtual.clock MINVALUE 0;
CREATE SEQUENCE virtual.ids;
CREATE FUNCTION virtual.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$ SELECT timestamptz 'epoch' + pg_sequence_last_value('virtual.clock') * interval '1 millisecond' $$;
CREATE FUNCTION virtual.gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE AS
    $$ SELECT md5('{seed}:' || nextval('virtual.ids'))::uuid $$;
"""
# For who asks after each step what has changed in it; the product asks for no such thing.
_INDEXES: Final = """
CREATE INDEX virtual_assignments ON assignments (updated_at);
CREATE INDEX virtual_audit_logs ON audit_logs (created_at);
CREATE INDEX virtual_deliveries ON deliveries (created_at);
CREATE INDEX virtual_deliveries_sent ON deliveries (sent_at);
CREATE INDEX virtual_notifications ON notifications (created_at);
CREATE INDEX virtual_sms_attempts ON sms_attempts (created_at);
"""
_DEFAULTS: Final = """
SELECT format('ALTER TABLE %s ALTER %I SET DEFAULT virtual.%s', adrelid::regclass, attname, made.by)
FROM pg_attrdef
JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
CROSS JOIN LATERAL (SELECT pg_get_expr(adbin, adrelid) AS by) AS made
WHERE made.by IN ('gen_random_uuid()', 'clock_timestamp()')
"""
# Tables are small, and statements many: planning each for its parameters takes longer than any plan saves. A plan for
# whatever instant expects a third of a table to be after it, and would read all of it.
# In what order rows come that nobody puts in order, no other process may decide: not the WAL writer, after whose time
# alone a row of an asynchronous commit is known to be dead and may make room, nor who helps a parallel plan.
_SETTINGS: Final = (
    "search_path = virtual, public, pg_catalog",
    "plan_cache_mode = force_generic_plan",
    "enable_seqscan = off",
    "synchronous_commit = on",
    "max_parallel_workers_per_gather = 0",
)


class DatabaseClock:
    """The database's clock in a simulation; it stands still until it is moved on."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", start: datetime) -> None:
        self._connection = connection
        self._now = start

    def monotonic(self) -> float:
        """The same for the process: what has halted the network for it and for the database ends at once."""
        return self._now.timestamp()

    @property
    def now(self) -> datetime:
        """Its instant."""
        return self._now

    async def forward(self, by: timedelta) -> None:
        """For every connection, at once."""
        self._now += by
        await self._connection.execute("SELECT setval('virtual.clock', $1)", round(self._now.timestamp() * 1000))


async def take_over(database_url: str, seed: int) -> None:
    """Puts the functions into a migrated database, for all who connect from now on."""
    address = make_url(database_url)
    connection = await asyncpg.connect(address.render_as_string(hide_password=False))
    try:
        await connection.execute(_SCHEMA.format(seed=seed) + _INDEXES)
        for (statement,) in await connection.fetch(_DEFAULTS):
            await connection.execute(statement)
        for setting in _SETTINGS:
            await connection.execute(f'ALTER DATABASE "{address.database}" SET {setting}')
    finally:
        await connection.close()


@contextmanager
def seeded(seed: int, monotonic: object) -> Iterator[None]:
    """What this process draws comes from the seed: ids, links and codes; its memory of a halt runs by `monotonic`."""
    dice, draw = random.Random(f"{seed}:ids"), codes.draw
    drawn: dict[str, Any] = {
        "token_urlsafe": lambda size: base64.urlsafe_b64encode(dice.randbytes(size)).rstrip(b"=").decode(),
        "token_hex": lambda size: dice.randbytes(size).hex(),
        "randbits": dice.getrandbits,
    }
    with (
        mock.patch.object(uuid, "uuid4", lambda: uuid.UUID(int=dice.getrandbits(128), version=4)),
        mock.patch.multiple(secrets, **drawn),
        mock.patch.object(codes, "draw", lambda _: draw(dice.choice)),
        mock.patch.object(pace, "monotonic", monotonic),
    ):
        yield
