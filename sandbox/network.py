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
from sandbox.sms.incoming import Incoming
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
        self.telegram.webhook.passable = partial(self.faults.passable, "telegram")
        self.sms = Sms(settings, clock, self.people, self.events, partial(self.faults.passable, "sms"))
        self.incoming = Incoming(self.sms, settings, clock, self.events)

    def reset(self) -> None:
        """Forgets people, chats, SMS, faults and requests; clock, webhooks, and what the bot set for everyone, stay."""
        self.people.clear()
        self.telegram.clear()
        self.sms.clear()
        self.incoming.clear()
        self.faults.clear()
        self.requests.clear()
        self.events.emit("reset")

    async def close(self) -> None:
        """Ends everything under way."""
        self.events.close()
        self.telegram.updates.end_poll()
        await self.sms.close()
        await self.telegram.webhook.close()
