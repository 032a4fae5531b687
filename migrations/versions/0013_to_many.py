"""A manager writes to all drivers of a warehouse, or of all of his."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN to_many boolean DEFAULT false NOT NULL",
    "ALTER TABLE messages ADD COLUMN warehouse_id uuid",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
