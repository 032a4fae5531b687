"""R3.8: the week's message. One delivery a driver, three rows in the inbox, kept current until the week begins."""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds import table_of_kinds
from bot.reader import Reader
from bot.screens.weeks import NewWeek
from domain.bidding.open_shifts import open_to
from domain.db.models import CapOverride, Delivery, Notification, RosterRun, SmsOptOut
from domain.db.models.words import (
    BidWindowMode,
    Channel,
    DeliveryState,
    NotificationType,
    RosterCause,
    Urgency,
    UserRole,
)
from domain.notices.actions import Envelope, tell
from domain.notices.digest import gather
from domain.notices.facts.people import FallbackGone
from domain.notices.kinds import Kind, week_about
from domain.notices.rules import Held, Recipient, Silent, manner
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.roster import telling
from domain.roster.openings import weeks_of
from domain.roster.telling import WeekTold, tell_given, tell_week
from domain.shifts.actions import confirm_all
from domain.time import local_instant, shift_start, week_of
from tests.domain.rostering import DAY, FROZEN, HOUR, SECOND, WEEK
from tests.domain.test_eligibility_agrees import history, somebody
from tests.domain.world import POLICY, SAY, Fleet

NOON = datetime(2026, 11, 30, 12, tzinfo=TORONTO)
TUESDAY = WEEK + DAY
ABOUT = week_about(WEEK)


class Noon:
    """North; its week is given out, and R9 open on Tuesday."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.session = fleet, fleet.session

    async def build(self) -> None:
        self.north = await self.fleet.warehouse("North", await self.fleet.manager("Mona"))
        self.r1 = await self.fleet.route("R1", self.north)
        slot = await self.fleet.slot(await self.fleet.route("R9", self.north), TUESDAY)
        await self.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=NOON + 3 * DAY)
        self.run_id = await self.fleet.add(
            RosterRun,
            week=WEEK,
            cause=RosterCause.DEADLINE,
            requested_at=FROZEN,
            as_of=FROZEN,
            carried_out_at=FROZEN,
        )

    async def driver(self, name: str = "Dana", *days: date, **more: Any) -> Person:
        """Who drives on these days."""
        driver = await self.fleet.driver(name, **({"home": self.north} | more))
        for on in days:
            route = await self.fleet.route(f"{name}{on}", self.north)
            await self.fleet.shift(route, driver, on)
        return driver

    async def told(self, now: datetime = NOON) -> list[WeekTold]:
        every = []
        while (told := await tell_week(self.session, SAY, POLICY, now)) is not None:
            every.append(told)
        return every

    async def inbox(self, person: Person) -> dict[NotificationType, tuple[str, str]]:
        rows = await self.session.scalars(select(Notification).where(Notification.user_id == person.id))
        return {row.type: (row.title, row.body) for row in rows}

    async def digest(self, person: Person, others: int) -> str:
        """What Monday's says to who has no Telegram, with so many other messages."""
        for _ in range(others):
            omar = await self.fleet.driver("Omar")
            await self.fleet.put(SmsOptOut, {"phone": omar.phone, "since": NOON})
            envelope = Envelope(Kind.FALLBACK_GONE, omar.id)
            await tell(self.session, [person.id], FallbackGone("Omar", False), envelope, SAY, POLICY, NOON + HOUR)
        await gather(self.session, POLICY, NOON + 5 * HOUR)
        about = await self.session.scalar(select(Delivery.about).where(Delivery.kind == Kind.DIGEST))
        kind = table_of_kinds(POLICY, "Rollcall")[Kind.DIGEST]
        facts = await kind.load(self.session, person.id, about, NOON + 5 * HOUR)
        assert kind.sms is not None
        return kind.sms(facts, Reader("en", TORONTO), None, "")

    async def card(self, person: Person, now: datetime = NOON) -> NewWeek:
        kind = table_of_kinds(POLICY, "Rollcall")[Kind.WEEK_LOCKED]
        facts = await kind.load(self.session, person.id, ABOUT, now)
        assert isinstance(facts, NewWeek)
        return facts


@pytest.fixture
async def noon(fleet: Fleet) -> Noon:
    noon = Noon(fleet)
    await noon.build()
    return noon


async def deliveries(session: AsyncSession, *columns: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await session.execute(select(*columns).order_by(Delivery.created_at, Delivery.id))]


# -- when


@pytest.mark.parametrize("now", [FROZEN + HOUR, NOON - SECOND])
async def test_r3_8_not_before_monday_noon(noon: Noon, now: datetime) -> None:
    await noon.driver()
    assert await noon.told(now) == []


@pytest.mark.parametrize("now", [NOON, NOON + 5 * HOUR, NOON + 9 * DAY])
async def test_r3_8_from_monday_noon_on_once(noon: Noon, now: datetime) -> None:
    await noon.driver()
    assert await noon.told(now) == [WeekTold(WEEK, 1), WeekTold(WEEK, 0)]
    assert await noon.told(now + HOUR) == []
    assert await noon.session.scalar(select(RosterRun.told_at)) == now


async def test_r3_8_not_of_a_roster_that_is_not_published_yet_nor_of_a_managers(noon: Noon) -> None:
    await noon.driver()
    await noon.session.execute(update(RosterRun).values(carried_out_at=None))
    assert await noon.told() == []
    await noon.session.execute(update(RosterRun).values(carried_out_at=FROZEN, cause=RosterCause.MANAGER))
    assert await noon.told() == []


async def test_r3_8_a_week_that_is_over_is_told_to_nobody(noon: Noon) -> None:
    dana = await noon.driver()
    assert await noon.told(NOON + 14 * DAY) == [WeekTold(WEEK, 0)]
    assert await noon.inbox(dana) == {}


# -- who, and what


async def test_r3_8_three_rows_in_the_inbox_and_one_message(noon: Noon) -> None:
    dana = await noon.driver("Dana", WEEK, WEEK + 2 * DAY)
    await noon.told()
    inbox = await noon.inbox(dana)
    assert inbox[NotificationType.ASSIGNMENT_CONFIRMED][0] == "Your shifts 7-13 Dec: please confirm"
    locked, body = inbox[NotificationType.SCHEDULE_LOCKED]
    assert locked == "The shifts of 7-13 Dec are given out"
    assert body == "2 shifts are yours. Preferences are locked for that week."
    assert inbox[NotificationType.BID_OPEN][0] == "1 shift is open, 7-13 Dec"
    assert len(inbox) == 3
    columns = Delivery.kind, Delivery.about, Delivery.channel, Delivery.level, Delivery.due_at, Delivery.expires_at
    monday = datetime(2026, 12, 7, tzinfo=TORONTO)
    assert await deliveries(noon.session, *columns) == [
        (Kind.WEEK, ABOUT, Channel.TELEGRAM, Urgency.NORMAL, NOON, monday)
    ]


async def test_r3_8_who_has_no_shift_is_told_of_the_rest(noon: Noon) -> None:
    dana = await noon.driver()
    await noon.told()
    assert set(await noon.inbox(dana)) == {NotificationType.SCHEDULE_LOCKED, NotificationType.BID_OPEN}
    assert await deliveries(noon.session, Delivery.kind) == [(Kind.WEEK_LOCKED,)]


async def test_r3_8_open_shifts_are_told_to_who_could_take_them(noon: Noon) -> None:
    south = await noon.fleet.warehouse("South")
    nothing = [
        await noon.driver("Fay", flagged=True),
        await noon.driver("Pat", in_pool=False),
        await noon.driver("Cap", WEEK, cap=1),
        await noon.driver("Tue", TUESDAY),
        await noon.driver("Off", off=(TUESDAY, TUESDAY)),
        await noon.driver("Not", declined=[TUESDAY]),
        await noon.driver("Sue", home=south, ticked=[south]),
    ]
    something = [
        await noon.driver("Dana"),
        await noon.driver("Ben", home=None),
        await noon.driver("Tic", ticked=[south]),
    ]
    await noon.told()
    for driver in nothing:
        assert NotificationType.BID_OPEN not in await noon.inbox(driver), driver.first_name
    for driver in something:
        assert NotificationType.BID_OPEN in await noon.inbox(driver), driver.first_name


async def test_r3_8_every_driver_who_is_employed_until_the_week_is_over(noon: Noon) -> None:
    sunday, since = WEEK + 6 * DAY, date(2020, 1, 1)
    told = [
        await noon.driver("A", employed=(since, None)),
        await noon.driver("B", employed=(sunday, None)),
        await noon.driver("C", employed=(since, WEEK)),
        await noon.driver("D", home=None),
    ]
    await noon.driver("E", employed=(since, WEEK - DAY))
    await noon.driver("F", employed=(sunday + DAY, None))
    await noon.told()
    assert {user_id for (user_id,) in await deliveries(noon.session, Delivery.user_id)} == {each.id for each in told}


async def test_r3_8_in_their_languages(noon: Noon) -> None:
    dana = await noon.driver("Dana", WEEK, language="fr")
    await noon.told()
    title, body = (await noon.inbox(dana))[NotificationType.ASSIGNMENT_CONFIRMED]
    assert title == "Vos quarts du 7 au 13 déc.\u00a0: à confirmer"
    assert body == "1 quart est à vous. Non confirmé à temps, il ira à quelqu’un d’autre."


async def test_r11_4a_without_telegram_it_waits_for_the_digest(noon: Noon) -> None:
    await noon.driver("Dana", WEEK, linked=False)
    await noon.told()
    assert await deliveries(noon.session, Delivery.channel, Delivery.due_at) == [(Channel.SMS, None)]


@pytest.mark.parametrize("others", [0, 1])
async def test_r11_4a_the_digest_names_his_shifts_and_how_to_confirm_them(noon: Noon, others: int) -> None:
    dana = await noon.driver("Dana", linked=False)
    for on in (WEEK, WEEK + 2 * DAY):
        await noon.fleet.shift(noon.r1, dana, on)
    await noon.told()
    said = await noon.digest(dana, others)
    if others:
        assert "your shifts 7-13 Dec: Mon R1, Wed R1 (reply C)" in said
    else:
        assert said == (
            "Rollcall: your shifts 7-13 Dec: Mon 7 Dec R1; Wed 9 Dec R1. Reply C to confirm. "
            "1 shift is open to you: ask your manager. Preferences are locked for that week."
        )


@pytest.mark.parametrize("others", [0, 1])
async def test_r11_4a_who_has_no_shift_reads_so_and_what_is_open(noon: Noon, others: int) -> None:
    dana = await noon.driver("Dana", linked=False)
    await noon.told()
    said = await noon.digest(dana, others)
    if others:
        assert "7-13 Dec: no shifts for you; Omar gets no SMS any more" in said
    else:
        assert said == (
            "Rollcall: 7-13 Dec: no shifts for you. 1 shift is open to you: ask your manager. "
            "Preferences are locked for that week."
        )


async def test_thousands_are_told_a_few_hundred_at_a_time(noon: Noon, monkeypatch: pytest.MonkeyPatch) -> None:
    await noon.fleet.drivers(7, noon.north)
    monkeypatch.setattr(telling, "AT_ONCE", 3)
    assert [told.told for told in await noon.told()] == [3, 3, 1, 0]
    users = [user_id for (user_id,) in await deliveries(noon.session, Delivery.user_id)]
    assert len(users) == len(set(users)) == 7


# -- what it shows


async def test_r3_8_the_card_says_how_the_week_stands(noon: Noon) -> None:
    dana = await noon.driver("Dana", WEEK, WEEK + 2 * DAY)
    await noon.told()
    card = await noon.card(dana)
    assert [shift.on for shift in card.week.shifts] == [WEEK, WEEK + 2 * DAY]
    assert (card.week.unconfirmed, card.open, card.changes_count_from) == (2, 1, WEEK + 7 * DAY)
    await confirm_all(noon.session, dana, WEEK, WEEK + 6 * DAY, POLICY, NOON)
    assert (await noon.card(dana)).week.unconfirmed == 0


@pytest.mark.parametrize("begun", [False, True])
async def test_what_shows_the_week_is_redrawn_until_it_begins(noon: Noon, begun: bool) -> None:
    dana = await noon.driver("Dana", WEEK + 5 * DAY)
    await noon.driver("Ben", WEEK)
    await noon.told()
    await noon.session.execute(update(Delivery).values(state=DeliveryState.SENT))
    now = shift_start(WEEK, POLICY) if begun else NOON
    await confirm_all(noon.session, dana, WEEK, WEEK + 6 * DAY, POLICY, now)
    redrawn = await noon.session.scalars(select(Delivery.user_id).where(Delivery.redraw))
    assert list(redrawn) == ([] if begun else [dana.id])


async def test_r3_9_who_gets_shifts_by_a_managers_run_learns_it_at_once_each_time(noon: Noon) -> None:
    dana = await noon.driver("Dana", WEEK)
    for now in (NOON, NOON, NOON + HOUR):
        await tell_given(noon.session, WEEK, [dana.id], SAY, POLICY, now)
    columns = Delivery.kind, Delivery.level, Delivery.due_at
    told = [(Kind.WEEK, Urgency.IMPORTANT, at) for at in (NOON, NOON + HOUR)]
    assert await deliveries(noon.session, *columns) == told


async def test_r11_4_the_night_holds_what_a_manager_has_given_unless_it_is_to_be_confirmed_by_dawn(noon: Noon) -> None:
    at_ten = local_instant(WEEK, time(22), POLICY)
    soon, later = await noon.driver("Dana", WEEK + DAY), await noon.driver("Dora", WEEK + 5 * DAY)
    await tell_given(noon.session, WEEK, [soon.id, later.id], SAY, POLICY, at_ten)
    points = dict(await deliveries(noon.session, Delivery.user_id, Delivery.expires_at))
    assert points[soon.id] == local_instant(WEEK + DAY, time(5), POLICY)  # two hours before the start (R1.3a)
    assert points[later.id] == local_instant(WEEK + 7 * DAY, time(0), POLICY)
    how = {
        who: manner(
            Kind.WEEK, Urgency.IMPORTANT, Channel.TELEGRAM, Recipient(UserRole.DRIVER), None, point, POLICY, at_ten
        )
        for who, point in points.items()
    }
    assert how[soon.id] == Silent() and isinstance(how[later.id], Held)


# -- how many are open


@pytest.mark.parametrize("seed", range(4))
async def test_r6_3_what_is_counted_is_what_he_finds_under_open(fleet: Fleet, seed: int) -> None:
    dice = Random(seed)
    north, south = await fleet.warehouse("North"), await fleet.warehouse("South")
    monday, _ = week_of(fleet.day(7))
    slots = []
    for number in range(8):
        on = monday + timedelta(days=dice.randint(0, 6))
        slots.append(await fleet.slot(await fleet.route(f"R{number}", dice.choice([north, south])), on))
        await fleet.window(slots[-1], BidWindowMode.COMPETITIVE, closes_at=fleet.now + DAY)
    others = [slot.route for slot in slots[1:]]
    manager = await fleet.manager("Mona", north)
    window = await fleet.window(await fleet.slot(await fleet.route("R99", north), monday + 9 * DAY))
    drivers = [await somebody(fleet, dice, dice.choice(slots), south, others) for _ in range(40)]
    for driver in drivers:
        await history(fleet, dice, dice.choice(slots), driver, window, manager)
    await fleet.session.execute(delete(CapOverride))
    counted = await weeks_of(fleet.session, monday, [driver.id for driver in drivers], fleet.now)
    seen = set()
    for week in counted:
        found = await open_to(fleet.session, week.driver_id, 0, 20, POLICY, fleet.now)
        of_week = [offer for offer in found.offers if monday <= offer.on <= monday + 6 * DAY]
        assert week.open == sum(not offer.declined for offer in of_week)  # on which he has said [Not today]
        seen.add(week.open)
    assert len(counted) == 40 and len(seen) > 3, "the dice must show some"
