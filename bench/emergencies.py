"""An emergency in fleets of any size: from the manager's press to the last message of the first wave."""

import asyncio
import uuid
from dataclasses import dataclass
from time import monotonic

from bench import updates
from bench.bots import bot
from bench.fleet import FIRST_MANAGERS_CHAT
from bench.load import Carrier
from bench.presses import Bench
from bench.statements import counted
from bench.telegram import Message
from bench.updates import Update
from bot.callbacks.coverage import Emergency
from domain.notices.kinds import Kind

BONUS = 20
WAVE_FOR = 30.0  # seconds
CARD = 5  # the message with the button in the manager's chat

_OPEN_SLOTS = """
SELECT assignments.id FROM assignments
WHERE warehouse_id = $1 AND date > $2 AND status = 'unfilled' ORDER BY id LIMIT 4
"""
_ASKED = """
SELECT count(*) FROM deliveries JOIN bid_windows ON bid_windows.id = about
WHERE assignment_id = $1 AND kind = $2 AND channel = 'telegram'
"""


@dataclass(frozen=True, slots=True)
class Wave:
    """One emergency. Seconds from the press."""

    drivers: int
    asked: int
    committed_for: float
    first_for: float
    last_for: float
    statements: int


async def emergency(bench: Bench) -> Wave:
    """Statements counted without workers, times with them and at the pace of production."""
    fleet = bench.fleet
    slots = [row["id"] for row in await bench.db.fetch(_OPEN_SLOTS, fleet.id("warehouse", 0), fleet.today)]
    async with bot("web", bench.folder, bench.url, bench.telegram, paced=False) as running:
        carrier = Carrier(running, bench.telegram, bench.http)
        await carrier.bring(_press(slots[0]))
        found = await counted(bench.db, bench.log, "rollcall", lambda: carrier.bring(_press(slots[1])))
    await bench.set_aside()
    async with bot("serve", bench.folder, bench.url, bench.telegram, paced=True) as running:
        carrier = Carrier(running, bench.telegram, bench.http)
        await carrier.bring(_press(slots[2]))  # the first press of a process makes its statements
        await bench.quiet()
        del bench.telegram.sent[:]
        began = monotonic()
        answered = await carrier.bring(_press(slots[3]))
        asked = await bench.db.fetchval(_ASKED, slots[3], Kind.OFFER)
        offers = await _offers(bench, asked)
    assert answered is not None
    first, last = offers[0].at - began, offers[-1].at - began
    return Wave(fleet.drivers, asked, answered.taken_for, first, last, found.statements)


def _press(assignment_id: uuid.UUID) -> Update:
    button = Emergency(assignment_id, BONUS, 0)
    return updates.press(FIRST_MANAGERS_CHAT, CARD, button, [("🚨 Emergency, +20%", button)])


async def _offers(bench: Bench, count: int) -> list[Message]:
    """The wave's messages, once all have come."""
    async with asyncio.timeout(WAVE_FOR):
        while len(offers := [message for message in bench.telegram.sent if message.is_new]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return offers
