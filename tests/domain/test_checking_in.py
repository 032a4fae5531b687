"""R8.2a: half an hour before arriving is due, whoever is not there is told, and his managers get one list."""

import uuid
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import event, select

from domain.db.models import ArrivalList, ArrivalWarning, ContactSettings, Delivery, Notification
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, NotificationType, Urgency
from domain.notices.kinds import Kind
from domain.people.cleaning import clean_up
from domain.people.queries import Person
from domain.shifts.actions import arrive
from domain.shifts.asking_why import ask_why
from domain.shifts.checking import Checked, MissingCard, Whereabouts, missing_card, warn_missing
from domain.shifts.late import run_late
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, contents

TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
HALF_PAST_EIGHT = NINE - 30 * MINUTE


async def warn(depot: Depot, at: datetime) -> Checked | None:
    return await warn_missing(depot.session, SAY, POLICY, at)


async def notices(depot: Depot, person: Person, kind: Kind) -> list[Notification]:
    return [row for row in await depot.told(person) if row.data is not None and row.data["kind"] == kind]


async def card(depot: Depot) -> MissingCard:
    """The latest of Mona's."""
    *_, told = await notices(depot, depot.mona, Kind.MISSING_LIST)
    assert told.data is not None
    found = await missing_card(depot.session, depot.mona.id, uuid.UUID(told.data["about"]), POLICY)
    assert found is not None
    return found


# -- when


@pytest.mark.parametrize(
    ("on", "due"),
    [
        (TODAY, NINE),
        (date(2026, 11, 1), datetime.fromisoformat("2026-11-01T14:00+00:00")),
        (date(2027, 3, 14), datetime.fromisoformat("2027-03-14T13:00+00:00")),
    ],
)
async def test_r8_2a_at_exactly_half_an_hour_before_and_not_earlier(depot: Depot, on: date, due: datetime) -> None:
    await depot.shift(await depot.driver(), on, confirmed=True, assigned_at=due - 9 * DAY)
    before = await contents(depot.session)
    assert await warn(depot, due - 30 * MINUTE - SECOND) is None
    assert await contents(depot.session) == before
    assert await warn(depot, due - 30 * MINUTE) == Checked(1, 1)


async def test_r8_2a_run_late_it_tells_those_who_can_still_be_there(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    awarded = await depot.driver("Ben")
    await depot.shift(awarded, TODAY, confirmed=True, route="R13", assigned_at=NINE - 80 * MINUTE)
    assert await warn(depot, NINE) == Checked(1, 1), "Ben is due at ten past nine; it is too late for Dana"
    [told] = await notices(depot, awarded, Kind.NOT_CHECKED_IN)
    assert told.data is not None and datetime.fromisoformat(told.data["arrive_by"]) == NINE + 10 * MINUTE
    assert await warn(depot, NINE + HOUR) is None


async def test_r8_2a_an_award_late_in_the_evening_is_due_after_midnight(depot: Depot) -> None:
    midnight = local(TODAY + DAY, 0)
    await depot.shift(await depot.driver(), TODAY, confirmed=True, assigned_at=midnight - HOUR)
    assert await warn(depot, midnight - SECOND) is None
    assert await warn(depot, midnight) == Checked(1, 1)


async def test_r8_2a_only_who_is_expected(depot: Depot) -> None:
    for n, status in enumerate([AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED, AssignmentStatus.CANCELLED]):
        await depot.shift(await depot.driver(f"A{n}"), TODAY, confirmed=True, status=status, route=f"A{n}")
    await depot.shift(await depot.driver("U"), TODAY, route="U1")
    await depot.fleet.slot(await depot.fleet.route("O1", depot.north))
    leaving = await depot.driver("Lea")
    slot = await depot.shift(leaving, TODAY, confirmed=True, route="L1")
    await ask_why(depot.session, leaving, slot.id, POLICY, HALF_PAST_EIGHT - MINUTE)
    assert await warn(depot, HALF_PAST_EIGHT) is None


async def test_r4_5_shifts_before_go_live_are_not_asked_for(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    later = replace(POLICY, go_live_on=TODAY + DAY)
    assert await warn_missing(depot.session, SAY, later, HALF_PAST_EIGHT) is None
    assert await warn_missing(depot.session, SAY, replace(POLICY, go_live_on=TODAY), HALF_PAST_EIGHT) is not None


# -- once for each shift and instant


async def test_r14_run_twice_nobody_is_told_twice(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    await warn(depot, HALF_PAST_EIGHT)
    before = await contents(depot.session)
    assert await warn(depot, HALF_PAST_EIGHT + SECOND) is None
    assert await contents(depot.session) == before


async def test_r8_2a_an_extension_moves_it(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await warn(depot, HALF_PAST_EIGHT)
    await run_late(depot.session, dana, slot.id, None, SAY, POLICY, HALF_PAST_EIGHT + MINUTE)
    assert await warn(depot, NINE - SECOND) is None
    assert await warn(depot, NINE) == Checked(1, 1), "due at half past nine by now"
    assert len(await notices(depot, dana, Kind.NOT_CHECKED_IN)) == 2
    assert len(list(await depot.session.scalars(select(ArrivalList)))) == 2
    assert await warn(depot, NINE + MINUTE) is None


# -- who is told, and how


async def test_r8_2a_the_driver_urgently_and_by_sms_together(depot: Depot) -> None:
    linked, unlinked = await depot.driver("Dana"), await depot.driver("Ben", linked=False)
    for n, driver in enumerate((linked, unlinked)):
        await depot.shift(driver, TODAY, confirmed=True, route=f"R{n}")
    assert await warn(depot, HALF_PAST_EIGHT) == Checked(2, 1)
    assert await depot.levels(unlinked, Kind.NOT_CHECKED_IN) == [(Channel.SMS, Urgency.URGENT)]
    rows = list(await depot.session.scalars(select(Delivery).where(Delivery.user_id == linked.id)))
    telegram, sms = sorted(rows, key=lambda row: row.channel is Channel.SMS)
    assert (telegram.channel, sms.channel, sms.escalated_from) == (Channel.TELEGRAM, Channel.SMS, telegram.id)
    assert {row.due_at for row in rows} == {HALF_PAST_EIGHT} and {row.expires_at for row in rows} == {NINE}
    [told] = await depot.told(linked)
    assert told.type is NotificationType.SHIFT_REMINDER and "Not checked in" in told.title


async def test_r8_2a_one_list_for_each_warehouse_and_instant(depot: Depot) -> None:
    omar, sue = await depot.fleet.manager("Omar", depot.north), await depot.fleet.manager("Sue")
    south = Depot(depot.fleet, sue, await depot.fleet.warehouse("South", sue))
    for n in range(3):
        await depot.shift(await depot.driver(f"D{n}"), TODAY, confirmed=True, route=f"N{n}")
    await south.shift(await south.driver("S"), TODAY, confirmed=True, route="S1")
    assert await warn(depot, HALF_PAST_EIGHT) == Checked(4, 3)
    for manager, count in ((depot.mona, 3), (omar, 3), (sue, 1)):
        [told] = await notices(depot, manager, Kind.MISSING_LIST)
        assert told.type is NotificationType.DRIVER_NO_SHOW
        assert told.data is not None and len(told.data["drivers"]) == count
        assert [level for _, level in await depot.levels(manager, Kind.MISSING_LIST)] == [Urgency.URGENT]


async def test_r11_4a_who_is_away_is_spoken_for_unless_they_all_are(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar", depot.north)
    away = {"away_until": NINE + DAY}
    await depot.fleet.put(ContactSettings, {"user_id": depot.mona.id} | away)
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    await warn(depot, HALF_PAST_EIGHT)
    assert (len(await depot.told(depot.mona)), len(await depot.told(omar))) == (0, 1)
    await depot.fleet.put(ContactSettings, {"user_id": omar.id} | away)
    await depot.shift(await depot.driver("Ben"), TODAY + DAY, confirmed=True, route="R13")
    await warn(depot, HALF_PAST_EIGHT + DAY - SECOND)
    await warn(depot, HALF_PAST_EIGHT + DAY)
    assert len(await depot.told(depot.mona)) == 1


async def test_r8_2a_the_list_shows_who_has_come_who_is_late_and_who_is_gone(depot: Depot) -> None:
    drivers = {name: await depot.driver(name) for name in ("Ana", "Ben", "Cleo", "Dan")}
    slots = {name: await depot.shift(drivers[name], TODAY, confirmed=True, route=name) for name in drivers}
    await warn(depot, HALF_PAST_EIGHT)
    await run_late(depot.session, drivers["Ben"], slots["Ben"].id, 20, SAY, POLICY, HALF_PAST_EIGHT + MINUTE)
    await arrive(depot.session, drivers["Ana"], slots["Ana"].id, POLICY, NINE - SECOND)
    await depot.missed(NINE)
    found = await card(depot)
    assert [each.driver for each in found.people] == [f"{name} Test" for name in sorted(drivers)]
    where = {each.driver[:-5]: each.whereabouts for each in found.people}
    assert where["Ana"] is Whereabouts.HERE and where["Ben"] is Whereabouts.AWAITED
    assert Whereabouts.GONE in where.values()
    [ben] = [each for each in found.people if each.late]
    assert (ben.route, ben.arrive_by, ben.phone) == ("Ben", NINE + 30 * MINUTE, drivers["Ben"].phone)
    stranger = await depot.fleet.manager("Sue", await depot.fleet.warehouse("South"))
    [list_id] = await depot.session.scalars(select(ArrivalList.id))
    assert await missing_card(depot.session, stranger.id, list_id, POLICY) is None


async def test_r11_1_the_list_is_kept_current(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await warn(depot, HALF_PAST_EIGHT)
    [shown] = await depot.session.scalars(select(Delivery).where(Delivery.kind == Kind.MISSING_LIST))
    shown.state, shown.message_id, shown.due_at = DeliveryState.SENT, 7, None
    await depot.session.flush()
    await arrive(depot.session, dana, slot.id, POLICY, NINE - SECOND)
    await depot.session.refresh(shown)
    due_at: datetime | None = shown.due_at
    assert shown.redraw and due_at == NINE - SECOND


@pytest.mark.parametrize("count", [1, 40])
async def test_r14_a_constant_number_of_statements(depot: Depot, count: int) -> None:
    for n in range(count):
        await depot.shift(await depot.driver(f"D{n}"), TODAY, confirmed=True, route=f"R{n}")
    said: list[str] = []
    connection = (await depot.session.connection()).sync_connection
    assert connection is not None
    event.listen(connection, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert await warn(depot, HALF_PAST_EIGHT) == Checked(count, 1)
    assert len(said) == 6
    assert len(list(await depot.session.scalars(select(ArrivalWarning)))) == count


async def test_r14_lists_that_nobody_looks_at_any_more_are_removed(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    await warn(depot, HALF_PAST_EIGHT)
    for later, left in ((7 * DAY, 1), (7 * DAY + SECOND, 0)):
        await clean_up(depot.session, POLICY, NINE + later)
        assert len(list(await depot.session.scalars(select(ArrivalList)))) == left
    assert list(await depot.session.scalars(select(ArrivalWarning))) == []
