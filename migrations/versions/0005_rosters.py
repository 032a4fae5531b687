"""What drivers prefer, as it was saved, the roster runs that read it, and private calendar feeds (R3)."""

from alembic import op

revision = "0005"
down_revision = "0004"

ROSTERS = """
CREATE TABLE preference_versions (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT preference_versions_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    saved_at timestamptz NOT NULL,
    days integer[] NOT NULL,
    routes uuid[] NOT NULL,
    any_home_route boolean NOT NULL
);
CREATE INDEX ix_preference_versions_user_id_saved_at ON preference_versions (user_id, saved_at);

CREATE TABLE roster_runs (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    week date NOT NULL,
    cause varchar(32) NOT NULL,
    requested_by uuid
        CONSTRAINT roster_runs_requested_by_users_id_fk REFERENCES users,
    requested_at timestamptz NOT NULL,
    as_of timestamptz NOT NULL,
    warehouses uuid[],
    changes jsonb,
    claimed_until timestamptz,
    carried_out_at timestamptz,
    told_at timestamptz,
    slots integer,
    held integer,
    filled integer,
    maximum integer,
    cut jsonb,
    CONSTRAINT roster_runs_cause_check CHECK (cause IN ('deadline', 'manager', 'preview'))
);
CREATE UNIQUE INDEX uniq_roster_runs_week ON roster_runs (week) WHERE cause = 'deadline';
CREATE INDEX ix_roster_runs_open ON roster_runs (requested_at) WHERE carried_out_at IS NULL;

CREATE TABLE roster_gaps (
    run_id uuid NOT NULL
        CONSTRAINT roster_gaps_run_id_roster_runs_id_fk REFERENCES roster_runs ON DELETE CASCADE,
    route_id uuid NOT NULL
        CONSTRAINT roster_gaps_route_id_routes_id_fk REFERENCES routes ON DELETE CASCADE,
    date date NOT NULL,
    reason varchar(32) NOT NULL,
    wanted_by integer NOT NULL,
    drivers jsonb NOT NULL,
    PRIMARY KEY (run_id, route_id, date),
    CONSTRAINT roster_gaps_reason_check CHECK (reason IN ('nobody', 'taken', 'lost', 'bids', 'came'))
);

CREATE TABLE calendar_feeds (
    user_id uuid PRIMARY KEY
        CONSTRAINT calendar_feeds_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT calendar_feeds_token_hash_unique UNIQUE (token_hash)
);
"""


def upgrade() -> None:
    for statement in ROSTERS.strip().split(";\n"):
        op.execute(statement)
