"""How drivers are doing."""

import uuid
from datetime import date, datetime

from sqlalchemy import REAL, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint, text
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


class DriverCap(Base):
    """Why a driver's weekly cap is what it is (R9.3-9.5); `users.weekly_cap` follows. No row: nothing has changed it.

    `base`: what he had before any of it. `chosen`: a manager's, which nothing overrides until he lifts it.
    """

    __tablename__ = "driver_caps"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    base: Mapped[int]
    rewarded: Mapped[bool] = mapped_column(server_default=FALSE)
    cut: Mapped[bool] = mapped_column(server_default=FALSE)
    chosen: Mapped[int | None]
    chosen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    chosen_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class FlagEpisode(Base):
    """From the warning until the flag is gone (R9.2, R9.3). `due` and `completed`: what it was judged by.

    `cut_at`: when it cost a shift a week, which it does once. `put_at`: when it was put before a manager, since its
    driver had no shift left with which to recover. `ended_by`: the manager who has unflagged him; null: he recovered.
    """

    __tablename__ = "flag_episodes"
    __table_args__ = (
        Index("uniq_flag_episodes_open", "user_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_flag_episodes_user_id", "user_id", "flagged_at"),
    )

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    flagged_at: Mapped[datetime]
    due: Mapped[int]
    completed: Mapped[int]
    cut_at: Mapped[datetime | None]
    put_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None]


class HardStop(Base):
    """Out of the assignment pool, until a manager has decided (R10.2, R10.3).

    `reminded_at`, `widened_at`: when its managers were reminded, and all of the warehouse asked. `back_at`: since when
    he is back in the pool because nobody has decided, or an appeal waits. `reinstated` null: not decided; false: he
    stays out. `lifted`: what it stood for was excused, as if it had never been. `adopted`: another program has taken
    him out, and left nothing of why; `stopped_at` is when a manager was about to decide on it.
    """

    __tablename__ = "hard_stops"
    __table_args__ = (
        Index("uniq_hard_stops_open", "user_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_hard_stops_user_id", "user_id", "stopped_at"),
    )

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    stopped_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    widened_at: Mapped[datetime | None]
    back_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    reinstated: Mapped[bool | None]
    reason: Mapped[str | None]
    lifted: Mapped[bool] = mapped_column(server_default=FALSE)
    ended_at: Mapped[datetime | None]
    adopted: Mapped[bool] = mapped_column(server_default=FALSE)


class StarWeek(Base):
    """How a driver's week was judged (R10.4); none where nothing was due. The stars are the qualified ones since the
    last hard stop.

    `judged_at`: the Monday night that it is judged for, whenever that was done.
    """

    __tablename__ = "star_weeks"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    judged_at: Mapped[datetime]
    qualified: Mapped[bool]


class Appeal(Base):
    """A driver asks that an incident be excused, or a flag taken back (R10.6); once each.

    `reminded_at`, `widened_at`: when its managers were reminded, and all of the warehouse asked.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint("(incident_id IS NULL) <> (flag_id IS NULL)", name="about"),
        Index("ix_appeals_user_id", "user_id"),
        Index("ix_appeals_open", "decide_by", postgresql_where=text("decided_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    incident_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"), unique=True)
    flag_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("flag_episodes.id", ondelete="CASCADE"), unique=True)
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    decide_by: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    widened_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    granted: Mapped[bool | None]
    answer: Mapped[str | None]
