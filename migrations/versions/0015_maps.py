"""What a manager's map of his routes shows, and what every message surely shows, so that nothing is edited in vain."""

from alembic import op

revision = "0015"
down_revision = "0014"

MAPS = """
CREATE TABLE coverage_maps (
    user_id uuid PRIMARY KEY
        CONSTRAINT coverage_maps_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    warehouse_id uuid
        CONSTRAINT coverage_maps_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    date date NOT NULL,
    days smallint NOT NULL,
    page integer NOT NULL,
    live_until timestamptz NOT NULL
);
CREATE INDEX ix_coverage_maps_live_until ON coverage_maps (live_until);
ALTER TABLE deliveries ADD COLUMN shows bytea
"""


def upgrade() -> None:
    for statement in MAPS.strip().split(";\n"):
        op.execute(statement)
