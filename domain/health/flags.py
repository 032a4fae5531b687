"""Flags and caps by the rules: each night for all, and for one whose record has changed (R9.2-9.4)."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.sql import sql
from domain.health import telling
from domain.health.rules import Cap, Driver, DriverFacts, Due, Episode, Judged, Turn, Turned, judge, relieved
from domain.notices import following
from domain.notices.wording import Wording
from domain.people.drivers import WORKS_HERE
from domain.policy import Policy
from domain.time import local_day

# What an incident must be to count (R9.1).
COUNTS = "excused_at IS NULL AND kind IN ('auto_drop', 'late_cancel', 'no_show')"
# Whether a shift took as long to be completed as they look back is not asked: then all that he ever had would be read.
_FACTS = sql(
    f"""
    SELECT u.id, u.first_name || ' ' || u.last_name AS name, contact.language, u.weekly_cap,
           c.base, c.rewarded, c.cut, c.chosen, coalesce(m.total_shifts, 0) AS ever_due,
           coalesce(m.completed_shifts, 0) AS ever_completed, coalesce(done.n, 0) AS completed,
           coalesce(ledger.n, 0) AS lost, coalesce(held.n, 0) AS live, f.id AS flag_id, f.flagged_at, f.cut_at,
           f.put_at, word.unflagged_at, ledger.last_at
    FROM users u
    LEFT JOIN contact_settings contact ON contact.user_id = u.id
    LEFT JOIN driver_caps c ON c.user_id = u.id
    LEFT JOIN driver_metrics m ON m.user_id = u.id
    LEFT JOIN flag_episodes f ON f.user_id = u.id AND f.ended_at IS NULL
    LEFT JOIN (
        SELECT user_id, max(ended_at) AS unflagged_at FROM flag_episodes
        WHERE user_id = ANY (:drivers) AND ended_by IS NOT NULL GROUP BY user_id
    ) AS word ON word.user_id = u.id
    LEFT JOIN (
        SELECT a.user_id, count(*) AS n FROM assignments a CROSS JOIN LATERAL (
            SELECT FROM shifts s WHERE s.assignment_id = a.id AND s.completed_at > :since LIMIT 1
        ) AS lately WHERE a.user_id = ANY (:drivers) AND a.status = 'completed' AND a.date >= :since_long
        GROUP BY a.user_id
    ) AS done ON done.user_id = u.id
    LEFT JOIN (
        SELECT user_id, count(*) FILTER (WHERE occurred_at > :since) AS n, max(occurred_at) AS last_at
        FROM incidents WHERE user_id = ANY (:drivers) AND {COUNTS} GROUP BY user_id
    ) AS ledger ON ledger.user_id = u.id
    LEFT JOIN (
        SELECT user_id, count(*) AS n FROM assignments
        WHERE user_id = ANY (:drivers) AND status IN ('scheduled', 'active') AND date >= :today - 1 GROUP BY user_id
    ) AS held ON held.user_id = u.id
    WHERE u.id = ANY (:drivers) AND u.role = 'driver'
      AND (m.user_id IS NOT NULL OR c.user_id IS NOT NULL OR f.id IS NOT NULL)
      AND {WORKS_HERE.format(who="u.id")}
    ORDER BY u.id
    """,  # noqa: S608 - our own texts
    drivers=ARRAY(Uuid()),
    since=DateTime(timezone=True),
    since_long=Date(),
    today=Date(),
)


async def drivers(session: AsyncSession, policy: Policy, now: datetime, of: Collection[uuid.UUID]) -> list[Driver]:
    """Of these, those who work here and of whom anything is known, with what they are judged by."""
    within = policy.flag_within
    days = {"today": local_day(now, policy), "since_long": local_day(now - 2 * within, policy)}
    given = days | {"since": now - within, "drivers": list(of)}
    return [_driver(row) for row in await session.execute(_FACTS, given)]


def _driver(row: Any) -> Driver:
    known = row.base is not None
    cap = Cap(row.base, row.rewarded, row.cut, row.chosen) if known else Cap(row.weekly_cap)
    flag = Episode(row.flag_id, row.flagged_at, row.cut_at, row.put_at) if row.flag_id else None
    recent, ever = Due(row.completed + row.lost, row.completed), Due(row.ever_due, row.ever_completed)
    facts = DriverFacts(row.id, recent, ever, row.live, cap, flag, row.unflagged_at, row.last_at)
    return Driver(row.name, row.language, facts)


async def judge_some(
    session: AsyncSession, driver_ids: Collection[uuid.UUID], say: Wording, policy: Policy, now: datetime
) -> list[Turned]:
    """Their flags and caps as their record has it now, under their locks; each is told, and so are managers who must
    help. Statements are constant in number.
    """
    await lock_people(session, driver_ids)
    found = [(each, judge(each.facts, policy, now)) for each in await drivers(session, policy, now, driver_ids)]
    turned = await _turn(session, found, say, policy, now)
    if turned:
        await following.follow_homes(session, now, of=[each.driver.facts.id for each in turned])
    return turned


async def relieve(
    session: AsyncSession, driver_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> list[Turned]:
    """Something does not count against him any more: at once what is to his good, and nothing else (R10.6).

    Under his lock; he is told. His home card is redrawn by who calls this.
    """
    his = await drivers(session, policy, now, [driver_id])
    found = [(each, relieved(each.facts, judge(each.facts, policy, now))) for each in his]
    return await _turn(session, found, say, policy, now)


async def _turn(
    session: AsyncSession, found: Sequence[tuple[Driver, Judged]], say: Wording, policy: Policy, now: datetime
) -> list[Turned]:
    turned = [
        Turned(each, judged, uuid.uuid4() if judged.turn is Turn.FLAGGED else _flag_of(each))
        for each, judged in found
        if judged.changes(each.facts)
    ]
    if turned:
        await _write(session, turned, policy, now)
        await audit.record(session, None, now, *(entry for each in turned for entry in _entries(each, policy, now)))
        await telling.tell_turns(session, turned, say, policy, now)
    return turned


def _flag_of(driver: Driver) -> uuid.UUID | None:
    return driver.facts.episode.id if driver.facts.episode else None


_WRITE = sql(
    """
    WITH judged AS (
        SELECT * FROM unnest(CAST(:drivers AS uuid[]), CAST(:flags AS uuid[]), CAST(:turns AS text[]),
                             CAST(:puts AS boolean[]), CAST(:due AS integer[]), CAST(:completed AS integer[]),
                             CAST(:recapped AS boolean[]), CAST(:bases AS integer[]), CAST(:rewarded AS boolean[]),
                             CAST(:cuts AS boolean[]), CAST(:weekly AS integer[]))
            AS judged (user_id, flag_id, turn, put, due, completed, recapped, base, rewarded, cut, weekly)
    ), begun AS (
        INSERT INTO flag_episodes (id, user_id, flagged_at, due, completed)
        SELECT flag_id, user_id, :now, due, completed FROM judged WHERE turn = 'flagged'
    ), goes_on AS (
        UPDATE flag_episodes f
        SET cut_at = CASE WHEN turn = 'cut' THEN :now ELSE cut_at END,
            put_at = CASE WHEN put THEN :now ELSE put_at END,
            ended_at = CASE WHEN turn = 'recovered' THEN CAST(:now AS timestamptz) END
        FROM judged WHERE f.id = judged.flag_id AND (put OR turn IN ('cut', 'recovered'))
    ), caps AS (
        INSERT INTO driver_caps (user_id, base, rewarded, cut)
        SELECT user_id, base, rewarded, cut FROM judged WHERE recapped
        ON CONFLICT (user_id) DO UPDATE SET rewarded = excluded.rewarded, cut = excluded.cut
    )
    UPDATE users u
    SET is_flagged = CASE turn WHEN 'flagged' THEN true WHEN 'recovered' THEN false ELSE is_flagged END,
        flag_warning_date = CASE turn WHEN 'flagged' THEN :now WHEN 'recovered' THEN NULL ELSE flag_warning_date END,
        weekly_cap = CASE WHEN recapped THEN weekly ELSE weekly_cap END, updated_at = :now
    FROM judged WHERE u.id = judged.user_id
    """,
    drivers=ARRAY(Uuid()),
    flags=ARRAY(Uuid()),
    turns=ARRAY(Text()),
    puts=ARRAY(Boolean()),
    recapped=ARRAY(Boolean()),
    rewarded=ARRAY(Boolean()),
    cuts=ARRAY(Boolean()),
    **{name: ARRAY(Integer()) for name in ("due", "completed", "bases", "weekly")},
)


async def _write(session: AsyncSession, turned: Sequence[Turned], policy: Policy, now: datetime) -> None:
    all_of = [(each.driver.facts, each.judged) for each in turned]
    given = {
        "drivers": [facts.id for facts, _ in all_of],
        "flags": [each.flag_id for each in turned],
        "turns": [judged.turn for _, judged in all_of],
        "puts": [judged.put for _, judged in all_of],
        "due": [facts.recent.due for facts, _ in all_of],
        "completed": [facts.recent.completed for facts, _ in all_of],
        "recapped": [judged.cap != facts.cap for facts, judged in all_of],
        "bases": [judged.cap.base for _, judged in all_of],
        "rewarded": [judged.cap.rewarded for _, judged in all_of],
        "cuts": [judged.cap.cut for _, judged in all_of],
        "weekly": [judged.cap.weekly(policy) for _, judged in all_of],
    }
    await session.execute(_WRITE, given | {"now": now})


def _entries(of: Turned, policy: Policy, now: datetime) -> list[audit.Entry]:
    """One entry for each thing that has changed, with what it was judged by."""
    facts, judged = of.driver.facts, of.judged
    record = {"due": facts.recent.due, "completed": facts.recent.completed, "flag_id": str(of.flag_id)}
    entries = []
    if judged.turn is Turn.FLAGGED:
        entries.append(audit.Entry("user", facts.id, "flagged", {"is_flagged": False}, {"is_flagged": True}, record))
    if judged.turn is Turn.RECOVERED:
        entries.append(audit.Entry("user", facts.id, "unflagged", {"is_flagged": True}, {"is_flagged": False}, record))
    if judged.put:
        entries.append(audit.Entry("user", facts.id, "flag_put_to_manager", after={"put_at": now.isoformat()}))
    if judged.cap != facts.cap:
        ever = {"due": facts.ever.due, "completed": facts.ever.completed}
        entries.append(cap_entry(facts.id, facts.cap, judged.cap, policy, record | {"ever": ever}))
    return entries


def cap_entry(
    driver_id: uuid.UUID, before: Cap, after: Cap, policy: Policy, facts: dict[str, Any] | None = None
) -> audit.Entry:
    """A cap has changed, by the rules or by a manager."""
    return audit.Entry("user", driver_id, "cap_changed", _told(before, policy), _told(after, policy), facts)


def _told(cap: Cap, policy: Policy) -> dict[str, Any]:
    return {"weekly_cap": cap.weekly(policy), "rewarded": cap.rewarded, "cut": cap.cut, "chosen": cap.chosen}
