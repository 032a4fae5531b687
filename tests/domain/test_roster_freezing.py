"""R3.2, R3.3: when preferences are frozen, and for which week a save counts."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AuditLog, DriverPreferences, DutyRun, RosterRun
from domain.policy import TORONTO
from domain.roster.freezing import freeze, saving
from domain.time import freeze_of, week_to_freeze
from tests.domain.rostering import DAY, FROZEN, SECOND, WEEK
from tests.domain.world import POLICY, Fleet

MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("week", [WEEK, date(2026, 11, 9), date(2027, 3, 22)])  # in the nights, too, of a new time
def test_r3_2_it_is_sunday_the_last_second_of_the_companys_day(week: date) -> None:
    at = freeze_of(week, POLICY).astimezone(TORONTO)
    assert (at.date(), at.time(), at.weekday()) == (week - 8 * DAY, time(23, 59, 59), 6)


@given(st.timedeltas(timedelta(0), timedelta(days=800)))
def test_r3_3_a_save_counts_from_the_next_freeze_on(later: timedelta) -> None:
    now = FROZEN - 300 * DAY + later
    week = week_to_freeze(now, POLICY)
    assert week.weekday() == 0
    assert freeze_of(week - 7 * DAY, POLICY) < now <= freeze_of(week, POLICY)


async def weeks(session: AsyncSession) -> list[date]:
    return list(await session.scalars(select(RosterRun.week).order_by(RosterRun.week)))


async def test_r3_2_a_new_database_begins_with_its_first_sunday(session: AsyncSession) -> None:
    for now in (FROZEN - 3 * DAY, FROZEN - MOMENT):
        assert await freeze(session, POLICY, now) == []
    assert await freeze(session, POLICY, FROZEN) == [WEEK]
    for now in (FROZEN, FROZEN + DAY, FROZEN + 7 * DAY - MOMENT):
        assert await freeze(session, POLICY, now) == []
    assert await freeze(session, POLICY, FROZEN + 7 * DAY) == [WEEK + 7 * DAY]
    [run] = await session.scalars(select(RosterRun).where(RosterRun.week == WEEK))
    assert (run.as_of, run.requested_at, run.requested_by) == (FROZEN, FROZEN, None)
    entry = await session.scalar(select(AuditLog).where(AuditLog.entity_id == run.id))
    assert entry is not None and entry.action == "frozen"


async def test_r3_2_late_it_is_the_same_week_as_of_the_same_instant(session: AsyncSession) -> None:
    await freeze(session, POLICY, FROZEN - 3 * DAY)
    assert await freeze(session, POLICY, FROZEN + 5 * DAY) == [WEEK]
    assert await session.scalar(select(RosterRun.as_of)) == FROZEN


async def test_r3_2_after_a_long_outage_each_week_that_is_not_over_is_made(session: AsyncSession) -> None:
    await freeze(session, POLICY, FROZEN - 3 * DAY)
    now = FROZEN + 15 * DAY  # the Monday after the first of them
    assert await freeze(session, POLICY, now) == [WEEK + 7 * DAY, WEEK + 14 * DAY]
    assert await freeze(session, POLICY, now) == []


async def test_by_hand_the_last_sunday_is_made_up_for(session: AsyncSession) -> None:
    await freeze(session, POLICY, FROZEN + DAY)  # by the clock nothing before is due
    assert await freeze(session, POLICY, FROZEN + DAY) == []
    assert await freeze(session, POLICY, FROZEN + DAY, by_hand=True) == [WEEK]
    assert await freeze(session, POLICY, FROZEN + DAY, by_hand=True) == []
    assert await weeks(session) == [WEEK]


async def test_by_hand_what_was_made_up_for_is_no_step_back(session: AsyncSession) -> None:
    await freeze(session, POLICY, FROZEN + DAY)
    assert await freeze(session, POLICY, FROZEN + 7 * DAY) == [WEEK + 7 * DAY]
    assert await freeze(session, POLICY, FROZEN + 2 * DAY, by_hand=True) == [WEEK]
    assert await session.scalar(select(DutyRun.done_for)) == FROZEN + 7 * DAY


async def test_by_hand_on_a_new_database_too(session: AsyncSession) -> None:
    assert await freeze(session, POLICY, FROZEN, by_hand=True) == [WEEK]
    assert await freeze(session, POLICY, FROZEN + 7 * DAY) == [WEEK + 7 * DAY]


async def test_r3_2_what_was_frozen_says_so(fleet: Fleet) -> None:
    await fleet.driver(prefers=[])
    await freeze(fleet.session, POLICY, FROZEN + DAY, by_hand=True)
    assert await fleet.session.scalar(select(DriverPreferences.locked_at)) == FROZEN


async def test_r3_2_a_save_is_in_a_freeze_or_clearly_in_the_next(session: AsyncSession) -> None:
    assert await saving(session, FROZEN) == FROZEN
    await freeze(session, POLICY, FROZEN, by_hand=True)
    for late in (FROZEN - SECOND, FROZEN):  # its driver pressed before, but it waited for the freeze
        assert await saving(session, late) == FROZEN + MOMENT
    assert await saving(session, FROZEN + SECOND) == FROZEN + SECOND
