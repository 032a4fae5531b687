"""A model that was changed without a migration is found here before anybody meets it."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from domain.db import models  # noqa: F401  (fills the metadata)
from domain.db.base import Base
from domain.db.engine import connect


async def test_autogenerate_finds_no_difference(database_url: str) -> None:
    engine = connect(database_url, connections=0)
    async with engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    assert differences == []


def _differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))
