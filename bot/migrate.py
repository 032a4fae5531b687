"""Brings a database to the present shape."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import migrations
from domain.db.engine import connect


async def migrate(database_url: str, to: str = "head") -> None:
    """Applies what is missing, all or nothing; safe when several processes do it at once.

    Raises migrations.ViolatingRows where rows that are there forbid it, and SQLAlchemy's DBAPIError where the database
    can't be reached or a table stays locked by others.
    """
    engine = connect(database_url, connections=0, statement_for=None)
    try:
        async with engine.begin() as connection:
            await connection.execute(migrations.ONE_AT_A_TIME)
            await connection.run_sync(_upgrade, to)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
