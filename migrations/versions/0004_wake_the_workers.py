"""A commit that makes a delivery due tells the workers at once; where they can't listen, they poll (RULES 11.7)."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    CREATE FUNCTION deliveries_due() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('rollcall', '');
        RETURN NULL;
    END $$
    """,
    # A statement that may insert, and does not (a record that nothing goes on from), is one to PostgreSQL all the same.
    """
    CREATE FUNCTION deliveries_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM added WHERE due_at IS NOT NULL) THEN
            PERFORM pg_notify('rollcall', '');
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER deliveries_inserted AFTER INSERT ON deliveries REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION deliveries_added()
    """,
    # By the row, so that what is done with (due_at null) wakes nobody; equal notices of a transaction are sent once.
    """
    CREATE TRIGGER deliveries_due_again AFTER UPDATE OF due_at ON deliveries FOR EACH ROW
    WHEN (NEW.due_at IS NOT NULL AND NEW.due_at IS DISTINCT FROM OLD.due_at) EXECUTE FUNCTION deliveries_due()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
