"""A made-up fleet of any size, written by set-based SQL: the same numbers and the same seed give the same fleet.

Drivers and routes are numbered from 0 and belong to warehouses in blocks, so that driver `n` is at home where route
`n * routes / drivers` runs. Every driver has linked his chat and has a home card in it. Three weeks are planned, the
last, this and the next one: every route runs each day, each driver has at most three shifts a week, and every
twentieth slot from tomorrow on is without a driver.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain.policy import Policy
from domain.time import local_day, week_of

ROUTES_A_WAREHOUSE = 40
FIRST_CHAT = 1_000_000
FIRST_MANAGERS_CHAT = 9_000_000
HOME_MESSAGE = 1  # the message of the home card in each driver's chat
PLANNED = timedelta(weeks=1)  # before and after this week

# Ids and dice from a word and a number: the same on every machine, and in Python as well (`Fleet.id`).
_FUNCTIONS = """
CREATE FUNCTION pg_temp.id(what text, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT md5('{seed}:' || what || ':' || n)::uuid $$;
CREATE FUNCTION pg_temp.dice(what text, n bigint, sides int) RETURNS int IMMUTABLE LANGUAGE sql AS
    $$ SELECT (abs(hashtextextended(what || ':' || n, {seed}) % sides))::int $$;
CREATE TEMP TABLE terms AS SELECT {drivers} AS drivers, {routes} AS routes, {warehouses} AS warehouses,
    '{now}'::timestamptz AS now, '{today}'::date AS today, '{first}'::date AS first, '{last}'::date AS last;
CREATE TEMP TABLE people AS SELECT n, pg_temp.id('driver', n) AS id, n * warehouses / drivers AS home,
    row_number() OVER (PARTITION BY n * warehouses / drivers ORDER BY n) - 1 AS place
    FROM terms, generate_series(0::bigint, drivers - 1) AS n;
CREATE TEMP TABLE tours AS SELECT n, pg_temp.id('route', n) AS id, n * warehouses / routes AS home,
    row_number() OVER (PARTITION BY n * warehouses / routes ORDER BY n) - 1 AS place
    FROM terms, generate_series(0::bigint, routes - 1) AS n;
CREATE TEMP TABLE homes AS SELECT w.n, pg_temp.id('warehouse', w.n) AS id, pg_temp.id('manager', w.n) AS manager_id,
    (SELECT count(*) FROM people WHERE home = w.n) AS drivers, (SELECT count(*) FROM tours WHERE home = w.n) AS routes
    FROM terms, generate_series(0::bigint, warehouses - 1) AS w (n);
ANALYZE people; ANALYZE tours; ANALYZE homes
"""

# Each warehouse's routes take a block of its drivers a day, and the next block the day after: nobody drives twice a
# day, and the work goes round. `dice` makes the gaps.
_PLANNED = """
INSERT INTO assignments (id, route_id, user_id, warehouse_id, date, status, assigned_by, assigned_at, confirmed_at,
                         created_at, updated_at)
SELECT pg_temp.id('slot:' || day::date, tours.n), tours.id, driver.id, homes.id, day::date,
       (CASE WHEN driver.id IS NULL THEN 'unfilled' WHEN day < today THEN 'completed' ELSE 'scheduled' END)
           ::assignment_status,
       CASE WHEN driver.id IS NOT NULL THEN 'algorithm'::assigned_by END,
       CASE WHEN driver.id IS NOT NULL THEN now - interval '20 days' END,
       CASE WHEN driver.id IS NOT NULL THEN now - interval '2 days' END,
       now - interval '20 days', now - interval '2 days'
FROM terms CROSS JOIN generate_series(first::timestamp, last::timestamp, '1 day') AS day
CROSS JOIN tours JOIN homes ON homes.n = tours.home
LEFT JOIN people AS driver ON driver.home = homes.n
     AND driver.place = (tours.place + (day::date - date '2000-01-03') * homes.routes) % homes.drivers
     AND NOT (day > today AND pg_temp.dice('gap:' || day::date, tours.n, 20) = 0)
"""

_STATEMENTS = (
    """INSERT INTO users (id, email, password_hash, first_name, last_name, phone, role, created_at, updated_at)
    SELECT id, id || '@no-email.invalid', '!', 'Driver', 'No. ' || n, '+1416' || lpad(n::text, 7, '0'),
           'driver'::user_role, now, now FROM terms, people
    UNION ALL
    SELECT manager_id, manager_id || '@no-email.invalid', '!', 'Manager', 'No. ' || n,
           '+1647' || lpad(n::text, 7, '0'), 'manager'::user_role, now, now FROM terms, homes""",
    """INSERT INTO warehouses (id, name, address, created_at, updated_at)
    SELECT id, 'Warehouse ' || n, n || ' Steeles Ave W, Toronto', now, now FROM terms, homes""",
    """INSERT INTO warehouse_managers (warehouse_id, user_id, created_at)
    SELECT id, manager_id, now FROM terms, homes""",
    """INSERT INTO routes (id, name, warehouse_id, manager_id, created_at, updated_at)
    SELECT tours.id, 'R' || tours.n, homes.id, manager_id, now, now
    FROM terms CROSS JOIN tours JOIN homes ON homes.n = tours.home""",
    """INSERT INTO chat_links (user_id, chat_id, linked_at)
    SELECT id, {first_chat} + n, now FROM terms, people
    UNION ALL SELECT manager_id, {first_managers_chat} + n, now FROM terms, homes""",
    """INSERT INTO contact_settings (user_id, language)
    SELECT id, CASE WHEN pg_temp.dice('language', n, 3) = 0 THEN 'fr' ELSE 'en' END FROM people""",
    """INSERT INTO employments (user_id, warehouse_id, starts_on)
    SELECT people.id, homes.id, today - 400 FROM terms CROSS JOIN people JOIN homes ON homes.n = people.home""",
    """INSERT INTO driver_preferences (user_id, preferred_days, preferred_routes, updated_at)
    SELECT people.id,
           ARRAY(SELECT day FROM generate_series(0, 6) AS day WHERE pg_temp.dice('day:' || day, people.n, 7) < 5),
           ARRAY(SELECT tours.id FROM generate_series(0, 2) AS rank JOIN tours
                 ON tours.home = people.home AND tours.place = (people.place + rank * 7) % homes.routes),
           now
    FROM terms CROSS JOIN people JOIN homes ON homes.n = people.home""",
    """INSERT INTO driver_metrics (user_id, total_shifts, completed_shifts, attendance_rate, completion_rate,
                                   total_assigned, confirmed_shifts, updated_at)
    SELECT id, 200, 150 + pg_temp.dice('completed', n, 50), 0.85 + pg_temp.dice('attended', n, 150) / 1000.0,
           0.88 + pg_temp.dice('rate', n, 120) / 1000.0, 200, 200, now FROM terms, people""",
    """INSERT INTO driver_health_state (user_id, current_score, updated_at)
    SELECT id, 60 + pg_temp.dice('score', n, 40), now FROM terms, people""",
    """INSERT INTO route_completions (user_id, route_id, completion_count, last_completed_at)
    SELECT people.id, tours.id, 1 + pg_temp.dice('known', people.n * 3 + step, 30), now - interval '5 days'
    FROM terms CROSS JOIN people CROSS JOIN generate_series(0, 2) AS step JOIN homes ON homes.n = people.home
    JOIN tours ON tours.home = people.home AND tours.place = (people.place * 3 + step * 11) % homes.routes
    ON CONFLICT DO NOTHING""",
    """INSERT INTO deliveries (user_id, channel, kind, urgency, state, attempt, chat_id, message_id, sent_at,
                               created_at)
    SELECT id, 'telegram', 'home', 2, 'sent', 1, {first_chat} + n, {home_message}, now, now FROM terms, people""",
    _PLANNED,
    """INSERT INTO shifts (assignment_id, arrived_at, parcels_start, parcels_delivered, parcels_returned, started_at,
                           completed_at, created_at)
    SELECT id, date + interval '12 hours', 120, 118, 2, date + interval '13 hours', date + interval '19 hours', now
    FROM terms, assignments WHERE status = 'completed'""",
    "DROP TABLE terms, people, tours, homes",
    "ANALYZE",
)


@dataclass(frozen=True, slots=True)
class Fleet:
    """What was written: to know its people, chats and routes by their numbers."""

    drivers: int
    routes: int
    today: date
    seed: int

    def id(self, what: str, n: int) -> uuid.UUID:
        """Of a `driver`, `manager`, `warehouse` or `route`."""
        return uuid.UUID(hashlib.md5(f"{self.seed}:{what}:{n}".encode(), usedforsecurity=False).hexdigest())

    def slot(self, route: int, on: date) -> uuid.UUID:
        """The id of the assignment of a route on a planned day."""
        return self.id(f"slot:{on}", route)

    def driver_at(self, route: int) -> int:
        """A driver at home where this route runs, another one for each route."""
        return route * self.drivers // self.routes


async def settle(
    connection: Any, drivers: int, routes: int, now: datetime, *, warehouses: int | None = None, seed: int = 7
) -> Fleet:
    """Writes the fleet into an empty, migrated database, over asyncpg. There are more drivers than routes.

    With two drivers and a half a route, as in real fleets, each works below his cap. `warehouses` None: as many as
    routes want.
    """
    if drivers < 2 * routes:
        raise ValueError("a fleet needs at least two drivers for each route")
    policy = Policy()
    today = local_day(now, policy)
    monday, sunday = week_of(today)
    terms = {
        "seed": seed,
        "drivers": drivers,
        "routes": routes,
        "warehouses": warehouses or max(1, routes // ROUTES_A_WAREHOUSE),
        "now": now.isoformat(),
        "today": today,
        "first": monday - PLANNED,
        "last": sunday + PLANNED,
        "first_chat": FIRST_CHAT,
        "first_managers_chat": FIRST_MANAGERS_CHAT,
        "home_message": HOME_MESSAGE,
    }
    async with connection.transaction():
        for statement in (_FUNCTIONS, *_STATEMENTS):
            await connection.execute(statement.format(**terms))
    return Fleet(drivers, routes, today, seed)
