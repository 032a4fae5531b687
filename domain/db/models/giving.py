"""Shifts that their drivers give away (R5.5)."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import Base, new_id, word
from domain.db.models.words import GiveAwayEnd


class GiveAway(Base):
    """An assignment's driver offers it to a colleague, or to all. It stays his until somebody has it.

    `token_hash`: SHA-256 of the link's token; none: offered to all. `taker_id`: who has it, or waits for a manager to
    agree since `asked_at`. `asking_id`: the latest asking, which the managers' cards are about. `taken_as`: the taker's
    own assignment.
    """

    __tablename__ = "give_aways"
    __table_args__ = (
        Index("uniq_give_aways_open", "assignment_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_give_aways_assignment_id", "assignment_id"),
    )

    id: Mapped[uuid.UUID] = new_id()
    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"))
    giver_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    offered_at: Mapped[datetime]
    taker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    outcome: Mapped[GiveAwayEnd | None] = mapped_column(word(GiveAwayEnd, "outcome"))
    taken_as: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assignments.id", ondelete="SET NULL"))
    asking_id: Mapped[uuid.UUID | None]


class GiveAwayAsk(Base):
    """A driver was told of it, or has opened its link: he may see it."""

    __tablename__ = "give_away_asks"

    give_away_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("give_aways.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    asked_at: Mapped[datetime]
