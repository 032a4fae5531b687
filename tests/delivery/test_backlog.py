"""R11.8: an urgent message comes ahead of 50,000 normal ones, and costs no more to find among them."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import TextClause, text

from bot.delivery import claims, ladder, pace
from bot.delivery.claims import claim_telegram
from bot.delivery.pace import GROUP_TURNS
from domain.db.models.words import Urgency
from tests.delivery.post import Post

CROWD = """
    WITH crowd AS (
        INSERT INTO users (id, email, password_hash, first_name, last_name, phone, role, created_at, updated_at)
        SELECT gen_random_uuid(), 'c' || n, '!', 'C', n::text, '+1437' || lpad(n::text, 7, '0'), 'driver', :now, :now
        FROM generate_series(1, 1000) AS n
        RETURNING id, last_name::int AS n
    ), linked AS (
        INSERT INTO chat_links (user_id, chat_id, linked_at) SELECT id, 5000000 + n, :now FROM crowd
    )
    INSERT INTO deliveries (user_id, channel, kind, urgency, level, state, due_at, created_at)
    SELECT id, 'telegram', 'manual', 2, 2, 'pending', CAST(:now AS timestamptz) - n * interval '1 ms', :now
    FROM crowd, generate_series(1, 50)
"""


async def crowd(post: Post) -> None:
    """A thousand people with fifty normal messages each, all due."""
    async with post.sessions.begin() as session:
        await session.execute(text(CROWD), {"now": post.now()})
    async with post.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


async def explained(post: Post, statement: TextClause, given: dict[str, Any]) -> dict[str, Any]:
    """The plan as it was carried out, taken back afterwards."""
    types = [parameter for parameter in statement._bindparams.values() if parameter.key in given]
    explain = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.text}").bindparams(*types)
    async with post.engine.connect() as connection:
        found = await connection.scalar(explain, given)
        await connection.rollback()
    plan = json.loads(found) if isinstance(found, str) else found
    made: dict[str, Any] = plan[0]["Plan"]
    return made


async def test_r11_8_urgent_first_and_found_by_the_index_ahead_of_50_000(post: Post) -> None:
    """Pages read, since they are the same on any machine: all of the rows would be thousands."""
    mail = post.mail()
    await crowd(post)
    urgent = await post.note(await post.person(), Urgency.URGENT)
    turns = {"chat_every": mail.pace.chat_every, "group_every": GROUP_TURNS * mail.pace.chat_every}
    claim = {"now": post.now(), "lease_for": claims.LEASE_FOR} | turns
    slot = {"now": post.now(), "telegram_every": mail.pace.telegram_every}
    for statement, given in (
        (claims._CLAIM_TELEGRAM, claim | claims.days(post.now(), mail.policy)),
        (pace._SLOT_FOR_WORK, slot),
    ):
        plan = await explained(post, statement, given)
        assert "ix_deliveries_due" in {node.get("Index Name") for node in nodes(plan)}
        assert "Sort" not in {node["Node Type"] for node in nodes(plan)}
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 300
    claimed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claimed is not None
    assert claimed.id == urgent


async def test_r11_2_what_has_waited_long_enough_is_found_by_the_index_ahead_of_50_000(post: Post) -> None:
    await crowd(post)
    plan = await explained(post, ladder._TAKE, ladder.given(post.mail()))
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 300
