"""Whom a roster that a manager has asked for gives its slots, or would (R3.9)."""

from alembic import op

revision = "0007"
down_revision = "0006"

PREVIEWS = """
CREATE TABLE roster_pairs (
    run_id uuid NOT NULL
        CONSTRAINT roster_pairs_run_id_roster_runs_id_fk REFERENCES roster_runs ON DELETE CASCADE,
    route_id uuid NOT NULL
        CONSTRAINT roster_pairs_route_id_routes_id_fk REFERENCES routes ON DELETE CASCADE,
    date date NOT NULL,
    user_id uuid
        CONSTRAINT roster_pairs_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (run_id, route_id, date)
)
"""


def upgrade() -> None:
    op.execute(PREVIEWS)
