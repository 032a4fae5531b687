"""R3.1 to R3.3, R6.3, R8.9: what drivers prefer, each change a version, and from which week it counts."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AuditLog, DriverPreferences, OpenWarehouse, PreferenceVersion, Route
from domain.db.models.words import RosterCause
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.roster import preferring
from domain.roster.freezing import freeze
from domain.roster.preferences import (
    Saved,
    Wishes,
    drop_route,
    kept,
    open_warehouse,
    prefer_any_route,
    prefer_day,
    prefer_route,
    rank_route,
    wishes,
)
from domain.roster.preferring import Preferences
from domain.roster.runs import Run
from domain.roster.snapshot import snapshot
from domain.roster.workplaces import Tie, every_route, his_own, workplaces
from domain.schedule.queries import called
from domain.schedule.rules import weekday_of
from domain.time import local_instant
from tests.domain.world import POLICY, Fleet, contents

MOMENT, DAY = timedelta(microseconds=1), timedelta(days=1)
FROZEN = local_instant(date(2026, 11, 29), time(23, 59, 59), POLICY)  # the Sunday of this week


@dataclass
class Yard:
    """North with R1 to R5, where Dana is at home; South with S1; East is nothing to her."""

    fleet: Fleet
    dana: Person
    north: uuid.UUID
    south: uuid.UUID
    routes: list[uuid.UUID]
    s1: uuid.UUID

    @property
    def session(self) -> AsyncSession:
        return self.fleet.session

    async def add(self, route: uuid.UUID, now: datetime | None = None) -> Saved | Refused:
        return await prefer_route(self.session, self.dana, route, POLICY, now or self.fleet.now)

    async def has(self) -> Preferences:
        return (await kept(self.session, self.dana.id, POLICY)).preferences

    async def versions(self) -> list[PreferenceVersion]:
        return list(await self.session.scalars(select(PreferenceVersion).order_by(PreferenceVersion.saved_at)))

    async def shown(self, now: datetime) -> Wishes:
        return await wishes(self.session, self.dana.id, POLICY, now)


@pytest.fixture
async def yard(fleet: Fleet) -> Yard:
    north, south = await fleet.warehouse("North"), await fleet.warehouse("South")
    await fleet.warehouse("East")
    routes = [await fleet.route(f"R{n}", north) for n in range(1, 6)]
    return Yard(fleet, await fleet.driver("Dana", home=north), north, south, routes, await fleet.route("S1", south))


def why(refusal: Refusal) -> Refused:
    return Refused(refusal)


# -- the rules alone

ROUTES = [uuid.UUID(int=n) for n in range(6)]
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("day"), st.integers(-2, 9), st.booleans()),
        st.tuples(st.just("route"), st.sampled_from(ROUTES), st.booleans()),
        st.tuples(st.just("rank"), st.sampled_from(ROUTES), st.integers(-1, 4)),
        st.tuples(st.just("drop"), st.sampled_from(ROUTES), st.none()),
    ),
    max_size=30,
)


@given(CHANGES)
def test_r3_1_days_are_a_set_and_routes_at_most_three_distinct(changes: list[tuple[str, object, object]]) -> None:
    has = Preferences()
    for what, which, how in changes:
        match what, which, how:
            case "day", int(), bool():
                after = preferring.prefer_day(has, which, how)
            case "route", uuid.UUID(), bool():
                after = preferring.prefer_route(has, preferring.Wanted(which, how), POLICY)
            case "rank", uuid.UUID(), int():
                after = preferring.rank_route(has, which, how)
            case _:
                assert isinstance(which, uuid.UUID)
                after = preferring.drop_route(has, which)
        has = has if isinstance(after, Refused) else after
        assert list(has.days) == sorted(set(has.days)) and set(has.days) <= set(range(7))
        assert len(has.routes) == len(set(has.routes)) <= 3


def test_r3_1_a_rank_is_where_the_route_stands_then() -> None:
    has = Preferences(routes=(ROUTES[0], ROUTES[1], ROUTES[2]))
    up = preferring.rank_route(has, ROUTES[2], 0)
    assert up == Preferences(routes=(ROUTES[2], ROUTES[0], ROUTES[1]))
    assert isinstance(up, Preferences) and preferring.rank_route(up, ROUTES[2], 0) == up  # pressed twice
    for route, rank in ((ROUTES[4], 0), (ROUTES[0], 3), (ROUTES[0], -1)):
        assert preferring.rank_route(has, route, rank) == why(Refusal.NO_SUCH_CHOICE)


def test_what_another_program_has_written_is_read_as_it_can_be() -> None:
    made = preferring.made([6, None, 1, 1, 9, -1], [ROUTES[1], ROUTES[1], *ROUTES], True, POLICY)
    assert made == Preferences((1, 6), (ROUTES[1], ROUTES[0], ROUTES[2]), True)


# -- each change is a version


async def test_r3_2_each_change_appends_a_version_and_the_given_row_follows(yard: Yard) -> None:
    now, of = yard.fleet.now, (yard.session, yard.dana)
    r1, r2, *_ = yard.routes
    assert await yard.has() == Preferences()
    assert await prefer_day(*of, 1, True, POLICY, now) == Saved()
    assert await prefer_day(*of, 5, True, POLICY, now) == Saved()
    assert await yard.add(r1) == await yard.add(r2) == Saved()
    assert await rank_route(*of, r2, 0, POLICY, now) == Saved()
    assert await prefer_any_route(*of, True, POLICY, now) == Saved()
    assert await drop_route(*of, r1, POLICY, now) == Saved()
    assert await prefer_day(*of, 1, False, POLICY, now) == Saved()
    seen = [(each.days, each.routes, each.any_home_route) for each in await yard.versions()]
    assert seen == [
        ([1], [], False),
        ([1, 5], [], False),
        ([1, 5], [r1], False),
        ([1, 5], [r1, r2], False),
        ([1, 5], [r2, r1], False),
        ([1, 5], [r2, r1], True),
        ([1, 5], [r2], True),
        ([5], [r2], True),
    ]
    row = await yard.session.scalar(select(DriverPreferences))
    assert row is not None and (row.preferred_days, row.preferred_routes) == ([5], [r2])
    assert row.updated_at == (await yard.versions())[-1].saved_at
    entries = (await yard.session.scalars(select(AuditLog).where(AuditLog.action == "saved"))).all()
    assert len(entries) == 8 and {each.actor_id for each in entries} == {yard.dana.id}
    assert entries[0].entity_id == yard.dana.id


async def test_r2_5_pressed_twice_there_is_one_version(yard: Yard) -> None:
    for _ in range(2):
        await prefer_day(yard.session, yard.dana, 1, True, POLICY, yard.fleet.now)
        await drop_route(yard.session, yard.dana, yard.routes[0], POLICY, yard.fleet.now)
        await prefer_any_route(yard.session, yard.dana, False, POLICY, yard.fleet.now)
    assert len(await yard.versions()) == 1


async def test_r3_2_whose_clock_is_behind_saves_the_later_version_all_the_same(yard: Yard) -> None:
    now = yard.fleet.now
    await prefer_day(yard.session, yard.dana, 1, True, POLICY, now)
    await prefer_day(yard.session, yard.dana, 1, False, POLICY, now - timedelta(seconds=2))
    assert await yard.has() == Preferences()
    assert [each.saved_at for each in await yard.versions()] == [now, now + MOMENT]


async def test_r3_2_what_another_program_wrote_counts_and_is_kept_for_a_late_run(yard: Yard) -> None:
    before = yard.fleet.now - 3 * DAY
    row = {"preferred_days": [2], "preferred_routes": [yard.routes[0]], "updated_at": before}
    await yard.session.execute(insert(DriverPreferences).values(user_id=yard.dana.id, **row))
    assert await yard.has() == Preferences((2,), (yard.routes[0],))
    await prefer_day(yard.session, yard.dana, 4, True, POLICY, yard.fleet.now)
    seen = [(each.saved_at, each.days, each.routes) for each in await yard.versions()]
    assert seen == [(before, [2], [yard.routes[0]]), (yard.fleet.now, [2, 4], [yard.routes[0]])]


async def test_r3_2_of_what_another_program_wrote_he_reads_what_a_roster_counts(yard: Yard) -> None:
    r1, r2, r3, *_ = yard.routes
    row = {"preferred_days": [1, 2, None], "preferred_routes": [r1, r1, r2, r3], "updated_at": yard.fleet.now}
    await yard.session.execute(insert(DriverPreferences).values(user_id=yard.dana.id, **row))
    run = Run(uuid.uuid4(), date(2026, 12, 7), RosterCause.DEADLINE, None, yard.fleet.now, None, None)
    [candidate] = (await snapshot(yard.session, run, POLICY, yard.fleet.now, None)).candidates
    assert await yard.has() == Preferences((1, 2), (r1, r2))
    assert {weekday_of(on) for on in candidate.days} == {1, 2} and set(candidate.routes) == {r1, r2}


async def test_refusals_write_nothing(yard: Yard) -> None:
    r1, r2, r3, r4, _ = yard.routes
    for route in (r1, r2, r3):
        assert await yard.add(route) == Saved()
    mona = await yard.fleet.manager("Mona")
    before = await contents(yard.session)
    for result, refusal in (
        (await yard.add(r4), Refusal.ROUTES_FULL),
        (await yard.add(r2), Refusal.PREFERRED_ALREADY),
        (await yard.add(yard.s1), Refusal.WAREHOUSE_NOT_HIS),
        (await yard.add(uuid.uuid4()), Refusal.NO_SUCH_ROUTE),
        (await prefer_day(yard.session, yard.dana, 7, True, POLICY, yard.fleet.now), Refusal.NO_SUCH_CHOICE),
        (await rank_route(yard.session, yard.dana, r1, 3, POLICY, yard.fleet.now), Refusal.NO_SUCH_CHOICE),
        (await prefer_day(yard.session, mona, 1, True, POLICY, yard.fleet.now), Refusal.NOT_A_DRIVER),
        (await open_warehouse(yard.session, mona, yard.north, True, POLICY, yard.fleet.now), Refusal.NOT_A_DRIVER),
    ):
        assert result == Refused(refusal)
    assert await contents(yard.session) == before


async def test_r3_1_a_route_that_is_gone_is_no_longer_preferred_and_leaves_room(yard: Yard) -> None:
    r1, r2, r3, r4, _ = yard.routes
    for route in (r1, r2, r3):
        await yard.add(route)
    await yard.session.execute(delete(Route).where(Route.id == r2))
    assert (await yard.has()).routes == (r1, r3)
    assert await yard.add(r4) == Saved()
    assert (await yard.has()).routes == (r1, r3, r4)
    assert (await yard.versions())[-1].routes == [r1, r3, r4]


async def test_r8_9_by_phone_it_is_the_managers_deed_for_the_driver(yard: Yard) -> None:
    mona = await yard.fleet.manager("Mona", yard.north)
    of = yard.session, yard.dana
    await prefer_day(*of, 3, True, POLICY, yard.fleet.now, by=mona)
    await prefer_route(*of, yard.routes[0], POLICY, yard.fleet.now, by=mona)
    await prefer_any_route(*of, True, POLICY, yard.fleet.now, by=mona)
    await rank_route(*of, yard.routes[0], 0, POLICY, yard.fleet.now, by=mona)
    await open_warehouse(*of, yard.south, True, POLICY, yard.fleet.now, by=mona)
    await drop_route(*of, yard.routes[0], POLICY, yard.fleet.now, by=mona)
    assert await yard.has() == Preferences((3,), (), True)
    entries = (await yard.session.scalars(select(AuditLog).where(AuditLog.entity_type == "preferences"))).all()
    assert len(entries) == 5
    for entry in entries:
        assert (entry.actor_id, entry.entity_id) == (mona.id, yard.dana.id)
        assert entry.changes is not None and entry.changes["by_phone"]


# -- from which week it counts


@pytest.mark.parametrize(
    ("saved_at", "since"),
    [
        (FROZEN - 4 * DAY, date(2026, 12, 7)),
        (FROZEN, date(2026, 12, 7)),
        (FROZEN + MOMENT, date(2026, 12, 14)),
        (FROZEN + 7 * DAY, date(2026, 12, 14)),
    ],
)
async def test_r3_3_a_change_is_labelled_with_the_week_from_which_it_counts(
    yard: Yard, saved_at: datetime, since: date
) -> None:
    before = await yard.shown(saved_at)
    assert (before.since, before.waiting) == (since, False)
    await prefer_day(yard.session, yard.dana, 1, True, POLICY, saved_at)
    shown = await yard.shown(saved_at)
    assert (shown.since, shown.waiting) == (since, True)


async def test_r3_3_after_its_freeze_a_change_waits_no_more(yard: Yard) -> None:
    await prefer_day(yard.session, yard.dana, 1, True, POLICY, FROZEN)
    after = await yard.shown(FROZEN + MOMENT)
    assert (after.since, after.waiting) == (date(2026, 12, 14), False)


async def test_r3_2_a_save_that_the_freeze_has_not_waited_for_says_so(yard: Yard) -> None:
    """Its own clock is a little behind that of who freezes."""
    await freeze(yard.session, POLICY, FROZEN - 3 * DAY)
    await freeze(yard.session, POLICY, FROZEN)
    await prefer_day(yard.session, yard.dana, 1, True, POLICY, FROZEN - timedelta(seconds=1))
    assert [each.saved_at for each in await yard.versions()] == [FROZEN + MOMENT]
    shown = await yard.shown(FROZEN - timedelta(seconds=1))
    assert (shown.since, shown.waiting) == (date(2026, 12, 14), True)


# -- warehouses


async def test_r6_3_other_warehouses_are_opened_and_closed_at_once(yard: Yard) -> None:
    of, now = (yard.session, yard.dana), yard.fleet.now
    for _ in range(2):
        assert await open_warehouse(*of, yard.south, True, POLICY, now) == Saved()
    assert await yard.add(yard.s1) == Saved()
    assert await open_warehouse(*of, yard.south, False, POLICY, now) == why(Refusal.PREFERS_ROUTE_THERE)
    await drop_route(*of, yard.s1, POLICY, now)
    for _ in range(2):
        assert await open_warehouse(*of, yard.south, False, POLICY, now) == Saved()
    assert (await yard.session.scalars(select(OpenWarehouse))).all() == []
    actions = await yard.session.scalars(select(AuditLog.action).where(AuditLog.action.like("warehouse%")))
    assert sorted(actions) == ["warehouse_closed", "warehouse_opened"]
    assert await open_warehouse(*of, yard.north, True, POLICY, now) == why(Refusal.HOME_ALREADY)
    assert await open_warehouse(*of, uuid.uuid4(), True, POLICY, now) == why(Refusal.NO_SUCH_WAREHOUSE)


async def test_r6_3_a_home_is_one_of_today_or_to_come_and_none_recorded_means_all(yard: Yard) -> None:
    fleet, today = yard.fleet, yard.fleet.today
    past = await fleet.driver("Past", home=yard.north, employed=(date(2020, 1, 1), today - DAY))
    future = await fleet.driver("Future", home=yard.south, employed=(today + DAY, None))
    anywhere = await fleet.driver("Anywhere", home=None)
    ticked = await fleet.driver("Ticked", home=yard.north, ticked=[yard.south])
    for driver, ties in (
        (past, {"North": Tie.OTHER, "South": Tie.OTHER, "East": Tie.OTHER}),
        (future, {"North": Tie.OTHER, "South": Tie.HOME, "East": Tie.OTHER}),
        (anywhere, {"North": Tie.HOME, "South": Tie.HOME, "East": Tie.HOME}),
        (ticked, {"North": Tie.HOME, "South": Tie.OPEN, "East": Tie.OTHER}),
    ):
        assert {each.name: each.tie for each in await workplaces(yard.session, driver.id, today)} == ties


async def test_a_route_is_found_by_one_word_his_own_first(yard: Yard) -> None:
    await yard.fleet.route("Côte-des-Neiges", yard.north)
    await yard.fleet.route("R1", yard.south)
    every = await every_route(yard.session)
    assert [(each.name, each.warehouse) for each in called("r1", every)] == [("R1", "North"), ("R1", "South")]
    assert [each.name for each in called("cote des neiges", every)] == ["Côte-des-Neiges"]
    assert [each.warehouse for each in called("south r1", every)] == ["South"]
    ticked = await yard.fleet.driver("Ticked", home=yard.south, ticked=[yard.north])
    mine = his_own(called("R1", every), await workplaces(yard.session, ticked.id, yard.fleet.today))
    assert [each.warehouse for each in mine] == ["South", "North"]
