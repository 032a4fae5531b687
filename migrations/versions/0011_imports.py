"""Files of a company's data that were sent, until they are imported (R12.5)."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE imports (
            id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
            user_id uuid NOT NULL
                CONSTRAINT imports_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
            file_name text NOT NULL,
            kind text NOT NULL,
            lines jsonb,
            created_at timestamptz NOT NULL,
            imported_at timestamptz,
            drivers uuid[] DEFAULT '{}' NOT NULL,
            count integer NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_imports_created_at ON imports (created_at)")
