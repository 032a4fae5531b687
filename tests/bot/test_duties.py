"""All duties together (R14): twice, late, after a week in which none ran, by three processes at once, and in time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.delivery.alerts import NO_MANAGER
from bot.jobs import Clockwork, Duty, run_due, table_of_duties, told
from bot.migrate import migrate
from domain.db.engine import connect
from domain.db.engine import sessions as sessions_on
from domain.db.models import (
    Assignment,
    AuditLog,
    BidWindow,
    Delivery,
    DutyRun,
    Incident,
    Notification,
    OperatorAlert,
    WindowAsk,
)
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, IncidentKind
from domain.notices.kinds import Kind
from domain.shifts.outages import beat
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, heartbeats, local
from tests.domain.world import POLICY, SAY, Fleet, contents
from tests.story.phones import until

Sessions = async_sessionmaker[AsyncSession]
DUTIES = table_of_duties(SAY, POLICY)
TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
EACH = 4  # of all that falls due
WAVES = select(func.count(WindowAsk.window_id.distinct()))


def clockwork(sessions: Sessions, now: Callable[[], datetime]) -> Clockwork:
    return Clockwork(DUTIES, sessions, POLICY, now)


@dataclass
class Hands:
    """The time, as it is set."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


async def ticks(*clocks: Clockwork) -> None:
    """One second of each process: all of its duties at once."""
    await asyncio.gather(*(clock.tick(name) for clock in clocks for name in clock.duties))


async def much_due(sessions: Sessions) -> None:
    """At nine: drivers who are not there, shifts that nobody confirmed, windows and waves whose time has come, and
    for the hours before it somebody to remind."""
    async with sessions.begin() as session:
        fleet = Fleet(session, NINE)
        mona = await fleet.manager("Mona")
        for n in range(EACH):  # each in a warehouse of its own: more missing in one would be held (R8.6a)
            depot = Depot(fleet, mona, await fleet.warehouse(f"W{n}", mona))
            late, silent, coming = [await depot.driver(f"{name}{n}") for name in ("Late", "Silent", "Coming")]
            await depot.driver(f"Free{n}")
            await depot.shift(late, TODAY, confirmed=True, route=f"A{n}")
            await depot.shift(silent, TODAY + 2 * DAY, route=f"B{n}")
            await depot.shift(coming, TODAY + 3 * DAY, route=f"C{n}")
            closing = await fleet.window(await fleet.slot(await fleet.route(f"D{n}", depot.north)), waves=False)
            await session.execute(update(BidWindow).where(BidWindow.id == closing).values(closes_at=NINE))
            await fleet.window(await fleet.slot(await fleet.route(f"E{n}", depot.north)))


async def what_came_of_it(sessions: Sessions) -> dict[str, Counter[Any]]:
    """Of the same world the same, whoever did it: who was told what, and what was done how often."""
    async with sessions() as session:
        of: dict[str, Select[Any]] = {
            "told": select(Notification.type, Notification.title),
            "done": select(AuditLog.entity_type, AuditLog.action),
            "slots": select(Assignment.status, Assignment.on),
            "windows": select(BidWindow.mode, BidWindow.status, BidWindow.trigger),
            "deliveries": select(Delivery.kind, Delivery.channel, Delivery.state),
        }
        return {name: Counter(map(tuple, await session.execute(rows))) for name, rows in of.items()}


async def is_there(sessions: Sessions, statement: Select[tuple[int]], count: int) -> bool:
    return await scalar(sessions, statement) >= count


async def scalar(sessions: Sessions, statement: Select[tuple[int]]) -> int:
    async with sessions() as session:
        return await session.scalar(statement) or 0


@pytest.mark.parametrize("later", [timedelta(), 3 * HOUR])
async def test_r14_every_duty_is_safe_twice_and_late(sessions: Sessions, later: timedelta) -> None:
    await much_due(sessions)
    for name, duty in DUTIES.items():
        first = told(await run_due(duty, sessions, NINE + later))
        assert "failed" not in first
        async with sessions() as session:
            before = await contents(session)
        second = told(await run_due(duty, sessions, NINE + later))
        async with sessions() as session:
            assert await contents(session) == before, name
        assert second["done"] == (0 if duty.at is None else 1), name
    async with sessions() as session:
        assert Counter(await session.scalars(select(Incident.kind))) == {IncidentKind.NO_SHOW: EACH}


async def test_r14_three_processes_do_what_one_does(
    database_url: str, new_database_url: Callable[[], Awaitable[str]]
) -> None:
    """From six in the morning to six in the evening, every duty of each ticking at once."""
    alone = await new_database_url()
    await migrate(alone)
    ends = []
    for url, replicas in ((alone, 1), (database_url, 3)):
        engines = [connect(url) for _ in range(replicas)]
        now = Hands(local(TODAY - DAY, 20))
        clocks = [clockwork(sessions_on(each), now) for each in engines]
        await much_due(clocks[0].sessions)
        await ticks(clocks[0])  # a new database: what was before is nobody's duty
        for hour, minute in ((6, 0), (8, 0), (9, 0), (9, 1), (18, 0)):
            now.at = local(TODAY, hour, minute)
            for _ in range(2):  # what one of them held, another finds a second later
                await ticks(*clocks)
        ends.append(await what_came_of_it(clocks[0].sessions))
        for engine in engines:
            await engine.dispose()
    assert ends[0] == ends[1]
    assert ends[1]["done"]["incident", "created"] == EACH


async def test_r14_after_a_week_without_any_process(sessions: Sessions) -> None:
    """Told is what still has a point; drops come before no-shows, and both not before their holds end (R8.6a)."""
    went, back = NINE - 5 * HOUR, NINE - 5 * HOUR + 7 * DAY  # at four in the morning
    now = Hands(went)
    clock = clockwork(sessions, now)
    async with sessions.begin() as session:
        fleet = Fleet(session, went)
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        dana, otto, unlinked = (
            await depot.driver("Dana"),
            await depot.driver("Otto"),
            await depot.driver("Una", linked=False),
        )
        for day in range(3):
            await depot.shift(dana, TODAY + day * DAY, confirmed=True, route=f"A{day}")
            await depot.shift(otto, TODAY + (2 + day) * DAY, route=f"B{day}")
        today = await depot.shift(dana, TODAY + 7 * DAY, confirmed=True, route="C")
        for _ in range(3):
            what = {"user_id": unlinked.id, "kind": Kind.MANUAL, "urgency": 2, "level": 2, "created_at": went}
            await fleet.add(Delivery, **what, channel=Channel.SMS, state=DeliveryState.PENDING, about=today.id)
        await heartbeats(session, went - MINUTE, went, silent_for=7 * DAY)
    await ticks(clock)  # the last second of the old week: nothing was missed before it
    now.at = back
    async with sessions.begin() as session:
        await beat(session, POLICY, back)  # updates are processed again
    lost = []
    past = Assignment.on < TODAY + 7 * DAY, Assignment.status == AssignmentStatus.CANCELLED
    for minutes in (0, 14, 15, 29, 30, 4 * 60):  # the last is eight o'clock
        now.at = back + minutes * MINUTE
        await ticks(clock)
        lost.append(await scalar(sessions, select(func.count()).select_from(Assignment).where(*past)))
    assert lost == [0, 0, 3, 3, 6, 6]
    async with sessions() as session:
        losses = select(AuditLog.action).where(AuditLog.action.in_(("auto_dropped", "no_show")))
        done = await session.scalars(losses.order_by(AuditLog.created_at))
        assert list(done) == ["auto_dropped"] * 3 + ["no_show"] * 3
        reminded = select(Delivery.about).where(Delivery.kind.in_((Kind.REMINDER, Kind.CONFIRM_REMINDER)))
        assert list(await session.scalars(reminded)) == [today.id]
        assert await session.scalar(select(func.count()).where(Delivery.kind == Kind.DIGEST)) == 1


async def test_r14_every_deadline_within_five_seconds(sessions: Sessions) -> None:
    """The clockwork as it runs in a process, on a clock that passes nine."""
    await much_due(sessions)
    began = monotonic()
    clock = clockwork(sessions, lambda: NINE - SECOND + timedelta(seconds=monotonic() - began))
    async with sessions.begin() as session:
        await heartbeats(session, NINE - MINUTE)
        runs = [{"duty": name, "done_for": local(TODAY, 8, 30)} for name, duty in DUTIES.items() if duty.at]
        await session.execute(insert(DutyRun), runs)
    stop = asyncio.Event()
    running = asyncio.create_task(clock.run(stop))
    ended = select(func.count()).where(AuditLog.action.in_(("auto_dropped", "no_show", "closed")))
    for statement, count in ((ended, 3 * EACH), (WAVES, 2 * EACH)):
        await until(lambda: is_there(sessions, statement, count), "all that was due is done")  # noqa: B023 - at once
    stop.set()
    await running
    async with sessions() as session:
        last = await session.scalar(select(func.max(AuditLog.created_at)))
        asked = await session.scalar(select(func.max(WindowAsk.asked_at)))
    assert last is not None and asked is not None
    assert max(last, asked) - NINE < 5 * SECOND


@pytest.mark.parametrize(("name", "ahead", "at"), [("auto-drop", 2, NINE), ("no-show", 0, NINE)])
async def test_r5_4_a_shift_that_is_lost_where_nobody_manages_is_the_owners_affair(
    session: AsyncSession, name: str, ahead: int, at: datetime
) -> None:
    duty = DUTIES[name]
    assert isinstance(duty, Duty)
    fleet = Fleet(session, NINE)
    lone = await fleet.warehouse("Lone")
    dana = await fleet.driver("Dana", home=lone)
    on = TODAY + ahead * DAY
    slot = await fleet.shift(await fleet.route("R1", lone), dana, on, confirmed=ahead == 0)
    assert await duty.item(session, at, 0) is not None
    raised = [row.key for row in await session.scalars(select(OperatorAlert))]
    assert raised == [f"{NO_MANAGER}:{slot.id}"]
    assert await duty.item(session, at, 0) is None
