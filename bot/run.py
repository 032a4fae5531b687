"""Puts the parts together and runs them in one process: all of them (`serve`), or those of `web` or `worker`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from telegram.error import InvalidToken, TelegramError, TimedOut

import migrations
from bot import menus, web
from bot.acting import Edge
from bot.app import build_application, build_bot
from bot.delivery.aiohttp_request import NotConnected
from bot.delivery.mail import open_mail
from bot.delivery.sms import Sms, twilio
from bot.delivery.worker import deliver
from bot.embedded_postgres import embedded_postgres
from bot.jobs import Clockwork, table_of_duties
from bot.kinds import table_of_kinds
from bot.leases import Leases
from bot.logs import masked
from bot.migrate import migrate
from bot.polling import Polling
from bot.receiving import App, Receiver
from bot.settings import Settings
from bot.wakeups import Wakeups
from bot.wording import Words
from domain.db.engine import connect, sessions

log = structlog.get_logger(__name__)

MIGRATIONS: Final = Path(migrations.__file__).parent
CONNECTIONS: Final = 10  # to the database, for updates and duties


class StartError(Exception):
    """It can't be started; the text is one sentence for the operator."""


def utc_now() -> datetime:
    """The clock of the real world. Everything gets its instants from whoever started it (R1.6)."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Rollcall:
    """A running bot. `port` is where the webhook listens, if it does."""

    app: App
    edge: Edge
    receiver: Receiver
    engine: AsyncEngine
    port: int | None = None
    parts: list[asyncio.Task[None]] = field(default_factory=list)

    async def wait(self) -> None:
        """Until one of the parts ends, which none does of its own accord; its fault is raised."""
        done, _ = await asyncio.wait(self.parts, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


@contextlib.asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The address of the database: the one that is set, or an embedded one, brought to the present shape."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    server = embedded_postgres(settings.data_dir)
    url = (await asyncio.to_thread(server.__enter__)).url()
    try:
        await migrate(url)
        yield url
    finally:
        server.__exit__(None, None, None)


async def require_migrated(engine: AsyncEngine) -> None:
    """Raises StartError where the database is of another shape than this program."""
    async with engine.connect() as connection:
        known = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
        at = set(await connection.scalars(text("SELECT version_num FROM alembic_version"))) if known else set()
    if at != set(ScriptDirectory(str(MIGRATIONS)).get_heads()):
        raise StartError("The database does not have the present tables yet: run `rollcall migrate`.")


@contextlib.asynccontextmanager
async def core(settings: Settings, now: Callable[[], datetime] = utc_now) -> AsyncIterator[Rollcall]:
    """What every command with a bot needs: database, Telegram, handlers. Nothing is received or sent by itself yet."""
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(database(settings))
        engine = connect(url, connections=CONNECTIONS)
        stack.push_async_callback(engine.dispose)
        await require_migrated(engine)
        bot, kinds = build_bot(settings), table_of_kinds(settings.policy, settings.company_name)
        sms = await stack.enter_async_context(_twilio(settings)) if settings.sms_is_on else None
        edge = Edge(
            settings=settings,
            policy=settings.policy,
            words=Words(settings.timezone),
            kinds=kinds,
            sessions=sessions(engine),
            mail=open_mail(
                engine,
                bot=bot,
                sms=sms,
                kinds=kinds,
                zone=settings.timezone,
                now=now,
                segment_every=timedelta(seconds=1 / settings.sms_segments_per_second),
            ),
            now=now,
        )
        app = build_application(bot, edge)
        stack.push_async_callback(bot.shutdown)
        stack.push_async_callback(app.shutdown)
        try:
            await app.initialize()
        except InvalidToken as fault:
            raise StartError("Telegram refuses the token: compare TELEGRAM_BOT_TOKEN with @BotFather's.") from fault
        except TelegramError as fault:
            raise StartError(telegram_fault(settings, fault)) from fault
        yield Rollcall(app, edge, Receiver(app), engine)


@contextlib.asynccontextmanager
async def serving(
    settings: Settings, now: Callable[[], datetime] = utc_now, *, receives: bool = True, works: bool = True
) -> AsyncIterator[Rollcall]:
    """The running bot. `receives`: the webhook, if PUBLIC_URL is set. `works`: deliveries, duties, and polling if not.

    Left, it takes nothing new, finishes what is in hand, and gives its lease to the next process. Raises StartError.
    """
    async with core(settings, now) as rollcall, contextlib.AsyncExitStack() as stack:
        bot, edge = rollcall.app.bot, rollcall.edge
        await menus.set_for_all(bot, settings.timezone)
        if works:
            wakeups = Wakeups(rollcall.engine)
            clockwork = Clockwork(table_of_duties(edge.words, edge.policy), edge.sessions, edge.policy, now)
            for part in (wakeups.listen, partial(deliver, edge.mail, wakeups=wakeups), clockwork.run):
                rollcall.parts.append(await stack.enter_async_context(_until_left(part)))
        if receives and settings.public_url:
            listener = web.listen(settings.port)
            rollcall.port = listener.getsockname()[1]
            app = web.web_app(rollcall.receiver, settings.webhook_token)
            rollcall.parts.append(await stack.enter_async_context(web.serving_web(app, listener)))
            await _set_webhook(rollcall, settings.public_url)
        elif works and not settings.public_url:
            polling = Polling(bot, rollcall.receiver, Leases(edge.sessions))
            rollcall.parts.append(await stack.enter_async_context(_until_left(polling.run)))
        log.info("ready", bot=bot.username, port=rollcall.port)
        yield rollcall
        log.info("stopping")


def telegram_fault(settings: Settings, fault: TelegramError) -> str:
    """What is the matter with Telegram, in one sentence."""
    where = settings.telegram_api_url
    if isinstance(fault, NotConnected | TimedOut):
        return f"Telegram can't be reached at {where}: is there a way to the internet from here?"
    return f"Telegram at {where} answers: {masked(fault.message)}."


async def _set_webhook(rollcall: Rollcall, public_url: str) -> None:
    try:
        await web.set_webhook(rollcall.receiver, public_url, rollcall.edge.settings.webhook_token)
    except TelegramError as fault:
        raise StartError(f"Telegram does not take {public_url} as PUBLIC_URL: {fault.message}.") from fault


@contextlib.asynccontextmanager
async def _until_left(part: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> AsyncIterator[asyncio.Task[None]]:
    """Runs a part of the bot. When the block is left it is told to stop, and its orderly end is waited for."""
    stop = asyncio.Event()
    task = asyncio.create_task(part(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait((task,))


def _twilio(settings: Settings) -> contextlib.AbstractAsyncContextManager[Sms]:
    sender = settings.twilio_from_number or settings.twilio_messaging_service_sid
    assert settings.twilio_account_sid and settings.twilio_auth_token and sender, "settings.load sees to it"
    secret = settings.twilio_auth_token.get_secret_value()
    return twilio(settings.twilio_account_sid, secret, sender, settings.twilio_api_url)
