"""R12.6: somebody is made anonymous while a manager still gives him a shift of his last day."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.coverage.assigning import Assigned
from domain.db.models import (
    Appeal,
    Assignment,
    ContactSettings,
    Employment,
    Incident,
    Invite,
    Notification,
    TimeOff,
    User,
)
from domain.db.models.words import IncidentKind, OffKind
from domain.health.appeals import open_appeal
from domain.people.anonymising import Anonymised, anonymise
from domain.people.contact import Saved, choose_language
from domain.people.inviting import invite_again
from domain.people.numbers import correct_number
from domain.people.queries import NO_PHONE, Person
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from domain.shifts.absences import end_off, fall_ill, send_off
from domain.shifts.departures import leave_company, stay_after_all
from tests.domain.world import POLICY, SAY, Fleet, Slot
from tests.races.conftest import Act, Arena
from tests.races.contest import MINUTE, SECOND, Contest


def forgets(driver: Person, at: datetime) -> Act[Any]:
    return lambda session: anonymise(session, None, driver.id, POLICY, at)


@pytest.mark.parametrize("window", [False, True])
@pytest.mark.parametrize("ahead", [0, 1])
async def test_r12_6_nobody_anonymous_has_a_shift_whoever_comes_first(arena: Arena, ahead: int, window: bool) -> None:
    """In the last minutes of his last day and at its end, by the clocks of two processes."""
    it = await Contest.of(arena, 2)
    today = arena.now.date()
    async with arena.session.begin() as session:
        await session.execute(update(Employment).values(ends_on=today))
    midnight = datetime.combine(today + timedelta(days=1), time(), TORONTO)

    async def slot() -> Slot:
        return (await it.window(ahead, closes_at=midnight))[0] if window else await it.slot(ahead)

    async def stands(driver: Person) -> tuple[int, str]:
        async with arena.session() as session:
            name = (await session.get_one(User, driver.id)).first_name
        return await it.count(Assignment, Assignment.user_id == driver.id), name

    given, gone = it.drivers
    assigns = it.assigns(given, await slot(), at=midnight - 2 * MINUTE)  # at 23:59 the day is over
    said = await arena.one_waits_for_the_other(assigns, forgets(given, midnight))
    if ahead:
        assert said == [Refused(Refusal.NOT_EMPLOYED), Anonymised()]
        assert await stands(given) == (0, "Former")
    else:
        assert isinstance(said[0], Assigned)
        assert said[1:] == [Refused(Refusal.STILL_HAS_SHIFTS)]
        assert await stands(given) == (1, given.first_name)

    assigns = it.assigns(gone, await slot(), at=midnight - 2 * MINUTE)
    said = await arena.one_waits_for_the_other(forgets(gone, midnight), assigns)
    assert said == [Anonymised(), Refused(Refusal.NOT_FOUND)]
    assert await stands(gone) == (0, "Former")


@pytest.mark.parametrize("what", ["stays", "leaves later"])
async def test_r12_6_nobody_anonymous_is_employed(arena: Arena, what: str) -> None:
    """Made so after his last day, while by the clock of another process that is not over and he stays after all."""
    it = await Contest.of(arena, 1)
    [gone], today = it.drivers, arena.now.date()
    midnight = datetime.combine(today + timedelta(days=1), time(), TORONTO)

    def leaves(last: date, at: datetime) -> Act[Any]:
        return lambda session: leave_company(session, it.mona, gone.id, last, SAY, POLICY, at)

    def stays(session: AsyncSession) -> Any:
        return stay_after_all(session, it.mona, gone.id, SAY, POLICY, midnight - SECOND)

    await arena.at_once(leaves(today, arena.now))
    late = stays if what == "stays" else leaves(today + timedelta(days=7), midnight - SECOND)
    assert await arena.one_waits_for_the_other(forgets(gone, midnight), late) == [
        Anonymised(),
        Refused(Refusal.NOT_FOUND),
    ]
    assert await it.count(Employment, Employment.user_id == gone.id, Employment.ends_on == today) == 1


@pytest.mark.parametrize("what", ["another number", "a link", "a language"])
async def test_r12_6_nobody_anonymous_gets_anything_of_his_own(arena: Arena, what: str) -> None:
    """By a manager of his, by the clock of a process for which his last day is not over."""
    it = await Contest.of(arena, 1, language="en")
    [gone], today = it.drivers, arena.now.date()
    async with arena.session.begin() as session:
        await session.execute(update(Employment).values(ends_on=today))
    midnight = datetime.combine(today + timedelta(days=1), time(), TORONTO)
    late = midnight - SECOND

    async def gives(session: AsyncSession) -> Any:
        match what:
            case "another number":
                return await correct_number(session, it.mona, gone.id, "416 555 0177", SAY, POLICY, late)
            case "a link":
                return await invite_again(session, it.mona, gone.id, "token", POLICY, late)
            case _:
                return await choose_language(session, gone, 1, ("en", "fr"), late, by=it.mona)

    _, said = await arena.one_waits_for_the_other(forgets(gone, midnight), gives)
    assert said == (Saved() if what == "a language" else Refused(Refusal.NOT_FOUND))
    assert await it.count(User, User.id == gone.id, User.phone == NO_PHONE) == 1
    assert await it.count(Invite) == await it.count(ContactSettings) == 0


async def test_r12_6_an_appeal_that_comes_while_he_is_forgotten_brings_back_nothing_of_him(arena: Arena) -> None:
    """His last day was yesterday, and the chat still his."""

    async def make(fleet: Fleet) -> tuple[Person, uuid.UUID]:
        north = await fleet.warehouse("North", await fleet.manager("Mona"))
        dana = await fleet.driver("Dana", home=north, employed=(date(2020, 1, 1), fleet.day(-1)))
        await fleet.lost_by(dana, await fleet.route("R12", north), fleet.day(-3), IncidentKind.NO_SHOW)
        return dana, (await fleet.session.scalars(select(Incident.id))).one()

    dana, incident = await arena.build(make)

    async def appeals(session: AsyncSession) -> Any:
        return await open_appeal(session, dana, incident, "I, Dana, was ill", SAY, POLICY, arena.now)

    assert await arena.one_waits_for_the_other(forgets(dana, arena.now), appeals) == [
        Anonymised(),
        Refused(Refusal.NOT_FOUND),
    ]
    async with arena.session() as session:
        assert (await session.scalars(select(Appeal))).all() == []
        assert not [told for told in await session.scalars(select(Notification.body)) if "Dana" in told]


@pytest.mark.parametrize("who", ["his manager", "himself"])
@pytest.mark.parametrize("what", ["are given", "end"])
async def test_r12_6_nobody_anonymous_has_days_off_that(arena: Arena, what: str, who: str) -> None:
    """By the clock of a process for which his last day is not over."""
    it = await Contest.of(arena, 1)
    [gone], today = it.drivers, arena.now.date()
    ill = (OffKind.ILL, today, today + timedelta(days=3))

    async def last_day(fleet: Fleet) -> uuid.UUID:
        await fleet.session.execute(update(Employment).values(ends_on=today))
        return await fleet.add(TimeOff, user_id=gone.id, kind=ill[0], starts_on=ill[1], ends_on=ill[2])

    off_id = await arena.build(last_day)
    if what == "are given":
        await arena.build(lambda fleet: fleet.session.execute(delete(TimeOff)))
    midnight = datetime.combine(today + timedelta(days=1), time(), TORONTO)
    late = midnight - SECOND

    async def says(session: AsyncSession) -> Any:
        if what == "end":
            return await end_off(session, it.mona if who == "his manager" else gone, off_id, SAY, POLICY, late)
        if who == "his manager":
            return await send_off(session, it.mona, gone.id, *ill, SAY, POLICY, late)
        return await fall_ill(session, gone, *ill[1:], SAY, POLICY, late)

    _, said = await arena.one_waits_for_the_other(forgets(gone, midnight), says)
    assert said == Refused(Refusal.NOT_FOUND)
    assert await it.count(TimeOff, TimeOff.ends_on == ill[2]) == (what == "end")
