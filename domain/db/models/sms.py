"""SMS: what was handed to Twilio, what came in, and what both have agreed on with a phone."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import Base, new_id


class SmsAttempt(Base):
    """One SMS as it was handed to Twilio, written before that: the id travels in its signed StatusCallback (R11.7)."""

    __tablename__ = "sms_attempts"
    __table_args__ = (
        Index("ix_sms_attempts_delivery_id", "delivery_id"),
        Index("ix_sms_attempts_user_id", "user_id", "created_at"),
        Index("ix_sms_attempts_created_at", "created_at"),  # those of a week
    )

    id: Mapped[uuid.UUID] = new_id()
    delivery_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    phone: Mapped[str]  # E.164
    body: Mapped[str]
    segments: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime]  # the business clock; Twilio's list is compared with it
    begun_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())  # which came last, and how old
    sid: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str | None]  # Twilio's word, which only moves forward; `refused`: it surely never took it
    error_code: Mapped[int | None]


class SmsMonth(Base):
    """The segments that have left in a month of the company's calendar, for the budget (R11.8)."""

    __tablename__ = "sms_months"

    month: Mapped[date] = mapped_column(primary_key=True)  # its first day
    segments: Mapped[int]


class SmsCode(Base):
    """What a short code in an SMS stands for: bound to the phone that got it, and good for a while (R11.6)."""

    __tablename__ = "sms_codes"
    __table_args__ = (UniqueConstraint("phone", "user_id", "kind", "about"),)

    phone: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    about: Mapped[uuid.UUID]
    expires_at: Mapped[datetime]


class SmsOptOut(Base):
    """A phone whose owner has texted STOP (R11.5): nothing is texted to it until START comes from it."""

    __tablename__ = "sms_opt_outs"

    phone: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class ReceivedSms(Base):
    """An SMS that came in and has had its effect; brought again, it gets the same answer (R11.6)."""

    __tablename__ = "received_sms"

    sid: Mapped[str] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(index=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    understood: Mapped[bool]
    reply: Mapped[str | None]
