"""What the sandbox is told when it is made."""

from dataclasses import dataclass

from sandbox.telegram.pace import PUBLISHED, Limits
from sandbox.telegram.webhook import PAUSES


@dataclass(frozen=True)
class Settings:
    """One bot, one Twilio account, one company."""

    token: str = "7000000001:sandbox-token-of-no-worth"  # noqa: S105 - made up, good for nothing elsewhere
    bot_username: str = "rollcall_bot"
    bot_name: str = "Rollcall"
    account_sid: str = "AC" + "0" * 31 + "1"
    auth_token: str = "sandbox-auth-token"  # noqa: S105 - made up as well
    sms_number: str = "+14165550100"
    messaging_service_sid: str = "MG" + "0" * 31 + "1"
    timezone: str = "America/Toronto"
    limits: Limits | None = PUBLISHED
    webhook_pauses: tuple[float, ...] = PAUSES
    sms_step_seconds: float = 0.05
    sms_retry_seconds: float = 0.5
    seed: int | None = None
