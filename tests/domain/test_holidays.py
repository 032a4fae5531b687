"""R2.0: statutory holidays are put before managers, each once, however late or often the duty runs."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from domain.db.models import CalendarException, ContactSettings, Delivery, Notification
from domain.db.models.words import DeliveryState, NotificationType, Urgency
from domain.notices.kinds import Kind, holiday_of
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule import closing
from domain.schedule.holidays import HolidayAt, holiday, put_holidays
from tests.domain.depot import DAY, MINUTE, Depot, depot, local
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]
CHRISTMAS, BOXING_DAY, NEW_YEAR = date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)
NINE = local(CHRISTMAS - 21 * DAY, 9)


async def put(depot: Depot, at: datetime = NINE) -> int:
    return (await put_holidays(depot.session, SAY, POLICY, at))["asked"]


async def asked(depot: Depot, manager: Person) -> list[str]:
    return sorted(str(row.data["on"]) for row in await depot.told(manager, NotificationType.MANUAL) if row.data)


async def test_r2_0_they_are_put_before_managers_21_days_ahead(depot: Depot) -> None:
    assert await put(depot, NINE - DAY) == 0
    assert await put(depot, NINE) == 1
    assert await asked(depot, depot.mona) == [CHRISTMAS.isoformat()]
    [note] = await depot.told(depot.mona)
    assert note.title == "Fri 25 Dec is Christmas Day"
    assert await depot.levels(depot.mona, Kind.HOLIDAY) == [("telegram", Urgency.NORMAL)]


async def test_r2_0_once_for_each_holiday_and_manager_however_often_the_duty_runs(depot: Depot) -> None:
    assert [await put(depot, NINE + n * DAY) for n in range(4)] == [1, 1, 0, 0]
    omar = await depot.fleet.manager("Omar", depot.north)  # new since
    await depot.fleet.manager("Nobody")  # without a warehouse
    assert await put(depot, NINE + 4 * DAY) == 2
    assert await asked(depot, omar) == [CHRISTMAS.isoformat(), BOXING_DAY.isoformat()]


async def test_r2_0_run_late_it_puts_the_nearer_ones_too_but_not_what_is_over(depot: Depot) -> None:
    late = local(CHRISTMAS, 7)  # its shifts start
    assert await put(depot, late) == 2
    assert await asked(depot, depot.mona) == [BOXING_DAY.isoformat(), NEW_YEAR.isoformat()]
    assert await put(depot, late - MINUTE) == 1


async def test_r2_0_names_are_in_the_readers_language(depot: Depot) -> None:
    elise = await depot.fleet.manager("Élise", depot.north)
    await depot.fleet.put(ContactSettings, {"user_id": elise.id, "language": "fr"})
    await put(depot)
    [note] = await depot.told(elise)
    assert "Jour de Noël" in note.title


async def test_r2_0_each_warehouse_is_shown_as_it_stands_now(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South", depot.mona)
    await depot.fleet.warehouse("East", await depot.fleet.manager("Omar"))
    await depot.fleet.route("R12", depot.north)
    await put(depot)
    given = (depot.session, depot.mona)
    await closing.close_day(*given, depot.north, CHRISTMAS, None, SAY, POLICY, NINE)
    await closing.keep_running(*given, south, CHRISTMAS, POLICY, NINE)
    found = await holiday(depot.session, depot.mona.id, CHRISTMAS, POLICY)
    assert found.warehouses == (
        HolidayAt(depot.north, "North", True, "Mona Test"),
        HolidayAt(south, "South", False, "Mona Test"),
    )
    await closing.keep_running(*given, depot.north, CHRISTMAS, POLICY, NINE)  # after all
    found = await holiday(depot.session, depot.mona.id, CHRISTMAS, POLICY)
    assert [each.closed for each in found.warehouses] == [False, False]
    before = await contents(depot.session)
    await closing.keep_running(*given, depot.north, CHRISTMAS, POLICY, NINE + MINUTE)  # pressed twice (R2.5)
    assert await contents(depot.session) == before
    fresh = await holiday(depot.session, depot.mona.id, BOXING_DAY, POLICY)
    assert [each.closed for each in fresh.warehouses] == [None, None]


async def test_r2_0_the_questions_of_all_managers_follow_what_one_of_them_says(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar", depot.north)
    await put(depot)
    about = holiday_of(CHRISTMAS)
    for row in await depot.session.scalars(select(Delivery).where(Delivery.about == about)):
        row.state, row.due_at = DeliveryState.SENT, None
    await depot.session.flush()
    for act in (
        closing.keep_running(depot.session, depot.mona, depot.north, CHRISTMAS, POLICY, NINE),
        closing.close_day(depot.session, omar, depot.north, CHRISTMAS, None, SAY, POLICY, NINE),
    ):
        assert not isinstance(await act, Refused)
        rows = await depot.session.scalars(
            select(Delivery).where(Delivery.about == about).execution_options(populate_existing=True)
        )
        seen = list(rows)
        assert [row.redraw for row in seen] == [True, True]
        for row in seen:
            row.redraw = False
        await depot.session.flush()


async def test_r12_3_only_its_managers_say_whether_a_warehouse_runs(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar")
    await depot.fleet.warehouse("South", omar)
    route = await depot.fleet.route("R12", depot.north)
    for who, place in ((omar, depot.north), (depot.mona, route)):
        kept = await closing.keep_running(depot.session, who, place, CHRISTMAS, POLICY, NINE)
        assert kept == Refused(Refusal.NOT_FOUND)
    assert (await depot.session.scalars(select(CalendarException))).all() == []
    assert (await depot.session.scalars(select(Notification))).all() == []


async def test_r2_0_a_year_has_nine_questions_for_each_manager(depot: Depot) -> None:
    """Run daily at nine through a year, whatever the clock changes."""
    first = local(date(2026, 12, 28), 9)
    total = sum([await put(depot, first + timedelta(days=n)) for n in range(365)])
    assert total == 9 + 1  # New Year's Day of both years is ahead of one of these days
