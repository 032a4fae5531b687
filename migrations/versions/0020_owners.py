"""Who runs the company, and whose desk a warehouse is on: its managers', and the owners' (R12.3, R12.5a).

That a warehouse is itself says nothing; but from it PostgreSQL expects one of them where an owner has all. Else it took
every manager for an owner, and a press of everybody read the whole company.
"""

from alembic import op

revision = "0020"
down_revision = "0019"

OWNERS = """
CREATE TABLE owners (phone text PRIMARY KEY);
CREATE VIEW desks AS
    SELECT given.user_id, given.warehouse_id FROM warehouse_managers given
    JOIN users manager ON manager.id = given.user_id AND manager.role = 'manager'
    UNION ALL
    SELECT owner.id, w.id FROM owners
    JOIN users owner ON owner.phone = owners.phone AND owner.role = 'manager'
    JOIN warehouses w ON w.id = (SELECT w.id)
    WHERE NOT EXISTS (SELECT FROM warehouse_managers given
                      WHERE given.user_id = owner.id AND given.warehouse_id = w.id);
"""


def upgrade() -> None:
    for statement in OWNERS.strip().split(";\n"):
        op.execute(statement)
