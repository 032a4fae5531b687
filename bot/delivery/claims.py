"""What may be sent next: one statement each that finds it, takes its lease and, in a chat, its turn."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    Interval,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.delivery.steps import Row
from domain.db.models import ChatLink, ContactSettings, Delivery, Pace, User
from domain.db.models.words import Channel, DeliveryState, Urgency

LEASE_FOR: Final = timedelta(seconds=20)
SEND_FOR: Final = 0.8 * LEASE_FOR.total_seconds()

CLOCK = func.clock_timestamp(type_=DateTime(timezone=True))


def interval(name: str) -> BindParameter[timedelta]:
    """A parameter: how long."""
    return bindparam(name, type_=Interval())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in this process's hands, for the length of a lease."""

    id: uuid.UUID
    attempt: int
    user_id: uuid.UUID
    channel: Channel
    kind: str
    about: uuid.UUID | None
    urgency: int
    due_at: datetime
    expires_at: datetime | None
    chat_id: int | None
    message_id: int | None
    reachable: bool = True  # by Telegram, as far as is known
    language: str | None = None
    phone: str | None = None
    first_sms: bool = False
    at: float = field(default_factory=monotonic)  # when it was claimed (`time.monotonic`)

    @property
    def seconds_left(self) -> float:
        """How long a send may still take: it is stopped before another sender may begin it."""
        return self.at + SEND_FOR - monotonic()

    def row(self, no_sms: str | None) -> Row:
        """What the next step depends on."""
        return Row(
            self.channel, Urgency(self.urgency), self.message_id is not None, self.due_at, self.expires_at, no_sms
        )


# Due, and in nobody's hands.
DUE = and_(Delivery.due_at <= bindparam("now"), or_(Delivery.lease_until.is_(None), Delivery.lease_until <= CLOCK))
_CHAT = func.coalesce(Delivery.chat_id, ChatLink.chat_id)
_CHAT_KEY = literal("chat:", Text).concat(cast(_CHAT, Text))
CHAT_FREE = or_(Pace.next_at.is_(None), Pace.next_at <= CLOCK)


def halted(key: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a 429 has silenced this network."""
    quiet = Pace.__table__.alias("quiet")
    return exists(select(quiet.c.key).where(quiet.c.key == key, quiet.c.halted_until > CLOCK))


def waiting_for_telegram(*columns: Any) -> Select[Any]:
    """The deliveries due by Telegram, each with the pace of its chat."""
    return (
        select(*columns)
        .select_from(Delivery)
        .outerjoin(ChatLink, ChatLink.user_id == Delivery.user_id)
        .outerjoin(Pace, Pace.key == _CHAT_KEY)
        .where(Delivery.channel == Channel.TELEGRAM, DUE)
    )


_RETURNED = (
    Delivery.id,
    Delivery.attempt,
    Delivery.user_id,
    Delivery.channel,
    Delivery.kind,
    Delivery.about,
    Delivery.urgency,
    Delivery.due_at,
    Delivery.expires_at,
    Delivery.message_id,
)


def _claim_telegram() -> Any:
    """The most urgent, and with it the chat's turn: nothing is claimed where another sender just took that."""
    reader = (
        waiting_for_telegram(
            Delivery.id,
            _CHAT.label("chat_id"),
            or_(Delivery.chat_id.is_not(None), ChatLink.unreachable_at.is_(None)).label("reachable"),
            ContactSettings.language,
            User.phone,
        )
        .join(User, User.id == Delivery.user_id)
        .outerjoin(ContactSettings, ContactSettings.user_id == Delivery.user_id)
        .where(CHAT_FREE, ~halted("telegram"))
        .order_by(Delivery.urgency, Delivery.due_at)
        .limit(1)
    )
    picked = reader.with_for_update(of=Delivery, skip_locked=True, key_share=True).cte("picked")
    turn = insert(Pace).from_select(
        ["key", "next_at"],
        select(literal("chat:", Text).concat(cast(picked.c.chat_id, Text)), CLOCK + interval("chat_every")).where(
            picked.c.chat_id.is_not(None)
        ),
    )
    took = (
        turn.on_conflict_do_update(
            index_elements=[Pace.key], set_={"next_at": turn.excluded.next_at}, where=Pace.next_at <= CLOCK
        )
        .returning(Pace.key)
        .cte("took")
    )
    return (
        update(Delivery)
        .where(Delivery.id == picked.c.id, or_(picked.c.chat_id.is_(None), exists(select(took.c.key))))
        .values(
            state=case((Delivery.state == DeliveryState.SENT, Delivery.state), else_=DeliveryState.SENDING),
            attempt=Delivery.attempt + 1,
            lease_until=CLOCK + interval("lease_for"),
            redraw=False,
        )
        .returning(*_RETURNED, picked.c.chat_id, picked.c.reachable, picked.c.language, picked.c.phone)
    )


def _claim_sms() -> Any:
    """The most urgent SMS. It stays `pending` until it is really sent: who dies before that has sent nothing."""
    earlier = Delivery.__table__.alias("earlier")
    picked = (
        select(
            Delivery.id,
            ContactSettings.language,
            User.phone,
            ~exists(select(earlier.c.id).where(earlier.c.user_id == User.id, earlier.c.sms_sid.is_not(None))).label(
                "first_sms"
            ),
        )
        .join(User, User.id == Delivery.user_id)
        .outerjoin(ContactSettings, ContactSettings.user_id == Delivery.user_id)
        .where(
            Delivery.channel == Channel.SMS,
            DUE,
            Delivery.state == DeliveryState.PENDING,
            ~halted(bindparam("pace_key", type_=Text)),
        )
        .order_by(Delivery.urgency, Delivery.due_at)
        .limit(1)
        .with_for_update(of=Delivery, skip_locked=True, key_share=True)
        .cte("picked")
    )
    return (
        update(Delivery)
        .where(Delivery.id == picked.c.id)
        .values(attempt=Delivery.attempt + 1, lease_until=CLOCK + interval("lease_for"))
        .returning(*_RETURNED, Delivery.chat_id, picked.c.language, picked.c.phone, picked.c.first_sms)
    )


_CLAIM_TELEGRAM, _CLAIM_SMS = _claim_telegram(), _claim_sms()


async def claim_telegram(db: AsyncEngine, now: datetime, chat_every: timedelta) -> Claimed | None:
    """The most urgent message, send or edit, whose chat may get one now; None also where another was quicker.

    Takes the chat's turn of `chat_every`. One whose lease ran out is claimed again: Telegram may show it twice (R11.7).
    """
    given = {"now": now, "chat_every": chat_every, "lease_for": LEASE_FOR}
    return await _claimed(db, _CLAIM_TELEGRAM, given)


async def claim_sms(db: AsyncEngine, now: datetime, pace_key: str) -> Claimed | None:
    """The most urgent SMS; it must be begun (`begin_sms`) right before it is sent."""
    return await _claimed(db, _CLAIM_SMS, {"now": now, "pace_key": pace_key, "lease_for": LEASE_FOR})


async def _claimed(db: AsyncEngine, statement: Any, given: dict[str, Any]) -> Claimed | None:
    async with db.connect() as connection:
        row = (await connection.execute(statement, given)).mappings().one_or_none()
    return Claimed(**row) if row is not None else None
