"""R11.6: LATE, CANT and HERE by SMS on the shift day, in English and French: what is answered and what comes of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from bot.delivery.alerts import NO_MANAGER
from bot.delivery.gsm7 import is_gsm7, segments
from bot.jobs import run_due, table_of_duties
from bot.run import Rollcall
from domain.db.models import (
    AbsenceQuestion,
    Assignment,
    Incident,
    LateAnnouncement,
    Notification,
    OperatorAlert,
    Shift,
    User,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.notices.kinds import Kind
from domain.people.queries import Person
from tests.bot.texter import Texter, texting_to, twilio_settings
from tests.bot.town import Town
from tests.domain.depot import SECOND, local
from tests.domain.world import POLICY, SAY, Fleet, Slot


@dataclass
class Clock:
    now: datetime


@dataclass
class Day:
    """Dana drives R12 today, and has no Telegram; her manager is Mona."""

    town: Town
    texter: Texter
    clock: Clock
    nine: datetime
    dana: Person
    mona: Person
    slot: Slot

    async def text(self, body: str) -> str:
        """What is answered; never more than two segments of GSM-7."""
        answer = await self.texter.text(self.dana.phone, body) or ""
        assert is_gsm7(answer) and segments(answer) <= 2, answer
        return answer

    def at(self, minutes: float) -> None:
        """So many minutes after nine."""
        self.clock.now = self.nine + timedelta(minutes=minutes)

    async def duty(self, name: str) -> list[object]:
        return await run_due(table_of_duties(SAY, POLICY)[name], self.town.sessions, self.clock.now)

    async def row(self) -> Assignment:
        async with self.town.sessions() as session:
            return await session.get_one(Assignment, self.slot.id)

    async def reason(self) -> CancelReason | None:
        async with self.town.sessions() as session:
            row = select(Shift.cancel_reason).where(Shift.assignment_id == self.slot.id)
            reason: CancelReason | None = await session.scalar(row)
            return reason

    async def told(self, kind: Kind) -> int:
        async with self.town.sessions() as session:
            rows = await session.scalars(select(Notification).where(Notification.user_id == self.mona.id))
            return sum((row.data or {})["kind"] == kind for row in rows)


@pytest.fixture
def clock(town: Town) -> Clock:
    return Clock(town.now)


@pytest.fixture
async def rollcall(town: Town, clock: Clock) -> AsyncIterator[Rollcall]:
    async with town.core(**twilio_settings()) as rollcall:
        rollcall.edge = replace(rollcall.edge, now=lambda: clock.now)
        yield rollcall


async def day_of(town: Town, texter: Texter, clock: Clock, language: str = "en") -> Day:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        mona = await fleet.manager("Mona")
        north = await fleet.warehouse("North", mona)
        dana = await fleet.driver("Dana", home=north, language=language, linked=False)
        slot = await fleet.shift(await fleet.route("R12", north), dana, confirmed=True)
    day = Day(town, texter, clock, local(slot.on, 9), dana, mona, slot)
    day.at(-60)
    return day


@pytest.fixture
async def day(town: Town, texter: Texter, clock: Clock) -> Day:
    return await day_of(town, texter, clock)


@pytest.fixture
async def texter(town: Town, rollcall: Rollcall) -> AsyncIterator[Texter]:
    async with texting_to(town, rollcall) as texter:
        yield texter


# -- LATE


@pytest.mark.parametrize(
    ("language", "body", "minutes", "says"),
    [("en", "LATE", None, "by 09:30"), ("en", "late 15 min", 15, "by 09:30"), ("fr", "Retard 20", 20, "avant 9 h 30")],
)
async def test_r8_5_late_by_sms(
    town: Town, texter: Texter, clock: Clock, language: str, body: str, minutes: int | None, says: str
) -> None:
    day = await day_of(town, texter, clock, language)
    answer = (await day.text(body)).replace("\u00a0", " ")
    assert says in answer and segments(answer) == 1
    async with town.sessions() as session:
        [said] = await session.scalars(select(LateAnnouncement))
    assert (said.assignment_id, said.minutes) == (day.slot.id, minutes)
    assert await day.told(Kind.RUNNING_LATE) == 1
    assert says in (await day.text(body)).replace("\u00a0", " "), "texted twice, it is said once"
    assert await day.told(Kind.RUNNING_LATE) == 1


@pytest.mark.parametrize("minutes", ["0", "91", "12345", "-15", "1.5", "9" * 30])
async def test_r8_5_nobody_is_so_late(day: Day, minutes: str) -> None:
    day.at(-30)
    assert "1 to 90 minutes" in await day.text(f"LATE {minutes}")
    assert await day.told(Kind.RUNNING_LATE) == 0


async def test_r8_5_less_than_a_quarter_of_an_hour_before_the_next_step_is_told(day: Day) -> None:
    day.at(-14)
    assert "Reply HERE once you're there, or CANT" in await day.text("LATE")
    assert await day.told(Kind.RUNNING_LATE) == 0


# -- CANT


@pytest.mark.parametrize(("language", "body", "asks"), [("en", "CAN’T", "1 vehicle"), ("fr", "absent", "1 véhicule")])
async def test_r11_6_cant_is_asked_why_and_the_number_cancels(
    town: Town, texter: Texter, clock: Clock, language: str, body: str, asks: str
) -> None:
    day = await day_of(town, texter, clock, language)
    asked = await day.text(body)
    assert asks in asked and "7" in asked
    assert (await day.row()).status is AssignmentStatus.SCHEDULED, "nothing is cancelled yet"
    day.at(-56)
    assert "R12" in await day.text("3")
    assert (await day.row()).status is AssignmentStatus.CANCELLED
    assert await day.reason() is CancelReason.FAMILY_EMERGENCY
    assert await day.told(Kind.ROUTE_CANCELLED) == 1


async def test_r11_6_english_fits_one_segment(day: Day) -> None:
    assert segments(await day.text("CANT")) == 1


@pytest.mark.parametrize("place", range(1, 8))
async def test_r11_6_the_seven_reasons_at_once(day: Day, place: int) -> None:
    assert "is cancelled" in await day.text(f"CANT {place}")
    assert await day.reason() is list(CancelReason)[place - 1]


async def test_r11_6_five_minutes_without_a_number_are_other_to_the_second(day: Day) -> None:
    await day.text("CANT")
    day.at(-55)
    assert await day.duty("absences") == []
    day.clock.now += SECOND
    assert len(await day.duty("absences")) == 1
    assert await day.reason() is CancelReason.OTHER
    assert await day.duty("absences") == []
    assert "wasn't understood" in await day.text("3"), "nobody asks any more"


async def test_r11_6_a_number_that_is_no_reason_is_asked_again(day: Day) -> None:
    await day.text("CANT")
    for wrong in ("0", "8", "77"):
        assert "1 vehicle" in await day.text(wrong)
    assert "1 vehicle" in await day.text("CANT 9")
    assert (await day.row()).status is AssignmentStatus.SCHEDULED


async def test_r11_6_a_number_that_nobody_asked_for_is_not_understood_once(day: Day) -> None:
    """Two machines must not talk to each other for ever."""
    assert "wasn't understood" in await day.text("3")
    assert await day.texter.text(day.dana.phone, "3") is None


async def test_r11_6_who_comes_after_all_says_so(day: Day) -> None:
    await day.text("CANT")
    assert "checked in" in await day.text("HERE")
    day.at(-50)
    assert await day.duty("absences") == []
    assert (await day.row()).status is AssignmentStatus.ACTIVE
    assert "on this shift already" in await day.text("CANT")


async def test_r11_6_or_that_he_is_only_late(day: Day) -> None:
    await day.text("CANT")
    await day.text("LATE")
    async with day.town.sessions() as session:
        assert list(await session.scalars(select(AbsenceQuestion))) == []


async def test_r8_6_cant_in_time_is_no_no_show_though_his_time_is_over_meanwhile(day: Day) -> None:
    day.at(-0.5)
    assert "by 09:04" in await day.text("CANT")
    day.at(1)
    assert await day.duty("no-show") == []
    assert "is cancelled" in await day.text("2")
    async with day.town.sessions() as session:
        assert [row.kind for row in await session.scalars(select(Incident))] == [IncidentKind.PROTECTED_ABSENCE]
    day.at(0)
    assert "no shift today" in await day.text("CANT")


# -- HERE


async def test_r8_6_here_too_late_tells_the_manager(day: Day) -> None:
    day.at(1)
    assert "your manager knows that you are there" in await day.text("HERE")
    assert (await day.told(Kind.NO_SHOW), await day.told(Kind.ARRIVED_LATE)) == (1, 1)
    assert "your manager knows" in await day.text("HERE"), "after the no-show, too"
    assert await day.told(Kind.ARRIVED_LATE) == 1


@pytest.mark.parametrize("missed", [False, True])
async def test_r11_6_yesterdays_shift_that_was_never_finished_is_not_in_the_way(day: Day, missed: bool) -> None:
    """Else nobody could check in by SMS the morning after, and would be missed."""
    async with day.town.sessions.begin() as session:
        fleet = Fleet(session, day.town.now)
        yesterday = await fleet.route("R11", day.slot.warehouse)
        old = await fleet.shift(yesterday, day.dana, day.slot.on - timedelta(days=1), AssignmentStatus.ACTIVE)
        values = {"assignment_id": old.id, "arrived_at": day.nine - timedelta(days=1), "parcels_start": 50}
        await fleet.put(Shift, values | {"created_at": day.nine})
    assert "09:30" in await day.text("LATE")
    await day.text("BACK 50")
    async with day.town.sessions.begin() as session:
        assert (await session.get_one(Assignment, old.id)).status is AssignmentStatus.COMPLETED
        await session.execute(update(Assignment).where(Assignment.id == old.id).values(status=AssignmentStatus.ACTIVE))
    if missed:
        day.at(31)
        await day.duty("no-show")
        assert "your manager knows that you are there" in await day.text("HERE")
    else:
        await day.text("HERE")
        assert (await day.row()).status is AssignmentStatus.ACTIVE


@pytest.mark.parametrize(("language", "load", "back"), [("en", "LOAD 142", "BACK 4"), ("fr", "Charge 142", "retour 4")])
async def test_r8_3_todays_comes_first_once_he_has_arrived_there(
    town: Town, texter: Texter, clock: Clock, language: str, load: str, back: str
) -> None:
    """Yesterday's was never finished; he is one person, and nobody tells him that he is several."""
    day = await day_of(town, texter, clock, language)
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        route = await fleet.route("R11", day.slot.warehouse)
        old = await fleet.shift(route, day.dana, day.slot.on - timedelta(days=1), AssignmentStatus.ACTIVE)
        values = {"assignment_id": old.id, "arrived_at": day.nine - timedelta(days=1), "parcels_start": 50}
        await fleet.put(Shift, values | {"created_at": day.nine})
    assert "R12" in await day.text("HERE")
    needed = await day.text(back)
    assert "R12" in needed and load.split()[0].upper() in needed
    for word in ("LATE", "CANT", "CANT 3"):
        answer = await day.text(word)
        assert "several" not in answer and "plusieurs" not in answer
    assert "R12" in await day.text(load)
    assert "R12" in await day.text(back)
    async with town.sessions() as session:
        assert (await session.get_one(Assignment, old.id)).status is AssignmentStatus.ACTIVE
        assert (await session.get_one(Assignment, day.slot.id)).status is AssignmentStatus.COMPLETED


# -- parcels


@pytest.mark.parametrize(
    ("language", "load", "back", "says"),
    [
        ("en", "LOAD", "BACK", "{} loaded, {} brought back"),
        ("fr", "Charge", "retour", "colis charges: {}, rapportes: {}"),
    ],
)
async def test_r8_4_either_number_is_corrected_within_the_hour_and_then_by_the_manager(
    town: Town, texter: Texter, clock: Clock, language: str, load: str, back: str, says: str
) -> None:
    day = await day_of(town, texter, clock, language)
    for body in ("HERE", f"{load} 120", f"{back} 6"):
        await day.text(body)
    day.at(-1)

    async def corrects(body: str, loaded: int, returned: int) -> str:
        answer = await day.text(body)
        shown = answer.replace("\u00e9", "e")
        assert says.format(loaded, returned) in shown and "R12" in shown, answer
        assert load.upper() in shown and back.upper() in shown, "and how to correct it"
        async with town.sessions() as session:
            row = (await session.scalars(select(Shift).where(Shift.assignment_id == day.slot.id))).one()
        assert (row.parcels_start, row.parcels_returned) == (loaded, returned)
        assert row.parcels_delivered == loaded - returned
        return answer

    await corrects(f"{back} 5", 120, 5)
    await corrects(f"{load} 100", 100, 5)
    await corrects(f"{load} 100", 100, 5)
    refused = await day.text(f"{load} 4")
    assert ("can't be right" in refused) or ("ne va pas" in refused), "fewer than came back"
    day.at(0.01)
    for body in (f"{load} 101", f"{back} 4"):
        over = await day.text(body)
        assert ("Your manager can still" in over) or ("Votre gestionnaire peut encore" in over)
    async with town.sessions() as session:
        row = (await session.scalars(select(Shift).where(Shift.assignment_id == day.slot.id))).one()
    assert (row.parcels_start, row.parcels_returned) == (100, 5)


@pytest.mark.parametrize(
    ("language", "loaded", "done"), [("en", "reply BACK", "is done"), ("fr", "RETOUR", "quart termin\u00e9")]
)
async def test_r8_2_here_says_how_far_he_is(
    town: Town, texter: Texter, clock: Clock, language: str, loaded: str, done: str
) -> None:
    day = await day_of(town, texter, clock, language)
    there = await day.text("HERE")
    assert await day.text("HERE") == there
    await day.text("LOAD 120")
    answer = await day.text("HERE")
    assert "120" in answer and loaded in answer
    await day.text("BACK 6")
    answer = await day.text("ICI")
    assert done in answer and "6" in answer and "R12" in answer


async def test_r8_4_after_midnight_the_hour_is_still_his(day: Day) -> None:
    for body in ("HERE", "LOAD 120"):
        await day.text(body)
    day.at(15 * 60 - 20)
    await day.text("BACK 6")
    day.at(15 * 60 + 20)
    assert "120 loaded, 5 brought back" in await day.text("BACK 5")


# -- whose?


async def test_r11_6_several_with_one_phone(day: Day) -> None:
    async with day.town.sessions.begin() as session:
        fleet = Fleet(session, day.town.now)
        ben = await fleet.driver("Ben", home=day.slot.warehouse, linked=False)
        await fleet.shift(await fleet.route("R13", day.slot.warehouse), ben, confirmed=True)
        await session.execute(update(User).where(User.id == ben.id).values(phone=day.dana.phone))
    for word in ("LATE", "CANT", "CANT 3", "HERE", "LOAD 12"):
        assert "several of you on this phone drive today" in await day.text(word)
    assert (await day.row()).status is AssignmentStatus.SCHEDULED


@pytest.mark.parametrize("word", ["LATE", "CANT", "ABSENT 3", "RETARD 10"])
async def test_r11_6_none_today(day: Day, word: str) -> None:
    async with day.town.sessions.begin() as session:
        idle = await Fleet(session, day.town.now).driver("Ina", home=day.slot.warehouse, linked=False)
    answer = await day.texter.text(idle.phone, word) or ""
    assert ("no shift today" in answer) or ("pas de quart" in answer)


@pytest.mark.parametrize("at_once", [False, True])
async def test_r5_4_without_any_manager_the_owners_are_told(day: Day, at_once: bool) -> None:
    async with day.town.sessions.begin() as session:
        await session.execute(delete(WarehouseManager))
    if at_once:
        assert "is cancelled" in await day.text("CANT 7")
    else:
        await day.text("CANT")
        day.at(-54)
        await day.duty("absences")
    async with day.town.sessions() as session:
        assert [row.key.split(":")[0] for row in await session.scalars(select(OperatorAlert))] == [NO_MANAGER]
