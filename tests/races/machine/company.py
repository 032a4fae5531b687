"""The same company in PostgreSQL, and the product's own actions, each in its transaction."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.bidding.bids import place_bid, withdraw_bid
from domain.coverage.actions import decline_day
from domain.coverage.assigning import assign_driver
from domain.coverage.ending import close_early
from domain.coverage.opening import open_bids
from domain.db.base import Base
from domain.db.models import DriverMetrics, User
from domain.db.models.words import BidWindowMode, CancelReason
from domain.giving.actions import give_to_all, take_over
from domain.people.queries import Person
from domain.refusals import Refused
from domain.schedule.closing import close_day
from domain.shifts.leaving import cancel_shift
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, close_due, next_wave, open_emergency
from tests.races.machine.model import Bound
from tests.races.machine.state import DATES, DAYS, DRIVERS, MANAGERS, MONDAY, SLOTS, THURSDAY, at
from tests.races.machine.steps import Duty
from tests.races.machine.view import Ids, look

Does = Callable[[AsyncSession], Awaitable[Any]]
NOTHING = uuid.UUID(int=0)


class Company:
    """Through sessions that commit; `database` is a connection beside them."""

    def __init__(self, database: Any, open_session: async_sessionmaker[AsyncSession]) -> None:
        self._database, self._open = database, open_session
        self._people: dict[str, Person] = {}
        self._north = NOTHING
        self._begin = ""
        self._ids = Ids()

    @classmethod
    async def founded(cls, database: Any, open_session: async_sessionmaker[AsyncSession]) -> "Company":
        """In an empty database."""
        it = cls(database, open_session)
        async with open_session.begin() as session:
            await it._build(Fleet(session, MONDAY))
        it._begin = await _way_back(database)
        return it

    async def _build(self, fleet: Fleet) -> None:
        managers = [await fleet.manager(name) for name in MANAGERS]
        self._north = await fleet.warehouse("North", *managers)
        routes = {slot: await fleet.route(slot, self._north) for slot in SLOTS}
        for name, record in DRIVERS.items():
            person = await fleet.driver(
                name,
                home=self._north,
                cap=record.cap,
                completion=record.completion,
                attendance=1.0,
                prefers=[routes[route] for route in record.prefers],
                completions={routes[route]: times for route, times in record.driven.items()},
            )
            of = update(DriverMetrics).where(DriverMetrics.user_id == person.id)
            await fleet.session.execute(of.values(completed_shifts=record.completed, total_shifts=record.completed))
            self._people[name] = person
        self._people |= {each.first_name: each for each in managers}
        for person in self._people.values():
            await fleet.home_card(person)
        await fleet.slot(routes["R1"], DAYS["R1"])
        two = await fleet.slot(routes["R2"], DAYS["R2"])
        await fleet.window(two, BidWindowMode.COMPETITIVE, closes_at=at(THURSDAY, 7) - timedelta(hours=24))
        await fleet.shift(routes["R3"], self._people["Ben"], DAYS["R3"], confirmed=True)

    async def begin_anew(self) -> None:
        """It is Monday again."""
        await self._database.execute(self._begin)

    async def view(self) -> dict[str, Any]:
        """As `State.view`; what is pressed next is on what was looked at last."""
        async with self._open() as session:
            seen, self._ids = await look(session)
        return seen

    async def at_once(self, acts: Sequence[Bound], duty: Duty, now: datetime) -> list[str]:
        """All of it, let loose by one barrier; what was said to the acts."""
        due = {Duty.WINDOWS: close_due, Duty.WAVES: next_wave}.get(duty)
        replicas: list[Does] = [lambda session: due(session, now)] * 2 if due else []
        barrier = asyncio.Barrier(max(1, len(acts) + len(replicas)))

        async def run(does: Does) -> Any:
            async with self._open.begin() as session:
                await session.connection()
                await barrier.wait()
                return await does(session)

        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(does)) for does in (*map(self._doing, acts), *replicas)]
        return [_said(task.result()) for task in tasks[: len(acts)]]

    async def run_duties(self, now: datetime) -> None:
        """Windows, then waves, until nothing is due."""
        for due in (close_due, next_wave):
            done: object = True
            while done is not None:
                async with self._open.begin() as session:
                    done = await due(session, now)

    def _doing(self, it: Bound) -> Does:
        act, now, who, mona = it.act, it.at, self._people[it.act.who], self._people["Mona"]
        row, window, given = self._ids.of(it)
        slot = Slot(row, NOTHING, self._north, DAYS[act.slot])
        why, on = "nobody else is there" if act.more else None, DATES[min(act.more, 1)]
        told = (SAY, POLICY, now)
        does: dict[str, Does] = {
            "bid": lambda session: place_bid(session, who, window, POLICY, now),
            "withdraw": lambda session: withdraw_bid(session, who, window, now),
            "accept": lambda session: accept(session, who, window, now),
            "decline": lambda session: decline_day(session, who, window, now),
            "cancel": lambda session: cancel_shift(session, who, row, CancelReason.OTHER, None, *told),
            "give away": lambda session: give_to_all(session, who, row, *told),
            "take": lambda session: take_over(session, who, given, *told),
            "open bids": lambda session: open_bids(session, who, row, *told),
            "emergency": lambda session: open_emergency(session, who, slot, now),
            "close early": lambda session: close_early(session, who, window, *told),
            "assign": lambda session: assign_driver(session, mona, row, who.id, why, *told),
            "close day": lambda session: close_day(session, who, self._north, on, None, *told),
            "flag": lambda session: _set(session, who, is_flagged=bool(act.more)),
            "cap": lambda session: _set(session, who, weekly_cap=act.more),
        }
        return does[act.what]


def _said(result: Any) -> str:
    return str(result.why.value) if isinstance(result, Refused) else type(result).__name__


async def _set(session: AsyncSession, who: Person, **columns: Any) -> None:
    await session.execute(update(User).where(User.id == who.id).values(columns))


async def _way_back(database: Any) -> str:
    """The statements that bring the database back to how it is now: quicker than another database."""
    await database.execute("CREATE SCHEMA begin")
    tables = [table.name for table in Base.metadata.sorted_tables]
    kept = [name for name in tables if await database.fetchval(f'SELECT EXISTS (SELECT FROM "{name}")')]
    for name in kept:
        await database.execute(f'CREATE TABLE begin."{name}" AS TABLE "{name}"')
    gone = (f'DELETE FROM "{name}"' for name in reversed(tables))
    back = (f'INSERT INTO "{name}" SELECT * FROM begin."{name}"' for name in kept)
    return "; ".join(["SET LOCAL session_replication_role = replica", *gone, *back])
