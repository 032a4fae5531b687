"""What was done is read by whom it is about: bids that were withdrawn are found by what the audit log has of them."""

from alembic import op

revision = "0012"
down_revision = "0011"

WITHDRAWN = "WHERE entity_type = 'bid' AND action = 'withdrawn'"


def upgrade() -> None:
    before = "((changes -> 'before' ->> 'assignment_id'))"
    op.execute(f"CREATE INDEX ix_audit_logs_withdrawn ON audit_logs {before} {WITHDRAWN}")
    op.execute(f"CREATE INDEX ix_audit_logs_withdrawn_by ON audit_logs (actor_id) {WITHDRAWN}")
