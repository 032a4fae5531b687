"""What an operator must put right: the owners are told of it once, for as long as it stands (R11.8)."""

import uuid
from typing import Final

import structlog
from sqlalchemy import Text

from bot import metrics
from bot.delivery.mail import Mail
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.actions import Envelope
from domain.notices.kinds import Kind
from domain.notices.wording import OperatorAlert
from domain.people.queries import owners

log = structlog.get_logger(__name__)

TELEGRAM: Final = "telegram"  # it takes nothing from us; over with the next message that it takes
TWILIO: Final = "twilio"  # likewise

_RAISE = sql(
    "INSERT INTO operator_alerts (key, raised_at) VALUES (:key, :now) ON CONFLICT DO NOTHING RETURNING true", key=Text()
)
_CLEAR = sql("DELETE FROM operator_alerts WHERE key = :key", key=Text())


async def raise_alert(mail: Mail, key: str, detail: str) -> bool:
    """Tells the owners; False where it stands already. `key` is what is wrong, with `:` and the occasion if need be.

    `detail` is for experts, and names no person.
    """
    mail.alerts.add(key)
    name, now = key.split(":")[0], mail.now()
    async with mail.sessions.begin() as session:
        if not await session.scalar(_RAISE, {"key": key, "now": now}):
            return False
        who = (await session.scalars(owners(mail.policy))).all()
        envelope = Envelope(Kind.ALERT, uuid.uuid5(uuid.NAMESPACE_OID, key), occasion=now)
        told = await notices.tell(session, who, OperatorAlert(name, detail), envelope, mail.words, mail.policy, now)
    metrics.ALERTS.labels(name).inc()
    log.error("an operator must act", alert=key, detail=detail, owners_told=told)
    return True


async def clear_alert(mail: Mail, key: str) -> None:
    """It is over: should it come back, the owners are told again."""
    async with mail.db.connect() as connection:
        await connection.execute(_CLEAR, {"key": key})
    mail.alerts.discard(key)
