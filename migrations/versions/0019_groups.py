"""A warehouse's group in Telegram, and what is told in it: a delivery is a person's, or a group's (R12.3)."""

from alembic import op

revision = "0019"
down_revision = "0018"

GROUPS = """
CREATE TABLE warehouse_groups (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    warehouse_id uuid NOT NULL
        CONSTRAINT warehouse_groups_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    chat_id bigint NOT NULL,
    title text NOT NULL,
    language text NOT NULL,
    connected_by uuid NOT NULL
        CONSTRAINT warehouse_groups_connected_by_users_id_fk REFERENCES users,
    connected_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by uuid
        CONSTRAINT warehouse_groups_ended_by_users_id_fk REFERENCES users
);
CREATE UNIQUE INDEX uniq_warehouse_groups_warehouse ON warehouse_groups (warehouse_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX uniq_warehouse_groups_chat ON warehouse_groups (chat_id) WHERE ended_at IS NULL;

ALTER TABLE deliveries ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE deliveries ADD COLUMN group_id uuid
    CONSTRAINT deliveries_group_id_warehouse_groups_id_fk REFERENCES warehouse_groups ON DELETE CASCADE;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_whose_check CHECK ((user_id IS NULL) <> (group_id IS NULL));
CREATE UNIQUE INDEX uniq_deliveries_in_group ON deliveries (group_id, kind, about)
    WHERE group_id IS NOT NULL AND kind <> 'retired';
CREATE INDEX ix_deliveries_group_id ON deliveries (group_id) WHERE group_id IS NOT NULL;
"""


def upgrade() -> None:
    for statement in GROUPS.strip().split(";\n"):
        op.execute(statement)
