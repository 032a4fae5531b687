"""What delivery asks of PostgreSQL again and again, with few and with many finished deliveries in the table."""

import statistics
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine
from telegram import Bot

from bench import notices
from bench.fleet import FIRST_CHAT
from bench.presses import Bench
from bench.telegram import TOKEN
from bot.delivery import ladder
from bot.delivery.claims import claim_telegram
from bot.delivery.mail import Mail, open_mail
from bot.delivery.sms_claims import claim_send
from bot.wording import Words
from domain.db.engine import connect
from domain.db.models.words import Channel, Urgency
from domain.policy import Policy

FINISHED: Final = (10_000, 1_000_000)  # deliveries
WAITING: Final = 1_000  # of either channel, in both tables
TIMES: Final = 300  # each call
NO_PACE: Final = timedelta(0)

Call = Callable[[], Awaitable[uuid.UUID | None]]  # what it has claimed, if it claims

# One in five was an SMS. Foreign keys aren't looked at for a million rows of which nothing else is asked.
_FINISH = """
WITH drivers AS (SELECT array_agg(id) AS ids FROM users WHERE role = 'driver'), rows AS (
    SELECT ids[1 + n % cardinality(ids)] AS user_id, gen_random_uuid() AS notification_id, gen_random_uuid() AS about,
           n % 5 = 0 AS by_sms, (n / 5 % 3)::smallint AS level, {first_chat} + n % cardinality(ids) AS chat_id,
           10000000 + n AS message_id, '{now}'::timestamptz - n % 86400 * interval '1 min' AS at
    FROM drivers, generate_series((SELECT count(*) FROM deliveries), {count} - 1) AS n
)
INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, level, state, attempt, chat_id,
                        message_id, sent_at, created_at)
SELECT notification_id, user_id, CASE WHEN by_sms THEN 'sms' ELSE 'telegram' END, 'manual', about, level, level,
       CASE WHEN by_sms THEN 'delivered' WHEN level < 2 THEN 'acknowledged' ELSE 'sent' END, 1,
       CASE WHEN NOT by_sms THEN chat_id END, CASE WHEN NOT by_sms THEN message_id END, at, at
FROM rows
"""
_DONE = "UPDATE deliveries SET state = 'sent', due_at = NULL, lease_until = NULL WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Growth:
    """One call. Milliseconds without the disk, the median of TIMES, with as many finished as FINISHED says."""

    name: str
    few: float
    many: float


async def measured(few: Bench, many: Bench) -> list[Growth]:
    """On two fleets of the same size, with at least WAITING drivers.

    In turns: whatever else the machine does meanwhile, it does to both.
    """
    took: dict[str, tuple[list[float], list[float]]] = {}
    async with _calls(few, FINISHED[0]) as with_few, _calls(many, FINISHED[1]) as with_many:
        for _ in range(TIMES):
            for name in with_few:
                of_few, of_many = took.setdefault(name, ([], []))
                of_few.append(await _timed(few.db, with_few[name]))
                of_many.append(await _timed(many.db, with_many[name]))
    return [
        Growth(name, statistics.median(of_few), statistics.median(of_many)) for name, (of_few, of_many) in took.items()
    ]


async def _timed(db: Any, call: Call) -> float:
    """Milliseconds. What was claimed is done before the next is, so that nothing in hand piles up in front."""
    began = monotonic()
    claimed = await call()
    took = monotonic() - began
    if claimed is not None:
        await db.execute(_DONE, claimed)
    return 1000 * took


@asynccontextmanager
async def _calls(bench: Bench, finished: int) -> AsyncIterator[dict[str, Call]]:
    """On so many finished deliveries."""
    await _fill(bench, finished)
    # A commit's way to the disk has nothing to do with growth, and takes longer than all the rest: it would hide it.
    engine = connect(f"{bench.url}?synchronous_commit=off")
    try:
        yield _of(_mail(engine))
    finally:
        await engine.dispose()


async def _fill(bench: Bench, finished: int) -> None:
    """So many finished deliveries, and what waits."""
    async with bench.db.transaction():
        await bench.db.execute("SET LOCAL session_replication_role = replica")
        given = {"first_chat": FIRST_CHAT, "now": datetime.now(UTC).isoformat(), "count": finished}
        await bench.db.execute(_FINISH.format(**given))
    for channel in (Channel.TELEGRAM, Channel.SMS):
        await notices.write(bench.db, bench.fleet, range(WAITING), Urgency.NORMAL, datetime.now(UTC), channel=channel)
    # What the server would do of its own accord, and meanwhile.
    await bench.db.execute("VACUUM (ANALYZE) deliveries")
    await bench.db.execute("CHECKPOINT")


def _mail(engine: AsyncEngine) -> Mail:
    """Nothing is sent with it."""
    return open_mail(
        engine,
        bot=Bot(TOKEN),
        sms=None,
        kinds={},
        words=Words(Policy().zone),
        policy=Policy(),
        now=lambda: datetime.now(UTC),
        telegram_every=NO_PACE,
        chat_every=NO_PACE,
    )


def _of(mail: Mail) -> dict[str, Call]:
    async def look() -> None:
        assert await mail.pace.slot_for_work(mail.now()) is not None

    async def claim() -> uuid.UUID:
        claimed = await claim_telegram(mail.db, mail.now(), NO_PACE, mail.policy)
        assert claimed is not None
        return claimed.id

    async def claim_sms() -> uuid.UUID:
        claimed = await claim_send(mail.db, mail.now(), "sms", mail.policy)
        assert claimed is not None
        return claimed.row.id

    async def climb() -> None:
        assert await ladder.climb(mail) == 0

    return {
        "the pace's look for work": look,
        "the claim for Telegram": claim,
        "the claim of an SMS": claim_sms,
        "the ladder, nothing to do": climb,
    }
