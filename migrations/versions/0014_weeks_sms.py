"""What a week's report counts is found by when it was sent."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_sms_attempts_created_at ON sms_attempts (created_at)")
