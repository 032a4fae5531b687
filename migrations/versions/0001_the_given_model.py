"""The given data model, exactly: fifteen tables, nine enums, ten indexes, names included.

A database that another program made for the same model is adopted with `alembic stamp 0001`. The text is as the model's
own tool writes it, and never changes.
"""

from alembic import op

revision = "0001"
down_revision = None

GIVEN = """
CREATE TYPE "public"."actor_type" AS ENUM('user', 'system');
CREATE TYPE "public"."assigned_by" AS ENUM('algorithm', 'manager', 'bid');
CREATE TYPE "public"."assignment_status" AS ENUM('scheduled', 'active', 'completed', 'cancelled', 'unfilled');
CREATE TYPE "public"."bid_status" AS ENUM('pending', 'won', 'lost');
CREATE TYPE "public"."bid_window_mode" AS ENUM('competitive', 'instant', 'emergency');
CREATE TYPE "public"."bid_window_status" AS ENUM('open', 'closed', 'resolved');
CREATE TYPE "public"."cancel_reason" AS ENUM(
    'vehicle_breakdown', 'medical_emergency', 'family_emergency', 'traffic_accident', 'weather_conditions',
    'personal_emergency', 'other'
);
CREATE TYPE "public"."notification_type" AS ENUM(
    'shift_reminder', 'bid_open', 'bid_won', 'bid_lost', 'shift_cancelled', 'warning', 'manual',
    'schedule_locked', 'assignment_confirmed', 'route_unfilled', 'route_cancelled', 'driver_no_show',
    'confirmation_reminder', 'shift_auto_dropped', 'emergency_route_available', 'streak_advanced',
    'streak_reset', 'bonus_eligible', 'corrective_warning'
);
CREATE TYPE "public"."user_role" AS ENUM('driver', 'manager');
CREATE TABLE "assignments" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "route_id" uuid NOT NULL,
    "user_id" uuid,
    "warehouse_id" uuid NOT NULL,
    "date" date NOT NULL,
    "status" "assignment_status" DEFAULT 'scheduled' NOT NULL,
    "assigned_by" "assigned_by",
    "assigned_at" timestamp with time zone,
    "confirmed_at" timestamp with time zone,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL,
    "updated_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "audit_logs" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "entity_type" text NOT NULL,
    "entity_id" uuid NOT NULL,
    "action" text NOT NULL,
    "actor_id" uuid,
    "actor_type" "actor_type" NOT NULL,
    "changes" jsonb,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "bid_windows" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "assignment_id" uuid NOT NULL,
    "mode" "bid_window_mode" DEFAULT 'competitive' NOT NULL,
    "trigger" text,
    "pay_bonus_percent" integer DEFAULT 0 NOT NULL,
    "opens_at" timestamp with time zone DEFAULT now() NOT NULL,
    "closes_at" timestamp with time zone NOT NULL,
    "status" "bid_window_status" DEFAULT 'open' NOT NULL,
    "winner_id" uuid
);

CREATE TABLE "bids" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "assignment_id" uuid NOT NULL,
    "user_id" uuid NOT NULL,
    "score" real,
    "status" "bid_status" DEFAULT 'pending' NOT NULL,
    "bid_at" timestamp with time zone DEFAULT now() NOT NULL,
    "window_closes_at" timestamp with time zone NOT NULL,
    "resolved_at" timestamp with time zone
);

CREATE TABLE "driver_health_snapshots" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "user_id" uuid NOT NULL,
    "evaluated_at" date NOT NULL,
    "score" integer NOT NULL,
    "attendance_rate" real NOT NULL,
    "completion_rate" real NOT NULL,
    "late_cancellation_count_30d" integer DEFAULT 0 NOT NULL,
    "no_show_count_30d" integer DEFAULT 0 NOT NULL,
    "hard_stop_triggered" boolean DEFAULT false NOT NULL,
    "reasons" jsonb DEFAULT '[]'::jsonb NOT NULL,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT "driver_health_snapshots_user_id_evaluated_at_unique" UNIQUE("user_id","evaluated_at")
);

CREATE TABLE "driver_health_state" (
    "user_id" uuid PRIMARY KEY NOT NULL,
    "current_score" integer DEFAULT 0 NOT NULL,
    "streak_weeks" integer DEFAULT 0 NOT NULL,
    "stars" integer DEFAULT 0 NOT NULL,
    "last_qualified_week_start" date,
    "assignment_pool_eligible" boolean DEFAULT true NOT NULL,
    "requires_manager_intervention" boolean DEFAULT false NOT NULL,
    "next_milestone_stars" integer DEFAULT 1 NOT NULL,
    "updated_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "driver_metrics" (
    "user_id" uuid PRIMARY KEY NOT NULL,
    "total_shifts" integer DEFAULT 0 NOT NULL,
    "completed_shifts" integer DEFAULT 0 NOT NULL,
    "attendance_rate" real DEFAULT 0 NOT NULL,
    "completion_rate" real DEFAULT 0 NOT NULL,
    "avg_parcels_delivered" real DEFAULT 0 NOT NULL,
    "total_assigned" integer DEFAULT 0 NOT NULL,
    "confirmed_shifts" integer DEFAULT 0 NOT NULL,
    "auto_dropped_shifts" integer DEFAULT 0 NOT NULL,
    "late_cancellations" integer DEFAULT 0 NOT NULL,
    "no_shows" integer DEFAULT 0 NOT NULL,
    "bid_pickups" integer DEFAULT 0 NOT NULL,
    "updated_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "driver_preferences" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "user_id" uuid NOT NULL,
    "preferred_days" integer[] DEFAULT '{}' NOT NULL,
    "preferred_routes" uuid[] DEFAULT '{}' NOT NULL,
    "updated_at" timestamp with time zone DEFAULT now() NOT NULL,
    "locked_at" timestamp with time zone,
    CONSTRAINT "driver_preferences_user_id_unique" UNIQUE("user_id")
);

CREATE TABLE "notifications" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "user_id" uuid NOT NULL,
    "type" "notification_type" NOT NULL,
    "title" text NOT NULL,
    "body" text NOT NULL,
    "data" jsonb,
    "read" boolean DEFAULT false NOT NULL,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "route_completions" (
    "user_id" uuid NOT NULL,
    "route_id" uuid NOT NULL,
    "completion_count" integer DEFAULT 0 NOT NULL,
    "last_completed_at" timestamp with time zone,
    CONSTRAINT "route_completions_user_id_route_id_pk" PRIMARY KEY("user_id","route_id")
);

CREATE TABLE "routes" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "name" text NOT NULL,
    "warehouse_id" uuid NOT NULL,
    "manager_id" uuid,
    "created_by" uuid,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL,
    "updated_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "shifts" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "assignment_id" uuid NOT NULL,
    "arrived_at" timestamp with time zone,
    "parcels_start" integer,
    "parcels_delivered" integer,
    "parcels_returned" integer,
    "started_at" timestamp with time zone,
    "completed_at" timestamp with time zone,
    "editable_until" timestamp with time zone,
    "cancelled_at" timestamp with time zone,
    "cancel_reason" "cancel_reason",
    "cancel_notes" text,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT "shifts_assignment_id_unique" UNIQUE("assignment_id")
);

CREATE TABLE "users" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "email" text NOT NULL,
    "password_hash" text NOT NULL,
    "first_name" text NOT NULL,
    "last_name" text NOT NULL,
    "phone" text NOT NULL,
    "role" "user_role" DEFAULT 'driver' NOT NULL,
    "weekly_cap" integer DEFAULT 4 NOT NULL,
    "is_flagged" boolean DEFAULT false NOT NULL,
    "flag_warning_date" timestamp with time zone,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL,
    "updated_at" timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT "users_email_unique" UNIQUE("email")
);

CREATE TABLE "warehouse_managers" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "warehouse_id" uuid NOT NULL,
    "user_id" uuid NOT NULL,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT "uniq_warehouse_user" UNIQUE("warehouse_id","user_id")
);

CREATE TABLE "warehouses" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "name" text NOT NULL,
    "address" text NOT NULL,
    "created_by" uuid,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL,
    "updated_at" timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE "assignments" ADD CONSTRAINT "assignments_route_id_routes_id_fk"
    FOREIGN KEY ("route_id") REFERENCES "public"."routes"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_warehouse_id_warehouses_id_fk"
    FOREIGN KEY ("warehouse_id") REFERENCES "public"."warehouses"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "audit_logs" ADD CONSTRAINT "audit_logs_actor_id_users_id_fk"
    FOREIGN KEY ("actor_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "bid_windows" ADD CONSTRAINT "bid_windows_assignment_id_assignments_id_fk"
    FOREIGN KEY ("assignment_id") REFERENCES "public"."assignments"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "bid_windows" ADD CONSTRAINT "bid_windows_winner_id_users_id_fk"
    FOREIGN KEY ("winner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "bids" ADD CONSTRAINT "bids_assignment_id_assignments_id_fk"
    FOREIGN KEY ("assignment_id") REFERENCES "public"."assignments"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "bids" ADD CONSTRAINT "bids_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "driver_health_snapshots" ADD CONSTRAINT "driver_health_snapshots_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "driver_health_state" ADD CONSTRAINT "driver_health_state_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "driver_metrics" ADD CONSTRAINT "driver_metrics_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "driver_preferences" ADD CONSTRAINT "driver_preferences_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "route_completions" ADD CONSTRAINT "route_completions_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "route_completions" ADD CONSTRAINT "route_completions_route_id_routes_id_fk"
    FOREIGN KEY ("route_id") REFERENCES "public"."routes"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "routes" ADD CONSTRAINT "routes_warehouse_id_warehouses_id_fk"
    FOREIGN KEY ("warehouse_id") REFERENCES "public"."warehouses"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "routes" ADD CONSTRAINT "routes_manager_id_users_id_fk"
    FOREIGN KEY ("manager_id") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "routes" ADD CONSTRAINT "routes_created_by_users_id_fk"
    FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "shifts" ADD CONSTRAINT "shifts_assignment_id_assignments_id_fk"
    FOREIGN KEY ("assignment_id") REFERENCES "public"."assignments"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "warehouse_managers" ADD CONSTRAINT "warehouse_managers_warehouse_id_warehouses_id_fk"
    FOREIGN KEY ("warehouse_id") REFERENCES "public"."warehouses"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "warehouse_managers" ADD CONSTRAINT "warehouse_managers_user_id_users_id_fk"
    FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "warehouses" ADD CONSTRAINT "warehouses_created_by_users_id_fk"
    FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;

CREATE INDEX idx_assignments_user_date ON assignments(user_id, date);
CREATE INDEX idx_assignments_status_date ON assignments(status, date);
CREATE INDEX idx_assignments_route_date ON assignments(route_id, date);
CREATE INDEX idx_bids_assignment_status ON bids(assignment_id, status);
CREATE INDEX idx_bid_windows_status_closes ON bid_windows(status, closes_at);
CREATE INDEX idx_notifications_user_read ON notifications(user_id, read, created_at DESC);
CREATE INDEX idx_route_completions_user ON route_completions(user_id);
CREATE INDEX idx_audit_logs_entity ON audit_logs(entity_type, entity_id, created_at DESC);
CREATE INDEX idx_routes_manager ON routes(manager_id);
CREATE INDEX idx_warehouse_managers_warehouse ON warehouse_managers(warehouse_id);
"""


def upgrade() -> None:
    for statement in GIVEN.strip().split(";\n"):
        op.execute(statement)
