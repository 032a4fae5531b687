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
from starlette.applications import Starlette
from telegram.error import BadRequest, InvalidToken, TelegramError, TimedOut

import migrations
from bot import menus, rosters, web
from bot.acting import Edge
from bot.app import build_application, build_bot
from bot.calendar_web import for_calendar
from bot.delivery.aiohttp_request import NotConnected
from bot.delivery.mail import open_mail
from bot.delivery.outcomes import Halted
from bot.delivery.sms import Sms, twilio
from bot.delivery.telegram import outcome_of
from bot.delivery.worker import deliver
from bot.embedded_postgres import embedded_postgres
from bot.heartbeat import Heartbeat
from bot.jobs import Clockwork, table_of_duties
from bot.kinds import table_of_kinds
from bot.leases import Leases
from bot.logs import masked
from bot.migrate import migrate
from bot.polling import Polling
from bot.receiving import App, Receiver
from bot.settings import Settings
from bot.twilio_web import STATUS_PATH, for_twilio
from bot.waiting import first_of
from bot.wakeups import Wakeups
from bot.wording import Words
from bot.workshop import Workshop
from domain.db.engine import connect, sessions
from domain.people import owning

log = structlog.get_logger(__name__)

MIGRATIONS: Final = Path(migrations.__file__).parent
CONNECTIONS: Final = 10  # to the database, for updates and duties
INTRODUCE_WITHIN: Final = 5.0  # seconds at the start; a Telegram that is slower is met later
TRY_EVERY_MOST: Final = 30.0  # seconds

Part = Callable[[asyncio.Event], Coroutine[Any, Any, None]]  # runs until it is told to stop


class StartError(Exception):
    """It can't be started; the text is one sentence for the operator."""


def utc_now() -> datetime:
    """The clock of the real world. Everything gets its instants from whoever started it (R1.6)."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Rollcall:
    """A running bot. `met`: Telegram has said who we are. `port` is where it listens, if it does."""

    app: App
    edge: Edge
    receiver: Receiver
    engine: AsyncEngine
    database_url: str = field(repr=False)  # with its password
    met: asyncio.Event = field(default_factory=asyncio.Event)
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
    async with _assembled(settings, now) as rollcall:
        try:
            await _meet(rollcall)
        except TelegramError as fault:
            raise StartError(telegram_fault(settings, fault)) from fault
        yield rollcall


@contextlib.asynccontextmanager
async def _assembled(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Rollcall]:
    """All of it, on a database that is there. Messages can be sent; updates can't be handled before `_meet`."""
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
                words=Words(settings.timezone),
                policy=settings.policy,
                now=now,
                segment_every=timedelta(seconds=1 / settings.sms_segments_per_second),
            ),
            now=now,
        )
        stack.callback(edge.mail.workshop.close)
        app = build_application(bot, edge)
        stack.push_async_callback(bot.shutdown)
        stack.push_async_callback(app.shutdown)
        yield Rollcall(app, edge, Receiver(app), engine, url)


async def _meet(rollcall: Rollcall) -> None:
    """Asks Telegram who we are. Raises StartError where it refuses the token, TelegramError where it can't be asked."""
    try:
        await rollcall.app.initialize()
    except InvalidToken as fault:
        raise StartError("Telegram refuses the token: compare TELEGRAM_BOT_TOKEN with @BotFather's.") from fault
    rollcall.met.set()


async def _name_owners(rollcall: Rollcall) -> None:
    async with rollcall.edge.sessions.begin() as session:
        strangers = await owning.name_owners(session, rollcall.edge.settings.owners, rollcall.edge.now())
    for phone in strangers:
        log.warning("nobody who has an owner's number is a manager: see OWNERS, `rollcall create-manager`", phone=phone)


@contextlib.asynccontextmanager
async def serving(
    settings: Settings, now: Callable[[], datetime] = utc_now, *, receives: bool = True, works: bool = True
) -> AsyncIterator[Rollcall]:
    """The running bot. `receives`: the webhook, if PUBLIC_URL is set. `works`: deliveries, duties, and polling if not.

    A Telegram that can't be reached does not keep the rest from running. Left, it takes nothing new, finishes what is
    in hand, and gives its lease to the next process. Raises StartError.
    """
    async with _assembled(settings, now) as rollcall, contextlib.AsyncExitStack() as stack:
        await _name_owners(rollcall)
        edge, webhook = rollcall.edge, settings.public_url if receives else None
        listens = receives or "port" in settings.model_fields_set
        listener = stack.enter_context(web.listen(settings.port)) if listens else None
        introduced = await _introduced_at_start(rollcall, webhook)

        polls = works and not settings.public_url
        heartbeat = Heartbeat(edge.sessions, edge.policy, now, polls)

        async def updates(stop: asyncio.Event) -> None:
            if introduced or await _introduced_later(rollcall, webhook, stop):
                if polls:
                    leases = Leases(edge.sessions)
                    await Polling(rollcall.app.bot, rollcall.receiver, leases, answered=heartbeat.answered).run(stop)
                await stop.wait()

        parts: dict[str, Part] = {"the updates": updates}
        if polls or webhook is not None:
            parts["the heartbeat"] = heartbeat.run
        workshop = Workshop()  # of its own: no picture waits for a roster
        if works:
            wakeups = Wakeups(rollcall.engine)
            make_roster = rosters.in_workshop(workshop, rollcall.database_url, edge.policy)
            duties = table_of_duties(edge.words, edge.policy, make_roster)
            clockwork = Clockwork(duties, edge.sessions, edge.policy, now)
            delivery: Part = partial(deliver, edge.mail, wakeups=wakeups)
            working: dict[str, Part] = {
                "listening": wakeups.listen,
                "the delivery": delivery,
                "the duties": clockwork.run,
            }
            parts = working | parts
        for name, part in parts.items():
            rollcall.parts.append(await stack.enter_async_context(_until_left(name, part)))
        stack.callback(workshop.close)  # before the duties end, which would wait for a roster
        if listener is not None:
            rollcall.port = listener.getsockname()[1]
            serving_web = web.serving_web(_web_app(rollcall, webhook), listener)
            rollcall.parts.append(await stack.enter_async_context(serving_web))
        log.info("ready", bot=rollcall.app.bot.username if rollcall.met.is_set() else None, port=rollcall.port)
        yield rollcall
        log.info("stopping")


def _web_app(rollcall: Rollcall, webhook: str | None) -> Starlette:
    edge = rollcall.edge
    routes = web.for_operators(edge.sessions, rollcall.parts, edge.mail.pulse, edge.policy, edge.now)
    if webhook is not None:
        routes += web.for_telegram(rollcall.receiver, edge.settings.webhook_token, rollcall.met)
        routes += for_calendar(edge)
        if (secret := edge.settings.twilio_auth_token) is not None:
            routes += for_twilio(edge, webhook, secret.get_secret_value())
    return Starlette(routes=routes)


async def _introduce(rollcall: Rollcall, webhook: str | None) -> None:
    """Who we are, which commands we know, and where updates are to be brought. Raises StartError, TelegramError."""
    await _meet(rollcall)
    await menus.set_for_all(rollcall.app.bot, rollcall.edge.policy.zone)
    if webhook is not None:
        try:
            await web.set_webhook(rollcall.receiver, webhook, rollcall.edge.settings.webhook_token)
        except BadRequest as fault:
            raise StartError(f"Telegram does not take {webhook} as PUBLIC_URL: {fault.message}.") from fault


async def _introduced_at_start(rollcall: Rollcall, webhook: str | None) -> bool:
    """One try. Where Telegram is away the deliveries don't wait for it: what it does not take goes by SMS (R11.2)."""
    try:
        async with asyncio.timeout(INTRODUCE_WITHIN):
            await _introduce(rollcall, webhook)
    except (TelegramError, TimeoutError) as fault:
        away = fault if isinstance(fault, TelegramError) else TimedOut()
        log.warning("all goes on without Telegram", fault=telegram_fault(rollcall.edge.settings, away))
        return False
    return True


async def _introduced_later(rollcall: Rollcall, webhook: str | None, stop: asyncio.Event) -> bool:
    """Try after try; False where `stop` came first."""
    pause = 1.0
    while not await first_of(stop, for_at_most=pause):
        try:
            await _introduce(rollcall, webhook)
        except TelegramError as fault:
            pause = min(2 * pause, TRY_EVERY_MOST)
            if isinstance(halted := outcome_of(fault), Halted):
                pause = max(pause, halted.retry_after.total_seconds())
        else:
            log.info("Telegram is there", bot=rollcall.app.bot.username)
            return True
    return False


def telegram_fault(settings: Settings, fault: TelegramError) -> str:
    """What is the matter with Telegram, in one sentence."""
    where = settings.telegram_api_url
    if isinstance(fault, NotConnected | TimedOut):
        return f"Telegram can't be reached at {where}: is there a way to the internet from here?"
    return f"Telegram at {where} answers: {masked(fault.message)}."


@contextlib.asynccontextmanager
async def _until_left(name: str, part: Part) -> AsyncIterator[asyncio.Task[None]]:
    """Runs a part of the bot. When the block is left it is told to stop, and its orderly end is waited for."""
    stop = asyncio.Event()
    task = asyncio.create_task(part(stop), name=name)
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait((task,))


def _twilio(settings: Settings) -> contextlib.AbstractAsyncContextManager[Sms]:
    sender = settings.twilio_from_number or settings.twilio_messaging_service_sid
    assert settings.twilio_account_sid and settings.twilio_auth_token and sender, "settings.load sees to it"
    secret = settings.twilio_auth_token.get_secret_value()
    status_url = settings.public_url + STATUS_PATH if settings.public_url else None
    return twilio(settings.twilio_account_sid, secret, sender, settings.twilio_api_url, status_url)
