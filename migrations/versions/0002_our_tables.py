"""Our own tables: how people are reached, where they work, terms, waves, incidents, deliveries, SMS, who does what."""

from alembic import op

revision = "0002"
down_revision = "0001"

OURS = """
CREATE TABLE duty_runs (
    duty text PRIMARY KEY,
    done_for timestamptz NOT NULL
);

CREATE TABLE leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    held_until timestamptz NOT NULL
);

CREATE TABLE pace (
    key text PRIMARY KEY,
    next_at timestamptz NOT NULL,
    halted_until timestamptz
);

CREATE TABLE seen_updates (
    update_id bigint PRIMARY KEY,
    seen_at timestamptz NOT NULL,
    fault_id text
);
CREATE INDEX ix_seen_updates_seen_at ON seen_updates (seen_at);

CREATE TABLE chat_links (
    user_id uuid PRIMARY KEY
        CONSTRAINT chat_links_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    chat_id bigint NOT NULL,
    linked_at timestamptz NOT NULL,
    unreachable_at timestamptz,
    CONSTRAINT chat_links_chat_id_unique UNIQUE (chat_id)
);

CREATE TABLE contact_settings (
    user_id uuid PRIMARY KEY
        CONSTRAINT contact_settings_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    language text,
    sms boolean DEFAULT true NOT NULL,
    wake_me boolean DEFAULT false NOT NULL,
    quiet_from time,
    quiet_until time,
    away_until timestamptz
);

CREATE TABLE day_declines (
    user_id uuid NOT NULL
        CONSTRAINT day_declines_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    date date NOT NULL,
    declined_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, date)
);

CREATE TABLE invites (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL
        CONSTRAINT invites_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    created_by uuid
        CONSTRAINT invites_created_by_users_id_fk REFERENCES users,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT invites_token_hash_unique UNIQUE (token_hash)
);
CREATE INDEX ix_invites_user_id ON invites (user_id);

CREATE TABLE time_off (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT time_off_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    kind text NOT NULL
);
CREATE INDEX ix_time_off_user_id ON time_off (user_id);

CREATE TABLE deliveries (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    notification_id uuid
        CONSTRAINT deliveries_notification_id_notifications_id_fk REFERENCES notifications ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT deliveries_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    channel varchar(32) NOT NULL,
    kind text NOT NULL,
    about uuid,
    urgency smallint NOT NULL,
    level smallint,
    state varchar(32) NOT NULL,
    due_at timestamptz,
    expires_at timestamptz,
    attempt integer DEFAULT 0 NOT NULL,
    lease_until timestamptz,
    pause_until timestamptz,
    redraw boolean DEFAULT false NOT NULL,
    chat_id bigint,
    message_id bigint,
    sent_at timestamptz,
    answered_at timestamptz,
    escalate_at timestamptz,
    escalated_from uuid
        CONSTRAINT deliveries_escalated_from_deliveries_id_fk REFERENCES deliveries ON DELETE CASCADE,
    superseded_by uuid
        CONSTRAINT deliveries_superseded_by_deliveries_id_fk REFERENCES deliveries ON DELETE SET NULL,
    failure varchar(32),
    reason text,
    created_at timestamptz NOT NULL,
    CONSTRAINT deliveries_channel_check CHECK (channel IN ('telegram', 'sms')),
    CONSTRAINT deliveries_state_check CHECK (state IN (
        'pending', 'sending', 'sent', 'acknowledged', 'escalated', 'delivered', 'undelivered', 'failed', 'unknown',
        'cancelled', 'superseded', 'expired'
    )),
    CONSTRAINT deliveries_failure_check CHECK (failure IN (
        'no_chat', 'blocked', 'no_answer', 'refused', 'misconfigured', 'no_phone', 'sms_off', 'opted_out', 'no_sms',
        'day_full', 'budget', 'bad_number', 'carrier'
    ))
);
CREATE INDEX ix_deliveries_notification ON deliveries (notification_id) WHERE notification_id IS NOT NULL;
CREATE INDEX ix_deliveries_about ON deliveries (about, kind);
CREATE INDEX ix_deliveries_due ON deliveries (channel, urgency, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_deliveries_user_kind ON deliveries (user_id, kind);
CREATE UNIQUE INDEX uniq_deliveries_escalated_from ON deliveries (escalated_from);
CREATE INDEX ix_deliveries_escalate ON deliveries (escalate_at) WHERE escalate_at IS NOT NULL;
CREATE INDEX ix_deliveries_held ON deliveries (user_id) WHERE lease_until IS NOT NULL;
CREATE INDEX ix_deliveries_superseded_by ON deliveries (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX ix_deliveries_for_digest ON deliveries (user_id)
    WHERE channel = 'sms' AND state = 'pending' AND due_at IS NULL;
CREATE INDEX ix_deliveries_texts_due ON deliveries (urgency, due_at)
    WHERE channel = 'sms' AND state = 'pending' AND due_at IS NOT NULL;
CREATE INDEX ix_deliveries_unknown ON deliveries (created_at) WHERE state = 'unknown';
CREATE UNIQUE INDEX uniq_deliveries_message ON deliveries (chat_id, message_id);

CREATE TABLE employments (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT employments_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    warehouse_id uuid NOT NULL
        CONSTRAINT employments_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    starts_on date NOT NULL,
    ends_on date,
    CONSTRAINT employments_user_id_warehouse_id_starts_on_unique UNIQUE (user_id, warehouse_id, starts_on)
);

CREATE TABLE open_warehouses (
    user_id uuid NOT NULL
        CONSTRAINT open_warehouses_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    warehouse_id uuid NOT NULL
        CONSTRAINT open_warehouses_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    PRIMARY KEY (user_id, warehouse_id)
);

CREATE TABLE assignment_terms (
    assignment_id uuid PRIMARY KEY
        CONSTRAINT assignment_terms_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    arrive_by timestamptz,
    confirm_by timestamptz
);

CREATE TABLE incidents (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT incidents_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    assignment_id uuid NOT NULL
        CONSTRAINT incidents_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    kind varchar(32) NOT NULL,
    occurred_at timestamptz NOT NULL,
    excused_by uuid
        CONSTRAINT incidents_excused_by_users_id_fk REFERENCES users,
    excused_at timestamptz,
    excuse_reason text,
    CONSTRAINT incidents_assignment_id_kind_unique UNIQUE (assignment_id, kind),
    CONSTRAINT incidents_kind_check CHECK (kind IN (
        'early_cancel', 'late_cancel', 'auto_drop', 'no_show', 'removed_by_manager', 'protected_absence'
    ))
);
CREATE INDEX ix_incidents_user_id ON incidents (user_id);

CREATE TABLE cap_overrides (
    window_id uuid NOT NULL
        CONSTRAINT cap_overrides_window_id_bid_windows_id_fk REFERENCES bid_windows ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT cap_overrides_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    granted_by uuid NOT NULL
        CONSTRAINT cap_overrides_granted_by_users_id_fk REFERENCES users,
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (window_id, user_id)
);

CREATE TABLE window_asks (
    window_id uuid
        CONSTRAINT window_asks_window_id_bid_windows_id_fk REFERENCES bid_windows ON DELETE CASCADE,
    user_id uuid
        CONSTRAINT window_asks_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (window_id, user_id)
);
CREATE INDEX ix_window_asks_user_id ON window_asks (user_id);
CREATE TABLE window_waves (
    window_id uuid PRIMARY KEY
        CONSTRAINT window_waves_window_id_bid_windows_id_fk REFERENCES bid_windows ON DELETE CASCADE,
    next_at timestamptz,
    sent integer DEFAULT 0 NOT NULL
);
CREATE INDEX ix_window_waves_next_at ON window_waves (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE last_heard (
    user_id uuid PRIMARY KEY
        CONSTRAINT last_heard_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    at timestamptz NOT NULL
);

CREATE TABLE sms_attempts (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    delivery_id uuid NOT NULL
        CONSTRAINT sms_attempts_delivery_id_deliveries_id_fk REFERENCES deliveries ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT sms_attempts_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    phone text NOT NULL,
    body text NOT NULL,
    segments smallint NOT NULL,
    created_at timestamptz NOT NULL,
    begun_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    sid text,
    status text,
    error_code integer,
    CONSTRAINT sms_attempts_sid_unique UNIQUE (sid)
);
CREATE INDEX ix_sms_attempts_delivery_id ON sms_attempts (delivery_id);
CREATE INDEX ix_sms_attempts_user_id ON sms_attempts (user_id, created_at);

CREATE TABLE sms_months (
    month date PRIMARY KEY,
    segments integer NOT NULL
);

CREATE TABLE sms_codes (
    phone text NOT NULL,
    code text NOT NULL,
    user_id uuid NOT NULL
        CONSTRAINT sms_codes_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL,
    about uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (phone, code),
    CONSTRAINT sms_codes_phone_user_id_kind_about_unique UNIQUE (phone, user_id, kind, about)
);

CREATE TABLE sms_opt_outs (
    phone text PRIMARY KEY,
    since timestamptz NOT NULL
);

CREATE TABLE received_sms (
    sid text PRIMARY KEY,
    phone text NOT NULL,
    received_at timestamptz NOT NULL,
    understood boolean NOT NULL,
    reply text
);
CREATE INDEX ix_received_sms_phone ON received_sms (phone);
CREATE INDEX ix_received_sms_received_at ON received_sms (received_at);

CREATE TABLE operator_alerts (
    key text PRIMARY KEY,
    raised_at timestamptz NOT NULL
);

CREATE INDEX ix_bid_windows_assignment_id ON bid_windows (assignment_id);

CREATE TABLE heartbeats (
    at timestamptz PRIMARY KEY,
    first_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    last_at timestamptz DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE conversations (
    user_id uuid PRIMARY KEY
        CONSTRAINT conversations_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    step text NOT NULL,
    data jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_conversations_expires_at ON conversations (expires_at);

CREATE TABLE messages (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    author_id uuid NOT NULL
        CONSTRAINT messages_author_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    sought text NOT NULL,
    text text NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);
"""


def upgrade() -> None:
    for statement in OURS.strip().split(";\n"):
        op.execute(statement)
