"""What all tables share: naming of constraints as in the given data model, and how Python types are stored."""

import enum
import uuid
from datetime import date, datetime, time
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Enum,
    ForeignKeyConstraint,
    MetaData,
    Table,
    Text,
    Time,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def _target(constraint: ForeignKeyConstraint, _table: Table) -> str:
    """`users_id` for a key to users.id; read from the text, since the other table may not have been declared yet."""
    target: str = constraint.elements[0].target_fullname
    return target.replace(".", "_")


# As the given model's tool names constraints; a database adopted from another program has these names (model.sql).
NAMING: dict[str, Any] = {
    "target": _target,
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "fk": "%(table_name)s_%(column_0_N_name)s_%(target)s_fk",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


def native_enum(given: type[enum.StrEnum], name: str) -> Enum:
    """One of the nine enums of the given model: a type of its own in PostgreSQL."""
    return Enum(given, name=name, values_callable=lambda kind: [member.value for member in kind])


def word(ours: type[enum.StrEnum], name: str) -> Enum:
    """One of our own enums: text with a check, so that a later migration can add a word without rewriting a type."""
    return Enum(
        ours,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda kind: [member.value for member in kind],
    )


class Base(DeclarativeBase):
    """All tables. Relations are never loaded by surprise: queries say what they want."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        uuid.UUID: Uuid(),
        str: Text(),
        datetime: DateTime(timezone=True),
        date: Date(),
        time: Time(),
        dict[str, Any]: JSONB(),
        list[str]: JSONB(),
    }


def new_id() -> Mapped[uuid.UUID]:
    """The primary key that most tables have."""
    return mapped_column(primary_key=True, server_default=func.gen_random_uuid())


def default_now() -> Mapped[datetime]:
    """The given `defaultNow()`, there for other programs on the database; our writes always pass the instant (R1.6)."""
    return mapped_column(server_default=func.now())


BIG = BigInteger()
FALSE = text("false")
TRUE = text("true")
