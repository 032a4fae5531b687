"""The nightly duties about drivers' standing ask PostgreSQL as often for five drivers as for five hundred (R9, R10)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.jobs import run_due, table_of_duties
from domain.policy import TORONTO
from tests.domain.world import POLICY, SAY, Fleet

MONDAY = date(2026, 11, 23)
NIGHT = datetime(2026, 11, 23, 3, 50, tzinfo=TORONTO)
MOST = 25  # statements of a duty

# Five kinds of drivers, as often as is wanted, and in the end something happens to each: the first is flagged, the
# second loses a shift a week and is put before his manager, the third comes back, the fourth is rewarded, the fifth not
# any more, and he brings back too much. A week without a fault gives the first four their first star up to their last.
# Each has a shift a day until yesterday, of which the earliest are lost.
_KINDS = "(VALUES (0, 13, 6), (1, 13, 6), (2, 20, 0), (3, 25, 0), (4, 20, 2)) AS kinds (kind, shifts, lost)"
_WHO = f"generate_series(0, {{drivers}} - 1) AS n JOIN {_KINDS} ON kind = n % 5"
_WORLD = (
    f"""INSERT INTO users (id, email, password_hash, first_name, last_name, phone, is_flagged, weekly_cap)
    SELECT md5('driver' || n)::uuid, n || '@no-email.invalid', '!', 'Driver', 'No. ' || n,
           '+1416' || lpad(n::text, 7, '0'), kind IN (1, 2), (ARRAY[4, 4, 3, 4, 6])[1 + kind] FROM {_WHO}""",
    f"""INSERT INTO employments (user_id, warehouse_id, starts_on)
    SELECT md5('driver' || n)::uuid, '{{north}}', '2026-01-01' FROM {_WHO}""",
    f"""INSERT INTO routes (id, name, warehouse_id)
    SELECT md5('route' || n)::uuid, 'R' || n, '{{north}}' FROM {_WHO}""",
    f"""INSERT INTO assignments (id, route_id, user_id, warehouse_id, date, status, confirmed_at)
    SELECT md5(n || 'on' || back)::uuid, md5('route' || n)::uuid, md5('driver' || n)::uuid, '{{north}}',
           date '{{monday}}' - back,
           (CASE WHEN back > shifts - lost THEN 'cancelled' ELSE 'completed' END)::assignment_status,
           date '{{monday}}' - back - 3
    FROM {_WHO} CROSS JOIN generate_series(1, shifts) AS back""",
    f"""INSERT INTO shifts (assignment_id, parcels_start, parcels_delivered, completed_at)
    SELECT md5(n || 'on' || back)::uuid, 100, CASE kind WHEN 4 THEN 70 ELSE 100 END,
           date '{{monday}}' - back + interval '19 hours'
    FROM {_WHO} CROSS JOIN generate_series(1, shifts - lost) AS back""",
    f"""INSERT INTO incidents (user_id, assignment_id, kind, occurred_at)
    SELECT md5('driver' || n)::uuid, md5(n || 'on' || back)::uuid, 'auto_drop', date '{{monday}}' - back
    FROM {_WHO} CROSS JOIN generate_series(shifts - lost + 1, shifts) AS back""",
    f"""INSERT INTO flag_episodes (user_id, flagged_at, due, completed, cut_at)
    SELECT md5('driver' || n)::uuid, date '{{monday}}' - 9, 10, 5, CASE kind WHEN 2 THEN date '{{monday}}' - 2 END
    FROM {_WHO} WHERE kind IN (1, 2)""",
    f"""INSERT INTO driver_caps (user_id, base, rewarded, cut)
    SELECT md5('driver' || n)::uuid, 4, kind = 4, kind = 2 FROM {_WHO} WHERE kind IN (2, 4)""",
    f"""INSERT INTO star_weeks (user_id, week, judged_at, qualified)
    SELECT md5('driver' || n)::uuid, date '{{monday}}' - 7 - 7 * week, date '{{monday}}' - 7 * week, true
    FROM {_WHO} CROSS JOIN generate_series(1, kind) AS week WHERE kind < 4""",
)
NIGHTLY = {"metrics": timedelta(minutes=20), "health": timedelta(minutes=10), "stars": timedelta(0)}  # before NIGHT


async def night(session: AsyncSession, drivers: int) -> tuple[dict[str, int], Mapping[str, Any]]:
    """Of so many drivers: how many statements each duty has sent, and what it says that it has done."""
    undone = await session.begin_nested()
    fleet, connection = Fleet(session, NIGHT), await session.connection()
    north = await fleet.warehouse("North", await fleet.manager())
    for statement in _WORLD:
        await connection.exec_driver_sql(statement.format(drivers=drivers, north=north, monday=MONDAY))
    duties = table_of_duties(SAY, POLICY)
    sessions = async_sessionmaker(connection, join_transaction_mode="create_savepoint")
    counted, done, said = dict[str, int](), dict[str, Any](), list[str]()

    def listen(*given: Any) -> None:
        if "SAVEPOINT" not in given[2]:
            said.append(given[2])

    assert connection.sync_connection is not None
    event.listen(connection.sync_connection, "before_cursor_execute", listen)
    for name, before in NIGHTLY.items():
        said.clear()
        [done[name]] = await run_due(duties[name], sessions, NIGHT - before)
        counted[name] = len(said)
    event.remove(connection.sync_connection, "before_cursor_execute", listen)
    await undone.rollback()
    return counted, done


async def test_r14_standing_takes_as_many_statements_for_5_drivers_as_for_500(session: AsyncSession) -> None:
    (few, done_for_few), (many, done_for_many) = await night(session, 5), await night(session, 500)
    for done, drivers in ((done_for_few, 5), (done_for_many, 500)):
        assert done == {
            "metrics": {"rebuilt": 2 * drivers, "judged": drivers},
            "health": {"scored": drivers, "warned": drivers // 5},
            "stars": {"weeks": 1, "judged": drivers, "stars": 4 * drivers // 5},
        }
    assert few == many
    assert all(0 < statements <= MOST for statements in few.values()), few


async def test_r14_a_part_of_the_drivers_takes_as_many_as_all(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With their manager they are 51, in parts of 20; the last one is not full."""
    whole, done_at_once = await night(session, 50)
    monkeypatch.setattr("domain.health.nights.AT_ONCE", 20)
    parts, done = await night(session, 50)
    assert done == done_at_once
    assert parts == whole | {name: 3 * whole[name] for name in ("metrics", "health")}
