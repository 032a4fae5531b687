"""R8.6a: a penalty presupposes that the person could act. Outages of ours, and too many missing at once."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Heartbeat
from domain.db.models.words import AssignmentStatus
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive, confirm_shift
from domain.shifts.outages import Outage, beat, known_outages
from domain.shifts.rules import Arrive, Confirm
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, beats, heartbeats, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, Slot

TODAY, SATURDAY = date(2026, 11, 25), date(2026, 11, 28)
NINE = local(TODAY, 9)
DUE = local(date(2026, 11, 26), 7)  # to confirm Saturday
HELD_UNTIL = NINE + 30 * MINUTE


# -- what an outage is


async def test_r8_6a_without_any_heartbeat_nothing_is_known(session: AsyncSession, now: datetime) -> None:
    assert await known_outages(session, POLICY, now) == ()


@pytest.mark.parametrize(("silent_for", "outage"), [(5 * MINUTE - SECOND, False), (5 * MINUTE, True), (HOUR, True)])
async def test_r8_6a_an_outage_is_five_minutes_or_more_without_updates(
    session: AsyncSession, now: datetime, silent_for: timedelta, outage: bool
) -> None:
    """While it goes on, and once it is over."""
    await heartbeats(session, now - 2 * MINUTE, now - MINUTE, now, silent_for=silent_for)
    assert await known_outages(session, POLICY, now + silent_for) == ((Outage(now, None),) if outage else ())
    await session.execute(text("DELETE FROM heartbeats"))
    await heartbeats(session, now - MINUTE, now, now + silent_for, now + silent_for + MINUTE)
    found = await known_outages(session, POLICY, now + silent_for + MINUTE)
    assert found == ((Outage(now, now + silent_for),) if outage else ())


async def test_r8_6a_several_in_their_order(session: AsyncSession, now: datetime) -> None:
    await heartbeats(session, now, now + HOUR, now + HOUR + MINUTE, now + 2 * HOUR)
    both = Outage(now, now + HOUR), Outage(now + HOUR + MINUTE, now + 2 * HOUR)
    assert await known_outages(session, POLICY, now + 2 * HOUR) == both


async def test_r1_6_a_sandbox_whose_clock_is_moved_has_had_no_outage(session: AsyncSession, now: datetime) -> None:
    """Heartbeats hours apart by the business clock, seconds by the database's; also while the clock stands still."""
    for at in (now, now + 9 * HOUR, now + 9 * HOUR, now + DAY):
        await beat(session, POLICY, at)
    assert await known_outages(session, POLICY, now + DAY) == ()


async def test_r1_6_a_sandbox_whose_clock_stands_still_beats_on(session: AsyncSession, now: datetime) -> None:
    await heartbeats(session, now, silent_for=HOUR)
    await beat(session, POLICY, now)
    assert await known_outages(session, POLICY, now) == ()


async def test_r8_6a_an_outage_is_known_however_long_it_was(session: AsyncSession, now: datetime) -> None:
    """Longer than heartbeats are kept: while it goes on, and once it is over."""
    ago = POLICY.keep_heartbeats_for + DAY
    await heartbeats(session, now - ago - MINUTE, now - ago, silent_for=ago)
    assert await known_outages(session, POLICY, now) == (Outage(now - ago, None),)
    await beat(session, POLICY, now)
    assert await known_outages(session, POLICY, now) == (Outage(now - ago, now),)


async def test_heartbeats_that_nobody_asks_for_are_forgotten(session: AsyncSession, now: datetime) -> None:
    """Of those that are too old only the last is of interest."""
    old = now - POLICY.keep_heartbeats_for
    await heartbeats(session, old - HOUR, old - SECOND, now - DAY)
    await beat(session, POLICY, now)
    assert set(await session.scalars(select(Heartbeat.at))) == {old - SECOND, now - DAY, now}


# -- drops


async def test_r8_6a_nothing_is_dropped_during_an_outage(depot: Depot) -> None:
    await depot.shift(await depot.driver(), SATURDAY)
    await heartbeats(depot.session, DUE - HOUR, silent_for=HOUR)
    assert await depot.drop(DUE + SECOND) is None
    await depot.session.execute(text("DELETE FROM heartbeats"))
    assert await depot.drop(DUE + SECOND) is not None


async def test_r8_6a_nor_until_fifteen_minutes_after(depot: Depot) -> None:
    slot = await depot.shift(await depot.driver(), SATURDAY)
    over = DUE + 10 * MINUTE
    await heartbeats(depot.session, DUE - 10 * MINUTE, *beats(over, over + 15 * MINUTE))
    assert await depot.drop(over + 15 * MINUTE - SECOND) is None
    assert (await depot.dropped(over + 15 * MINUTE)).assignment_id == slot.id


async def test_r8_6a_while_drops_are_held_it_can_still_be_confirmed(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    over = DUE + 10 * MINUTE
    of_dana = (depot.session, dana, slot.id, POLICY)
    assert await confirm_shift(*of_dana, over) == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    await heartbeats(depot.session, DUE - 10 * MINUTE, *beats(over, over + 15 * MINUTE))
    assert await confirm_shift(*of_dana, over + 15 * MINUTE) == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    assert await confirm_shift(*of_dana, over + 15 * MINUTE - SECOND) == Confirm()
    assert await depot.drop(over + HOUR) is None


async def test_r8_6a_an_outage_long_ago_holds_no_drop(depot: Depot) -> None:
    await depot.shift(await depot.driver(), SATURDAY)
    await heartbeats(depot.session, DUE - 5 * HOUR, *beats(DUE - 2 * HOUR, DUE + SECOND))
    assert await depot.drop(DUE + SECOND) is not None


# -- no-shows


async def missing(depot: Depot, count: int, arrive_by: datetime = NINE) -> list[Slot]:
    """So many who have confirmed and won't be there."""
    return [
        await depot.shift(
            await depot.driver(f"M{n}"), TODAY, confirmed=True, route=f"M{uuid.uuid4().hex[:6]}", arrive_by=arrive_by
        )
        for n in range(count)
    ]


async def there(depot: Depot, count: int) -> None:
    """So many who have arrived, half of them done already."""
    for n in range(count):
        status = AssignmentStatus.ACTIVE if n % 2 else AssignmentStatus.COMPLETED
        await depot.shift(await depot.driver(f"A{n}"), TODAY, confirmed=True, status=status, route=f"A{n}")


async def all_missed(depot: Depot, at: datetime) -> set[uuid.UUID]:
    found: set[uuid.UUID] = set()
    while (left := await depot.miss(at)) is not None:
        assert left.assignment_id not in found
        found.add(left.assignment_id)
    return found


def ids(slots: Sequence[Slot]) -> set[uuid.UUID]:
    return {slot.id for slot in slots}


async def test_r8_6a_nobody_is_missed_during_an_outage(depot: Depot) -> None:
    await missing(depot, 1)
    await heartbeats(depot.session, NINE + MINUTE, silent_for=6 * MINUTE)
    assert await depot.miss(NINE + 7 * MINUTE) is None
    assert await depot.miss(NINE + 5 * HOUR) is None


@pytest.mark.parametrize(
    ("since", "until", "held_until"),
    [
        (-30 * MINUTE, -10 * MINUTE, 30 * MINUTE),  # within the hour before
        (-3 * HOUR, -59 * MINUTE, 30 * MINUTE),
        (-3 * HOUR, -60 * MINUTE, timedelta()),  # over by then
        (-10 * MINUTE, 20 * MINUTE, 50 * MINUTE),  # it went on: half an hour from its end
        (timedelta(), 10 * MINUTE, 10 * MINUTE),  # he had been due before it
    ],
)
async def test_r8_6a_after_an_outage_in_the_hour_before_it_is_held_for_half_an_hour(
    depot: Depot, since: timedelta, until: timedelta, held_until: timedelta
) -> None:
    slots = await missing(depot, 1)
    at = NINE + held_until
    await heartbeats(depot.session, *beats(NINE - 4 * HOUR, NINE + since), *beats(NINE + until, at + MINUTE))
    if held_until > until:
        assert await depot.miss(at - SECOND) is None
    assert await all_missed(depot, at) == ids(slots)


async def test_r8_6a_a_second_outage_does_not_make_the_first_forgotten(depot: Depot) -> None:
    """08:20 to 08:40, so that it is held until 09:30; another one after nine does not end that."""
    slots = await missing(depot, 1)
    first = beats(NINE - 2 * HOUR, NINE - 40 * MINUTE), beats(NINE - 20 * MINUTE, NINE + MINUTE)
    await heartbeats(depot.session, *first[0], *first[1], *beats(NINE + 10 * MINUTE, HELD_UNTIL))
    assert await depot.miss(NINE + 12 * MINUTE) is None
    assert await all_missed(depot, HELD_UNTIL) == ids(slots)


async def test_r8_6a_each_shift_by_its_own_hour(depot: Depot) -> None:
    """An outage from 07:10 to 07:50 was in the hour before 08:45, not in that before 09:00."""
    [early] = await missing(depot, 1, NINE - 15 * MINUTE)
    [late] = await missing(depot, 1)
    await heartbeats(depot.session, NINE - 110 * MINUTE, *beats(NINE - 70 * MINUTE, HELD_UNTIL))
    assert await all_missed(depot, NINE) == {late.id}
    assert await all_missed(depot, NINE + 15 * MINUTE) == {early.id}


# -- too many at once


@pytest.mark.parametrize(
    ("absent", "of", "held"),
    [
        (3, 3, False),
        (4, 4, True),
        (3, 10, False),
        (4, 10, True),
        (4, 26, True),  # 3.9
        (4, 27, False),  # 4.05
        (6, 40, False),  # exactly 15 %
        (7, 40, True),
    ],
)
async def test_r8_6a_more_than_three_and_more_than_15_percent_are_held_for_half_an_hour(
    depot: Depot, absent: int, of: int, held: bool
) -> None:
    slots = await missing(depot, absent)
    await there(depot, of - absent)
    if held:
        assert await depot.miss(NINE) is None
        assert await depot.miss(HELD_UNTIL - SECOND) is None
        assert await all_missed(depot, HELD_UNTIL) == ids(slots)
    else:
        assert await all_missed(depot, NINE) == ids(slots)


async def test_r8_6a_only_that_warehouse_is_held(depot: Depot) -> None:
    await missing(depot, 4)
    south = Depot(depot.fleet, depot.mona, await depot.fleet.warehouse("South", depot.mona))
    slots = await missing(south, 1)
    assert await all_missed(depot, NINE) == ids(slots)


async def test_r8_6a_unconfirmed_and_open_slots_are_no_confirmed_shifts(depot: Depot) -> None:
    """Four of twenty-six are too many; what nobody has confirmed does not dilute them."""
    await missing(depot, 4)
    await there(depot, 22)
    for n in range(5):
        await depot.shift(await depot.driver(f"U{n}"), TODAY, route=f"U{n}")
        await depot.fleet.slot(await depot.fleet.route(f"O{n}", depot.north))
    assert await depot.miss(NINE) is None


async def test_r8_6a_nor_is_anybody_missing_who_had_not_confirmed(depot: Depot) -> None:
    """Three are not too many, whoever else has not come."""
    slots = await missing(depot, 3)
    for n in range(3):
        await depot.shift(await depot.driver(f"U{n}"), TODAY, route=f"U{n}")
    assert await all_missed(depot, NINE) == ids(slots)


async def test_r8_6a_whoever_has_an_extension_is_not_missing_yet(depot: Depot) -> None:
    """Two of four are due at nine; the others come in time."""
    late: list[tuple[Person, Slot]] = []
    for n in range(2):
        driver = await depot.driver(f"L{n}")
        late.append(
            (driver, await depot.shift(driver, TODAY, confirmed=True, route=f"L{n}", arrive_by=NINE + 10 * MINUTE))
        )
    slots = await missing(depot, 2)
    assert await all_missed(depot, NINE) == ids(slots)
    for driver, slot in late:
        assert isinstance(await arrive(depot.session, driver, slot.id, POLICY, NINE + 5 * MINUTE), Arrive)
    assert await depot.miss(HELD_UNTIL) is None


async def test_r8_6a_those_of_another_day_are_not_missing_at_once(depot: Depot) -> None:
    """A run that was away for a day finds three of yesterday and three of today."""
    yesterday = [
        await depot.shift(await depot.driver(f"Y{n}"), TODAY - DAY, confirmed=True, route=f"Y{n}") for n in range(3)
    ]
    today = await missing(depot, 3)
    assert await all_missed(depot, NINE) == ids([*yesterday, *today])


async def test_r8_6a_drops_are_not_held_by_who_is_missing(depot: Depot) -> None:
    await missing(depot, 4)
    slot = await depot.shift(await depot.driver(), date(2026, 11, 27), route="R27")
    left = await depot.dropped(NINE)
    assert left.assignment_id == slot.id
    assert await depot.session.scalar(select(func.count()).select_from(Heartbeat)) == 0
