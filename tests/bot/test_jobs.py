"""The duties by the clock: done when due, once, whoever does them and however late (R14)."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Boolean, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.testing import capture_logs

from bot.hours import last_instant
from bot.jobs import Clockwork, Duties, Duty, Errand, run_due, table_of_duties, told
from bot.wording import Words
from domain.db.engine import connect
from domain.db.engine import sessions as sessions_on
from domain.db.models import Assignment, DutyRun, Notification, Owner, Route, SeenUpdate, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.notices.wording import Notice, Worded
from domain.policy import TORONTO, Policy
from tests.bot.conftest import Line
from tests.domain.world import Fleet

Sessions = async_sessionmaker[AsyncSession]
POLICY = Policy()
DUTIES = {
    *("windows", "waves", "auto-drop", "no-show", "shift-reminders", "confirmation-reminders", "last-calls"),
    *(
        "cover",
        "manager-digest",
        "sms-digest",
        "cleanup",
        "holidays",
        "overdue",
        "reviews",
        "appeals",
        "missing",
        "holds",
        "absences",
    ),
    *("give-aways", "roster", "week-message", "metrics", "pool", "health", "stars", "report"),
}
DAILY = "10 4 * * *"


Item = Callable[[AsyncSession, datetime, int], Awaitable[object | None]]


def counted(done: list[datetime], times: int = 10**6) -> Item:
    async def item(_session: AsyncSession, now: datetime, _pass_by: int) -> object | None:
        if len(done) >= times:
            return None
        done.append(now)
        return "done"

    return item


def clockwork(sessions: Sessions, duties: Duties, now: Callable[[], datetime]) -> Clockwork:
    return Clockwork(duties, sessions, POLICY, now)


async def test_r14_all_that_is_due_is_done_each_in_its_own_transaction(sessions: Sessions, now: datetime) -> None:
    due = ["W0", "W1", "poison", "W3", "W4"]

    async def one(session: AsyncSession, now: datetime, pass_by: int) -> object | None:
        """The third always fails: what is before and behind it is done all the same, and it is due again."""
        there = set(await session.scalars(select(Warehouse.name)))
        left = [name for name in due if name not in there][pass_by:]
        if not left:
            return None
        await session.execute(insert(Warehouse).values(name=left[0], address="somewhere"))
        if left[0] == "poison":
            raise ZeroDivisionError
        return left[0]

    for items in (4, 0):
        done = told(await run_due(Duty(one), sessions, now))
        assert (done["done"], len(done["failed"])) == (items, 1)
    async with sessions() as session:
        assert set(await session.scalars(select(Warehouse.name))) == {"W0", "W1", "W3", "W4"}


@pytest.mark.parametrize("there", [True, False])
async def test_r14_a_transaction_is_begun_only_where_something_is_due(
    sessions: Sessions, now: datetime, there: bool
) -> None:
    done: list[datetime] = []
    look = sql("SELECT 1 WHERE :there AND :now > timestamptz '2000-01-01'", there=Boolean())
    duty = Duty(counted(done, 1), lambda at: (look, {"there": there, "now": at}))
    await clockwork(sessions, {"any": duty}, lambda: now).tick("any")
    assert done == ([now] if there else [])


async def test_a_duty_that_always_fails_ends(sessions: Sessions, now: datetime) -> None:
    async def item(_session: AsyncSession, _now: datetime, _pass_by: int) -> object:
        raise ZeroDivisionError

    assert told(await run_due(Duty(item), sessions, now))["done"] == 0


async def test_r14_a_daily_duty_is_done_once_for_its_hour_by_any_number_of_workers(
    sessions: Sessions, now: datetime
) -> None:
    done: list[datetime] = []
    at = now
    duties = {"daily": Duty(counted(done), at=DAILY)}
    workers = [clockwork(sessions, duties, lambda: at) for _ in range(4)]

    async def ticks() -> int:
        await asyncio.gather(*(worker.tick("daily") for worker in workers))
        return len(done)

    assert await ticks() == 0  # a new database: nothing was missed
    at = datetime(2026, 11, 26, 4, 9, 59, tzinfo=TORONTO)
    assert await ticks() == 0
    at = datetime(2026, 11, 26, 4, 10, tzinfo=TORONTO)
    assert await ticks() == 1
    assert await ticks() == 1
    at += timedelta(days=5, hours=3)
    assert await ticks() == 2  # what was missed for days is done once
    async with sessions() as session:
        assert await session.scalar(select(DutyRun.done_for)) == datetime(2026, 12, 1, 4, 10, tzinfo=TORONTO)


async def test_a_daily_duty_that_fails_is_due_again(sessions: Sessions, now: datetime) -> None:
    faults = [ZeroDivisionError()]

    async def item(_session: AsyncSession, _now: datetime, _pass_by: int) -> object:
        if faults:
            raise faults.pop()
        return "done"

    at = now
    worker = clockwork(sessions, {"daily": Duty(item, at=DAILY)}, lambda: at)
    await worker.tick("daily")
    at = now + timedelta(days=1)
    with capture_logs() as logged:
        await worker.tick("daily")
        await worker.tick("daily")
        await worker.tick("daily")
    assert [line["event"] for line in logged] == ["duty failed", "duty done"]
    assert len(logged[0]["fault_id"]) == 8


@pytest.mark.parametrize(
    ("after", "until", "instant"),
    [
        ("2026-03-07T12:00", "2026-03-08T12:00", "2026-03-08T04:10"),  # the night without 2:30
        ("2026-10-31T12:00", "2026-11-01T12:00", "2026-11-01T04:10"),  # the night with two 1:30
        ("2026-11-25T04:10", "2026-11-26T04:09", None),
        ("2026-11-25T04:10", "2026-11-26T04:10", "2026-11-26T04:10"),
        ("2026-11-25T04:10", "2026-12-25T04:09", "2026-12-24T04:10"),
    ],
)
def test_r1_5_an_hour_of_the_day_is_the_companys(after: str, until: str, instant: str | None) -> None:
    def local(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=TORONTO).astimezone(UTC)

    expected = local(instant) if instant else None
    assert last_instant(DAILY, local(after), local(until), POLICY) == expected


@pytest.mark.parametrize("errand", [False, True])
async def test_the_clockwork_ticks_and_ends_what_it_has_begun(sessions: Sessions, now: datetime, errand: bool) -> None:
    inside, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def item(_session: AsyncSession, _now: datetime, _pass_by: int) -> object | None:
        if inside.is_set():
            return None
        inside.set()
        await go_on.wait()
        ended.set()
        return "done"

    async def run(_sessions: Sessions, _now: datetime, _by_hand: bool) -> list[object]:
        assert not inside.is_set(), "it is under way"
        inside.set()
        await go_on.wait()
        ended.set()
        return []

    stop = asyncio.Event()
    duties: Duties = {"slow": Errand(run) if errand else Duty(item)}
    running = asyncio.create_task(clockwork(sessions, duties, lambda: now).run(stop))
    await asyncio.wait_for(inside.wait(), 10)
    stop.set()
    go_on.set()
    await running
    assert ended.is_set()


async def test_a_database_that_is_away_is_no_fault_of_the_duty(line: Line, sessions: Sessions, now: datetime) -> None:
    engine = connect(line.url)
    done: list[datetime] = []
    worker = clockwork(sessions_on(engine), {"windows": Duty(counted(done, 1))}, lambda: now)
    await worker.tick("windows")
    await line.cut()
    table = clockwork(sessions_on(engine), table_of_duties(Words(TORONTO), POLICY), lambda: now)
    with capture_logs() as logged:
        await table.tick("windows")
    assert [(line["event"], line["log_level"]) for line in logged] == [
        ("duty not done: the database is away", "warning")
    ]
    await line.mend()
    await table.tick("windows")
    await engine.dispose()


@pytest.mark.parametrize("limit", ["SET LOCAL statement_timeout = '20ms'", "SELECT 1"])
async def test_a_statement_that_takes_too_long_is_a_fault_of_the_duty(line: Line, now: datetime, limit: str) -> None:
    """By our own limit of time, or by the server's: tried again in silence it would never come to an end."""
    engine = connect(line.url, statement_for=5 if "LOCAL" in limit else 0.2)

    async def item(session: AsyncSession, _now: datetime, _pass_by: int) -> object:
        await session.execute(text(limit))
        return await session.execute(text("SELECT pg_sleep(60)"))

    open_ = sessions_on(engine)
    with capture_logs() as logged:
        await clockwork(open_, {"slow": Duty(item)}, lambda: now).tick("slow")
        assert len(told(await run_due(Duty(item, at=DAILY), open_, now))["failed"]) == 1
    assert {(line["event"], line["log_level"]) for line in logged} == {("duty failed", "error"), ("duty done", "info")}
    await engine.dispose()


async def test_a_look_that_takes_too_long_is_one_too(line: Line, now: datetime) -> None:
    engine = connect(line.url, statement_for=0.2)
    done: list[datetime] = []
    slow = Duty(counted(done, 1), lambda _: (text("SELECT pg_sleep(60)"), {}))
    with capture_logs() as logged:
        await clockwork(sessions_on(engine), {"slow": slow}, lambda: now).tick("slow")
    assert [(line["event"], line["log_level"]) for line in logged] == [("duty failed", "error")]
    assert not done
    await engine.dispose()


async def test_r14_old_update_ids_are_cleaned_up(sessions: Sessions, now: datetime) -> None:
    async with sessions.begin() as session:
        for update_id, age in ((1, timedelta(days=8)), (2, timedelta(days=6))):
            await session.execute(insert(SeenUpdate).values(update_id=update_id, seen_at=now - age))
    duty = table_of_duties(Words(TORONTO), POLICY)["cleanup"]
    done = told(await run_due(duty, sessions, now))
    assert {name: count for name, count in done.items() if count} == {"done": 1, "updates": 1}
    async with sessions() as session:
        assert list(await session.scalars(select(SeenUpdate.update_id))) == [2]


async def test_r5_4_a_route_that_nobody_can_be_told_of_is_an_operators_matter(
    sessions: Sessions, now: datetime
) -> None:
    async with sessions.begin() as session:
        fleet = Fleet(session, now)
        owner = await fleet.manager("Olga", await fleet.warehouse("South"))
        window = await fleet.window(await fleet.slot(await fleet.route("R12", await fleet.warehouse("North"))))
        await fleet.put(Owner, {"phone": owner.phone})
    before = alerts_counted()
    with capture_logs() as logged:
        await run_due(table_of_duties(Words(TORONTO), POLICY)["windows"], sessions, now + timedelta(hours=9))
    [line] = [line for line in logged if line["log_level"] == "error"]
    assert (line["alert"], line["owners_told"]) == (f"no manager to tell:{window}", 1)
    assert alerts_counted() == before + 1
    async with sessions() as session:
        [told] = await session.scalars(select(Notification))
    assert (told.user_id, (told.data or {})["kind"]) == (owner.id, "alert")
    assert "R12, North, 2026-11-25" in told.body


def alerts_counted() -> float:
    return REGISTRY.get_sample_value("rollcall_operator_alerts_total", {"alert": "no manager to tell"}) or 0


@pytest.mark.parametrize(
    ("duty", "hour"), [("shift-reminders", 6), ("confirmation-reminders", 8), ("last-calls", 18), ("sms-digest", 17)]
)
@pytest.mark.parametrize("day", [date(2026, 11, 25), date(2026, 11, 1), date(2027, 3, 14)])
def test_r14_reminders_have_their_hour_by_the_companys_clock(duty: str, hour: int, day: date) -> None:
    """Once a day, also on those on which the clocks change."""
    at = table_of_duties(Words(TORONTO), POLICY)[duty].at or ""
    due = datetime.combine(day, time(hour), TORONTO).astimezone(UTC)
    assert last_instant(at, due - timedelta(hours=20), due - timedelta(seconds=1), POLICY) is None
    assert last_instant(at, due - timedelta(seconds=1), due, POLICY) == due
    assert last_instant(at, due, due + timedelta(hours=20), POLICY) is None


async def test_r8_1_reminders_by_several_workers_are_one_and_a_late_run_tells_nobody_for_nothing(
    sessions: Sessions, now: datetime
) -> None:
    async with sessions.begin() as session:
        fleet = Fleet(session, now)
        north = await fleet.warehouse("North")
        for n, day in ((0, 1), (1, 2)):
            driver = await fleet.driver(f"D{n}", home=north)
            await fleet.shift(await fleet.route(f"R{n}", north), driver, fleet.day(day), confirmed=True)
    at = now
    workers = [clockwork(sessions, table_of_duties(Words(TORONTO), POLICY), lambda: at) for _ in range(3)]

    async def told_after_ticks() -> list[str]:
        await asyncio.gather(*(worker.tick("shift-reminders") for worker in workers))
        async with sessions() as session:
            return sorted(await session.scalars(select(Notification.title)))

    assert await told_after_ticks() == []
    at = datetime(2026, 11, 26, 6, 0, tzinfo=TORONTO)
    assert await told_after_ticks() == ["Today: R0, North"]
    assert await told_after_ticks() == ["Today: R0, North"]
    at = datetime(2026, 11, 27, 9, 0, tzinfo=TORONTO)  # they were away at six; at nine nobody can be in time any more
    assert await told_after_ticks() == ["Today: R0, North"]


class Poisoned:
    """Words everything but what is about route R1."""

    words = Words(TORONTO)
    languages = words.languages

    def __call__(self, notice: Notice, language: str) -> Worded:
        if getattr(notice, "route", None) == "R1":
            raise ZeroDivisionError
        return self.words(notice, language)


@pytest.mark.parametrize(("name", "confirmed"), [("auto-drop", False), ("no-show", True)])
async def test_r14_a_shift_that_fails_does_not_hold_up_the_others(
    sessions: Sessions, now: datetime, name: str, confirmed: bool
) -> None:
    async with sessions.begin() as session:
        fleet = Fleet(session, now)
        north = await fleet.warehouse("North", await fleet.manager())
        for n in range(3):
            driver = await fleet.driver(f"D{n}", home=north)
            await fleet.shift(await fleet.route(f"R{n}", north), driver, confirmed=confirmed)
    at = now + timedelta(hours=3)
    with capture_logs() as logged:
        done = told(await run_due(table_of_duties(Poisoned(), POLICY)[name], sessions, at))
    assert (done["done"], len(done["failed"])) == (2, 1)
    assert [line["fault_id"] for line in logged if line["log_level"] == "error"] == done["failed"]
    async with sessions() as session:  # what failed left nothing behind, and is due
        kept = select(Route.name).join(Assignment, Assignment.route_id == Route.id)
        assert list(await session.scalars(kept.where(Assignment.status == AssignmentStatus.SCHEDULED))) == ["R1"]
    duty = table_of_duties(Words(TORONTO), POLICY)[name]
    assert told(await run_due(duty, sessions, at)) == {"done": 1}
    assert told(await run_due(duty, sessions, at)) == {"done": 0}


def test_every_duty_of_the_table_has_a_name_for_the_command_line() -> None:
    assert set(table_of_duties(Words(TORONTO), POLICY)) == DUTIES
    assert told([object(), uuid.uuid4()]) == {"done": 2}
