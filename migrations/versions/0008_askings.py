"""Each time somebody asks for a shift that needs a manager's word, the managers' cards are about that asking (R5.5)."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE give_aways ADD COLUMN asking_id uuid")
