"""Why a driver has the cap that he has, his flags, hard stops, stars and appeals (R9, R10)."""

from alembic import op

revision = "0009"
down_revision = "0008"

STANDING = """
CREATE TABLE driver_caps (
    user_id uuid PRIMARY KEY
        CONSTRAINT driver_caps_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    base integer NOT NULL,
    rewarded boolean DEFAULT false NOT NULL,
    cut boolean DEFAULT false NOT NULL,
    chosen integer,
    chosen_by uuid
        CONSTRAINT driver_caps_chosen_by_users_id_fk REFERENCES users,
    chosen_at timestamptz,
    reason text
);

CREATE TABLE flag_episodes (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT flag_episodes_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    flagged_at timestamptz NOT NULL,
    due integer NOT NULL,
    completed integer NOT NULL,
    cut_at timestamptz,
    put_at timestamptz,
    ended_at timestamptz,
    ended_by uuid
        CONSTRAINT flag_episodes_ended_by_users_id_fk REFERENCES users,
    reason text
);
CREATE UNIQUE INDEX uniq_flag_episodes_open ON flag_episodes (user_id) WHERE ended_at IS NULL;
CREATE INDEX ix_flag_episodes_user_id ON flag_episodes (user_id, flagged_at);
INSERT INTO flag_episodes (user_id, flagged_at, due, completed)
    SELECT id, coalesce(flag_warning_date, updated_at), 0, 0 FROM users WHERE is_flagged AND role = 'driver';

CREATE TABLE hard_stops (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT hard_stops_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    stopped_at timestamptz NOT NULL,
    reminded_at timestamptz,
    widened_at timestamptz,
    back_at timestamptz,
    decided_at timestamptz,
    decided_by uuid
        CONSTRAINT hard_stops_decided_by_users_id_fk REFERENCES users,
    reinstated boolean,
    reason text,
    lifted boolean DEFAULT false NOT NULL,
    ended_at timestamptz
);
CREATE UNIQUE INDEX uniq_hard_stops_open ON hard_stops (user_id) WHERE ended_at IS NULL;
CREATE INDEX ix_hard_stops_user_id ON hard_stops (user_id, stopped_at);

CREATE TABLE star_weeks (
    user_id uuid NOT NULL
        CONSTRAINT star_weeks_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    week date NOT NULL,
    judged_at timestamptz NOT NULL,
    qualified boolean NOT NULL,
    PRIMARY KEY (user_id, week)
);

CREATE TABLE appeals (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT appeals_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    incident_id uuid CONSTRAINT appeals_incident_id_unique UNIQUE
        CONSTRAINT appeals_incident_id_incidents_id_fk REFERENCES incidents ON DELETE CASCADE,
    flag_id uuid CONSTRAINT appeals_flag_id_unique UNIQUE
        CONSTRAINT appeals_flag_id_flag_episodes_id_fk REFERENCES flag_episodes ON DELETE CASCADE,
    reason text NOT NULL,
    opened_at timestamptz NOT NULL,
    decide_by timestamptz NOT NULL,
    reminded_at timestamptz,
    widened_at timestamptz,
    decided_at timestamptz,
    decided_by uuid
        CONSTRAINT appeals_decided_by_users_id_fk REFERENCES users,
    granted boolean,
    answer text,
    CONSTRAINT appeals_about_check CHECK ((incident_id IS NULL) <> (flag_id IS NULL))
);
CREATE INDEX ix_appeals_user_id ON appeals (user_id);
CREATE INDEX ix_appeals_open ON appeals (decide_by) WHERE decided_at IS NULL;

CREATE INDEX ix_shifts_completed_at ON shifts (completed_at);
"""


def upgrade() -> None:
    for statement in STANDING.strip().split(";\n"):
        op.execute(statement)
