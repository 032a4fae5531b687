"""What carrying messages takes: the database, both networks, the table of kinds, the clock, and who draws."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from telegram import Bot

from bot.delivery.pace import CHAT_EVERY, SEGMENT_EVERY, TELEGRAM_EVERY, Pace
from bot.delivery.sms import Sms
from bot.kinds import Kinds
from bot.pulse import Pulse
from bot.workshop import Workshop
from domain.db.engine import sessions
from domain.notices.wording import Wording
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Mail:
    """Put together once a process by `open_mail`."""

    db: AsyncEngine  # every statement commits by itself
    sessions: async_sessionmaker[AsyncSession]  # for what is more than one statement
    bot: Bot
    sms: Sms | None  # None: SMS is not set up
    kinds: Kinds
    words: Wording
    policy: Policy
    now: Callable[[], datetime]
    pace: Pace
    pulse: Pulse = field(default_factory=Pulse)  # of the workers' loops
    workshop: Workshop = field(default_factory=Workshop)  # for pictures; to be closed by who opened the mail


def open_mail(
    engine: AsyncEngine,
    *,
    bot: Bot,
    sms: Sms | None,
    kinds: Kinds,
    words: Wording,
    policy: Policy,
    now: Callable[[], datetime],
    telegram_every: timedelta = TELEGRAM_EVERY,
    chat_every: timedelta = CHAT_EVERY,
    segment_every: timedelta = SEGMENT_EVERY,
) -> Mail:
    """On the connections of `engine`. The three paces are between two messages; zero lifts one, for benchmarks."""
    db = engine.execution_options(isolation_level="AUTOCOMMIT")
    pace = Pace(db, telegram_every, chat_every, segment_every)
    return Mail(db, sessions(engine), bot, sms, kinds, words, policy, now, pace)
