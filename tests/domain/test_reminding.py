"""R4.2, R8.1: who is reminded of what, when, in which language and by which way; and what a late run does."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.kinds import table_of_kinds
from bot.reader import Reader
from domain.db.models import Assignment, Delivery, Notification
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, NotificationType, Urgency
from domain.notices.digest import gather
from domain.notices.kinds import Kind
from domain.policy import TORONTO, Policy
from domain.shifts.reminding import Reminded, call_last, remind_of_today, remind_to_confirm
from domain.time import shift_start
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.test_waves import statements
from tests.domain.world import POLICY, SAY, Slot, contents

TODAY, SATURDAY = date(2026, 11, 25), date(2026, 11, 28)
SIX, EIGHT, EIGHTEEN = local(TODAY, 6), local(TODAY, 8), local(TODAY, 18)
TOMORROW_ENDS = local(date(2026, 11, 27), 0)

Remind = Callable[[AsyncSession, datetime], Awaitable[Reminded]]


async def of_today(session: AsyncSession, at: datetime = SIX, policy: Policy = POLICY) -> Reminded:
    return await remind_of_today(session, SAY, policy, at)


async def to_confirm(session: AsyncSession, at: datetime = EIGHT, policy: Policy = POLICY) -> Reminded:
    return await remind_to_confirm(session, SAY, policy, at)


async def last_call(session: AsyncSession, at: datetime = EIGHTEEN, policy: Policy = POLICY) -> Reminded:
    return await call_last(session, SAY, policy, at)


async def about(session: AsyncSession, kind: Kind) -> dict[uuid.UUID, uuid.UUID | None]:
    """Whom a message of this kind goes to, and about which shift; nobody twice."""
    rows = list(await session.scalars(select(Delivery).where(Delivery.kind == kind)))
    assert len({row.user_id for row in rows}) == len(rows)
    return {row.whose: row.about for row in rows}


# -- 06:00 of the day


async def test_r8_1_only_for_shifts_of_today_not_yet_started(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    his = await depot.shift(dana, TODAY, confirmed=True)
    bens = await depot.shift(ben, TODAY, route="R13")  # assigned in the night, not confirmed yet
    for n, status in enumerate((AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED, AssignmentStatus.CANCELLED)):
        await depot.shift(await depot.driver(f"D{n}"), TODAY, confirmed=True, status=status, route=f"S{n}")
    for n, off in enumerate((-1, 1)):
        await depot.shift(await depot.driver(f"E{n}"), TODAY + off * DAY, confirmed=True, route=f"E{n}")
    await depot.fleet.slot(await depot.fleet.route("R14", depot.north))
    assert await of_today(depot.session) == Reminded(2)
    assert await about(depot.session, Kind.REMINDER) == {dana.id: his.id, ben.id: bens.id}


async def test_r8_1_what_it_says_and_until_when_it_has_a_point(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, TODAY, confirmed=True, arrive_by=local(TODAY, 9, 30))
    await of_today(depot.session)
    [told] = await depot.told(dana)
    assert (told.type, told.read) == (NotificationType.SHIFT_REMINDER, False)
    assert "R12, North" in told.title and "9:30" in told.body
    assert await depot.levels(dana, Kind.REMINDER) == [(Channel.TELEGRAM, Urgency.IMPORTANT)]
    [row] = await depot.session.scalars(select(Delivery))
    assert (row.state, row.due_at, row.expires_at) == (DeliveryState.PENDING, SIX, local(TODAY, 9, 30))


async def test_r8_1_a_late_run_tells_only_those_who_can_still_be_there(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    await depot.shift(dana, TODAY, confirmed=True)
    bens = await depot.shift(ben, TODAY, confirmed=True, route="R13", assigned_at=local(TODAY, 8))  # by 9:30
    assert await of_today(depot.session, local(TODAY, 9)) == Reminded(1)
    assert await about(depot.session, Kind.REMINDER) == {ben.id: bens.id}
    assert await of_today(depot.session, local(TODAY, 10)) == Reminded(0)


@pytest.mark.parametrize("on", [date(2026, 11, 1), date(2027, 3, 14)])
async def test_r1_1_the_day_is_the_companys(depot: Depot, on: date) -> None:
    """At six of a day on which the clocks have changed, and at six of its neighbours."""
    await depot.shift(await depot.driver(), on, confirmed=True, assigned_at=local(on, 0) - 9 * DAY)
    assert await of_today(depot.session, local(on - DAY, 6)) == Reminded(0)
    assert await of_today(depot.session, local(on, 6)) == Reminded(1)
    assert await of_today(depot.session, local(on + DAY, 6)) == Reminded(0)


# -- 08:00 three days before


async def test_r4_2_three_days_before_whoever_has_not_confirmed(depot: Depot) -> None:
    dana = await depot.driver()
    his = await depot.shift(dana, SATURDAY)
    await depot.shift(await depot.driver("Ben"), SATURDAY, confirmed=True, route="R13")
    await depot.shift(await depot.driver("Cleo"), SATURDAY, status=AssignmentStatus.CANCELLED, route="R14")
    for n, off in enumerate((-1, 1)):
        await depot.shift(await depot.driver(f"E{n}"), SATURDAY + off * DAY, route=f"E{n}")
    assert await to_confirm(depot.session) == Reminded(1)
    assert await about(depot.session, Kind.CONFIRM_REMINDER) == {dana.id: his.id}
    [told] = await depot.told(dana)
    assert told.type is NotificationType.CONFIRMATION_REMINDER
    assert await depot.levels(dana, Kind.CONFIRM_REMINDER) == [(Channel.TELEGRAM, Urgency.NORMAL)]
    [row] = await depot.session.scalars(select(Delivery))
    assert (row.due_at, row.expires_at) == (EIGHT, local(date(2026, 11, 26), 7)), "its point ends with confirm_by"


async def test_r4_2_whoever_can_no_longer_confirm_is_not_reminded(depot: Depot) -> None:
    await depot.shift(await depot.driver(), SATURDAY, confirm_by=EIGHT)
    assert await to_confirm(depot.session) == Reminded(0)


async def test_r4_3_the_reminder_comes_early_enough_to_be_blamed_by(depot: Depot) -> None:
    """08:00 three days before is 23 h before the deadline: who got it and stays silent is dropped with blame."""
    dana = await depot.driver()
    await depot.shift(dana, SATURDAY)
    await to_confirm(depot.session)
    await depot.session.execute(update(Delivery).values(state=DeliveryState.SENT, sent_at=EIGHT + MINUTE))
    left = await depot.dropped(local(date(2026, 11, 26), 7) + SECOND)
    assert left.incident is not None


@pytest.mark.parametrize(("go_live_on", "reminded"), [(SATURDAY, 1), (SATURDAY + DAY, 0), (None, 1)])
async def test_r4_5_before_go_live_nobody_is_reminded(depot: Depot, go_live_on: date | None, reminded: int) -> None:
    policy = replace(POLICY, go_live_on=go_live_on)
    await depot.shift(await depot.driver(), SATURDAY)
    assert await to_confirm(depot.session, policy=policy) == Reminded(reminded)
    assert await last_call(depot.session, policy=policy) == Reminded(reminded)


# -- 18:00 the evening before the deadline


async def test_r4_2_last_call_the_evening_before_the_deadline(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)  # by Thursday, 07:00
    assert await last_call(depot.session, EIGHTEEN - DAY) == Reminded(0)
    assert await last_call(depot.session, EIGHTEEN + DAY) == Reminded(0), "too late"
    assert await last_call(depot.session, EIGHTEEN) == Reminded(1)
    assert await about(depot.session, Kind.CONFIRM_REMINDER) == {dana.id: slot.id}
    assert await depot.levels(dana, Kind.CONFIRM_REMINDER) == [(Channel.TELEGRAM, Urgency.IMPORTANT)]


async def test_r4_2_only_while_it_is_unconfirmed(depot: Depot) -> None:
    await depot.shift(await depot.driver(), SATURDAY, confirmed=True)
    await depot.shift(await depot.driver("Ben"), SATURDAY, status=AssignmentStatus.CANCELLED, route="R13")
    assert await last_call(depot.session) == Reminded(0)


@pytest.mark.parametrize(
    ("confirm_by", "called"),
    [
        (EIGHTEEN, 0),  # over
        (EIGHTEEN + SECOND, 1),
        (TOMORROW_ENDS, 1),
        (TOMORROW_ENDS + SECOND, 0),  # tomorrow evening is soon enough
    ],
)
async def test_r4_2_what_is_due_by_the_end_of_tomorrow(depot: Depot, confirm_by: datetime, called: int) -> None:
    await depot.shift(await depot.driver(), SATURDAY, confirm_by=confirm_by)
    assert await last_call(depot.session) == Reminded(called)


async def test_r1_3a_also_what_was_assigned_late(depot: Depot) -> None:
    """Assigned at noon for tomorrow: to be confirmed by midnight."""
    await depot.shift(await depot.driver(), TODAY + DAY, assigned_at=local(TODAY, 12))
    assert await last_call(depot.session) == Reminded(1)


async def test_r4_2_one_message_a_driver_that_lists_all_his_shifts(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    later = await depot.shift(dana, SATURDAY + DAY, route="R13", confirm_by=EIGHTEEN + 20 * HOUR)
    first = await depot.shift(dana, SATURDAY, route="R12")
    third = await depot.shift(dana, SATURDAY + 5 * DAY, route="R14")  # not due, and can be confirmed all the same
    bens = await depot.shift(ben, SATURDAY, route="R15")
    assert await last_call(depot.session) == Reminded(2)
    assert await about(depot.session, Kind.CONFIRM_REMINDER) == {dana.id: first.id, ben.id: bens.id}
    kind = table_of_kinds(POLICY, "Acme")[Kind.CONFIRM_REMINDER]
    facts = await kind.load(depot.session, dana.id, first.id, EIGHTEEN)
    assert facts is not None and kind.has_point(facts, EIGHTEEN)
    screen = kind.screen(facts, Reader("en", TORONTO))
    assert [route for route in ("R12", "R13", "R14", "R15") if route in screen.html] == ["R12", "R13", "R14"]
    assert {shift.assignment_id for shift in facts.unconfirmed} == {first.id, later.id, third.id}


async def test_r4_2_the_last_call_comes_besides_the_first_reminder(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    assert await to_confirm(depot.session) == Reminded(1)
    assert await last_call(depot.session) == Reminded(1)
    rows = list(await depot.session.scalars(select(Delivery).order_by(Delivery.level)))
    assert [(row.about, row.level) for row in rows] == [(slot.id, Urgency.IMPORTANT), (slot.id, Urgency.NORMAL)]


async def test_r11_3_confirmed_meanwhile_it_has_no_point(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    await last_call(depot.session)
    kind = table_of_kinds(POLICY, "Acme")[Kind.CONFIRM_REMINDER]

    async def has_point(at: datetime) -> bool:
        facts = await kind.load(depot.session, dana.id, slot.id, at)
        return facts is not None and kind.has_point(facts, at)

    due = local(date(2026, 11, 26), 7)
    assert await has_point(due)
    assert not await has_point(due + SECOND)
    at = {"confirmed_at": EIGHTEEN}
    await depot.session.execute(update(Assignment).where(Assignment.id == slot.id).values(at))
    assert not await has_point(EIGHTEEN)


# -- common to all

EVERY: list[tuple[Remind, Kind, date]] = [
    (of_today, Kind.REMINDER, TODAY),
    (to_confirm, Kind.CONFIRM_REMINDER, SATURDAY),
    (last_call, Kind.CONFIRM_REMINDER, SATURDAY),
]
HOURS: dict[Remind, datetime] = {of_today: SIX, to_confirm: EIGHT, last_call: EIGHTEEN}
every = pytest.mark.parametrize(("remind", "kind", "on"), EVERY)


@every
async def test_r14_a_second_run_tells_nobody_again(depot: Depot, remind: Remind, kind: Kind, on: date) -> None:
    await depot.shift(await depot.driver(), on)
    await depot.shift(await depot.driver("Ben", linked=False), on, route="R13")
    assert await remind(depot.session, HOURS[remind]) == Reminded(2)
    before = await contents(depot.session)
    for later in (timedelta(), SECOND, HOUR):
        assert await remind(depot.session, HOURS[remind] + later) == Reminded(0)
    assert await contents(depot.session) == before


@every
async def test_r11_1_each_in_his_language(depot: Depot, remind: Remind, kind: Kind, on: date) -> None:
    """One who has chosen none, or one that nobody here speaks, is not left untold."""
    languages = {"en": "en", "fr": "fr", None: "en", "de": "en"}
    drivers = {language: await depot.driver(f"D{language}", language=language) for language in languages}
    for language, driver in drivers.items():
        await depot.shift(driver, on, route=f"R{language}")
    assert await remind(depot.session, HOURS[remind]) == Reminded(4)
    said = {}
    for language, driver in drivers.items():
        [told] = await depot.told(driver)
        said[language] = (told.title.replace(f"R{language}", "R"), told.body)
    assert said["en"] != said["fr"]
    assert {language: said[chosen] for language, chosen in languages.items()} == said


@every
async def test_r11_2_without_telegram_by_sms_or_in_the_digest(
    depot: Depot, remind: Remind, kind: Kind, on: date
) -> None:
    """I at once, N not one by one (R11.4a)."""
    drivers = [await depot.driver("Una", linked=False), await depot.driver("Bo", blocked=True)]
    for n, driver in enumerate(drivers):
        await depot.shift(driver, on, route=f"R{n}")
    at = HOURS[remind]
    await remind(depot.session, at)
    normal = remind is to_confirm
    rows = list(await depot.session.scalars(select(Delivery)))
    assert {row.user_id for row in rows} == {driver.id for driver in drivers}
    assert {(row.channel, row.kind, row.due_at) for row in rows} == {(Channel.SMS, kind, None if normal else at)}
    gathered = await gather(depot.session, POLICY, local(TODAY, 17))
    assert gathered.counts["digests"] == (2 if normal else 0)


@every
async def test_as_many_statements_for_five_hundred_drivers_as_for_five(
    depot: Depot, shared_engine: AsyncEngine, remind: Remind, kind: Kind, on: date
) -> None:
    async def taking(count: int) -> int:
        route_ids = [await depot.fleet.route(f"R{n}", depot.north) for n in range(count)]
        drivers = await depot.fleet.drivers(count, depot.north)
        alike = {"warehouse_id": depot.north, "on": on, "status": AssignmentStatus.SCHEDULED}
        alike |= {"assigned_at": depot.now - 9 * DAY, "created_at": depot.now, "updated_at": depot.now}
        rows = ({"route_id": route, "user_id": who} | alike for route, who in zip(route_ids, drivers, strict=True))
        await depot.fleet.put(Assignment, *rows)
        with statements(shared_engine) as seen:
            assert await remind(depot.session, HOURS[remind]) == Reminded(count)
        return len(seen)

    assert await taking(5) == await taking(500) <= 2


@every
async def test_r11_1_nobody_to_remind(depot: Depot, remind: Remind, kind: Kind, on: date) -> None:
    assert await remind(depot.session, HOURS[remind]) == Reminded(0)
    assert list(await depot.session.scalars(select(Notification))) == []


async def test_r4_2_around_a_clock_change_the_last_call_is_the_evening_before(depot: Depot) -> None:
    """Sunday 1 November: due on Friday at 08:00 by the clock, so it is called for on Thursday."""
    sunday = date(2026, 11, 1)
    slots: list[Slot] = [await depot.shift(await depot.driver(), sunday, assigned_at=local(sunday, 0) - 9 * DAY)]
    assert shift_start(sunday, POLICY) - 48 * HOUR == local(date(2026, 10, 30), 8)
    assert await last_call(depot.session, local(date(2026, 10, 28), 18)) == Reminded(0)
    assert await last_call(depot.session, local(date(2026, 10, 29), 18)) == Reminded(1)
    assert set((await about(depot.session, Kind.CONFIRM_REMINDER)).values()) == {slot.id for slot in slots}
