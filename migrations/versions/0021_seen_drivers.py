"""Who has worked or bid at a warehouse is found without reading what was ever driven there (R12.3).

The index gives its drivers one after another; it is made while nobody writes assignments, about two seconds for a
million. A bid says no warehouse: where somebody has bid is kept by triggers, so that whoever writes bids keeps it,
also a program that has no rights on our tables.
"""

from alembic import op

revision = "0021"
down_revision = "0020"

STATEMENTS = (
    "CREATE INDEX ix_assignments_warehouse_user ON assignments (warehouse_id, user_id)",
    """
    CREATE TABLE bid_places (
        warehouse_id uuid NOT NULL
            CONSTRAINT bid_places_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
        user_id uuid NOT NULL
            CONSTRAINT bid_places_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
        PRIMARY KEY (warehouse_id, user_id)
    )
    """,
    "LOCK TABLE bids IN SHARE ROW EXCLUSIVE MODE",  # what is placed meanwhile would be in neither
    """
    INSERT INTO bid_places (warehouse_id, user_id)
    SELECT DISTINCT slot.warehouse_id, bid.user_id FROM bids bid JOIN assignments slot ON slot.id = bid.assignment_id
    """,
    # In order, as all that is locked for several people at once.
    """
    CREATE FUNCTION bids_placed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO bid_places (warehouse_id, user_id)
        SELECT DISTINCT slot.warehouse_id, added.user_id
        FROM added JOIN assignments slot ON slot.id = added.assignment_id
        ORDER BY slot.warehouse_id, added.user_id
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER bids_placed AFTER INSERT ON bids REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION bids_placed()
    """,
    # A route that moves takes its slots along, and the bids for them.
    """
    CREATE FUNCTION bids_moved() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO bid_places (warehouse_id, user_id)
        SELECT DISTINCT NEW.warehouse_id, bid.user_id FROM bids bid WHERE bid.assignment_id = NEW.id
        ORDER BY bid.user_id
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER bids_moved AFTER UPDATE OF warehouse_id ON assignments FOR EACH ROW
    WHEN (NEW.warehouse_id <> OLD.warehouse_id) EXECUTE FUNCTION bids_moved()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
