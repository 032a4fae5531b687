"""The migrated catalogue is the given model and ours; a database of another program is adopted as it is."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from bot.migrate import migrate
from domain.db.base import Base
from domain.db.engine import connect
from migrations import ViolatingRows

MODEL = Path(__file__).parents[3] / "shared" / "seed" / "model.sql"
DOCUMENT = MODEL.with_name("data-model.md")
needs_the_document = pytest.mark.skipif(not MODEL.exists(), reason="the given document is not beside this repository")

CATALOGUE = {
    "columns": """
        SELECT relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 ORDER BY 1, 2
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype::text, confdeltype::text, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    "enums": """
        SELECT typname, array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
        GROUP BY 1 ORDER BY 1
    """,
}


async def catalogue(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """What the database holds, in PostgreSQL's own words, without Alembic's table."""
    connection = await asyncpg.connect(url)
    try:
        rows = {what: [tuple(row) for row in await connection.fetch(query)] for what, query in CATALOGUE.items()}
    finally:
        await connection.close()
    return {what: [row for row in each if row[0] != "alembic_version"] for what, each in rows.items()}


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def create_from_models(url: str) -> None:
    engine = connect(url, connections=0)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()


@needs_the_document
async def test_the_first_revision_is_exactly_the_given_model(new_database_url: Callable[[], Awaitable[str]]) -> None:
    given, ours = await new_database_url(), await new_database_url()
    await execute(given, MODEL.read_text())
    await migrate(ours, "0001")
    expected = await catalogue(given)
    assert await catalogue(ours) == expected
    assert len({row[0] for row in expected["columns"]}) == 15
    assert len(expected["enums"]) == 9


@needs_the_document
async def test_the_ten_named_indexes_of_the_document_are_there(database_url: str) -> None:
    indexes = {row[1]: row[2] for row in (await catalogue(database_url))["indexes"]}
    named = re.findall(r"CREATE INDEX (\w+) ON (\w+)\(([^)]+)\)", DOCUMENT.read_text())
    assert len(named) == 10
    for name, table, columns in named:
        assert indexes[name] == f"CREATE INDEX {name} ON public.{table} USING btree ({columns})"


async def test_the_migrated_catalogue_is_that_of_the_models(
    database_url: str, new_database_url: Callable[[], Awaitable[str]]
) -> None:
    """Column by column, with types, order, defaults, keys with their ON DELETE, checks, indexes and enums."""
    modelled = await new_database_url()
    await create_from_models(modelled)
    assert await catalogue(database_url) == await catalogue(modelled)


async def test_revisions_after_the_first_leave_the_given_columns_and_keys_alone(
    database_url: str, new_database_url: Callable[[], Awaitable[str]]
) -> None:
    given = await new_database_url()
    await migrate(given, "0001")
    before, after = await catalogue(given), await catalogue(database_url)
    tables = {row[0] for row in before["columns"]}
    for what in ("columns", "constraints", "enums"):
        assert [row for row in after[what] if what == "enums" or row[0] in tables] == before[what]
    assert set(before["indexes"]) <= set(after["indexes"])


ROWS = """
INSERT INTO users (id, email, password_hash, first_name, last_name, phone)
    VALUES ('00000000-0000-0000-0000-000000000001', 'a@example.com', 'x', 'Amara', 'Osei', '+14165550101');
INSERT INTO warehouses (id, name, address) VALUES ('00000000-0000-0000-0000-000000000002', 'North', '1 Road');
INSERT INTO routes (id, name, warehouse_id)
    VALUES ('00000000-0000-0000-0000-000000000003', 'R12', '00000000-0000-0000-0000-000000000002');
INSERT INTO assignments (id, route_id, user_id, warehouse_id, date, status) VALUES
    ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000003',
     '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002', '2026-11-25', 'cancelled'),
    ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-000000000003', NULL,
     '00000000-0000-0000-0000-000000000002', '2026-11-25', 'unfilled');
INSERT INTO notifications (user_id, type, title, body)
    VALUES ('00000000-0000-0000-0000-000000000001', 'manual', 'a', 'b'),
           ('00000000-0000-0000-0000-000000000001', 'manual', 'a', 'b');
"""
DIGEST = "SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM {} t"


async def stamp(url: str) -> None:
    """By hand, as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alembic", "stamp", "0001"),
        cwd=Path(__file__).parents[2],
        env=os.environ | {"DATABASE_URL": url},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def test_a_database_with_rows_is_adopted_and_none_of_them_changes(empty_database_url: str) -> None:
    await migrate(empty_database_url, "0001")
    await execute(empty_database_url, "DROP TABLE alembic_version", ROWS)  # as another program has left it
    await stamp(empty_database_url)
    tables = {row[0] for row in (await catalogue(empty_database_url))["columns"]}

    async def rows() -> dict[str, Any]:
        connection = await asyncpg.connect(empty_database_url)
        found = {table: await connection.fetchval(DIGEST.format(table)) for table in tables}
        await connection.close()
        return found

    before = await rows()
    await migrate(empty_database_url)
    assert await rows() == before
    assert before["assignments"] is not None


TWICE = {
    "assignments: a route has more than one live assignment on a date": """
        INSERT INTO assignments (id, route_id, warehouse_id, date, status)
        SELECT '00000000-0000-0000-0000-00000000000c', route_id, warehouse_id, date, status FROM assignments
        WHERE status = 'unfilled'""",
    "assignments: a driver has more than one live assignment on a date": """
        INSERT INTO routes (id, name, warehouse_id)
        SELECT '00000000-0000-0000-0000-000000000004', 'R13', id FROM warehouses;
        UPDATE assignments SET status = 'scheduled', user_id = '00000000-0000-0000-0000-000000000001'
        WHERE status = 'unfilled';
        INSERT INTO assignments (id, route_id, user_id, warehouse_id, date)
        SELECT '00000000-0000-0000-0000-00000000000c', '00000000-0000-0000-0000-000000000004', user_id, warehouse_id,
        date FROM assignments WHERE status = 'scheduled'""",
    "bid_windows: an assignment has more than one open window": """
        INSERT INTO bid_windows (id, assignment_id, closes_at)
        SELECT id::uuid, '00000000-0000-0000-0000-00000000000b', now() FROM
        (VALUES ('00000000-0000-0000-0000-00000000000b'), ('00000000-0000-0000-0000-00000000000c')) ids (id)""",
    "bids: a driver has more than one pending bid on an assignment": """
        INSERT INTO bids (id, assignment_id, user_id, window_closes_at)
        SELECT id::uuid, '00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-000000000001', now() FROM
        (VALUES ('00000000-0000-0000-0000-00000000000b'), ('00000000-0000-0000-0000-00000000000c')) ids (id)""",
    "notifications: notifications share a dedupe key": """
        INSERT INTO notifications (id, user_id, type, title, body, data)
        SELECT id::uuid, '00000000-0000-0000-0000-000000000001', 'manual', 'a', 'b', '{"dedupe": "k"}' FROM
        (VALUES ('00000000-0000-0000-0000-00000000000b'), ('00000000-0000-0000-0000-00000000000c')) ids (id)""",
}


@pytest.mark.parametrize("said", TWICE)
async def test_r2_1_rows_that_break_a_guard_are_named_and_nothing_is_changed(
    empty_database_url: str, said: str
) -> None:
    await migrate(empty_database_url, "0001")
    await execute(empty_database_url, ROWS, TWICE[said])
    before = await catalogue(empty_database_url)
    with pytest.raises(ViolatingRows) as refusal:
        await migrate(empty_database_url)
    ids = "00000000-0000-0000-0000-00000000000b, 00000000-0000-0000-0000-00000000000c"
    assert str(refusal.value).splitlines()[1:] == [f"{said}: {ids}"]
    assert await catalogue(empty_database_url) == before


async def test_all_violations_are_reported_at_once(empty_database_url: str) -> None:
    await migrate(empty_database_url, "0001")
    await execute(empty_database_url, ROWS, TWICE["bid_windows: an assignment has more than one open window"])
    await execute(empty_database_url, TWICE["notifications: notifications share a dedupe key"])
    with pytest.raises(ViolatingRows) as refusal:
        await migrate(empty_database_url)
    assert [line.split(":")[0] for line in str(refusal.value).splitlines()[1:]] == ["bid_windows", "notifications"]


async def test_several_processes_may_migrate_at_once(empty_database_url: str, database_url: str) -> None:
    await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert await catalogue(empty_database_url) == await catalogue(database_url)


async def test_a_locked_table_is_not_waited_for_beyond_the_lock_timeout(empty_database_url: str) -> None:
    await migrate(empty_database_url, "0001")
    other = await asyncpg.connect(empty_database_url)
    try:
        await other.execute("BEGIN; LOCK TABLE users")
        with pytest.raises(DBAPIError, match="lock timeout"):
            await migrate(empty_database_url)
    finally:
        await other.close()
    await migrate(empty_database_url)


async def test_r11_7_what_becomes_due_wakes_the_workers_and_what_is_done_does_not(database_url: str) -> None:
    await execute(database_url, ROWS)
    listener, writer = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    woken: asyncio.Queue[int] = asyncio.Queue()
    await listener.add_listener("rollcall", lambda *_: woken.put_nowait(1))
    insert = """
        INSERT INTO deliveries (user_id, channel, kind, urgency, state, due_at, created_at)
        SELECT id, 'telegram', 'home', 1, 'pending', now(), now() FROM users, generate_series(1, 1000)"""
    await writer.execute(insert)
    await asyncio.wait_for(woken.get(), 5)
    await writer.execute("UPDATE deliveries SET due_at = NULL, state = 'sent'")
    await writer.execute("UPDATE deliveries SET due_at = now(), redraw = true")
    await asyncio.wait_for(woken.get(), 5)
    await writer.execute("NOTIFY rollcall")  # what came before it has arrived when it does
    await asyncio.wait_for(woken.get(), 5)
    assert woken.empty()
    await listener.close()
    await writer.close()
