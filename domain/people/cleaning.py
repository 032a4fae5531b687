"""What is over is removed, once a night (R14)."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    SmallInteger,
    Uuid,
    and_,
    delete,
    func,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import (
    ArrivalList,
    Conversation,
    Delivery,
    Import,
    Invite,
    Message,
    Pace,
    ReceivedSms,
    RosterRun,
    SeenUpdate,
    SmsAttempt,
    SmsCode,
)
from domain.db.models.words import Channel, DeliveryState, RosterCause, Urgency
from domain.db.sql import sql
from domain.groups.actions import end_forsaken
from domain.people.linking import unlink_who_left
from domain.policy import Policy

# By id, as everybody locks home cards and boards (domain.notices.actions).
_NEW_DAY = sql(
    """
    WITH locked AS (
        SELECT id FROM deliveries WHERE kind IN ('home', 'board', 'coverage') AND state = 'sent'
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE deliveries SET urgency = :urgency,
        redraw = user_id <> ALL (:gone),
        state = CASE WHEN user_id = ANY (:gone) THEN 'cancelled' ELSE state END,
        due_at = CASE WHEN user_id <> ALL (:gone) THEN CAST(:now AS timestamptz) END
    WHERE id IN (SELECT id FROM locked)
    """,
    gone=ARRAY(Uuid()),
    urgency=SmallInteger(),
)


async def clean_up(session: AsyncSession, policy: Policy, now: datetime) -> dict[str, int]:
    """Removes what has expired or is too old: links, codes, update ids, SMS, cards that are gone, drafts, previews,
    lists of the missing, chats' paces, and the chats of who has left; turns home cards to the new day (R14). Returns
    how many of each."""
    ended = Delivery.state.in_((DeliveryState.CANCELLED, DeliveryState.FAILED, DeliveryState.EXPIRED))
    cards = and_(Delivery.notification_id.is_(None), Delivery.channel == Channel.TELEGRAM)
    long_ago = now - policy.keep_updates_for
    removed = {}
    for name, statement in {
        "invites": delete(Invite).where(Invite.expires_at < now - policy.keep_invites_for),
        "updates": delete(SeenUpdate).where(SeenUpdate.seen_at < long_ago),
        "cards": delete(Delivery).where(cards, ended, Delivery.created_at < long_ago),
        "codes": delete(SmsCode).where(SmsCode.expires_at <= now),
        "conversations": delete(Conversation).where(Conversation.expires_at <= now),
        "received_sms": delete(ReceivedSms).where(ReceivedSms.received_at < now - policy.keep_sms_for),
        "sms_attempts": delete(SmsAttempt).where(SmsAttempt.created_at < now - policy.keep_sms_for),
        "drafts": delete(Message).where(Message.sent_at.is_(None), Message.created_at <= now - policy.draft_good_for),
        "imports": delete(Import).where(
            Import.created_at < now - policy.draft_good_for,
            or_(Import.imported_at.is_(None), Import.imported_at < now - policy.keep_invites_for),
        ),
        "previews": delete(RosterRun).where(
            RosterRun.cause == RosterCause.PREVIEW, RosterRun.requested_at < now - policy.keep_previews_for
        ),
        "arrival_lists": delete(ArrivalList).where(ArrivalList.due_at < long_ago),
        "paces": delete(Pace).where(
            Pace.next_at < func.clock_timestamp() - timedelta(days=1), Pace.key.like("%:%"), Pace.key.not_like("sms:%")
        ),
    }.items():
        gone = cast("CursorResult[Any]", await session.execute(statement))
        removed[name] = gone.rowcount
    removed["groups"] = await end_forsaken(session, now)
    left = await unlink_who_left(session, policy, now)
    # A new day: home cards show it, and boards of yesterday say so. At night nobody is disturbed by an edit,
    # and there is time for a large fleet's.
    turned = await session.execute(_NEW_DAY, {"now": now, "urgency": int(Urgency.TIDYING), "gone": list(left)})
    return removed | {"left": len(left), "homes": cast("CursorResult[Any]", turned).rowcount}
