"""R3: what comes of a freeze, from what drivers prefer to rows, windows and a certificate."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.db.models import Assignment, AuditLog, BidWindow, DriverMetrics, PreferenceVersion, WindowWaves
from domain.db.models.words import AssignedBy, AssignmentStatus, BidWindowMode, GapReason, RosterCause
from domain.roster.freezing import freeze
from domain.time import freeze_of, shift_start
from tests.domain.rostering import DAY, FROZEN, WEEK, Rostering
from tests.domain.world import POLICY


@pytest.fixture
def rostering(sessions: async_sessionmaker[AsyncSession]) -> Rostering:
    return Rostering(sessions)


async def test_r3_2_a_freeze_makes_the_week_eight_days_later(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1", "R2")
    dana = await rostering.driver("Dana", [1, 2, 6], [routes["R1"]], home=north)
    await rostering.driver("Ben", [1], [routes["R2"]], home=north)
    await rostering.frozen_and_made()
    drives = {slot: driver for slot, driver in (await rostering.roster()).items() if driver}
    assert drives == {("R1", 0): "Dana", ("R1", 1): "Dana", ("R1", 5): "Dana", ("R2", 0): "Ben"}
    [row] = await rostering.rows(
        select(Assignment.status, Assignment.assigned_by, Assignment.assigned_at, Assignment.confirmed_at)
        .where(Assignment.user_id == dana.id)
        .distinct()
    )
    assert row == (AssignmentStatus.SCHEDULED, AssignedBy.ALGORITHM, FROZEN, None)
    counted = select(DriverMetrics.total_assigned, DriverMetrics.confirmed_shifts, DriverMetrics.bid_pickups)
    assert await rostering.rows(counted.where(DriverMetrics.user_id == dana.id)) == [(3, 0, 0)]


async def test_r3_7_every_slot_has_a_row_and_each_gap_a_window_that_no_waves_tell_of(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1", "R2")
    await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    await rostering.frozen_and_made()
    rows = await rostering.roster()
    assert len(rows) == 14 and sum(driver is None for driver in rows.values()) == 13
    windows = await rostering.rows(
        select(Assignment.status, BidWindow.mode, BidWindow.trigger, BidWindow.opens_at, BidWindow.closes_at).join(
            BidWindow, BidWindow.assignment_id == Assignment.id
        )
    )
    closes_at = FROZEN + timedelta(hours=48)
    one = (AssignmentStatus.UNFILLED, BidWindowMode.COMPETITIVE, "schedule_unfilled", FROZEN, closes_at)
    assert windows == [one] * 13
    assert await rostering.rows(select(WindowWaves)) == []


async def test_r3_6_the_certificate_is_kept_with_the_run(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1", "R2")
    await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    await rostering.driver("Ben", [1], [routes["R1"]], home=north)
    await rostering.frozen_and_made()
    run = await rostering.run()
    assert (run.slots, run.held, run.filled, run.maximum, run.carried_out_at) == (14, 0, 1, 1, FROZEN)
    assert run.cut is not None
    gaps = await rostering.gaps()
    assert set(gaps.values()) == {GapReason.NOBODY} and len(gaps) == 13


async def test_r13_each_row_and_window_is_in_the_audit(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    dana = await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    await rostering.frozen_and_made()
    counted = select(AuditLog.entity_type, AuditLog.action, func.count()).group_by(
        AuditLog.entity_type, AuditLog.action
    )
    assert set(await rostering.rows(counted)) == {
        ("roster_run", "frozen", 1),
        ("assignment", "roster_assign", 1),
        ("assignment", "opened", 6),
        ("bid_window", "opened", 6),
    }
    run = await rostering.run()
    [(changes, actor)] = await rostering.rows(
        select(AuditLog.changes, AuditLog.actor_type).where(AuditLog.action == "roster_assign")
    )
    after = {"status": "scheduled", "user_id": str(dana.id), "date": WEEK.isoformat()}
    assert changes == {"before": {}, "after": after, "facts": {"run_id": str(run.id)}}
    assert actor == "system"


async def test_r3_2_made_again_nothing_changes(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    assert len(await rostering.frozen_and_made()) == 1
    before = await rostering.roster()
    assert await rostering.frozen_and_made(FROZEN + DAY) == []
    assert await rostering.roster() == before


async def test_a_company_without_anything_has_an_empty_roster(rostering: Rostering) -> None:
    [made] = await rostering.frozen_and_made()
    run = await rostering.run()
    assert (run.slots, run.filled, run.maximum) == (0, 0, 0) and made is not None


async def test_r3_2_what_is_late_is_the_same_week_but_for_what_has_started(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    await rostering.driver("Dana", [1, 2, 3], [routes["R1"]], home=north)
    late = shift_start(WEEK + DAY, POLICY)  # Tuesday's has just started
    await rostering.driver("Zoe", [3], [routes["R1"]], home=north, saved_at=FROZEN + timedelta(seconds=1))
    await rostering.freeze(late)
    await rostering.make_all(late)
    rows = await rostering.roster()
    assert {day for _, day in rows} == {2, 3, 4, 5, 6}
    assert rows["R1", 2] == "Dana"


@pytest.mark.parametrize("week", [date(2026, 10, 26), date(2027, 3, 8)])
async def test_r1_4_a_week_with_a_clock_change_is_given_out_as_any(rostering: Rostering, week: date) -> None:
    """The clocks change on its Sunday; windows close by exact durations."""
    frozen, sunday = freeze_of(week, POLICY), week + 6 * DAY
    north, routes = await rostering.place("North", "R1")
    await rostering.driver("Dana", [1, 0], [routes["R1"]], home=north, saved_at=frozen)
    async with rostering.sessions.begin() as session:
        assert await freeze(session, POLICY, frozen, by_hand=True) == [week]
    await rostering.make_all(frozen)
    drives = {slot: driver for slot, driver in (await rostering.roster(week)).items() if driver}
    assert drives == {("R1", 0): "Dana", ("R1", 6): "Dana"}
    last = shift_start(sunday, POLICY)
    await rostering.ask(RosterCause.MANAGER, last - timedelta(hours=31), week=week)
    async with rostering.sessions.begin() as session:
        await session.execute(update(Assignment).where(Assignment.on == sunday).values(status="cancelled"))
        await session.execute(update(PreferenceVersion).values(days=[]))
    await rostering.make_all(last - timedelta(hours=31))
    closing = select(BidWindow.mode, BidWindow.closes_at).order_by(BidWindow.opens_at.desc()).limit(1)
    assert await rostering.rows(closing) == [(BidWindowMode.COMPETITIVE, last - timedelta(hours=24))]
