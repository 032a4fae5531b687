"""A driver whom another program took out of the pool: his stop is ours from when a manager is about to decide on it."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("ALTER TABLE hard_stops ADD COLUMN adopted boolean DEFAULT false NOT NULL")
