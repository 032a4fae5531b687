"""How far a duty that is done for everybody has come, since it is done a part at a time."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("ALTER TABLE duty_runs ADD COLUMN doing_for timestamptz, ADD COLUMN reached uuid")
