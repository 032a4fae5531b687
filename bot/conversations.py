"""Input of more than one step, kept in PostgreSQL: any process can go on with it (ARCHITECTURE 1).

One a person: what is asked last is what is answered. It is forgotten after a while.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import DateTime, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql

GOOD_FOR: Final = timedelta(minutes=15)
ANSWER: Final = "note"  # where `data` keeps what was written
KEPT_FOR: Final = timedelta(days=1)  # what was answered, until it is used


class Step(StrEnum):
    """What a typed text answers."""

    CANCEL_NOTE = "cancel_note"  # data: assignment_id, reason
    ROUTE_NAME = "route_name"  # data: warehouse_id
    CORRECTION = "correction"  # why a manager corrects a number; data: assignment_id, what, parcels
    REFUSED_REVIEW = "refused_review"  # why he does not accept an absence; data: assignment_id
    APPEAL = "appeal"  # why something should not count; data: about
    APPEAL_ANSWER = "appeal_answer"  # why a manager decides so; data: appeal_id, granted
    POOL_DECISION = "pool_decision"  # why a manager puts a driver back, or not; data: driver_id, reinstates
    CAP_CHOSEN = "cap_chosen"  # why a driver may have so many shifts a week; data: user_id, cap, 0 where it is lifted
    UNFLAG = "unflag"  # why a manager takes a flag back; data: user_id
    EXCUSE = "excuse"  # why an incident does not count; data: incident_id
    MESSAGE_TEXT = "message_text"  # what a driver is to be told; data: user_id
    BROADCAST_TEXT = "broadcast_text"  # what many drivers are to be told; data: warehouse_id, none: all of his
    OVER_CAP = "over_cap"  # why a manager gives somebody more shifts than his cap; data: assignment_id, user_id
    ILL_UNTIL = "ill_until"  # data: first, a day
    OFF_FROM = "off_from"  # data: user_id, kind
    OFF_UNTIL = "off_until"  # data: user_id, kind, first
    LAST_DAY = "last_day"  # data: user_id
    ROUTE_WANTED = "route_wanted"  # that a driver prefers; data: user_id
    INVITE = "invite"  # a driver's name and phone; kept with the id of who was invited
    HIS_NUMBER = "his_number"  # another one of a driver's; data: user_id
    NEW_MANAGER = "new_manager"  # his name and phone; data: warehouse_id
    PLACE_NAME = "place_name"  # another one, for a warehouse or a route; data: place_id
    WAREHOUSE_NAME = "warehouse_name"  # of a new one
    WAREHOUSE_ADDRESS = "warehouse_address"  # data: warehouse_id, or the name of a new one
    SUPPOSED_DRIVER = "supposed_driver"  # of whom a what-if is; data: week, its Monday
    SUPPOSING = "supposing"  # a route, too, in a what-if; data: week, and what is supposed


class Asked(NamedTuple):
    """What a person was asked last. `answered`: he has written it, and has yet to press the button that uses it."""

    step: Step
    data: dict[str, Any]

    @property
    def answered(self) -> bool:
        return ANSWER in self.data


_ASK = sql(
    """
    INSERT INTO conversations (user_id, step, data, expires_at) VALUES (:user_id, :step, :data, :expires_at)
    ON CONFLICT (user_id) DO UPDATE
    SET step = excluded.step, data = excluded.data, expires_at = excluded.expires_at
    """,
    user_id=Uuid(),
    step=Text(),
    data=JSONB(),
    expires_at=DateTime(timezone=True),
)
_ASKED = sql("SELECT step, data FROM conversations WHERE user_id = :user_id AND expires_at > :now", user_id=Uuid())
_DROP = sql("DELETE FROM conversations WHERE user_id = :user_id AND NOT data ? :answer", user_id=Uuid(), answer=Text())
_END = sql("DELETE FROM conversations WHERE user_id = :user_id", user_id=Uuid())


async def ask(session: AsyncSession, user_id: uuid.UUID, step: Step, data: Mapping[str, Any], now: datetime) -> None:
    """The next text that this person types is the answer to this."""
    await _put(session, user_id, step, data, now + GOOD_FOR)


async def keep(session: AsyncSession, user_id: uuid.UUID, step: Step, data: Mapping[str, Any], now: datetime) -> None:
    """He has answered, and sees it on the button that will use it: it is not lost while he hesitates."""
    await _put(session, user_id, step, data, now + KEPT_FOR)


async def _put(
    session: AsyncSession, user_id: uuid.UUID, step: Step, data: Mapping[str, Any], expires_at: datetime
) -> None:
    given = {"user_id": user_id, "step": step.value, "data": dict(data), "expires_at": expires_at}
    await session.execute(_ASK, given)


async def asked(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> Asked | None:
    """What this person was asked; None where nothing is (still) open."""
    row = (await session.execute(_ASKED, {"user_id": user_id, "now": now})).one_or_none()
    return None if row is None else Asked(Step(row.step), row.data)


async def drop(session: AsyncSession, user_id: uuid.UUID) -> None:
    """He went elsewhere instead of answering; what he has answered, and has yet to use, is kept."""
    await session.execute(_DROP, {"user_id": user_id, "answer": ANSWER})


async def end(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Nothing is asked any more."""
    await session.execute(_END, {"user_id": user_id})
