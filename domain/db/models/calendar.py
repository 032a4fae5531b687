"""On which days which routes run (R2.0)."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import Base, new_id


class RouteWeekday(Base):
    """A route runs on this weekday (0 = Sunday) from a day until a day, both inclusive. No rows: it runs every day.

    No `starts_on`: since ever. A row that ends before it starts says nothing by itself, but it is one: the route has
    weekdays of its own.
    """

    __tablename__ = "route_weekdays"
    __table_args__ = (
        UniqueConstraint("route_id", "weekday", "starts_on"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    )

    id: Mapped[uuid.UUID] = new_id()
    route_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("routes.id", ondelete="CASCADE"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]


class CalendarException(Base):
    """A day on which a route, or all of a warehouse, is closed, or runs.

    A route's goes before its warehouse's. A route that runs does so whatever its weekdays; a warehouse, as usual.
    """

    __tablename__ = "calendar_exceptions"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "date"),
        UniqueConstraint("route_id", "date"),
        CheckConstraint("num_nonnulls(warehouse_id, route_id) = 1", name="place"),
        Index("ix_calendar_exceptions_date", "date"),
    )

    id: Mapped[uuid.UUID] = new_id()
    on: Mapped[date] = mapped_column("date")
    warehouse_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"))
    route_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("routes.id", ondelete="CASCADE"))
    runs: Mapped[bool]
    reason: Mapped[str | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
