"""From a claim to its record: render what is true now, carry it with no transaction open, write down the outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery import pace, queue, sms, telegram
from bot.delivery.claims import LEASE_FOR, Claimed
from bot.delivery.gsm7 import segments
from bot.delivery.mail import Mail
from bot.delivery.steps import (
    Deleted,
    Expired,
    Halted,
    LostPoint,
    NoSms,
    Outcome,
    Rejected,
    Step,
    Unreachable,
    Unsure,
    next_step,
)
from bot.faults import is_passing
from bot.kinds import Kind
from bot.reader import Reader, language_of
from bot.screens.screen import Screen
from domain.db.models.words import Channel, DeliveryState

log = structlog.get_logger(__name__)

INSIST_EVERY: Final = 0.25  # seconds between attempts to record while the database is away


@dataclass(frozen=True, slots=True)
class Remove:
    """The message has nothing to show any more and goes from the chat."""


async def screen_for(mail: Mail, claimed: Claimed) -> Screen | Remove | Outcome:
    """What a Telegram message shows now, or why it is not to be sent."""
    shown = claimed.message_id is not None
    if not shown and _is_expired(mail, claimed):
        return Expired()
    if claimed.chat_id is None or (not shown and not claimed.reachable):
        return Unreachable("no chat is linked" if claimed.chat_id is None else "the chat was unreachable before")
    kind = mail.kinds.get(claimed.kind)
    try:
        facts = await _facts(mail, claimed, kind)
        if facts is None:
            return Remove() if shown else LostPoint()
        if not shown and not _known(kind).has_point(facts, mail.now()):
            return LostPoint()
        return _known(kind).screen(facts, _reader(mail, claimed))
    except Exception as fault:
        return _fault(claimed, fault)


async def text_for(mail: Mail, claimed: Claimed) -> str | Outcome:
    """What an SMS says now, or why it is not to be sent. The first one tells how to opt out (R11.5)."""
    if _is_expired(mail, claimed):
        return Expired()
    if (why := no_sms(mail, claimed)) is not None:
        return NoSms(why)
    kind = _known(mail.kinds.get(claimed.kind))
    try:
        facts = await _facts(mail, claimed, kind)
        if facts is None or not kind.has_point(facts, mail.now()):
            return LostPoint()
        assert kind.sms is not None
        reader = _reader(mail, claimed)
        text = kind.sms(facts, reader)
        opt_out = reader.gettext("Reply STOP to opt out.")
        return f"{text} {opt_out}" if claimed.first_sms else text
    except Exception as fault:
        return _fault(claimed, fault)


def no_sms(mail: Mail, claimed: Claimed) -> str | None:
    """Why it can't go by SMS; None where it can."""
    kind = mail.kinds.get(claimed.kind)
    if kind is None or kind.sms is None:
        return "it never goes by SMS"
    if not claimed.phone:
        return "there is no phone number"
    return None if mail.sms is not None else "SMS is not set up"


async def carry(mail: Mail, claimed: Claimed, content: Screen | Remove) -> Outcome:
    """One request to Telegram, stopped before the lease ends; its turn has come already."""
    assert claimed.chat_id is not None
    try:
        async with asyncio.timeout(claimed.seconds_left):
            if claimed.message_id is None:
                assert isinstance(content, Screen)
                return await telegram.send(mail.bot, claimed.chat_id, content)
            if isinstance(content, Remove):
                return await telegram.delete(mail.bot, claimed.chat_id, claimed.message_id)
            return await telegram.edit(mail.bot, claimed.chat_id, claimed.message_id, content)
    except TimeoutError:
        return Unsure("stopped before the lease ended")


async def carry_text(mail: Mail, claimed: Claimed, text: str) -> Outcome | None:
    """One SMS at its turn; None where the row was given back, or was no longer ours to send."""
    assert mail.sms is not None
    assert claimed.phone is not None
    if not await mail.pace.sms_turn(mail.sms.pace_key, segments(text)):
        await queue.release(mail.db, claimed)
        return None
    if not await queue.begin_sms(mail.db, claimed):
        return None
    return await sms.send(mail.sms, claimed.phone, text, claimed.expires_at, mail.now())


async def settle(mail: Mail, claimed: Claimed, outcome: Outcome) -> Step:
    """Records what came of an attempt. Insists while the database is away: what was sent must not be sent again."""
    step = next_step(claimed.row(no_sms(mail, claimed)), outcome, mail.now())
    await _insist(lambda: _write(mail, claimed, outcome, step))
    how = {"delivery": str(claimed.id), "kind": claimed.kind, "state": step.state, "outcome": type(outcome).__name__}
    if isinstance(outcome, Rejected):
        log.error("delivery refused", reason=step.reason, **how)
    elif isinstance(outcome, Deleted) or (step.state is DeliveryState.SENT and step.reason is None):
        log.info("delivered", **how)
    else:
        log.warning("not delivered", reason=step.reason, goes_on_by=step.channel, **how)
    return step


async def _write(mail: Mail, claimed: Claimed, outcome: Outcome, step: Step) -> None:
    if isinstance(outcome, Halted):
        key = mail.sms.pace_key if mail.sms is not None and claimed.channel is Channel.SMS else pace.TELEGRAM
        await mail.pace.halt(key, outcome.retry_after)
    if isinstance(outcome, Unreachable) and claimed.reachable and claimed.chat_id is not None:
        await queue.mark_unreachable(mail.db, claimed.chat_id, mail.now())
    if not await queue.record(mail.db, claimed, step, outcome, mail.now()):
        log.warning("recorded too late", delivery=str(claimed.id), outcome=type(outcome).__name__)
        await queue.overtaken(mail.db, claimed, outcome, mail.now())


async def _insist(write: Callable[[], Awaitable[None]]) -> None:
    until = monotonic() + LEASE_FOR.total_seconds()
    while True:
        try:
            return await write()
        except Exception as fault:
            if not is_passing(fault) or monotonic() > until:
                raise
        await asyncio.sleep(INSIST_EVERY)


def _is_expired(mail: Mail, claimed: Claimed) -> bool:
    return claimed.expires_at is not None and claimed.expires_at <= mail.now()


def _known(kind: Kind | None) -> Kind:
    if kind is None:
        raise LookupError("no such kind")
    return kind


async def _facts(mail: Mail, claimed: Claimed, kind: Kind | None) -> Any | None:
    if claimed.kind == queue.RETIRED:
        return None
    async with AsyncSession(mail.db, expire_on_commit=False) as session:
        return await _known(kind).load(session, claimed.user_id, claimed.about, mail.now())


def _reader(mail: Mail, claimed: Claimed) -> Reader:
    return Reader(language_of(claimed.language), mail.zone)


def _fault(claimed: Claimed, fault: Exception) -> Rejected:
    """A screen that can't be made must not hold up those behind it; a database that is away is another matter."""
    if is_passing(fault):
        raise fault
    log.error("message can't be made", delivery=str(claimed.id), kind=claimed.kind, exc_info=fault)
    return Rejected(type(fault).__name__)
