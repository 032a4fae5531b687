"""Emergency windows to press on: each on a route of its own, offered to one driver who may take it."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.fleet import FIRST_CHAT, Fleet
from domain.time import week_of

FIRST_WEEK = timedelta(weeks=3)  # after this one: nothing is planned there, so everybody is free

_ASSIGNMENTS = """
INSERT INTO assignments (id, route_id, user_id, warehouse_id, date, status, assigned_by, assigned_at, confirmed_at,
                         created_at, updated_at)
SELECT given.slot, given.route, given.winner, routes.warehouse_id, $4::date,
       (CASE WHEN given.winner IS NULL THEN 'unfilled' ELSE 'scheduled' END)::assignment_status,
       CASE WHEN given.winner IS NOT NULL THEN 'bid'::assigned_by END,
       CASE WHEN given.winner IS NOT NULL THEN $5::timestamptz END,
       CASE WHEN given.winner IS NOT NULL THEN $5::timestamptz END, $5, $5
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS given (slot, route, winner) JOIN routes ON routes.id = given.route
"""
_WINDOWS = """
INSERT INTO bid_windows (id, assignment_id, mode, trigger, pay_bonus_percent, opens_at, closes_at, status, winner_id)
SELECT given.id, given.slot, 'emergency', 'manager', 20, $4::timestamptz, $4::timestamptz + interval '6 hours',
       (CASE WHEN given.winner IS NULL THEN 'open' ELSE 'resolved' END)::bid_window_status, given.winner
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS given (id, slot, winner)
"""
_WAVES = "INSERT INTO window_waves (window_id, next_at, sent) SELECT unnest($1::uuid[]), NULL, 1"
_OFFERS = """
WITH noted AS (
    INSERT INTO notifications (user_id, type, title, body, data, created_at)
    SELECT given.driver, 'emergency_route_available', 'R0, Warehouse 0 needs a driver', 'Whoever accepts first has it.',
           jsonb_build_object('kind', 'offer', 'about', given.id,
                              'dedupe', 'offer:' || given.id || ':' || given.driver),
           $4::timestamptz
    FROM unnest($1::uuid[], $2::uuid[]) AS given (id, driver)
    RETURNING id, user_id, (data ->> 'about')::uuid AS about
), asks AS (
    INSERT INTO window_asks (window_id, user_id, asked_at, date)
    SELECT w.id, given.driver, $4::timestamptz, a.date
    FROM unnest($1::uuid[], $2::uuid[]) AS given (id, driver)
    JOIN bid_windows w ON w.id = given.id JOIN assignments a ON a.id = w.assignment_id
)
INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, state, attempt, chat_id, message_id,
                        sent_at, expires_at, created_at)
SELECT noted.id, noted.user_id, 'telegram', 'offer', noted.about, 0, 'sent', 1, chat_links.chat_id, $3::bigint,
       $4::timestamptz, $4::timestamptz + interval '6 hours', $4::timestamptz
FROM noted JOIN chat_links ON chat_links.user_id = noted.user_id
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """One message on one driver's phone, whose button is about to be pressed."""

    window_id: uuid.UUID
    driver_id: uuid.UUID
    chat_id: int
    message_id: int


async def offer(connection: Any, fleet: Fleet, number: int, count: int, now: datetime, *, taken: bool) -> list[Offer]:
    """Writes set `number` of `count` offers, all for one day of a week of the set's own; `count` at most the routes.

    `taken`: somebody else has each of them already.
    """
    if count > fleet.routes:
        raise ValueError("there is one offer a route")
    on = week_of(fleet.today)[0] + FIRST_WEEK + timedelta(weeks=number)
    drivers = [fleet.driver_at(route) for route in range(count)]
    slots, windows = ([uuid.uuid4() for _ in range(count)] for _ in range(2))
    routes = [fleet.id("route", route) for route in range(count)]
    winners = [fleet.id("driver", driver + 1) if taken else None for driver in drivers]
    asked = [fleet.id("driver", driver) for driver in drivers]
    message_id = 10 + number
    async with connection.transaction():
        await connection.execute(_ASSIGNMENTS, slots, routes, winners, on, now)
        await connection.execute(_WINDOWS, windows, slots, winners, now)
        await connection.execute(_WAVES, windows)
        await connection.execute(_OFFERS, windows, asked, message_id, now)
    return [
        Offer(window, who, FIRST_CHAT + driver, message_id)
        for window, who, driver in zip(windows, asked, drivers, strict=True)
    ]
