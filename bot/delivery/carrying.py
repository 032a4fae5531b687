"""From a claim to its record: render what is true now, carry it with no transaction open, write down the outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import metrics
from bot.delivery import alerts, pace, queue, telegram
from bot.delivery.claims import LEASE_FOR, Claimed
from bot.delivery.mail import Mail
from bot.delivery.outcomes import (
    Deleted,
    Edited,
    Expired,
    Halted,
    LostPoint,
    MessageGone,
    Misconfigured,
    Moved,
    NotTaken,
    Outcome,
    PictureStays,
    Pinned,
    Rejected,
    Replaced,
    Sent,
    Unchanged,
    Unreachable,
    Unsure,
)
from bot.delivery.steps import Step, next_step
from bot.faults import is_passing
from bot.kinds import Kind
from bot.reader import Reader, language_of
from bot.screens.screen import Screen
from domain.db.models.words import Channel, Failure
from domain.groups import actions as groups
from domain.notices import following, kinds, rules
from domain.notices.rules import Held, Manner, Rings, Silent

log = structlog.get_logger(__name__)

T = TypeVar("T")

INSIST_EVERY: Final = 0.25  # seconds between attempts to record while the database is away
CLEAR_FOR: Final = 5.0  # seconds; who waits for what is behind it waits no longer


@dataclass(frozen=True, slots=True)
class Remove:
    """The message has nothing to show any more and goes from the chat."""

    message_id: int


async def screen_for(mail: Mail, claimed: Claimed) -> Screen | Remove | Outcome:
    """What a Telegram message shows now, or why it is not to be sent: one that shows this already is not edited."""
    shown = claimed.shown
    if not shown and is_expired(mail, claimed):
        return Expired()
    if claimed.chat_id is None:
        return Unreachable("no chat is linked", Failure.NO_CHAT)
    if not shown and not claimed.reachable:
        return Unreachable("the chat was unreachable before")
    nothing = LostPoint() if claimed.message_id is None else Remove(claimed.message_id)
    # A press in the old chat may have shown something there while the link moved (R12.2).
    if claimed.kind == queue.RETIRED or (claimed.moved and claimed.kind not in queue.TO_OLD_CHATS):
        return nothing
    try:
        kind, facts = await kind_and_facts(mail, claimed)
        if facts is None:
            return nothing
        if claimed.tells and not shown and not kind.has_point(facts, mail.now()):
            return LostPoint()
        how = manner(mail, claimed)
        if isinstance(how, Held):
            return how
        screen = kind.screen(facts, reader_of(mail, claimed))
        return Unchanged() if shown and claimed.shows == screen.digest() else screen
    except Exception as fault:
        return fault_in(claimed, fault)


def manner(mail: Mail, claimed: Claimed) -> Manner:
    """How it may come at this moment (R11.4). What is shown already, and a card, which answers a press, asks nobody."""
    now = mail.now()
    if claimed.group_id is not None and not claimed.shown:
        return rules.manner_in_group(mail.policy, now)
    is_card = claimed.notification_id is None and claimed.channel is Channel.TELEGRAM
    if claimed.pins and not claimed.shown:  # nobody has asked for it
        return Silent()
    if claimed.shown or is_card or claimed.to is None:
        return Rings()
    return rules.manner(
        claimed.kind,
        claimed.of_level,
        claimed.channel,
        claimed.to,
        claimed.starts_at,
        claimed.expires_at,
        mail.policy,
        now,
    )


async def carry(mail: Mail, claimed: Claimed, content: Screen | Remove, png: bytes | None = None) -> Outcome:
    """A request to Telegram, stopped before the lease ends; its turn has come already, and its picture is drawn.

    Where the message has a picture that is to go, a second one, at a turn of its own, sends what takes its place.
    """
    try:
        async with asyncio.timeout(claimed.seconds_left):
            if isinstance(content, Remove):
                return await _remove(mail, claimed, content.message_id)
            if claimed.message_id is None:
                silent = isinstance(manner(mail, claimed), Silent)
                return await telegram.send(mail.bot, claimed.chat, content, png, silent=silent)
            edited = await telegram.edit(mail.bot, claimed.chat, claimed.message_id, content, png)
            if not isinstance(edited, PictureStays):
                return edited
            sent = await send_instead(mail, claimed.chat, content)
            if sent is None:
                return NotTaken("no turn soon for what takes a picture's place")
            return Replaced(sent.message_id, before=claimed.message_id) if isinstance(sent, Sent) else sent
    except TimeoutError:
        return Unsure("stopped before the lease ended")


async def _remove(mail: Mail, claimed: Claimed, message_id: int) -> Outcome:
    """What is too old to go (Telegram's two days) at least stands at the top of the chat no more."""
    outcome = await telegram.delete(mail.bot, claimed.chat, message_id)
    if claimed.pins and isinstance(outcome, MessageGone) and await mail.pace.turn(claimed.chat):
        await telegram.unpin(mail.bot, claimed.chat, message_id)
    return outcome


async def send_instead(mail: Mail, chat_id: int, screen: Screen, patience: timedelta = pace.PATIENCE) -> Outcome | None:
    """A new message in the place of one whose picture stays, at a turn of its own (R11.8); None: there was none soon.

    It does not ring: it answers a press, or brings something up to date.
    """
    if not await mail.pace.turn(chat_id, patience):
        return None
    return await telegram.send(mail.bot, chat_id, screen, silent=True)


async def clear(mail: Mail, chat_id: int, message_id: int) -> None:
    """What another message has taken the place of goes from the chat; too old for that, it loses its buttons.

    It goes last, or nothing might be left. Tried once, each at a turn of its own: the new one is there in any case.
    """
    try:
        async with asyncio.timeout(CLEAR_FOR):
            for request in (telegram.delete, telegram.take_buttons):
                if not await mail.pace.turn(chat_id):
                    return
                outcome = await request(mail.bot, chat_id, message_id)
                if isinstance(outcome, Halted):
                    await mail.pace.halt(pace.TELEGRAM, outcome.retry_after)
                if isinstance(outcome, Deleted | Halted):
                    return
    except Exception as fault:
        log.warning("the message before is left", fault=type(fault).__name__)


async def settle(mail: Mail, claimed: Claimed, outcome: Outcome, content: Screen | None = None) -> Step:
    """Records what came of an attempt. Insists while the database is away: what was sent must not be sent again.

    `content`: what the message shows now, if that was taken. Only then goes what it has replaced, and only where no
    later attempt has that in hand.
    """
    step = next_step(claimed.row(mail.policy), outcome, mail.now())
    shows = _shows(claimed, outcome, content)
    in_time = await insist(lambda: _write(mail, claimed, outcome, step, shows))
    if claimed.group_id is not None:
        await insist(lambda: _group_follows(mail, claimed, outcome))
    metrics.settled(claimed.channel, claimed.of_level, claimed.state, outcome, step)
    if step.state is not claimed.state or step.due_at is not None:
        await insist(lambda: show_author(mail, claimed))
    told(claimed, outcome, step)
    if isinstance(outcome, Misconfigured):
        await alerts.raise_alert(mail, alerts.TELEGRAM, outcome.why)
    if in_time and _is_to_be_pinned(claimed, outcome):
        await pin(mail, claimed, outcome.message_id if isinstance(outcome, Sent) else claimed.message_id)
    if in_time and isinstance(outcome, Replaced):
        await clear(mail, claimed.chat, outcome.before)
    return step


def told(claimed: Claimed, outcome: Outcome, step: Step) -> None:
    """One line in the log of what came of a delivery, and how it goes on."""
    how = claimed.tags | {"state": step.state, "outcome": type(outcome).__name__}
    if isinstance(outcome, Rejected):
        log.error("delivery refused", reason=step.reason, **how)
    elif isinstance(outcome, Deleted | Held) or step.reason is None:
        log.info("delivered" if step.due_at is None else "goes on", **how)
    else:
        log.warning("not delivered", reason=step.reason, failure=step.failure, **how)


def _is_to_be_pinned(claimed: Claimed, outcome: Outcome) -> bool:
    """Once: whoever takes it from the top of his chat does not find it there again."""
    there = isinstance(outcome, Sent | Edited | Unchanged)
    return claimed.pins and claimed.pinned_at is None and claimed.kind != queue.RETIRED and there


async def pin(mail: Mail, claimed: Claimed, message_id: int | None) -> None:
    """To the top of its chat, at a turn of its own; what does not come about now does with the next change."""
    try:
        async with asyncio.timeout(CLEAR_FOR):
            if message_id is None or not await mail.pace.turn(claimed.chat):
                return
            outcome = await telegram.pin(mail.bot, claimed.chat, message_id)
            if isinstance(outcome, Halted):
                await mail.pace.halt(pace.TELEGRAM, outcome.retry_after)
            elif isinstance(outcome, Pinned):
                await queue.mark_pinned(mail.db, claimed.id, mail.now())
    except Exception as fault:
        log.warning("not pinned yet", fault=type(fault).__name__)


def _shows(claimed: Claimed, outcome: Outcome, content: Screen | None) -> bytes | None:
    if content is None:
        return claimed.shows if isinstance(outcome, Unchanged) else None
    return content.digest() if isinstance(outcome, Sent | Edited | Unchanged) else None


async def _write(mail: Mail, claimed: Claimed, outcome: Outcome, step: Step, shows: bytes | None) -> bool:
    """False: a later attempt has had it."""
    if isinstance(outcome, Halted):
        await mail.pace.halt(pace.TELEGRAM, outcome.retry_after)
    if isinstance(outcome, Unreachable) and claimed.reachable and claimed.chat_id is not None:
        await queue.mark_unreachable(mail.db, claimed.chat_id, mail.now())
    if await queue.record(mail.db, claimed, step, outcome, mail.policy, mail.now(), shows):
        return True
    log.warning("recorded too late", outcome=type(outcome).__name__, **claimed.tags)
    await queue.overtaken(mail.db, claimed, outcome, mail.now())
    return False


async def _group_follows(mail: Mail, claimed: Claimed, outcome: Outcome) -> None:
    """Telegram says that the bot is not in the group any more, or that it has another id."""
    async with mail.sessions.begin() as session:
        if isinstance(outcome, Unreachable):
            await groups.gone(session, claimed.chat, mail.now())
        elif isinstance(outcome, Moved):
            await groups.moved(session, claimed.chat, outcome.chat_id)


async def show_author(mail: Mail, claimed: Claimed) -> None:
    """A manager's message has come further: his card of it shows where it stands. After the commit of that."""
    to_many = claimed.kind == kinds.Kind.BROADCAST
    if (to_many or claimed.kind == kinds.Kind.MANUAL) and claimed.about is not None:
        async with AsyncSession(mail.db) as session:
            await following.follow_author(session, claimed.about, mail.now(), at_leisure=to_many)


async def insist(write: Callable[[], Awaitable[T]]) -> T:
    """Does it again and again while the database is away, for as long as a lease lasts."""
    until = monotonic() + LEASE_FOR.total_seconds()
    while True:
        try:
            return await write()
        except Exception as fault:
            if not is_passing(fault) or monotonic() > until:
                raise
        await asyncio.sleep(INSIST_EVERY)


def is_expired(mail: Mail, claimed: Claimed) -> bool:
    return claimed.expires_at is not None and claimed.expires_at <= mail.now()


async def kind_and_facts(mail: Mail, claimed: Claimed) -> tuple[Kind, Any | None]:
    """What it is rendered by, and from; raises where the table has no such kind."""
    kind = mail.kinds[claimed.kind]
    async with AsyncSession(mail.db, expire_on_commit=False) as session:
        return kind, await kind.load(session, claimed.whose, claimed.about, mail.now())


def reader_of(mail: Mail, claimed: Claimed) -> Reader:
    return Reader(language_of(claimed.language), mail.policy.zone)


def fault_in(claimed: Claimed, fault: Exception) -> Rejected:
    """A screen that can't be made must not hold up those behind it; a database that is away is another matter."""
    if is_passing(fault):
        raise fault
    log.error("message can't be made", exc_info=fault, **claimed.tags)
    return Rejected(type(fault).__name__)
