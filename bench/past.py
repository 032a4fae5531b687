"""What a fleet has behind it: its last week again and again, and for what judges drivers how they have driven."""

from datetime import date, timedelta
from typing import Any, Final

# Ids in order, so that the indexes of millions of rows stay small.
_WEEKS: Final = """
INSERT INTO assignments (id, route_id, user_id, warehouse_id, date, status, assigned_by, assigned_at, confirmed_at,
                         created_at, updated_at)
SELECT lpad(to_hex(row_number() OVER ()), 32, '0')::uuid, route_id, user_id, warehouse_id, date - 7 * week, status,
       assigned_by, assigned_at - 7 * week * interval '1 day', confirmed_at - 7 * week * interval '1 day', created_at,
       updated_at
FROM generate_series(1, {weeks}) AS week, assignments WHERE status = 'completed' AND date < '{monday}'
"""
# An index of a million rows is made faster than it is kept up to date.
_INDEXES: Final = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'assignments' AND indexname <> 'assignments_pkey'"
)
# One shift in 25 was lost; one driver in 50 loses nearly half of his, and one in 40 brings back a quarter of what he
# loads. Before last week, in which all went well: so many of the weeks before it have earned each driver a star.
_DRIVEN: Final = (
    """INSERT INTO incidents (id, user_id, assignment_id, kind, occurred_at)
    SELECT id, user_id, id, (ARRAY['auto_drop', 'late_cancel', 'no_show'])[1 + abs(hashtext(id::text)) % 3],
           date + interval '8 hours'
    FROM assignments WHERE status = 'completed' AND date < '{last}'
      AND abs(hashtext('lost' || id)) % 100 < CASE abs(hashtext(user_id::text)) % 50 WHEN 0 THEN 45 ELSE 4 END""",
    """UPDATE assignments SET status = 'cancelled' FROM incidents WHERE assignment_id = assignments.id""",
    """INSERT INTO shifts (id, assignment_id, arrived_at, parcels_start, parcels_delivered, parcels_returned,
                           started_at, completed_at, created_at)
    SELECT id, id, date + interval '12 hours', 120, 120 - back, back, date + interval '13 hours',
           date + interval '19 hours', date + interval '12 hours'
    FROM assignments CROSS JOIN LATERAL (
        SELECT CASE abs(hashtext('back' || user_id)) % 40 WHEN 0 THEN 30 ELSE abs(hashtext(id::text)) % 6 END
    ) AS brought (back)
    WHERE status = 'completed' AND date < '{last}'""",
    """INSERT INTO star_weeks (user_id, week, judged_at, qualified)
    SELECT id, date '{last}' - 7 * week, date '{last}' - 7 * week + 7 + interval '9 hours',
           week <= abs(hashtext('stars' || id)) % 7
    FROM users CROSS JOIN generate_series(1, {weeks}) AS week WHERE role = 'driver'""",
)


async def repeat_last_week(db: Any, weeks: int, monday: date) -> None:
    """The week before this Monday, so many times more into the past; the assignments alone."""
    await db.execute("SET maintenance_work_mem = '256MB'")
    indexes = await db.fetch(_INDEXES)
    for index in indexes:
        await db.execute(f"DROP INDEX {index['indexname']}")
    await db.execute(_WEEKS.format(weeks=weeks, monday=monday))
    for index in indexes:
        await db.execute(index["indexdef"])


async def live(db: Any, weeks: int, monday: date) -> None:
    """So many weeks, with all by which drivers are judged; what follows from it is left to the duties."""
    await db.execute("SET session_replication_role = replica")  # foreign keys are not looked at for what is copied
    await repeat_last_week(db, weeks, monday)
    await db.execute("ANALYZE assignments")
    for statement in _DRIVEN:
        await db.execute(statement.format(weeks=weeks, last=monday - timedelta(weeks=1)))
    await db.execute("RESET session_replication_role")
    await db.execute("VACUUM ANALYZE")
