"""Slots, shifts and what went wrong with them."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import Base, default_now, native_enum, new_id, word
from domain.db.models.words import AssignedBy, AssignmentStatus, CancelReason, HoldCause, IncidentKind

LIVE = text("status <> 'cancelled'")


class Assignment(Base):
    """One route on one date: a slot, and whose it is (R2). Given, but for the two guards of R2.1 and four indexes."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index("idx_assignments_user_date", "user_id", "date"),
        Index("idx_assignments_status_date", "status", "date"),
        Index("idx_assignments_route_date", "route_id", "date"),
        Index("ix_assignments_warehouse_date", "warehouse_id", "date"),
        Index("ix_assignments_warehouse_user", "warehouse_id", "user_id"),  # who has worked there (R12.3)
        Index("ix_assignments_unfilled", "warehouse_id", "date", postgresql_where=text("status = 'unfilled'")),
        Index(  # `domain.shifts.deadlines` says why in these words
            "ix_assignments_unconfirmed",
            "date",
            postgresql_where=text("status = 'scheduled' AND (confirmed_at IS NULL) IS TRUE"),
        ),
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
    __table_args__ = (Index("ix_shifts_completed_at", "completed_at"),)

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


class LateAnnouncement(Base):
    """A driver has said that he is running late; once for each shift (R8.5). The terms have what came of it."""

    __tablename__ = "late_announcements"

    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime]  # when arriving was due before
    announced_at: Mapped[datetime]
    minutes: Mapped[int | None]  # as he said; null: he did not say
    granted: Mapped[int]  # minutes beyond `due_at`; 0: refused
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))  # null: granted by the rule
    decided_at: Mapped[datetime | None]


class ArrivalList(Base):
    """One list for the managers of a warehouse: who is not checked in, of those who are due at one instant (R8.2a)."""

    __tablename__ = "arrival_lists"
    __table_args__ = (UniqueConstraint("warehouse_id", "due_at"),)

    id: Mapped[uuid.UUID] = new_id()
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"))
    on: Mapped[date] = mapped_column("date")
    due_at: Mapped[datetime]


class ArrivalWarning(Base):
    """A driver was told that he is not checked in; once for each shift and instant at which he is due (R8.2a)."""

    __tablename__ = "arrival_warnings"

    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    list_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("arrival_lists.id", ondelete="CASCADE"), index=True)


class ArrivalHold(Base):
    """No no-show is automatic in a warehouse for a while (R8.6a): until then, or until a manager has released it."""

    __tablename__ = "arrival_holds"
    __table_args__ = (Index("ix_arrival_holds_warehouse_id_date", "warehouse_id", "date"),)

    id: Mapped[uuid.UUID] = new_id()
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"))
    on: Mapped[date] = mapped_column("date")
    cause: Mapped[HoldCause] = mapped_column(word(HoldCause, "cause"))
    began_at: Mapped[datetime]
    until: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))


class AbsenceQuestion(Base):
    """A driver has texted that he can't make it, and is asked why (R11.6). He has left as of `asked_at`."""

    __tablename__ = "absence_questions"

    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]


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


class ShiftReview(Base):
    """What a manager looks at: a protected absence, or a shift that its driver had to stop (R5.3, R8.8).

    `accepted` null: not decided yet. Whoever is not blamed needs no other row.
    """

    __tablename__ = "shift_reviews"
    __table_args__ = (Index("ix_shift_reviews_opened_at", "opened_at", postgresql_where=text("decided_at IS NULL")),)

    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))  # null: nobody did in time
    accepted: Mapped[bool | None]
    reason: Mapped[str | None]


class OverdueShift(Base):
    """A shift that was not completed in time, and who was told of it (R8.7)."""

    __tablename__ = "overdue_shifts"

    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    reminded_at: Mapped[datetime | None]  # its driver
    told_at: Mapped[datetime | None]  # its managers
