"""A company with the whole bot and both networks around it, in one process and one step after another.

The bot is the application that `rollcall serve` runs, on its own database. Only the loops that would run by real time,
and the sockets between it and Telegram, are not there: updates are handed to its receiver as its webhook does, what is
due is delivered when the simulation says so, and duties are ticked by it.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final, TypeVar
from unittest import mock

import asyncpg
from pydantic import SecretStr
from starlette.applications import Starlette

from bot import app, run
from bot.delivery import ladder, texting
from bot.delivery.carrying import Remove, carry, screen_for, settle
from bot.delivery.claims import claim_telegram
from bot.delivery.mail import Mail, open_mail
from bot.delivery.pictures import whole
from bot.delivery.steps import Step
from bot.receiving import Outcome
from bot.run import Rollcall
from bot.screens.screen import Screen
from bot.settings import MadeSettings
from bot.twilio_web import SMS_PATH, for_twilio
from domain.db.engine import connect, sessions
from domain.policy import Policy
from domain.shifts import outages
from sandbox.clock import SandboxClock
from sandbox.network import Network
from sandbox.people import Person
from sandbox.server import Running, create_app, running
from sandbox.simulate.company import Company, found
from sandbox.simulate.mishaps import STATEMENTS_MOST, mortal
from sandbox.simulate.postman import Postman
from sandbox.simulate.timekeeping import DatabaseClock, seeded, take_over
from sandbox.simulate.wire import Wire
from sandbox.telegram import door

T = TypeVar("T")

UNPACED: Final = dict.fromkeys(("telegram_every", "chat_every", "segment_every"), timedelta(0))
PUBLIC_URL: Final = "https://simulated.invalid"  # where Twilio would find the bot
STEP_MOST: Final = timedelta(seconds=100)  # of the database's clock: longer than any pause, shorter than an outage
KEPT: Final = 60  # messages of a chat
KILLED: Final = 10.0  # in so many of 1000 updates, and rounds of the workers, the process dies
TWICE: Final = 10.0  # so many of 1000 updates Telegram brings twice


@dataclass
class Town:
    """Everything, while it runs."""

    company: Company
    rollcall: Rollcall
    network: Network
    clock: SandboxClock
    database_clock: DatabaseClock
    dice: Random  # of what befalls an update
    postman: Postman
    working: bool = True  # False: an outage of ours; nothing is processed
    happened: Counter[str] = field(default_factory=Counter)

    @property
    def mail(self) -> Mail:
        """How the bot delivers."""
        return self.rollcall.edge.mail

    @property
    def policy(self) -> Policy:
        """The company's terms."""
        return self.rollcall.edge.policy

    @property
    def now(self) -> datetime:
        """The instant that it is."""
        return self.clock.now()

    def is_cut_off(self, network: str) -> bool:
        """Whether nothing gets through there, in either direction."""
        return any(fault["kind"] == "down" and fault["times"] is None for fault in self.network.faults.view()[network])

    async def forward(self, to: datetime) -> None:
        """Time passes. Unless they stand still, updates were processed meanwhile (R8.6a)."""
        passed = to - self.now
        self.clock.set(to)
        await self.database_clock.forward(min(passed, STEP_MOST) if self.working else passed)
        if self.working:
            await self.beat()

    async def beat(self) -> None:
        """Updates are being processed."""
        async with self.rollcall.edge.sessions.begin() as session:
            await outages.beat(session, self.policy, self.now)

    async def bring(self) -> None:
        """Whatever people have sent and pressed reaches the bot, in order, and its answers go out."""
        if not self.working:
            return
        for update in self.network.telegram.updates.pending():
            body = update.body()
            receipt = await self._unless_dead(partial(self.rollcall.receiver.receive_json, body))
            if receipt is None:  # who died has not acknowledged it
                self.happened["updates killed"] += 1
                receipt = await self.rollcall.receiver.receive_json(body)
            if receipt.outcome is Outcome.NOT_RECORDED:
                continue
            if self.dice.random() * 1000 < TWICE:
                self.happened["updates brought twice"] += 1
                again = await self.rollcall.receiver.receive_json(body)
                await again.send_replies()
            self.network.telegram.updates.confirm([update.update_id])
            self.happened["updates"] += 1
            if (answer := receipt.answer()) is not None:
                await door.reply(self.network, {"method": "answerCallbackQuery"} | answer)
            await receipt.send_replies()

    async def _unless_dead(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """The work's result; None where its process died in the middle of it."""
        dies_at = self.dice.randrange(STATEMENTS_MOST) if self.dice.random() * 1000 < KILLED else None
        return await mortal(work, dies_at)

    async def bring_text(self, person: Person, body: str) -> bool:
        """An SMS to the company; False where it is lost on the way."""
        if not self.working or self.is_cut_off("sms"):
            return False
        self.network.incoming.send(person, body)
        await self.network.sms.settled()
        self.happened["SMS received"] += 1
        return True

    async def deliver(self, *, carefully: bool = False) -> None:
        """Carries whatever is due, one after another, as the workers do; now and then one of them dies."""
        if await (self._deliver() if carefully else self._unless_dead(self._deliver)) is None:
            self.happened["workers killed"] += 1
            await self.network.sms.settled()  # what it had handed over goes its way, and only then does another go on
            await self._deliver()

    def forget(self) -> None:
        """What nobody scrolls back to, or asks for any more."""
        for chat in self.network.telegram.chats.values():
            for message_id in list(chat.messages)[:-KEPT]:
                del chat.messages[message_id]
        self.network.requests.clear()

    async def _text(self) -> Step | None:
        """One SMS; reports on it come afterwards."""
        async with self.postman.waiting():
            return await texting.carry_one(self.mail)

    async def _deliver(self) -> bool:
        mail = self.mail
        while await ladder.climb(mail):
            pass
        while (claimed := await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)) is not None:
            content = await screen_for(mail, claimed)
            if isinstance(content, Screen | Remove):
                await settle(mail, claimed, await carry(mail, claimed, content), whole(content, None))
            else:
                await settle(mail, claimed, content)
        while await self._text() is not None:
            await self.network.sms.settled()
        return True


@asynccontextmanager
async def town(database_url: str, drivers: int, seed: int, start: datetime) -> AsyncIterator[Town]:
    """Opens it all on a migrated, empty database, which it takes over for good."""
    clock = SandboxClock(start, running=False)
    await take_over(database_url, seed)
    async with AsyncExitStack() as stack:
        ticker = await asyncpg.connect(database_url)
        stack.push_async_callback(ticker.close)
        database_clock = DatabaseClock(ticker, start)
        await database_clock.forward(timedelta(0))
        sandbox_app = create_app(
            clock,
            limits=None,
            sms_step_seconds=0,
            sms_retry_seconds=0,
            seed=seed,
            monotonic=database_clock.monotonic,
        )
        sandbox = await stack.enter_async_context(running(sandbox_app))
        stack.enter_context(seeded(seed, database_clock.monotonic))
        company = await _founded(database_url, drivers, seed, start)
        for member in company.people:
            sandbox.network.people.add_from(member.account())
        sandbox.network.incoming.set_webhook(f"{PUBLIC_URL}{SMS_PATH}")
        settings = _settings(database_url, sandbox)
        stack.enter_context(mock.patch.object(run, "open_mail", _unpaced))
        # A new connection plans anew, with what tables have grown to: that must not be left to the hour of the run.
        stack.enter_context(mock.patch.object(run, "connect", partial(connect, renewed_after=None)))
        stack.enter_context(mock.patch.object(app, "AiohttpRequest", lambda **_: Wire(sandbox.network)))
        rollcall = await stack.enter_async_context(run.core(settings, clock.now))
        secret = sandbox.settings.auth_token
        for_texts = Starlette(routes=for_twilio(rollcall.edge, PUBLIC_URL, secret))
        postman = Postman(secret, partial(sandbox.network.faults.passable, "sms"), for_texts)
        await sandbox.network.sms.caller.close()
        sandbox.network.sms.caller = postman
        dice = Random(f"{seed}:updates")
        yield Town(company, rollcall, sandbox.network, clock, database_clock, dice, postman)


def _unpaced(*given: Any, **named: Any) -> Mail:
    return open_mail(*given, **named | UNPACED)


async def _founded(database_url: str, drivers: int, seed: int, now: datetime) -> Company:
    engine = connect(database_url, connections=0)
    try:
        async with sessions(engine).begin() as session:
            return await found(session, drivers, seed, now)
    finally:
        await engine.dispose()


def _settings(database_url: str, sandbox: Running) -> MadeSettings:
    told = sandbox.settings
    return MadeSettings.model_validate(
        {
            "database_url": SecretStr(database_url),
            "telegram_bot_token": SecretStr(told.token),
            "telegram_api_url": sandbox.url,
            "public_url": PUBLIC_URL,
            "twilio_account_sid": told.account_sid,
            "twilio_auth_token": SecretStr(told.auth_token),
            "twilio_from_number": told.sms_number,
            "twilio_api_url": sandbox.url,
            "sms_segments_per_second": 1000,
        }
    )
