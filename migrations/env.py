"""How Alembic reaches the database: on the connection it is given, or (by hand) on that of DATABASE_URL.

All pending revisions are one transaction, so that a failed upgrade leaves nothing half done. There are no downgrades:
going back is restoring a backup, and code that nobody has run would only pretend otherwise.
"""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text

from domain.db import models  # noqa: F401  (fills the metadata)
from domain.db.base import Base
from domain.db.engine import connect

ONE_AT_A_TIME = 0x726F6C6C63616C6C  # "rollcall": the advisory lock of all who migrate this database


def migrate_on(connection: Connection) -> None:
    """Waits for another migration, but never long for the application's own transactions: they go on meanwhile."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_by_hand() -> None:
    engine = connect(os.environ["DATABASE_URL"], connections=0, statement_for=None)
    async with engine.begin() as connection:
        await connection.run_sync(migrate_on)
    await engine.dispose()


if given := context.config.attributes.get("connection"):
    migrate_on(given)
else:
    asyncio.run(migrate_by_hand())
