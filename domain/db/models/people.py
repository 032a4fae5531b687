"""People, where they work, and how they are reached."""

import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, UniqueConstraint, Uuid, column, table, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from domain.db.base import BIG, FALSE, TRUE, Base, default_now, native_enum, new_id
from domain.db.models.words import UserRole

CONNECTED = "ended_at IS NULL"


class User(Base):
    """A driver or a manager. Given, but for an index."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_phone", "phone"),)  # whose number it is that an SMS or a contact comes from

    id: Mapped[uuid.UUID] = new_id()
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str]
    role: Mapped[UserRole] = mapped_column(native_enum(UserRole, "user_role"), server_default=text("'driver'"))
    weekly_cap: Mapped[int] = mapped_column(server_default=text("4"))
    is_flagged: Mapped[bool] = mapped_column(server_default=FALSE)
    flag_warning_date: Mapped[datetime | None]
    created_at: Mapped[datetime] = default_now()
    updated_at: Mapped[datetime] = default_now()


class Warehouse(Base):
    """A place that routes leave from. Given."""

    __tablename__ = "warehouses"

    id: Mapped[uuid.UUID] = new_id()
    name: Mapped[str]
    address: Mapped[str]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = default_now()
    updated_at: Mapped[datetime] = default_now()


class Route(Base):
    """One delivery route of one warehouse. Given, but for an index."""

    __tablename__ = "routes"
    __table_args__ = (
        Index("idx_routes_manager", "manager_id"),
        Index("ix_routes_warehouse_id", "warehouse_id"),
    )

    id: Mapped[uuid.UUID] = new_id()
    name: Mapped[str]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id"))
    manager_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = default_now()
    updated_at: Mapped[datetime] = default_now()


class Owner(Base):
    """The number of one who runs the company, as the settings have it (R12.5a)."""

    __tablename__ = "owners"

    phone: Mapped[str] = mapped_column(primary_key=True)


# A view: which warehouses are on whose desk, a row each. Those given to him, and to an owner all others, too.
desks = table("desks", column("user_id", Uuid()), column("warehouse_id", Uuid()))


class WarehouseManager(Base):
    """Which manager acts in which warehouse (R12.3), and is told of what happens there. Given."""

    __tablename__ = "warehouse_managers"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "user_id", name="uniq_warehouse_user"),
        Index("idx_warehouse_managers_warehouse", "warehouse_id"),
    )

    id: Mapped[uuid.UUID] = new_id()
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = default_now()


class WarehouseSettings(Base):
    """What the managers of a warehouse have chosen. No row: the defaults.

    `approve_give_aways`: who takes a shift from a colleague needs a manager's word (R5.5).
    """

    __tablename__ = "warehouse_settings"

    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"), primary_key=True)
    approve_give_aways: Mapped[bool] = mapped_column(server_default=FALSE)


class WarehouseGroup(Base):
    """A group in Telegram in which a warehouse's managers read what happens to its routes; one of each at a time.

    `language`: that of who connected it. It is as good as his word: once he no longer manages the warehouse, nothing
    more is told there. `chat_id` changes when Telegram makes a supergroup of the group.
    """

    __tablename__ = "warehouse_groups"
    __table_args__ = (
        Index("uniq_warehouse_groups_warehouse", "warehouse_id", unique=True, postgresql_where=text(CONNECTED)),
        Index("uniq_warehouse_groups_chat", "chat_id", unique=True, postgresql_where=text(CONNECTED)),
    )

    id: Mapped[uuid.UUID] = new_id()
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"))
    chat_id: Mapped[int] = mapped_column(BIG)
    title: Mapped[str]  # as it was when it was connected
    language: Mapped[str]
    connected_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    connected_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))  # null: Telegram, or the clock


class DriverPreferences(Base):
    """Days (0 = Sunday) and up to three routes, ranked (R3.1). Given."""

    __tablename__ = "driver_preferences"

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    preferred_days: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    preferred_routes: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    updated_at: Mapped[datetime] = default_now()
    locked_at: Mapped[datetime | None]


class ChatLink(Base):
    """The Telegram chat that a person is reached in (R12.2): one chat a person, one person a chat."""

    __tablename__ = "chat_links"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BIG, unique=True)
    linked_at: Mapped[datetime]
    unreachable_at: Mapped[datetime | None]  # blocked, or the chat is gone; mended by anything the person sends


class Invite(Base):
    """A one-time link with which a person links his chat (R12.2). Only the token's SHA-256 is kept."""

    __tablename__ = "invites"

    id: Mapped[uuid.UUID] = new_id()
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ContactSettings(Base):
    """How a person wants to be reached (R11.2, R11.4). No row: all of the defaults.

    No language: that of his Telegram, else English. No quiet hours: the rules' own; from and until alike: none at all.
    """

    __tablename__ = "contact_settings"
    __table_args__ = (
        Index("ix_contact_settings_away_until", "away_until", postgresql_where=text("away_until IS NOT NULL")),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str | None]
    sms: Mapped[bool] = mapped_column(server_default=TRUE)
    wake_me: Mapped[bool] = mapped_column(server_default=FALSE)  # for emergency offers in quiet hours
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    away_until: Mapped[datetime | None]  # a manager's notices go to the warehouse's others till then (R11.4a)


class LastHeard(Base):
    """When a person last did anything in his chat or by SMS: what was sent before that he has seen (R11.2)."""

    __tablename__ = "last_heard"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]


class Employment(Base):
    """A home warehouse from a day until a day, both inclusive (R12.7). No rows: employed everywhere since ever."""

    __tablename__ = "employments"
    __table_args__ = (UniqueConstraint("user_id", "warehouse_id", "starts_on"),)

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouses.id", ondelete="CASCADE"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class TimeOff(Base):
    """Days away, both inclusive (R12.7)."""

    __tablename__ = "time_off"

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    kind: Mapped[str]


class Departure(Base):
    """Somebody leaves the company, and what his employments were before that was known (R12.7)."""

    __tablename__ = "departures"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    last_on: Mapped[date]
    announced_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    announced_at: Mapped[datetime]
    before: Mapped[dict[str, Any]]  # employments: warehouse_id, starts_on and ends_on of each; none recorded: empty


class OpenWarehouse(Base):
    """A warehouse other than his home that a driver wants to be offered shifts from (R6.3)."""

    __tablename__ = "open_warehouses"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    warehouse_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("warehouses.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class DayDecline(Base):
    """[Not today]: a driver does not want to be asked for this date (R6.3)."""

    __tablename__ = "day_declines"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    on: Mapped[date] = mapped_column("date", primary_key=True)
    declined_at: Mapped[datetime]
