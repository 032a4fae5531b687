"""The workers: they carry whatever is due, the most urgent first, on any number of machines at once (R11.7, R11.8)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Final

import structlog

from bot.delivery import ladder, queue, texting
from bot.delivery.carrying import Remove, carry, screen_for, settle
from bot.delivery.claims import Claimed, claim_telegram
from bot.delivery.flight import Flight, Leaving
from bot.delivery.mail import Mail
from bot.delivery.pace import Resting, Slot, sleep_until
from bot.delivery.pictures import drawn, whole
from bot.delivery.steps import Step
from bot.faults import is_passing
from bot.pulse import Pulse
from bot.screens.screen import Screen
from bot.wakeups import Wakeups

log = structlog.get_logger(__name__)

TELEGRAM_SENDERS: Final = 2  # each prepares one message at a time; those on their way are not counted
ON_THEIR_WAY: Final = 32  # requests to Telegram at once
POLL_EVERY: Final = 1.0  # seconds; also where LISTEN works, for what becomes due by the clock alone
REST_FOR: Final = 0.1
LATE: Final = 0.05  # seconds after which a slot is no longer good: messages held up together would go in a burst
BACK_OFF_MOST: Final = 5.0


async def deliver(mail: Mail, stop: asyncio.Event, wakeups: Wakeups) -> None:
    """Carries what is due until `stop`, then waits for what is on its way. Outlives restarts of the database."""
    if mail.sms is None:
        log.warning("SMS is not set up: what can't be delivered by Telegram fails")
    flight = Flight(asyncio.Semaphore(ON_THEIR_WAY))
    sending = Flight(asyncio.Semaphore(texting.SENDING_MOST))
    looking = Flight(asyncio.Semaphore(texting.LOOKING_MOST))
    async with asyncio.TaskGroup() as senders:
        for _ in range(TELEGRAM_SENDERS):
            senders.create_task(_undying(partial(_telegram_round, mail, flight), stop, wakeups.event(), mail.pulse))
        for a_round, texts in ((texting.send_round, sending), (texting.look_up_round, looking)):
            senders.create_task(_undying(partial(a_round, mail, texts), stop, wakeups.event(), mail.pulse))
        senders.create_task(_undying(partial(_ladder_round, mail), stop, asyncio.Event(), mail.pulse))
    await asyncio.gather(*flight.tasks, *sending.tasks, *looking.tasks)


async def deliver_due(mail: Mail) -> dict[str, int]:
    """Carries everything that is due now, and returns how many ended in which state."""
    counts: Counter[str] = Counter()
    while climbed := await ladder.climb(mail):
        counts["climbed"] += climbed
    rested = 0.0
    while (slot := await mail.pace.slot_for_work(mail.now())) is not None and rested < 2 * POLL_EVERY:
        if isinstance(slot, Resting):  # a chat's second; a halted Telegram is not waited for
            await asyncio.sleep(REST_FOR)
            rested += REST_FOR
            continue
        await sleep_until(slot.at)
        claimed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
        if claimed is not None:
            rested = 0.0
            if (ended := await _carry_claimed(mail, claimed)) is not None:
                counts[ended.state] += 1
    while (step := await texting.carry_one(mail)) is not None:
        counts[step.state] += 1
    return {state: count for state, count in counts.items() if count}


async def _undying(
    a_round: Callable[[], Awaitable[float]], stop: asyncio.Event, woken: asyncio.Event, pulse: Pulse
) -> None:
    """Round after round; each says how many seconds to rest after it."""
    faults = 0
    while not stop.is_set():
        pulse.beat(woken)
        try:
            rest_for, faults = await a_round(), 0
        except Exception as fault:
            faults += 1
            rest_for = min(0.1 * 2**faults, BACK_OFF_MOST)
            if is_passing(fault):
                log.warning("the database is away", fault=type(fault).__name__, again_in=rest_for)
            else:
                log.exception("a worker stumbled", again_in=rest_for)
        if rest_for:
            await _rest(rest_for, stop, woken)


async def _rest(seconds: float, stop: asyncio.Event, woken: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(woken.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        woken.clear()


async def _telegram_round(mail: Mail, flight: Flight) -> float:
    """Lets the most urgent message go; returns the seconds to rest."""
    return await flight.let_go(partial(_at_its_slot, mail, flight))


async def _at_its_slot(mail: Mail, flight: Flight) -> Leaving[Step | None] | float:
    """Takes a slot, and makes the most urgent message ready for that moment; or how long to rest."""
    slot = await mail.pace.slot_for_work(mail.now())
    if not isinstance(slot, Slot):
        return POLL_EVERY if slot is None else REST_FOR
    await sleep_until(slot.at - flight.lead)
    begun = monotonic()
    ready = await _next_ready(mail)
    flight.took(monotonic() - begun)
    if ready is None or not await _in_time(mail, slot, ready[0]):
        return REST_FOR
    return Leaving(_carry_drawn(mail, *ready), ready[0].tags)


async def _in_time(mail: Mail, slot: Slot, claimed: Claimed) -> bool:
    """Waits for the slot, or for another where that has passed; False: Telegram was halted, the row is given back."""
    at: Slot | None = slot
    while at is not None:
        if not await mail.pace.comes(at):
            break
        if monotonic() <= at.at + LATE:
            return True
        at = await mail.pace.slot()
    await queue.release(mail.db, claimed)
    return False


async def _next_ready(mail: Mail) -> tuple[Claimed, Screen | Remove] | None:
    """The most urgent message that is really to be sent; what is not is recorded on the way."""
    while (claimed := await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)) is not None:
        content = await screen_for(mail, claimed)
        if isinstance(content, Screen | Remove):
            return claimed, content
        await settle(mail, claimed, content)
    return None


async def _carry_claimed(mail: Mail, claimed: Claimed) -> Step | None:
    content = await screen_for(mail, claimed)
    if isinstance(content, Screen | Remove):
        return await _carry_drawn(mail, claimed, content)
    return await settle(mail, claimed, content)


async def _carry_drawn(mail: Mail, claimed: Claimed, content: Screen | Remove) -> Step | None:
    """None: its turn had passed while it was drawn, and there was no other one soon."""
    png = await drawn(mail.workshop, content) if isinstance(content, Screen) else None
    if png is not None and not await mail.pace.turn(claimed.chat):
        await queue.release(mail.db, claimed)
        return None
    return await settle(mail, claimed, await carry(mail, claimed, content, png), whole(content, png))


async def _ladder_round(mail: Mail) -> float:
    return 0 if await ladder.climb(mail) else POLL_EVERY
