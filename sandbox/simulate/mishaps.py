"""What goes wrong by dice, of the networks' and of our own: tables of chances, and how each is done."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final, TypeVar
from unittest import mock

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot import alone, jobs
from bot.delivery.mail import Mail
from bot.hours import last_instant
from bot.jobs import Clockwork, Duties, Duty, Errand
from domain.policy import Policy
from sandbox.faults import Faults
from sandbox.json_types import Json

T = TypeVar("T")

STATEMENTS_MOST: Final = 16  # among the first so many of its statements a process dies
TRANSACTIONS: Final = 2  # that an errand has, though nothing is due: it freezes, and looks at the queue


class Death(BaseException):
    """The process dies here; what it had not committed is gone."""


async def mortal(work: Callable[[], Awaitable[T]], statement: int | None) -> T | None:
    """The work's result; None where its process died at that statement, counted from 0. None: it lives."""
    if statement is None:
        return await work()
    try:
        with _dying_at(statement):
            return await work()
    except Death:
        return None


@contextmanager
def _dying_at(statement: int) -> Iterator[None]:
    """An event of SQLAlchemy's would be listened for with every statement, and take a twentieth of all its time."""
    before, execute, rows = count(), Connection._execute_context, alone._rows

    def counted(connection: Connection, *given: Any, **named: Any) -> Any:
        if next(before) == statement:
            raise Death
        return execute(connection, *given, **named)

    async def counted_alone(*given: Any) -> Any:
        if next(before) == statement:
            raise Death
        return await rows(*given)

    with mock.patch.object(Connection, "_execute_context", counted), mock.patch.object(alone, "_rows", counted_alone):
        yield


# -- the networks'


@dataclass(frozen=True, slots=True)
class Weather:
    """One row: in so many of 1000 steps. A fault hits one person `times`, or without him everybody `for_minutes`."""

    chance: float
    network: str
    kind: str
    times: tuple[int, int] = (1, 1)
    for_minutes: tuple[int, int] | None = None


WEATHER: Final = (
    Weather(30, "telegram", "500", (1, 3)),
    Weather(30, "telegram", "answer-lost", (1, 2)),
    Weather(10, "telegram", "down", (1, 2)),
    Weather(15, "telegram", "429"),
    Weather(5, "telegram", "down", for_minutes=(8, 50)),
    Weather(20, "sms", "500"),
    Weather(20, "sms", "answer-lost"),
    Weather(10, "sms", "429"),
    Weather(3, "sms", "down", for_minutes=(8, 90)),
)


@dataclass
class Sky:
    """The faults that are in the networks at the moment."""

    faults: Faults
    people: tuple[str, ...]  # their ids in the sandbox
    injected: Counter[str] = field(default_factory=Counter)
    _until: dict[str, datetime] = field(default_factory=dict)

    def is_clear(self) -> bool:
        """Whether there is none."""
        return not self._until

    def change(self, dice: Random, now: datetime) -> None:
        """What is over goes, what the dice say comes."""
        self._lift(now)
        for row in WEATHER:
            if dice.random() * 1000 >= row.chance:
                continue
            body: Json = {"network": row.network, "kind": row.kind, "retry_after": 1}
            if row.for_minutes is None:
                body |= {"person": dice.choice(self.people), "times": dice.randint(*row.times)}
            over = now + timedelta(minutes=dice.randint(*(row.for_minutes or (0, 0))))
            self._until[self.faults.add_from(body).id] = over
            self.injected[f"{row.network} {row.kind}"] += 1

    def clear(self) -> None:
        """All are well again."""
        for fault_id in self._until:
            self.faults.remove(fault_id)
        self._until.clear()

    def _lift(self, now: datetime) -> None:
        for fault_id in [each for each, until in self._until.items() if until <= now]:
            self.faults.remove(fault_id)
            del self._until[fault_id]


# -- our own


@dataclass(frozen=True, slots=True)
class Slip:
    """One row: so a duty is done in so many of 1000 of its ticks."""

    chance: float
    words: str
    does: Callable[["Crew", str, Random], Awaitable[None]]


@dataclass
class Crew:
    """Who does the duties: two replicas on the product's own table, with the accidents that befall them."""

    clockwork: Clockwork
    other: Clockwork
    slipped: Counter[str] = field(default_factory=Counter)
    _overlap_in: int | None = None  # so many transactions are passed by before
    _ticked_at: dict[str, datetime] = field(default_factory=dict)

    async def tick(self, dice: Random, *, carefully: bool = False) -> None:
        """Every duty of the table, once; or as the dice say. What belongs to an hour is not asked for before it."""
        for name in self.clockwork.duties:
            if not self._may_be_due(name):
                continue
            slip = None if carefully else _of(SLIPS, dice)
            if slip is None:
                await self.clockwork.tick(name)
            else:
                self.slipped[slip.words] += 1
                await slip.does(self, name, dice)

    def _may_be_due(self, name: str) -> bool:
        at, now = self.clockwork.duties[name].at, self.clockwork.now()
        before = self._ticked_at.get(name)
        if at is not None and before is not None and last_instant(at, before, now, self.clockwork.policy) is None:
            return False
        self._ticked_at[name] = now
        return True

    async def late(self, name: str, dice: Random) -> None:
        """Not now: it is done at the next step."""
        self._ticked_at.pop(name, None)

    async def twice(self, name: str, dice: Random) -> None:
        await self.clockwork.tick(name)
        await self.clockwork.tick(name)

    async def killed(self, name: str, dice: Random) -> None:
        """In the middle of something, or of nothing; another does it at once, or somebody at the next step."""
        self._ticked_at.pop(name, None)
        await mortal(lambda: self.clockwork.tick(name), dice.randrange(STATEMENTS_MOST))
        if dice.random() < 0.5:
            await self.other.tick(name)

    async def overlapped(self, name: str, dice: Random) -> None:
        """While the first replica's transaction is open, if it begins one, the second does what it can get."""
        errand = isinstance(self.clockwork.duties[name], Errand)
        self._overlap_in = dice.randrange(TRANSACTIONS) if errand else 0
        try:
            await self.clockwork.tick(name)
        finally:
            unmet, self._overlap_in = self._overlap_in is not None, None
        if unmet:
            await self.other.tick(name)

    async def meanwhile(self, name: str) -> None:
        """Called with a transaction of the first replica open and its item done, but not committed."""
        if self._overlap_in == 0:
            self._overlap_in = None
            await self.other.tick(name)
        elif self._overlap_in is not None:
            self._overlap_in -= 1


SLIPS: Final = (
    Slip(25, "run late", Crew.late),
    Slip(25, "run twice", Crew.twice),
    Slip(25, "killed", Crew.killed),
    Slip(25, "two replicas at once", Crew.overlapped),
)


def _of(rows: tuple[Slip, ...], dice: Random) -> Slip | None:
    left = dice.random() * 1000
    for row in rows:
        left -= row.chance
        if left < 0:
            return row
    return None


Does = Callable[[AsyncSession], Awaitable[None]]


class _Doing(async_sessionmaker[AsyncSession]):
    """Does something at the beginning and at the end of each transaction that it begins."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], first: Does, last: Does) -> None:
        super().__init__(**sessions.kw)
        self._first, self._last = first, last

    def begin(self) -> Any:
        return self._begun()

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncSession]:
        async with super().begin() as session:
            await self._first(session)
            yield session
            await self._last(session)


def _in_each(errand: Errand, first: Does, last: Does) -> Errand:
    """The errand with something done in each of its transactions."""

    async def run(sessions: async_sessionmaker[AsyncSession], at: datetime, by_hand: bool) -> list[object]:
        return await errand.run(_Doing(sessions, first, last), at, by_hand)

    return replace(errand, run=run)


IN_THE_WAY: Final = text("SET LOCAL lock_timeout = '30ms'")  # the other replica would wait; here it comes back later


def crew(duties: Duties, mail: Mail, policy: Policy, now: Callable[[], datetime]) -> Crew:
    """On the given table, whose items are the product's."""
    them: list[Crew] = []

    async def nothing(_session: AsyncSession) -> None:
        pass

    async def hurry(session: AsyncSession) -> None:
        await session.execute(IN_THE_WAY)

    def with_another(name: str, duty: Duty | Errand) -> Duty | Errand:
        async def meanwhile(_session: AsyncSession) -> None:
            await them[0].meanwhile(name)

        if isinstance(duty, Errand):
            return _in_each(duty, nothing, meanwhile)

        async def item(session: AsyncSession, at: datetime, pass_by: int) -> object | None:
            done = await duty.item(session, at, pass_by)
            await them[0].meanwhile(name)
            return done

        return replace(duty, item=item)

    def impatient(duty: Duty | Errand) -> Duty | Errand:
        if isinstance(duty, Errand):
            return _in_each(duty, hurry, nothing)

        async def item(session: AsyncSession, at: datetime, pass_by: int) -> object | None:
            await hurry(session)
            return await duty.item(session, at, pass_by)

        return replace(duty, item=item)

    first = {name: with_another(name, duty) for name, duty in duties.items()}
    second = {name: impatient(duty) for name, duty in duties.items()}
    of = (mail.sessions, policy, now)
    them.append(Crew(jobs.Clockwork(first, *of), jobs.Clockwork(second, *of)))
    return them[0]
