"""What an operator must put right: the owners are told of it once, for as long as it stands (R11.8)."""

import uuid
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Text
from sqlalchemy.ext.asyncio import AsyncSession

from bot import metrics
from bot.delivery.mail import Mail
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.actions import Envelope
from domain.notices.facts.people import OperatorAlert
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import owners
from domain.policy import Policy

log = structlog.get_logger(__name__)

TELEGRAM: Final = "telegram"  # it takes nothing from us; over with the next message that it takes
TWILIO: Final = "twilio"  # likewise
NO_MANAGER: Final = "no manager to tell"  # of a route that needs one (R5.4)
OWNERS: Final = "an owner's number"  # it is another one than the settings have (R12.5a)
NO_ROSTER: Final = "roster not made"  # by a fault of ours, again (R3.2)

_RAISE = sql(
    "INSERT INTO operator_alerts (key, raised_at) VALUES (:key, :now) ON CONFLICT DO NOTHING RETURNING true", key=Text()
)


async def raise_alert(mail: Mail, key: str, detail: str) -> bool:
    """Tells the owners; False where it stands already. `key` is what is wrong, with `:` and the occasion if need be.

    `detail` is for experts, and names no person.
    """
    async with mail.sessions.begin() as session:
        return await raise_within(session, key, detail, mail.words, mail.policy, mail.now())


async def raise_within(
    session: AsyncSession, key: str, detail: str, words: Wording, policy: Policy, now: datetime
) -> bool:
    """The same, in the transaction of what caused it."""
    if not await session.scalar(_RAISE, {"key": key, "now": now}):
        return False
    name, who = key.split(":")[0], (await session.scalars(owners())).all()
    envelope = Envelope(Kind.ALERT, uuid.uuid5(uuid.NAMESPACE_OID, key), occasion=now)
    told = await notices.tell(session, who, OperatorAlert(name, detail), envelope, words, policy, now)
    metrics.ALERTS.labels(name).inc()
    log.error("an operator must act", alert=key, detail=detail, owners_told=told)
    return True
