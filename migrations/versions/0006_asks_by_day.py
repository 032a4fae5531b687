"""What a driver was asked is found by the day that it is for, whatever else he was ever asked (R6.3)."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    "ALTER TABLE window_asks ADD COLUMN date date",
    """
    UPDATE window_asks ask SET date = a.date
    FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id WHERE w.id = ask.window_id
    """,
    "ALTER TABLE window_asks ALTER COLUMN date SET NOT NULL",
    "CREATE INDEX ix_window_asks_user_id_date ON window_asks (user_id, date)",
    "DROP INDEX ix_window_asks_user_id",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
