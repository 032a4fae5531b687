"""What was told to whom, what was done by whom, and what was seen already."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Uuid, desc, func, text, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import BIG, FALSE, Base, default_now, native_enum, new_id, word
from domain.db.models.words import ActorType, Channel, DeliveryState, Failure, NotificationType

WITHDRAWN = text("entity_type = 'bid' AND action = 'withdrawn'")


class Notification(Base):
    """One entry of a person's inbox (R11.1). Given, but for the guard on its dedupe key."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("idx_notifications_user_read", "user_id", "read", desc(text("created_at"))),
        Index("uniq_notifications_dedupe", text("(data ->> 'dedupe')"), unique=True),
    )

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[NotificationType] = mapped_column(native_enum(NotificationType, "notification_type"))
    title: Mapped[str]
    body: Mapped[str]
    data: Mapped[dict[str, Any] | None]
    read: Mapped[bool] = mapped_column(server_default=FALSE)
    created_at: Mapped[datetime] = default_now()


class AuditLog(Base):
    """Who did what, with before and after; only ever added to (R13). Given, but for two indexes."""

    __tablename__ = "audit_logs"
    __table_args__ = (
        Index("idx_audit_logs_entity", "entity_type", "entity_id", desc(text("created_at"))),
        # A bid that was withdrawn has no row any more: by these it is found for its slot, and for who had bid.
        Index(
            "ix_audit_logs_withdrawn", text("((changes -> 'before') ->> 'assignment_id')"), postgresql_where=WITHDRAWN
        ),
        Index("ix_audit_logs_withdrawn_by", "actor_id", postgresql_where=WITHDRAWN),
    )

    id: Mapped[uuid.UUID] = new_id()
    entity_type: Mapped[str]
    entity_id: Mapped[uuid.UUID]
    action: Mapped[str]
    actor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    actor_type: Mapped[ActorType] = mapped_column(native_enum(ActorType, "actor_type"))
    changes: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = default_now()


class Delivery(Base):
    """One message on one phone: on its way there, or there and kept current (R11.1).

    A row is due when `due_at` has come (the business clock), nobody holds its lease and its pause is over (both by the
    database's clock). `attempt` is the fencing token: who comes back with an older one records nothing. A message that
    shows something which has changed since gets `redraw`; it is due again and is edited in place. Cards that answered a
    command (home, a manager's window) have no notification; they exist to be redrawn. What goes on by SMS is a row of
    its own, which names the one in `escalated_from`. A normal SMS without `due_at` waits for the digest (R11.4a).
    It is a person's (`user_id`) or a group's (`group_id`), in which each thing is told once.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "channel", "urgency", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "ix_deliveries_notification", "notification_id", postgresql_where=text("notification_id IS NOT NULL")
        ),  # for what deletes notifications
        Index("ix_deliveries_about", "about", "kind"),
        Index("ix_deliveries_user_kind", "user_id", "kind"),
        Index("uniq_deliveries_message", "chat_id", "message_id", unique=True),
        Index("uniq_deliveries_escalated_from", "escalated_from", unique=True),  # one SMS row each, whoever is killed
        Index("ix_deliveries_escalate", "escalate_at", postgresql_where=text("escalate_at IS NOT NULL")),
        Index("ix_deliveries_held", "user_id", postgresql_where=text("lease_until IS NOT NULL")),
        Index("ix_deliveries_superseded_by", "superseded_by", postgresql_where=text("superseded_by IS NOT NULL")),
        Index(
            "ix_deliveries_for_digest",
            "user_id",
            postgresql_where=text("channel = 'sms' AND state = 'pending' AND due_at IS NULL"),
        ),
        Index(  # without it the planner thinks little of its chances, and plans every claim of an SMS anew
            "ix_deliveries_texts_due",
            "urgency",
            "due_at",
            postgresql_where=text("channel = 'sms' AND state = 'pending' AND due_at IS NOT NULL"),
        ),
        Index(
            "uniq_deliveries_in_group",
            "group_id",
            "kind",
            "about",
            unique=True,
            postgresql_where=text("group_id IS NOT NULL AND kind <> 'retired'"),
        ),
        Index("ix_deliveries_group_id", "group_id", postgresql_where=text("group_id IS NOT NULL")),
        CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name="whose"),
        Index(
            "ix_deliveries_unknown", "created_at", postgresql_where=text("state = 'unknown'")
        ),  # counted all the time
    )

    id: Mapped[uuid.UUID] = new_id()
    notification_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    channel: Mapped[Channel] = mapped_column(word(Channel, "channel"))
    kind: Mapped[str]  # which screen it shows: a key of the edge's table of kinds
    about: Mapped[uuid.UUID | None]  # what it shows: a window, an assignment; by the kind
    urgency: Mapped[int] = mapped_column(SmallInteger)  # its place in the queue; a redraw may have another
    level: Mapped[int | None] = mapped_column(SmallInteger)  # of the notice (R11)
    state: Mapped[DeliveryState] = mapped_column(word(DeliveryState, "state"))
    due_at: Mapped[datetime | None]  # null: nothing is to be done
    expires_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    lease_until: Mapped[datetime | None]  # null: nobody has it in hand
    pause_until: Mapped[datetime | None]  # nobody takes it up before
    redraw: Mapped[bool] = mapped_column(server_default=FALSE)
    chat_id: Mapped[int | None] = mapped_column(BIG)
    message_id: Mapped[int | None] = mapped_column(BIG)
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # its reader pressed its own button, or said so by SMS
    escalate_at: Mapped[datetime | None]  # unanswered then, it goes on: by SMS, or to the next manager (R11.2)
    escalated_from: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    superseded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("deliveries.id", ondelete="SET NULL"))
    failure: Mapped[Failure | None] = mapped_column(word(Failure, "failure"))
    reason: Mapped[str | None]  # why it failed, was cancelled, or went another way
    created_at: Mapped[datetime]
    shows: Mapped[bytes | None]  # a digest of what the message surely shows; null: nobody knows just now
    pins: Mapped[bool] = mapped_column(server_default=FALSE)  # it is to stand at the top of the chat …
    pinned_at: Mapped[datetime | None]  # … and does since
    group_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("warehouse_groups.id", ondelete="CASCADE"))

    @property
    def whose(self) -> uuid.UUID:
        """The person's id, or the group's."""
        whose = self.user_id or self.group_id
        assert whose is not None, "it is one or the other's"
        return whose


class Board(Base):
    """What a manager's live board shows (`/shifts`): a day of one of his warehouses, or of all; which page of it."""

    __tablename__ = "boards"
    __table_args__ = (Index("ix_boards_date", "date"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    warehouse_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"))
    on: Mapped[date] = mapped_column("date")
    page: Mapped[int]
    live_until: Mapped[datetime]  # the end of that day: what is over is kept current no longer


class CoverageMap(Base):
    """What a manager's heat map shows (`/coverage`): days from one on, in one warehouse or all; which page of it."""

    __tablename__ = "coverage_maps"
    __table_args__ = (Index("ix_coverage_maps_live_until", "live_until"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    warehouse_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"))
    on: Mapped[date] = mapped_column("date")
    days: Mapped[int] = mapped_column(SmallInteger)
    page: Mapped[int]
    live_until: Mapped[datetime]  # the end of the last day: what is over is kept current no longer


class ManagerDigest(Base):
    """A manager's digest of a morning; there is one a day, which is kept current until that is over."""

    __tablename__ = "manager_digests"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    on: Mapped[date] = mapped_column("date")
    notification_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("notifications.id", ondelete="SET NULL"))
    live_until: Mapped[datetime]


class OperatorAlert(Base):
    """Something that an operator was told of and that stands until it is over; told once (R5.4, R11.8)."""

    __tablename__ = "operator_alerts"

    key: Mapped[str] = mapped_column(primary_key=True)
    raised_at: Mapped[datetime]


class Message(Base):
    """What a manager writes to people (`manual`); a draft until he has chosen to whom and how urgent it is.

    `to_many`: to all drivers of `warehouse_id`, or of all of his warehouses where that is null. It is no foreign key:
    where the warehouse is deleted, a draft to its drivers must not become one to all.
    """

    __tablename__ = "messages"

    id: Mapped[uuid.UUID] = new_id()
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    sought: Mapped[str]  # to whom, as he wrote it; several may be called so
    text: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    to_many: Mapped[bool] = mapped_column(server_default=FALSE)
    warehouse_id: Mapped[uuid.UUID | None]


class Import(Base):
    """A file of the company's data that a manager has sent (R12.5): its `lines` until they are imported, then none.

    `drivers`: who came to exist by it; `count`: how many lines it has or had.
    """

    __tablename__ = "imports"

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    file_name: Mapped[str]
    kind: Mapped[str]
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(index=True)
    imported_at: Mapped[datetime | None]
    drivers: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    count: Mapped[int]


class Conversation(Base):
    """What a person was asked last, and answers with the next text that he types (ARCHITECTURE 1)."""

    __tablename__ = "conversations"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str]
    data: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Heartbeat(Base):
    """Updates were being processed at this instant (R8.6a). Since when and until: by the database's clock."""

    __tablename__ = "heartbeats"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    first_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    last_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())  # while a sandbox's clock stands


class Pause(Base):
    """While this one row is there, no duty runs and nothing is sent: an operator has paused everything."""

    __tablename__ = "pauses"
    __table_args__ = (CheckConstraint("one", name="one"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=true())
    since: Mapped[datetime]


class Pace(Base):
    """When the next message may leave: for all of Telegram, a chat, an SMS number (R11.8). The database's clock."""

    __tablename__ = "pace"

    key: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    halted_until: Mapped[datetime | None]  # a 429's retry_after, obeyed by everybody


class SeenUpdate(Base):
    """An update of Telegram that has had its effect, or failed by a bug and is not tried again (ARCHITECTURE 2)."""

    __tablename__ = "seen_updates"

    update_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(index=True)
    fault_id: Mapped[str | None]  # it failed by a bug: what the person was shown


class Lease(Base):
    """Something that one process at a time may do (polling). The database's clock."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    held_until: Mapped[datetime]


class DutyRun(Base):
    """The last wall-clock instant for which a duty has been done (ARCHITECTURE 5).

    What is done for everybody in parts: for which instant it is under way, and whom it has come to, by id.
    """

    __tablename__ = "duty_runs"

    duty: Mapped[str] = mapped_column(primary_key=True)
    done_for: Mapped[datetime]
    doing_for: Mapped[datetime | None]
    reached: Mapped[uuid.UUID | None]
