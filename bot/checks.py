"""What `rollcall check` looks at, and what to do where something is amiss."""

from dataclasses import dataclass
from datetime import timedelta

import httpx
from sqlalchemy import text
from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot import run, web
from bot.delivery.aiohttp_request import AiohttpRequest
from bot.explaining import database_fault
from bot.settings import Settings
from bot.twilio_web import SMS_PATH
from domain.db.engine import connect, sessions
from domain.notices import pausing

SKEW_MOST = timedelta(seconds=5)
PATIENCE = 10.0  # seconds for an answer of Twilio's


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `says` is one sentence; where it is not `fine`, with what to do."""

    about: str
    fine: bool
    says: str


async def findings(settings: Settings) -> list[Finding]:
    """Looks at everything; nothing is changed but an embedded database, which is started and brought up to date."""
    return [
        *await _database(settings),
        *await _telegram(settings),
        await _twilio(settings),
        *_sms_replies(settings),
        Finding(
            "time zone", True, f"{settings.timezone}, where it is {run.utc_now().astimezone(settings.timezone):%H:%M}"
        ),
    ]


async def _database(settings: Settings) -> list[Finding]:
    kind = "embedded" if settings.database_url is None else "answers"
    try:
        async with run.database(settings) as url:
            engine = connect(url, connections=0)
            await run.require_migrated(engine)
            async with engine.connect() as connection:
                skew = abs(run.utc_now() - (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one())
            async with sessions(engine)() as session:
                paused = await pausing.paused_since(session)
    except run.StartError as fault:
        return [Finding("database", False, str(fault))]
    except Exception as fault:
        if (says := database_fault(fault)) is None:
            raise
        return [Finding("database", False, says)]
    if skew > SKEW_MOST:
        says = f"its clock and this machine's are {skew.seconds} s apart: set both by NTP."
        return [Finding("database", False, says)]
    found = [Finding("database", True, f"{kind}, and has the present tables")]
    if paused is not None:
        since = f"{paused.astimezone(settings.timezone):%Y-%m-%d %H:%M}"
        found.append(Finding("pause", False, f"since {since} nothing is sent and no duty runs: `rollcall resume`."))
    return found


async def _telegram(settings: Settings) -> list[Finding]:
    if settings.telegram_bot_token is None:
        return [Finding("Telegram", False, "TELEGRAM_BOT_TOKEN is missing: ask @BotFather in Telegram for one.")]
    bot = Bot(settings.token, f"{settings.telegram_api_url}/bot", request=AiohttpRequest())
    try:
        async with bot:
            return [
                Finding("Telegram", True, f"knows this bot as @{bot.username}"),
                _webhook(settings, await bot.get_webhook_info()),
            ]
    except InvalidToken:
        return [Finding("Telegram", False, "it refuses the token: compare TELEGRAM_BOT_TOKEN with @BotFather's.")]
    except TelegramError as fault:
        return [Finding("Telegram", False, run.telegram_fault(settings, fault))]


def _webhook(settings: Settings, at_telegram: WebhookInfo) -> Finding:
    wanted = settings.public_url + web.PATH if settings.public_url else ""
    if at_telegram.url != wanted:
        is_there = f"Telegram brings updates to {at_telegram.url}" if at_telegram.url else "no webhook is set"
        goes = "`rollcall web` or `rollcall serve`, which sets it" if wanted else "`rollcall serve`, which removes it"
        return Finding("webhook", False, f"{is_there}; start {goes}.")
    if not wanted:
        return Finding("webhook", True, "none, since PUBLIC_URL is unset; the bot polls")
    if at_telegram.pending_update_count and at_telegram.last_error_message:
        says = f"Telegram can't bring updates to {wanted} ({at_telegram.last_error_message}): does `rollcall web` run?"
        return Finding("webhook", False, says)
    return Finding("webhook", True, f"Telegram brings updates to {wanted}")


async def _twilio(settings: Settings) -> Finding:
    if settings.twilio_account_sid is None or settings.twilio_auth_token is None:
        return Finding("SMS", True, "off, since no TWILIO_ settings are there; who has no Telegram is not reached")
    account = f"{settings.twilio_api_url}/2010-04-01/Accounts/{settings.twilio_account_sid}"
    login = (settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value())
    try:
        async with httpx.AsyncClient(auth=login, timeout=PATIENCE) as client:
            answer = await client.get(f"{account}/Messages.json", params={"PageSize": 1})
    except httpx.HTTPError as fault:
        return Finding("SMS", False, f"Twilio can't be reached at {settings.twilio_api_url} ({type(fault).__name__}).")
    if answer.status_code in (401, 403):
        says = "Twilio refuses TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN: compare them with its console."
        return Finding("SMS", False, says)
    if not answer.is_success:
        return Finding("SMS", False, f"Twilio answers {answer.status_code}: look at its console.")
    return Finding("SMS", True, "Twilio takes these credentials")


def _sms_replies(settings: Settings) -> list[Finding]:
    """What only a person can enter at Twilio. The part behind # makes Twilio repeat what got no answer."""
    if not settings.sms_is_on:
        return []
    if settings.public_url is None:
        says = "none come, nor reports of delivery, since PUBLIC_URL is unset; how an SMS fared is asked for"
        return [Finding("SMS replies", True, says)]
    sender = "number" if settings.twilio_from_number else "messaging service"
    address = f"{settings.public_url}{SMS_PATH}#rc=3&rp=all"
    return [Finding("SMS replies", True, f"enter {address} at Twilio, as the {sender}'s webhook for incoming messages")]
