"""An operator can pause everything."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE pauses (
            one boolean DEFAULT true PRIMARY KEY CONSTRAINT pauses_one_check CHECK (one),
            since timestamptz NOT NULL
        )
        """
    )
