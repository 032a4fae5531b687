"""Sunday night a week is given out, Monday noon its drivers read of it and confirm it, over HTTP (R3.2, R3.8)."""

from datetime import date, datetime, time, timedelta

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.reader import Reader
from domain.db.models import Assignment, ChatLink, ContactSettings, DutyRun, RosterRun, User
from domain.db.models.words import AssignedBy, AssignmentStatus
from domain.policy import TORONTO
from domain.roster import freezing
from domain.time import week_of
from sandbox.fleet import FIRST_NAMES
from sandbox.worked import BLOCKED
from tests.story.phones import Phone, until
from tests.story.test_story import everyone
from tests.story.test_working_day import labels, now, now_is

Sessions = async_sessionmaker[AsyncSession]
DAY = timedelta(days=1)


async def everybody_has_driven(sessions: Sessions) -> None:
    """The clock is about to jump: nobody is to be missed for it."""
    async with sessions.begin() as session:
        ahead = update(Assignment).where(Assignment.status == AssignmentStatus.SCHEDULED)
        await session.execute(ahead.values(status=AssignmentStatus.COMPLETED))


async def the_clock_is_followed(sessions: Sessions) -> None:
    """By a new database, from its first second on."""

    async def begun() -> bool:
        async with sessions() as session:
            return await session.get(DutyRun, freezing.DUTY) is not None

    await until(begun, "the duty's first look at the clock")


async def given_out(sessions: Sessions, week: date) -> RosterRun:
    async def made() -> RosterRun | None:
        async with sessions() as session:
            of_week = select(RosterRun).where(RosterRun.week == week, RosterRun.carried_out_at.is_not(None))
            return (await session.scalars(of_week)).one_or_none()

    return await until(made, "the roster")


async def somebody(calls: httpx.AsyncClient, sessions: Sessions, week: date, language: str) -> tuple[Phone, int]:
    """Who has shifts by it, and how many."""
    people = {person["phone"]: person["id"] for person in await everyone(calls)}
    async with sessions() as session:
        found = await session.execute(
            select(User.phone, func.count())
            .join(Assignment, Assignment.user_id == User.id)
            .join(ChatLink, ChatLink.user_id == User.id)
            .join(ContactSettings, ContactSettings.user_id == User.id)
            .where(Assignment.on.between(week, week + 6 * DAY), Assignment.assigned_by == AssignedBy.ALGORITHM)
            .where(ContactSettings.language == language, User.first_name != FIRST_NAMES[BLOCKED])
            .group_by(User.id)
            .order_by(func.count().desc(), User.id)
            .limit(1)
        )
        number, shifts = found.one()
    return Phone(calls, people[number]), shifts


@pytest.mark.parametrize(
    ("language", "title", "locked", "confirm", "confirmed"),
    [
        ("en", "Your shifts {week}", "Preferences are locked", "Confirm my week", "{n} shifts confirmed, thank you!"),
        ("fr", "Vos quarts du {week}", "sont verrouillées", "Confirmer ma semaine", "{n} quarts confirmés, merci"),
    ],
)
async def test_r3_8_the_week_is_given_out_told_and_confirmed(
    calls: httpx.AsyncClient, sessions: Sessions, language: str, title: str, locked: str, confirm: str, confirmed: str
) -> None:
    begin = await now(calls)
    _, sunday = week_of(begin.astimezone(TORONTO).date())
    week = sunday + 8 * DAY
    await everybody_has_driven(sessions)
    await the_clock_is_followed(sessions)
    await now_is(calls, datetime.combine(sunday, time(23, 59, 59), TORONTO))
    run = await given_out(sessions, week)
    assert run.filled and run.filled == run.maximum

    await now_is(calls, datetime.combine(sunday + DAY, time(12), TORONTO))
    phone, shifts = await somebody(calls, sessions, week, language)
    assert shifts > 1
    reader = Reader(language, TORONTO)
    card = await phone.sees(title.format(week=reader.week(week)), locked, reader.day(week + 7 * DAY))
    assert card["text"].count("❔") == shifts
    assert (await phone.press(card, confirm))["text"].startswith(confirmed.format(n=shifts))

    async def current() -> bool:
        shown = await phone.sees(title.format(week=reader.week(week)))
        return shown["text"].count("✓") == shifts and all(confirm not in label for label in labels(shown))

    await until(current, "the message shows that it is confirmed")
    async with sessions() as session:
        open_ = select(func.count()).where(
            Assignment.on.between(week, week + 6 * DAY),
            Assignment.status == AssignmentStatus.SCHEDULED,
            Assignment.confirmed_at.is_not(None),
        )
        assert await session.scalar(open_) == shifts
