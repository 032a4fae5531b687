"""The simulator itself: days of small, unruly companies go by, all holds, and the same seed tells the same story."""

import io
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text

from bot.jobs import Clockwork, Duty, Errand, table_of_duties
from domain.policy import Policy
from domain.time import local_instant
from sandbox.simulate import alone, result, running
from sandbox.simulate.months import BEGINS, Month, Terms
from sandbox.simulate.world import Violated
from tests.domain.world import SAY

AUTUMN = Month(1, BEGINS[0], days=1, drivers=12, seed=11, unruly=4)
SPRING = Month(2, BEGINS[1], days=1, drivers=12, seed=12, unruly=4)
MISSING = Month(1, BEGINS[0], days=1, drivers=16, seed=33, unruly=4)
QUIET = Month(1, BEGINS[0], days=1, drivers=4, seed=1)

TABLE = table_of_duties(SAY, Policy())
EACH_SECOND = {name: duty for name, duty in TABLE.items() if isinstance(duty, Duty) and duty.at is None}


async def _nobody(_on: date) -> None:
    pass


def test_weeks_go_by_in_months_that_see_both_changes_of_the_clock() -> None:
    months = Terms(drivers=200, days=7 * 13, seed=7).months
    assert [month.days for month in months] == [28, 28, 28, 7]
    assert [month.begins for month in months] == [*BEGINS, *BEGINS]
    assert len({month.seed for month in months}) == 4
    assert Terms(drivers=200, days=7 * 4, seed=7).months == months[:1]
    for begins in BEGINS:
        days = [local_instant(begins + timedelta(days=day), time(0), Policy()) for day in range(8)]
        assert {after - before for before, after in pairwise(days)} > {timedelta(days=1)}


async def test_months_side_by_side_come_to_what_they_come_to_one_after_another() -> None:
    days: list[tuple[Month, date]] = []
    apart = await running.side_by_side([AUTUMN, SPRING], [None, None], lambda *day: days.append(day))
    assert {*days} == {(AUTUMN, BEGINS[0]), (SPRING, BEGINS[1])}
    assert apart == await running.side_by_side([AUTUMN, SPRING], [None], lambda *_: None)

    both = result.together(apart)
    filled = "bids placed", "windows awarded to a bidder", "slots filled by hand"
    for words in ("… completed", "windows opened", "SMS", "updates brought", *filled):
        assert both.counts[words] == sum(each.counts[words] for each in apart) > 0
    assert len(both.fills) == sum(len(each.fills) for each in apart)
    assert both.digest != result.together(apart[::-1]).digest


async def test_no_plan_hangs_on_a_sample_and_what_is_shown_is_known(
    new_migrated_url: Callable[[], Awaitable[str]],
) -> None:
    """Of a table with more rows than ANALYZE looks at it takes some, by dice of its own: such a one is let be."""
    async with alone.world(await new_migrated_url(), QUIET) as world:
        sessions = world.town.rollcall.edge.sessions
        async with sessions.begin() as session:
            name = await session.scalar(text("SELECT current_database()"))
            await session.execute(text(f'ALTER DATABASE "{name}" SET default_statistics_target = 1'))
            much = "INSERT INTO seen_updates (update_id, seen_at) SELECT n, :now FROM generate_series(-301, -1) n"
            await session.execute(text(much), {"now": world.town.now})
        await world.town.rollcall.edge.mail.db.dispose()  # for those who connect from now on
        await world.run(_nobody)
        async with sessions() as session:
            analysed = set(await session.scalars(text("SELECT tablename FROM pg_stats")))
            homes = "SELECT count(shows), count(*) FROM deliveries WHERE kind = 'home' AND state = 'sent'"
            known, there = (await session.execute(text(homes))).one()
    assert "users" in analysed and "seen_updates" not in analysed
    assert known == there > 0  # so one that shows what it would show anyway is not edited


async def test_r14_a_duty_does_nothing_where_nothing_is_found_to_be_due(
    new_migrated_url: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: Counter[str] = Counter()

    async def done(self: Clockwork, name: str, duty: Duty | Errand) -> list[object]:
        if (of := EACH_SECOND.get(name)) is not None:
            assert of.due is not None, "it would begin a transaction each second, for nothing"
            async with self.sessions() as session:
                found = (await session.execute(*of.due(self.now()))).first()
                looked[name] += 1
                assert found is not None or await of.item(session, self.now(), 0) is None, name
        return await as_ever(self, name, duty)

    as_ever = Clockwork._done
    monkeypatch.setattr(Clockwork, "_done", done)
    async with alone.world(await new_migrated_url(), MISSING) as world:
        await world.run(_nobody)
        assert (await result.result_of(world)).counts["no-shows"] > 0
    assert looked.keys() == EACH_SECOND.keys()


async def test_r3_2_what_begins_on_a_sunday_has_a_roster_on_monday(
    new_migrated_url: Callable[[], Awaitable[str]],
) -> None:
    sunday = Month(1, BEGINS[0] + timedelta(days=6), days=2, drivers=8, seed=5)
    async with alone.world(await new_migrated_url(), sunday) as world:
        await world.run(_nobody)
        counts = (await result.result_of(world)).counts
    assert counts["weeks given out by a roster"] == 1 and counts["slots filled by a roster"] > 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a month can't be sent to a processor that is not there")
async def test_a_month_that_fails_ends_the_others_and_tells_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "months"
    folder.mkdir()
    monkeypatch.setattr(running, "_memory", lambda: str(folder))
    monkeypatch.setattr(running, "processors", lambda: [None, 1 << 15])
    said = io.StringIO()
    assert await running.simulate(Terms(drivers=4, days=56, seed=7), Console(file=said, width=1000)) is None
    assert "Month 2, from 2027-03-08 on: Traceback" in said.getvalue()
    assert "rollcall simulate --drivers 4 --weeks 8 --seed 7\n" in said.getvalue()
    folder.rmdir()  # it would not go if they had left anything


async def test_what_does_not_hold_ends_a_month(new_migrated_url: Callable[[], Awaitable[str]]) -> None:
    async with alone.world(await new_migrated_url(), QUIET) as world:

        async def spoil() -> None:
            async with world.town.rollcall.edge.sessions.begin() as session:
                await session.execute(
                    text("UPDATE assignments SET status = 'completed', updated_at = :now"), {"now": world.town.now}
                )

        world.at(world.town.now + timedelta(hours=1), spoil)
        with pytest.raises(Violated) as violated:
            await world.run(_nobody)
    said = result.complaint(violated.value)
    assert "R2.3" in said
    assert f"step {world.steps}" in said


async def test_a_fault_of_ours_ends_it_too(new_migrated_url: Callable[[], Awaitable[str]]) -> None:
    async with alone.world(await new_migrated_url(), QUIET) as world:

        async def forget() -> None:
            async with world.town.rollcall.edge.sessions.begin() as session:
                await session.execute(text("ALTER TABLE window_waves RENAME TO elsewhere"))

        world.at(world.town.now + timedelta(hours=1), forget)
        with pytest.raises(Violated) as violated:
            await world.run(_nobody)
    assert "window_waves" in result.complaint(violated.value)
