"""Notices to deliver: what the managers of a fleet write to their drivers (`manual`), each in a message of its own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bench.fleet import Fleet
from domain.db.models.words import Channel, Urgency

# The benchmarks run at any hour; at night most notices would be held (R11.4). From and until alike: no quiet hours.
_NEVER_QUIET = "UPDATE contact_settings SET quiet_from = '00:00', quiet_until = '00:00'"

# What `send_message` and `tell` write, but for the draft's audit and the author's card.
_WRITE = """
WITH given AS (
    SELECT gen_random_uuid() AS id, home.user_id, home.warehouse_id, author.id AS author_id,
           author.first_name || ' ' || author.last_name AS author, 'The gate code is 4711 from today on.' AS text
    FROM unnest($1::uuid[]) AS who (id) JOIN employments home ON home.user_id = who.id
    JOIN warehouse_managers manager USING (warehouse_id) JOIN users author ON author.id = manager.user_id
), written AS (
    INSERT INTO messages (id, author_id, sought, text, created_at, sent_at)
    SELECT id, author_id, 'Driver', text, $2, $2 FROM given
), noted AS (
    INSERT INTO notifications (user_id, type, title, body, data, created_at)
    SELECT user_id, 'manual', author, text,
           jsonb_build_object('kind', 'manual', 'about', id, 'warehouse_id', warehouse_id, 'author', author,
                              'text', text, 'dedupe', 'manual:' || id || ':' || user_id),
           $2
    FROM given
    RETURNING id, user_id, (data ->> 'about')::uuid AS about
)
INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, level, state, due_at, created_at)
SELECT id, user_id, $3, 'manual', about, $4, $4, 'pending', $2::timestamptz, $2::timestamptz FROM noted
"""


async def never_quiet(connection: Any) -> None:
    """Every driver of the fleet may be reached at any hour."""
    await connection.execute(_NEVER_QUIET)


async def write(
    connection: Any,
    fleet: Fleet,
    drivers: Iterable[int],
    level: Urgency,
    now: datetime,
    *,
    channel: Channel = Channel.TELEGRAM,
) -> None:
    """One notice to each of these drivers, due now; in one statement, so committed with it."""
    to = [fleet.id("driver", driver) for driver in drivers]
    await connection.execute(_WRITE, to, now, channel.value, int(level))
