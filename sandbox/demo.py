"""The demo: the real bot with a whole fleet, talking to the sandbox over HTTP as it would to the real networks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import asyncpg
import httpx
import typer
from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from bot import web
from bot.embedded_postgres import embedded_postgres
from bot.migrate import migrate
from bot.run import Rollcall, StartError, serving
from bot.settings import MadeSettings
from bot.twilio_web import SMS_PATH
from domain.db.engine import connect, sessions
from domain.db.models import ChatLink, Delivery
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.notices.kinds import Kind
from domain.policy import Policy
from domain.time import local_day, local_instant, week_of
from sandbox.clock import SandboxClock
from sandbox.fleet import Phone, settle
from sandbox.server import Running, create_app, running
from sandbox.telegram.pace import PUBLISHED, Limits

GROUP, CREW = "North depot", 7
WEDNESDAY = timedelta(days=2)
MORNING = time(7, 20)  # shifts have started, and R12 has no driver


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: the page is at `sandbox.url`."""

    sandbox: Running
    rollcall: Rollcall


def mid_week(today: datetime, policy: Policy) -> datetime:
    """The Wednesday morning of this week, at which a demo starts."""
    monday, _ = week_of(local_day(today, policy))
    return local_instant(monday + WEDNESDAY, MORNING, policy)


@asynccontextmanager
async def demo(
    database_url: str, port: int = 0, limits: Limits | None = PUBLISHED, phones: list[Phone] | None = None
) -> AsyncIterator[Demo]:
    """Runs everything in this event loop; `database_url` is emptied first. Port 0 takes a free one.

    For tests: `limits` are Telegram's rates, and None lifts them; `phones` are those of a fleet that has been settled
    in the database this week.
    """
    policy = Policy()
    clock = SandboxClock(mid_week(datetime.now(UTC), policy))
    async with running(create_app(clock, timezone=str(policy.zone), limits=limits), port=port) as sandbox:
        if phones is None:
            await _empty(database_url)
            await migrate(database_url)
            phones = await settled(database_url, sandbox.settings.bot_username, policy, clock.now())
        bots_port = _free_port()
        public_url = f"http://127.0.0.1:{bots_port}"
        await _prepared(sandbox, phones, public_url)
        told = sandbox.settings
        chosen = MadeSettings.model_validate(
            {
                "database_url": SecretStr(database_url),
                "telegram_bot_token": SecretStr(told.token),
                "telegram_api_url": sandbox.url,
                "public_url": public_url,
                "twilio_account_sid": told.account_sid,
                "twilio_auth_token": SecretStr(told.auth_token),
                "twilio_from_number": told.sms_number,
                "twilio_api_url": sandbox.url,
                "sms_segments_per_second": 10,
                "timezone": str(policy.zone),
                "log_level": "WARNING",
                "port": bots_port,
            }
        )
        async with serving(chosen, clock.now) as rollcall:
            yield Demo(sandbox, rollcall)


async def _empty(database_url: str) -> None:
    """Makes the database anew: a demo always begins at its beginning."""
    address = make_url(database_url)
    connection = await asyncpg.connect(address.set(database="postgres").render_as_string(hide_password=False))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{address.database}"')
        await connection.execute(f'CREATE DATABASE "{address.database}"')
    except asyncpg.ObjectInUseError:
        raise StartError(
            "A demo runs in this data folder already: end it, or set DATA_DIR to another folder."
        ) from None
    finally:
        await connection.close()


async def settled(database_url: str, bot_username: str, policy: Policy, now: datetime) -> list[Phone]:
    """Writes the demo's fleet into an empty, migrated database; returns the phones of its people."""
    engine = connect(database_url, connections=0)
    try:
        async with sessions(engine).begin() as session:
            phones = await settle(session, local_day(now, policy), bot_username, policy, now)
            await _home_cards(
                session, [phone.telegram_id for phone in phones if phone.started and not phone.blocked], now
            )
            return phones
    finally:
        await engine.dispose()


async def _home_cards(session: AsyncSession, chats: list[int | None], now: datetime) -> None:
    """Who uses the bot has a home card in his chat; in the new chats of a demo it is sent at the start."""
    columns = ["user_id", "channel", "kind", "urgency", "state", "due_at", "created_at"]
    values = (Channel.TELEGRAM, Kind.HOME, int(Urgency.NORMAL), DeliveryState.PENDING, now, now)
    people = (await session.scalars(select(ChatLink.user_id).where(ChatLink.chat_id.in_(chats)))).all()
    rows = [dict(zip(columns, (user_id, *values), strict=True)) for user_id in people]
    await session.execute(insert(Delivery), rows)


def _free_port() -> int:
    """The networks must know the bot's address before it listens there."""
    with web.listen(0) as listener:
        return int(listener.getsockname()[1])


async def _prepared(sandbox: Running, phones: list[Phone], public_url: str) -> None:
    """People, and what an operator enters at Twilio (`rollcall check`), over the documented calls like everybody."""
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, verify=False) as calls:
        for phone in phones:
            person = (await calls.post("/sandbox/people", json=phone.person())).raise_for_status().json()
            if phone.sms is not None:
                body = {"body": phone.sms, "from": "Rollcall"}
                (await calls.post(f"/sandbox/people/{person['id']}/receive-sms", json=body)).raise_for_status()
        await _gathered(calls, [phone for phone in phones if phone.label.endswith("North") and phone.telegram_id])
        webhook = {"url": f"{public_url}{SMS_PATH}#rc=3&rp=all"}
        (await calls.post("/sandbox/sms/webhook", json=webhook)).raise_for_status()


async def _gathered(calls: httpx.AsyncClient, crew: list[Phone]) -> None:
    """North's managers and some of its drivers write in a group, into which the bot has just been taken."""
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    ids = {person["name"]: person["id"] for person in people}
    members = [ids[each.name] for each in crew[:CREW]]
    group = (await calls.post("/sandbox/groups", json={"title": GROUP, "members": members})).raise_for_status().json()
    bot = {"person": members[0], "status": "member"}
    (await calls.post(f"/sandbox/groups/{group['id']}/bot", json=bot)).raise_for_status()


async def run(data_dir: Path, port: int) -> None:
    """`rollcall demo`: until it is interrupted, on a database of its own in the data folder."""
    server = embedded_postgres(data_dir)
    database = await asyncio.to_thread(server.__enter__)
    try:
        async with demo(database.url("demo"), port) as running_demo:
            typer.echo(f"\nRollcall is on at {running_demo.sandbox.url}\nOpen it in a browser; Ctrl-C ends it.\n")
            await running_demo.rollcall.wait()
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)
