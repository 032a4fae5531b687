"""What an operator can set, from the environment or `.env`: read once at the start, and passed down."""

import hashlib
import hmac
import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from domain.people.phones import e164
from domain.policy import Policy

TELEGRAM = "https://api.telegram.org"
TWILIO = "https://api.twilio.com"


class SettingsError(Exception):
    """The settings won't do; `lines` has one plain sentence for each that is missing or wrong."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError
    return text.rstrip("/")


def _database(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value())
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ValueError
    return secret


def _zone(name: Any) -> ZoneInfo:
    try:
        return name if isinstance(name, ZoneInfo) else ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ValueError from fault


def _phones(written: Any) -> tuple[str, ...]:
    parts = written.split(",") if isinstance(written, str) else written
    numbers = [e164(part) for part in parts if part.strip()]
    if None in numbers:
        raise ValueError
    return tuple(number for number in numbers if number is not None)


def _shaped(pattern: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, secret.get_secret_value()):
            raise ValueError
        return secret

    return AfterValidator(check)


Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """`description` completes the sentence "NAME must be …"; what is secret is never printed."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: Annotated[SecretStr, AfterValidator(_database)] | None = Field(
        default=None, description="like postgresql://user:password@host:5432/name"
    )
    data_dir: Path = Field(default=Path(".rollcall"), description="a folder")

    telegram_bot_token: Annotated[SecretStr, _shaped(r"\d+:[A-Za-z0-9_-]+")] | None = Field(
        default=None, description="a token as @BotFather gives it, like 123456789:AbC…"
    )
    telegram_api_url: Address = Field(default=TELEGRAM, description="an address like https://api.telegram.org")
    public_url: Address | None = Field(
        default=None, description="the https:// address under which Telegram reaches this bot"
    )
    webhook_secret: Annotated[SecretStr, _shaped(r"[A-Za-z0-9_-]{1,256}")] | None = Field(
        default=None, description="1 to 256 of the characters A-Z, a-z, 0-9, _ and -"
    )
    port: int = Field(default=8080, ge=0, le=65535, description="a whole number from 0 to 65535")

    twilio_account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")] | None = Field(
        default=None, description="AC and 32 hexadecimal digits, as Twilio's console shows it"
    )
    twilio_auth_token: SecretStr | None = Field(default=None, description="the auth token of Twilio's console")
    twilio_from_number: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")] | None = Field(
        default=None, description="a number like +14165550100"
    )
    twilio_messaging_service_sid: Annotated[str, Field(pattern=r"^MG[0-9a-fA-F]{32}$")] | None = Field(
        default=None, description="MG and 32 hexadecimal digits"
    )
    twilio_api_url: Address = Field(default=TWILIO, description="an address like https://api.twilio.com")
    sms_segments_per_second: float = Field(default=1, gt=0, le=1000, description="a number above 0, at most 1000")
    sms_monthly_budget: int | None = Field(default=None, ge=1, description="a whole number of segments, 1 or more")

    company_name: str = Field(default="Rollcall", min_length=1, max_length=30, description="1 to 30 characters")
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = Field(
        default=ZoneInfo("America/Toronto"), description="a time zone like America/Toronto"
    )
    owners: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_phones)] = Field(
        default=(), description="phone numbers like +14165550100, with commas between them"
    )
    emergency_bonus_percent: int = Field(default=20, ge=0, le=100, description="a whole number from 0 to 100")
    go_live_on: date | None = Field(default=None, description="a day like 2026-12-01")
    confirm_opens_days: int | None = Field(default=None, ge=3, le=60, description="a whole number from 3 to 60")
    penalties_from: date | None = Field(default=None, description="a day like 2026-12-15")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["console", "json"] = Field(default="console", description="console or json")

    @property
    def policy(self) -> Policy:
        """The company's terms, with what the operator has set."""
        return Policy(
            zone=self.timezone,
            emergency_bonus_percent=self.emergency_bonus_percent,
            go_live_on=self.go_live_on,
            confirm_opens=None if self.confirm_opens_days is None else timedelta(days=self.confirm_opens_days),
            penalties_from=None
            if self.penalties_from is None
            else datetime.combine(self.penalties_from, time(), self.timezone),
            sms_monthly_budget=self.sms_monthly_budget,
        )

    @property
    def token(self) -> str:
        """The bot's token; `load` was told that it is needed."""
        if self.telegram_bot_token is None:
            raise SettingsError([_missing("TELEGRAM_BOT_TOKEN")])
        return self.telegram_bot_token.get_secret_value()

    @property
    def webhook_token(self) -> str:
        """What Telegram sends along so that we know it. Unset, it follows from the token: alike in every process."""
        if self.webhook_secret is not None:
            return self.webhook_secret.get_secret_value()
        return hmac.new(self.token.encode(), b"rollcall webhook", hashlib.sha256).hexdigest()

    @property
    def sms_is_on(self) -> bool:
        """Whether there is a way to send SMS; `load` refuses half of the settings for it."""
        return self.twilio_account_sid is not None


class MadeSettings(Settings):
    """Settings that a program makes for itself, as the demo does: environment and `.env` have no part in them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


_ABOUT = {
    "TELEGRAM_BOT_TOKEN": "ask @BotFather in Telegram for one",
    "DATABASE_URL": "the data folder of this command would be lost or not shared on most hosts",
    "PUBLIC_URL": "without it there is no webhook; use `rollcall worker`, or `rollcall serve`, which poll",
    "TWILIO_ACCOUNT_SID": "it is needed for SMS, as the other TWILIO_ settings",
    "TWILIO_AUTH_TOKEN": "it is needed for SMS, as TWILIO_ACCOUNT_SID",
    "TWILIO_FROM_NUMBER": "SMS need a number to come from, or TWILIO_MESSAGING_SERVICE_SID",
}


def load(*required: str) -> Settings:
    """Reads the settings; `required` are those that this command can't do without. Raises SettingsError, naming all."""
    given = DotEnvSettingsSource(Settings)() | EnvSettingsSource(Settings)()
    lines = [_missing(name) for name in required if name.lower() not in given]
    try:
        settings = Settings()
    except ValidationError as fault:
        raise SettingsError(lines + sorted({_wrong(str(error["loc"][0])) for error in fault.errors()})) from None
    lines += _contradictions(settings)
    if lines:
        raise SettingsError(lines)
    return settings


def _missing(name: str) -> str:
    return f"{name} is missing: {_ABOUT[name]}."


def _wrong(field: str) -> str:
    return f"{field.upper()} must be {Settings.model_fields[field].description}."


def _contradictions(settings: Settings) -> list[str]:
    lines = []
    if settings.public_url and settings.public_url.startswith("http:") and settings.telegram_api_url == TELEGRAM:
        lines.append("PUBLIC_URL must start with https://: Telegram takes no other.")
    needed = {
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
        "TWILIO_FROM_NUMBER": settings.twilio_from_number or settings.twilio_messaging_service_sid,
    }
    if any(needed.values()):
        lines += [_missing(name) for name, value in needed.items() if value is None]
    return lines
