"""The whole network in memory: people, Telegram, SMS, clock, faults and what was asked of it."""

import time
from collections.abc import Callable
from functools import partial

from sandbox.clock import SandboxClock
from sandbox.events import Events
from sandbox.faults import Faults
from sandbox.people import People
from sandbox.requests import Requests
from sandbox.settings import Settings
from sandbox.sms.network import Sms
from sandbox.telegram import door
from sandbox.telegram.state import Telegram


class Network:
    """All the state of one sandbox."""

    def __init__(
        self, clock: SandboxClock, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.events = Events()
        self.people = People()
        self.faults = Faults(settings.seed)
        self.requests = Requests(clock.now)
        self.telegram = Telegram(settings, clock, self.people, self.events, monotonic)
        self.telegram.webhook.reply = partial(door.reply, self)
        self.sms = Sms(settings, clock, self.people, self.events)

    def reset(self) -> None:
        """Forgets people, chats, SMS, faults and requests; the clock, and what the bot set for everyone, stay."""
        self.people.clear()
        self.telegram.clear()
        self.sms.clear()
        self.faults.clear()
        self.requests.clear()
        self.events.emit("reset")

    async def close(self) -> None:
        """Ends everything under way."""
        self.events.close()
        self.telegram.updates.end_poll()
        self.sms.clear()
        await self.telegram.webhook.close()
