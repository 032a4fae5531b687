"""Slots, shifts and what went wrong with them."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import Base, default_now, native_enum, new_id, word
from domain.db.models.words import AssignedBy, AssignmentStatus, CancelReason, IncidentKind

LIVE = text("status <> 'cancelled'")


class Assignment(Base):
    """One route on one date: a slot, and whose it is (R2). Given, but for the two guards of R2.1."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index("idx_assignments_user_date", "user_id", "date"),
        Index("idx_assignments_status_date", "status", "date"),
        Index("idx_assignments_route_date", "route_id", "date"),
        Index("uniq_assignments_live_slot", "route_id", "date", unique=True, postgresql_where=LIVE),
        Index("uniq_assignments_live_driver", "user_id", "date", unique=True, postgresql_where=LIVE),
    )

    id: Mapped[uuid.UUID] = new_id()
    route_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("routes.id"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))  # null: unfilled
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id"))
    on: Mapped[date] = mapped_column("date")
    status: Mapped[AssignmentStatus] = mapped_column(
        native_enum(AssignmentStatus, "assignment_status"), server_default=text("'scheduled'")
    )
    assigned_by: Mapped[AssignedBy | None] = mapped_column(native_enum(AssignedBy, "assigned_by"))
    assigned_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = default_now()
    updated_at: Mapped[datetime] = default_now()


class Shift(Base):
    """The work itself, once the driver has arrived, or how it was cancelled. Given."""

    __tablename__ = "shifts"

    id: Mapped[uuid.UUID] = new_id()
    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), unique=True)
    arrived_at: Mapped[datetime | None]
    parcels_start: Mapped[int | None]
    parcels_delivered: Mapped[int | None]
    parcels_returned: Mapped[int | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    editable_until: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[CancelReason | None] = mapped_column(native_enum(CancelReason, "cancel_reason"))
    cancel_notes: Mapped[str | None]
    created_at: Mapped[datetime] = default_now()


class AssignmentTerms(Base):
    """The deadlines of one assignment (R1.3a). No row, or null: the policy's defaults."""

    __tablename__ = "assignment_terms"

    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    arrive_by: Mapped[datetime | None]
    confirm_by: Mapped[datetime | None]


class Incident(Base):
    """What went wrong with a shift, and with whom (R2.4)."""

    __tablename__ = "incidents"
    __table_args__ = (UniqueConstraint("assignment_id", "kind"),)

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"))
    kind: Mapped[IncidentKind] = mapped_column(word(IncidentKind, "kind"))
    occurred_at: Mapped[datetime]
    excused_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    excused_at: Mapped[datetime | None]
    excuse_reason: Mapped[str | None]
