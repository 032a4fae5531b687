"""Windows through which open slots find a driver."""

import uuid
from datetime import date, datetime

from sqlalchemy import REAL, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import Base, default_now, native_enum, new_id
from domain.db.models.words import BidStatus, BidWindowMode, BidWindowStatus


class Bid(Base):
    """A driver's wish for a slot, or his acceptance of it. Given, but for the guard of R6.4."""

    __tablename__ = "bids"
    __table_args__ = (
        Index("idx_bids_assignment_status", "assignment_id", "status"),
        Index("ix_bids_user_id", "user_id"),  # whose bids these are: a driver among a manager's people (R12.3)
        Index(
            "uniq_bids_pending", "assignment_id", "user_id", unique=True, postgresql_where=text("status = 'pending'")
        ),
    )

    id: Mapped[uuid.UUID] = new_id()
    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    score: Mapped[float | None] = mapped_column(REAL)  # for show; ranking computes it anew in double precision (R6.4)
    status: Mapped[BidStatus] = mapped_column(native_enum(BidStatus, "bid_status"), server_default=text("'pending'"))
    bid_at: Mapped[datetime] = default_now()
    window_closes_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class BidPlace(Base):
    """A warehouse for whose slots a driver has bid, kept by triggers (R12.3). He may have withdrawn since."""

    __tablename__ = "bid_places"

    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)


class BidWindow(Base):
    """The time in which a slot may be bid for or accepted (R6). Given, but for the guard of R6.1 and three indexes."""

    __tablename__ = "bid_windows"
    __table_args__ = (
        Index("idx_bid_windows_status_closes", "status", "closes_at"),
        Index("ix_bid_windows_assignment_id", "assignment_id"),
        Index("ix_bid_windows_winner", "winner_id", "closes_at"),
        Index("ix_bid_windows_open", "id", postgresql_where=text("status = 'open'")),
        Index("uniq_bid_windows_open", "assignment_id", unique=True, postgresql_where=text("status = 'open'")),
    )

    id: Mapped[uuid.UUID] = new_id()
    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"))
    mode: Mapped[BidWindowMode] = mapped_column(
        native_enum(BidWindowMode, "bid_window_mode"), server_default=text("'competitive'")
    )
    trigger: Mapped[str | None]
    pay_bonus_percent: Mapped[int] = mapped_column(server_default=text("0"))
    opens_at: Mapped[datetime] = default_now()
    closes_at: Mapped[datetime]
    status: Mapped[BidWindowStatus] = mapped_column(
        native_enum(BidWindowStatus, "bid_window_status"), server_default=text("'open'")
    )
    winner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))


class WindowWaves(Base):
    """When the next drivers are told of a window (R6.3). `next_at` null: nobody further is to be told."""

    __tablename__ = "window_waves"
    __table_args__ = (Index("ix_window_waves_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),)

    window_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid_windows.id", ondelete="CASCADE"), primary_key=True)
    next_at: Mapped[datetime | None]
    sent: Mapped[int] = mapped_column(server_default=text("0"))


class WindowAsk(Base):
    """A driver was told of a window (R6.3): whoever was may see it, and nobody is told twice. `on`: its slot's day."""

    __tablename__ = "window_asks"
    __table_args__ = (Index("ix_window_asks_user_id_date", "user_id", "date"),)

    window_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid_windows.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime]
    on: Mapped[date] = mapped_column("date")


class CapOverride(Base):
    """A manager asked this driver for this window although he is at his cap (R6.3)."""

    __tablename__ = "cap_overrides"

    window_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid_windows.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    granted_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    granted_at: Mapped[datetime]
