"""How drivers are doing."""

import uuid
from datetime import date, datetime

from sqlalchemy import REAL, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import FALSE, TRUE, Base, default_now, new_id

ZERO = text("0")


class DriverMetrics(Base):
    """All-time counters and rates, 0 to 1 (R9). Given."""

    __tablename__ = "driver_metrics"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    total_shifts: Mapped[int] = mapped_column(server_default=ZERO)
    completed_shifts: Mapped[int] = mapped_column(server_default=ZERO)
    attendance_rate: Mapped[float] = mapped_column(REAL, server_default=ZERO)
    completion_rate: Mapped[float] = mapped_column(REAL, server_default=ZERO)
    avg_parcels_delivered: Mapped[float] = mapped_column(REAL, server_default=ZERO)
    total_assigned: Mapped[int] = mapped_column(server_default=ZERO)
    confirmed_shifts: Mapped[int] = mapped_column(server_default=ZERO)
    auto_dropped_shifts: Mapped[int] = mapped_column(server_default=ZERO)
    late_cancellations: Mapped[int] = mapped_column(server_default=ZERO)
    no_shows: Mapped[int] = mapped_column(server_default=ZERO)
    bid_pickups: Mapped[int] = mapped_column(server_default=ZERO)
    updated_at: Mapped[datetime] = default_now()


class RouteCompletions(Base):
    """How often a driver has completed a route. Given."""

    __tablename__ = "route_completions"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "route_id", name="route_completions_user_id_route_id_pk"),
        Index("idx_route_completions_user", "user_id"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    route_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("routes.id", ondelete="CASCADE"))
    completion_count: Mapped[int] = mapped_column(server_default=ZERO)
    last_completed_at: Mapped[datetime | None]


class DriverHealthSnapshot(Base):
    """The score of one driver on one day, 0 to 100, with its reasons (R10.1). Given."""

    __tablename__ = "driver_health_snapshots"
    __table_args__ = (UniqueConstraint("user_id", "evaluated_at"),)

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    evaluated_at: Mapped[date]
    score: Mapped[int]
    attendance_rate: Mapped[float] = mapped_column(REAL)
    completion_rate: Mapped[float] = mapped_column(REAL)
    late_cancellation_count_30d: Mapped[int] = mapped_column(server_default=ZERO)
    no_show_count_30d: Mapped[int] = mapped_column(server_default=ZERO)
    hard_stop_triggered: Mapped[bool] = mapped_column(server_default=FALSE)
    reasons: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    created_at: Mapped[datetime] = default_now()


class DriverHealthState(Base):
    """Score, stars and whether the driver is in the assignment pool, now (R10). Given."""

    __tablename__ = "driver_health_state"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    current_score: Mapped[int] = mapped_column(server_default=ZERO)
    streak_weeks: Mapped[int] = mapped_column(server_default=ZERO)
    stars: Mapped[int] = mapped_column(server_default=ZERO)
    last_qualified_week_start: Mapped[date | None]
    assignment_pool_eligible: Mapped[bool] = mapped_column(server_default=TRUE)
    requires_manager_intervention: Mapped[bool] = mapped_column(server_default=FALSE)
    next_milestone_stars: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = default_now()
