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
from migrations import ONE_AT_A_TIME


def migrate_on(connection: Connection) -> None:
    """Never waits long for a lock: behind a waiting migration everybody else would wait too."""
    connection.execute(text("SET LOCAL lock_timeout = '2s'"))
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_by_hand() -> None:
    engine = connect(os.environ["DATABASE_URL"], connections=0, statement_for=None)
    async with engine.begin() as connection:
        await connection.execute(ONE_AT_A_TIME)
        await connection.run_sync(migrate_on)
    await engine.dispose()


if given := context.config.attributes.get("connection"):
    migrate_on(given)
else:
    asyncio.run(migrate_by_hand())
