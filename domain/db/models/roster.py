"""What drivers prefer, as it was saved, and the roster runs that read it (R3)."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import Base, new_id, word
from domain.db.models.words import GapReason, RosterCause


class PreferenceVersion(Base):
    """Somebody's preferences as saved at an instant (R3.2): the last one at or before a freeze is what it reads.

    `any_home_route`: any route of his home warehouses, ranked after the three (R3.1).
    """

    __tablename__ = "preference_versions"
    __table_args__ = (Index("ix_preference_versions_user_id_saved_at", "user_id", "saved_at"),)

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    saved_at: Mapped[datetime]
    days: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    routes: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid))
    any_home_route: Mapped[bool]


class RosterRun(Base):
    """A roster to be made or made (R3.6): a week's at its freeze, a manager's for what is empty, or a preview.

    `week`: its Monday. `as_of`: the versions of preferences that count. `warehouses`: those whose slots are filled;
    None: all. `changes`: what a preview supposes (what-if), and what comes of it. `claimed_until`, by the database's
    clock: somebody works on it. The figures and `cut`, the proof that no more can be filled, are there once it is
    `carried_out_at`; `held` are slots that had their driver before.
    """

    __tablename__ = "roster_runs"
    __table_args__ = (
        Index("uniq_roster_runs_week", "week", unique=True, postgresql_where=text("cause = 'deadline'")),
        Index("ix_roster_runs_open", "requested_at", postgresql_where=text("carried_out_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = new_id()
    week: Mapped[date]
    cause: Mapped[RosterCause] = mapped_column(word(RosterCause, "cause"))
    requested_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime]
    as_of: Mapped[datetime]
    warehouses: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(Uuid))
    changes: Mapped[dict[str, Any] | None]
    claimed_until: Mapped[datetime | None]
    carried_out_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    slots: Mapped[int | None]
    held: Mapped[int | None]
    filled: Mapped[int | None]
    maximum: Mapped[int | None]
    cut: Mapped[dict[str, Any] | None]


class RosterGap(Base):
    """A slot that a run could not fill, and why (R3.6). `drivers`: the first of those who prefer it, each with what
    keeps him from it; `wanted_by` counts all of them."""

    __tablename__ = "roster_gaps"

    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("roster_runs.id", ondelete="CASCADE"), primary_key=True)
    route_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("routes.id", ondelete="CASCADE"), primary_key=True)
    on: Mapped[date] = mapped_column("date", primary_key=True)
    reason: Mapped[GapReason] = mapped_column(word(GapReason, "reason"))
    wanted_by: Mapped[int]
    drivers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class RosterPair(Base):
    """A slot that a preview would fill, or a manager's run has filled, and with whom; None: somebody new, who is only
    supposed. What a freeze gives is in the assignments alone."""

    __tablename__ = "roster_pairs"

    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("roster_runs.id", ondelete="CASCADE"), primary_key=True)
    route_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("routes.id", ondelete="CASCADE"), primary_key=True)
    on: Mapped[date] = mapped_column("date", primary_key=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


class CalendarFeed(Base):
    """The private address at which a calendar program finds somebody's shifts; only its token's SHA-256 is kept."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
