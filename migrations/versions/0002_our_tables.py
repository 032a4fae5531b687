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
CREATE INDEX ix_contact_settings_away_until ON contact_settings (away_until) WHERE away_until IS NOT NULL;

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
CREATE INDEX ix_employments_warehouse_id ON employments (warehouse_id);

CREATE TABLE departures (
    user_id uuid PRIMARY KEY
        CONSTRAINT departures_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    last_on date NOT NULL,
    announced_by uuid NOT NULL
        CONSTRAINT departures_announced_by_users_id_fk REFERENCES users,
    announced_at timestamptz NOT NULL,
    before jsonb NOT NULL
);

CREATE TABLE open_warehouses (
    user_id uuid NOT NULL
        CONSTRAINT open_warehouses_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    warehouse_id uuid NOT NULL
        CONSTRAINT open_warehouses_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    PRIMARY KEY (user_id, warehouse_id)
);
CREATE INDEX ix_open_warehouses_warehouse_id ON open_warehouses (warehouse_id);

CREATE TABLE assignment_terms (
    assignment_id uuid PRIMARY KEY
        CONSTRAINT assignment_terms_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    arrive_by timestamptz,
    confirm_by timestamptz
);

CREATE TABLE late_announcements (
    assignment_id uuid PRIMARY KEY
        CONSTRAINT late_announcements_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    due_at timestamptz NOT NULL,
    announced_at timestamptz NOT NULL,
    minutes integer,
    granted integer NOT NULL,
    decided_by uuid
        CONSTRAINT late_announcements_decided_by_users_id_fk REFERENCES users,
    decided_at timestamptz
);

CREATE TABLE arrival_lists (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    warehouse_id uuid NOT NULL
        CONSTRAINT arrival_lists_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    date date NOT NULL,
    due_at timestamptz NOT NULL,
    CONSTRAINT arrival_lists_warehouse_id_due_at_unique UNIQUE (warehouse_id, due_at)
);

CREATE TABLE arrival_warnings (
    assignment_id uuid NOT NULL
        CONSTRAINT arrival_warnings_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    due_at timestamptz NOT NULL,
    list_id uuid NOT NULL
        CONSTRAINT arrival_warnings_list_id_arrival_lists_id_fk REFERENCES arrival_lists ON DELETE CASCADE,
    PRIMARY KEY (assignment_id, due_at)
);
CREATE INDEX ix_arrival_warnings_list_id ON arrival_warnings (list_id);

CREATE TABLE arrival_holds (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    warehouse_id uuid NOT NULL
        CONSTRAINT arrival_holds_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    date date NOT NULL,
    cause varchar(32) NOT NULL,
    began_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    released_at timestamptz,
    released_by uuid
        CONSTRAINT arrival_holds_released_by_users_id_fk REFERENCES users,
    CONSTRAINT arrival_holds_cause_check CHECK (cause IN ('outage', 'many'))
);
CREATE INDEX ix_arrival_holds_warehouse_id_date ON arrival_holds (warehouse_id, date);

CREATE TABLE absence_questions (
    assignment_id uuid PRIMARY KEY
        CONSTRAINT absence_questions_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT absence_questions_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    asked_at timestamptz NOT NULL
);
CREATE INDEX ix_absence_questions_user_id ON absence_questions (user_id);

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
CREATE INDEX ix_bid_windows_winner ON bid_windows (winner_id, closes_at);
CREATE INDEX ix_bid_windows_open ON bid_windows (id) WHERE status = 'open';
CREATE INDEX ix_assignments_unfilled ON assignments (warehouse_id, date) WHERE status = 'unfilled';
CREATE INDEX ix_assignments_unconfirmed ON assignments (date)
    WHERE status = 'scheduled' AND (confirmed_at IS NULL) IS TRUE;
CREATE INDEX ix_routes_warehouse_id ON routes (warehouse_id);
CREATE INDEX ix_bids_user_id ON bids (user_id);
CREATE INDEX ix_users_phone ON users (phone);

CREATE INDEX ix_assignments_warehouse_date ON assignments (warehouse_id, date);

CREATE TABLE boards (
    user_id uuid PRIMARY KEY
        CONSTRAINT boards_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    warehouse_id uuid
        CONSTRAINT boards_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    date date NOT NULL,
    page integer NOT NULL,
    live_until timestamptz NOT NULL
);
CREATE INDEX ix_boards_date ON boards (date);

CREATE TABLE shift_reviews (
    assignment_id uuid PRIMARY KEY
        CONSTRAINT shift_reviews_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    opened_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid
        CONSTRAINT shift_reviews_decided_by_users_id_fk REFERENCES users,
    accepted boolean,
    reason text
);
CREATE INDEX ix_shift_reviews_opened_at ON shift_reviews (opened_at) WHERE decided_at IS NULL;

CREATE TABLE overdue_shifts (
    assignment_id uuid PRIMARY KEY
        CONSTRAINT overdue_shifts_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    reminded_at timestamptz,
    told_at timestamptz
);

CREATE TABLE give_aways (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    assignment_id uuid NOT NULL
        CONSTRAINT give_aways_assignment_id_assignments_id_fk REFERENCES assignments ON DELETE CASCADE,
    giver_id uuid NOT NULL
        CONSTRAINT give_aways_giver_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    token_hash bytea,
    offered_at timestamptz NOT NULL,
    taker_id uuid
        CONSTRAINT give_aways_taker_id_users_id_fk REFERENCES users,
    asked_at timestamptz,
    decided_by uuid
        CONSTRAINT give_aways_decided_by_users_id_fk REFERENCES users,
    ended_at timestamptz,
    outcome varchar(32),
    taken_as uuid
        CONSTRAINT give_aways_taken_as_assignments_id_fk REFERENCES assignments ON DELETE SET NULL,
    CONSTRAINT give_aways_token_hash_unique UNIQUE (token_hash),
    CONSTRAINT give_aways_outcome_check CHECK (outcome IN ('taken', 'taken_back', 'refused', 'over'))
);
CREATE INDEX ix_give_aways_assignment_id ON give_aways (assignment_id);
CREATE UNIQUE INDEX uniq_give_aways_open ON give_aways (assignment_id) WHERE ended_at IS NULL;

CREATE TABLE give_away_asks (
    give_away_id uuid NOT NULL
        CONSTRAINT give_away_asks_give_away_id_give_aways_id_fk REFERENCES give_aways ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT give_away_asks_user_id_users_id_fk REFERENCES users ON DELETE CASCADE,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (give_away_id, user_id)
);
CREATE INDEX ix_give_away_asks_user_id ON give_away_asks (user_id);

CREATE TABLE warehouse_settings (
    warehouse_id uuid PRIMARY KEY
        CONSTRAINT warehouse_settings_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    approve_give_aways boolean DEFAULT false NOT NULL
);

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

CREATE TABLE route_weekdays (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    route_id uuid NOT NULL
        CONSTRAINT route_weekdays_route_id_routes_id_fk REFERENCES routes ON DELETE CASCADE,
    weekday smallint NOT NULL,
    starts_on date,
    ends_on date,
    CONSTRAINT route_weekdays_route_id_weekday_starts_on_unique UNIQUE (route_id, weekday, starts_on),
    CONSTRAINT route_weekdays_weekday_check CHECK (weekday BETWEEN 0 AND 6)
);

CREATE TABLE calendar_exceptions (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    date date NOT NULL,
    warehouse_id uuid
        CONSTRAINT calendar_exceptions_warehouse_id_warehouses_id_fk REFERENCES warehouses ON DELETE CASCADE,
    route_id uuid
        CONSTRAINT calendar_exceptions_route_id_routes_id_fk REFERENCES routes ON DELETE CASCADE,
    runs boolean NOT NULL,
    reason text,
    created_by uuid
        CONSTRAINT calendar_exceptions_created_by_users_id_fk REFERENCES users,
    created_at timestamptz NOT NULL,
    CONSTRAINT calendar_exceptions_warehouse_id_date_unique UNIQUE (warehouse_id, date),
    CONSTRAINT calendar_exceptions_route_id_date_unique UNIQUE (route_id, date),
    CONSTRAINT calendar_exceptions_place_check CHECK (num_nonnulls(warehouse_id, route_id) = 1)
);
CREATE INDEX ix_calendar_exceptions_date ON calendar_exceptions (date);
"""


def upgrade() -> None:
    for statement in OURS.strip().split(";\n"):
        op.execute(statement)
