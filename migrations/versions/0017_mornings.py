"""Managers' digests, one each morning, and the board that is pinned with them."""

from alembic import op

revision = "0017"
down_revision = "0016"

MORNINGS = """
CREATE TABLE manager_digests (
    user_id uuid PRIMARY KEY
        CONSTRAINT manager_digests_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    date date NOT NULL,
    notification_id uuid
        CONSTRAINT manager_digests_notification_id_notifications_id_fk REFERENCES notifications ON DELETE SET NULL,
    live_until timestamptz NOT NULL
);
ALTER TABLE deliveries ADD COLUMN pins boolean DEFAULT false NOT NULL;
ALTER TABLE deliveries ADD COLUMN pinned_at timestamptz
"""


def upgrade() -> None:
    for statement in MORNINGS.strip().split(";\n"):
        op.execute(statement)
