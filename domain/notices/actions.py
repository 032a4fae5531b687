"""Telling people: the inbox row and its delivery, in the transaction that caused them (R11.1), and what follows."""

import uuid
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    String,
    Text,
    Update,
    and_,
    case,
    column,
    func,
    literal,
    or_,
    select,
    update,
    values,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import ChatLink, ContactSettings, Delivery, Notification, User
from domain.db.models.words import Channel, DeliveryState, NotificationType, Urgency
from domain.notices.kinds import Kind
from domain.notices.wording import Notice, Wording


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a notice travels: its given type, its kind, how urgent, what it is about, and when it has lost its point."""

    type: NotificationType
    kind: Kind
    urgency: Urgency
    about: uuid.UUID
    expires_at: datetime | None = None


async def tell(
    session: AsyncSession, recipients: Select[Any], notice: Notice, envelope: Envelope, say: Wording, now: datetime
) -> int:
    """Tells everybody whom `recipients` (one column: user ids) selects; returns how many that were.

    One statement whatever their number: the notice is worded once per language. Nobody is told twice of the same thing:
    the dedupe key is kind, subject and person. Who has no chat, or can't be reached there, gets an SMS (R11.2).
    """
    noted = _inbox_rows(recipients, notice, envelope, say, now, read=False).returning(
        Notification.id, Notification.user_id
    )
    noted_rows = noted.cte("noted")
    reachable = and_(ChatLink.chat_id.is_not(None), ChatLink.unreachable_at.is_(None))
    deliveries = insert(Delivery).from_select(
        [
            "notification_id",
            "user_id",
            "channel",
            "kind",
            "about",
            "urgency",
            "state",
            "due_at",
            "expires_at",
            "created_at",
        ],
        select(
            noted_rows.c.id,
            noted_rows.c.user_id,
            case((reachable, Channel.TELEGRAM.value), else_=Channel.SMS.value),
            literal(envelope.kind.value, Text),
            literal(envelope.about),
            literal(int(envelope.urgency)),
            literal(DeliveryState.PENDING.value),
            literal(now),
            literal(envelope.expires_at, Delivery.expires_at.type),
            literal(now),
        ).select_from(noted_rows.outerjoin(ChatLink, ChatLink.user_id == noted_rows.c.user_id)),
    )
    written = cast("CursorResult[Any]", await session.execute(deliveries))
    return written.rowcount


async def note(
    session: AsyncSession, user_id: uuid.UUID, notice: Notice, envelope: Envelope, say: Wording, now: datetime
) -> None:
    """Writes the inbox row alone, as read: the person learns of it by the answer to his own press."""
    await session.execute(_inbox_rows(of_user(user_id), notice, envelope, say, now, read=True))


def _inbox_rows(
    recipients: Select[Any], notice: Notice, envelope: Envelope, say: Wording, now: datetime, *, read: bool
) -> Any:
    worded = values(column("language", String), column("title", Text), column("body", Text), name="worded").data(
        [(language, *say(notice, language)) for language in say.languages]
    )
    who = recipients.subquery("recipients")
    user_id = next(iter(who.c))
    # Whatever else the column holds, nobody is left untold for it.
    language = case((ContactSettings.language.in_(say.languages), ContactSettings.language), else_=say.languages[0])
    data = {"kind": envelope.kind.value, "about": str(envelope.about)} | _facts(notice)
    dedupe = func.concat(f"{envelope.kind.value}:{envelope.about}:", sql_cast(user_id, Text))
    return (
        insert(Notification)
        .from_select(
            ["user_id", "type", "title", "body", "data", "read", "created_at"],
            select(
                user_id,
                literal(envelope.type, Notification.type.type),
                worded.c.title,
                worded.c.body,
                literal(data, JSONB).op("||")(func.jsonb_build_object("dedupe", dedupe)),
                literal(read),
                literal(now),
            )
            .select_from(who.outerjoin(ContactSettings, ContactSettings.user_id == user_id))
            .join(worded, worded.c.language == language),
        )
        .on_conflict_do_nothing()
    )


def _facts(notice: Notice) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value  # a datetime is a date, too
        for name, value in asdict(notice).items()
    }


async def follow(session: AsyncSession, about: uuid.UUID, now: datetime, *, over: bool) -> None:
    """Something about `about` has changed: every message that shows it is redrawn, the managers' cards first.

    `over`: there is nothing left to offer; offers not yet sent are cancelled, those sent are redrawn last (R11.8).
    One that is being sent right now is redrawn afterwards.
    """
    offers = Delivery.kind == Kind.OFFER
    unsent = Delivery.state == DeliveryState.PENDING
    shown = and_(Delivery.state.in_((DeliveryState.SENDING, DeliveryState.SENT)), Delivery.channel == Channel.TELEGRAM)
    if over:
        await session.execute(
            update_in_order(Delivery.about == about, offers, unsent).values(
                state=DeliveryState.CANCELLED, due_at=None, reason="the window is over"
            )
        )
    urgency = case((offers, int(Urgency.TIDYING)), else_=int(Urgency.IMPORTANT))
    which = (Delivery.about == about, shown, or_(literal(over), Delivery.kind != Kind.OFFER))
    await session.execute(update_in_order(*which).values(redraw=True, due_at=now, urgency=urgency))


async def follow_home(
    session: AsyncSession, user_ids: Select[Any], now: datetime, *, first: uuid.UUID | None = None
) -> None:
    """The home cards of these people, and of `first` before them, show something that has changed.

    After `follow`, and for managers after drivers: the order in which everybody locks these rows.
    """
    whose = or_(Delivery.user_id.in_(user_ids), Delivery.user_id == first)
    shown = Delivery.state.in_((DeliveryState.SENDING, DeliveryState.SENT))
    urgency = case((Delivery.user_id == first, int(Urgency.IMPORTANT)), else_=int(Urgency.TIDYING))
    homes = update_in_order(whose, Delivery.kind == Kind.HOME, shown)
    await session.execute(homes.values(redraw=True, due_at=now, urgency=urgency))


def update_in_order(*which: ColumnElement[bool]) -> Update:
    """An update of these deliveries that locks them in the one order which all share: home cards last, then by id.

    Windows have drivers in common: two that end at once would else lock the same home cards crosswise.
    """
    locked = (
        select(Delivery.id)
        .where(*which)
        .order_by(Delivery.kind == Kind.HOME, Delivery.id)
        .with_for_update(key_share=True)
        .cte("locked")
    )
    changed = update(Delivery).where(Delivery.id.in_(select(locked.c.id)))
    return changed.execution_options(synchronize_session=False)


def of_user(user_id: uuid.UUID) -> Select[Any]:
    """Just this one, for where a selection of people is wanted."""
    return select(User.id).where(User.id == user_id)
