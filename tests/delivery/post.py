"""A post office for tests: people with phones in the sandbox, rows in PostgreSQL, and a kind of message to send."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from itertools import pairwise
from time import time
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from telegram import Bot

from bot.delivery import worker
from bot.delivery.mail import Mail, open_mail
from bot.delivery.sms import Sms
from bot.kinds import Kind
from bot.reader import Reader
from bot.screens.screen import Screen
from bot.wakeups import Wakeups
from bot.wording import Words
from domain.db.models import Assignment, ChatLink, ContactSettings, Delivery, Notification, User
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, NotificationType, Urgency
from domain.policy import TORONTO, Policy
from sandbox.server import Running
from tests.domain.world import Fleet

UNLIMITED = pytest.mark.parametrize("limits", [None])
UNPACED = {"telegram_every": timedelta(0), "chat_every": timedelta(0), "segment_every": timedelta(0)}
PATIENCE = 60.0  # seconds; what takes longer has failed
CLOCKS_APART = 0.01  # seconds


async def until(question: Callable[[], Awaitable[Any]]) -> Any:
    """Asks again and again until the answer is true."""
    async with asyncio.timeout(PATIENCE):
        while not (answer := await question()):  # noqa: ASYNC110 - it asks the database, or over HTTP
            await asyncio.sleep(0.01)
        return answer


# What nobody has sent in the last hour is not saved up; from then on each turn that is given is written down.
_WATCH = (
    "INSERT INTO pace (key, next_at) VALUES (:key, clock_timestamp() - interval '1 hour')",
    "CREATE TABLE turns (number serial, key text, next_at timestamptz)",
    "CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN INSERT INTO turns (key, next_at) VALUES (NEW.key, NEW.next_at); RETURN NEW; END $$",
    "CREATE TRIGGER write_down AFTER INSERT OR UPDATE OF next_at ON pace FOR EACH ROW EXECUTE FUNCTION write_down()",
)


def keeps_pace(walls: list[float], begun: float, a_second: float) -> bool:
    """Whatever is late on its way only comes later: nothing has come before its turn, one after the other."""
    return all(at - begun >= number / a_second - CLOCKS_APART for number, at in enumerate(sorted(walls)))


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the company, and his phone in the sandbox."""

    id: uuid.UUID
    chat_id: int
    phone: str

    @property
    def slug(self) -> str:
        return f"p{self.chat_id}"


# Other tests are at work on the same server.
OTHERS = "SELECT * FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass
class Board:
    """What notes show, by what they are about; None: nothing any more. `while_loading` happens once, in between."""

    texts: dict[uuid.UUID | None, str | None] = field(default_factory=dict)
    pointless: set[uuid.UUID | None] = field(default_factory=set)
    while_loading: Callable[[], Awaitable[None]] | None = None
    fault: Exception | None = None

    async def load(
        self, session: AsyncSession, _user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> tuple[uuid.UUID | None, str] | None:
        await session.scalar(select(1))
        if self.fault is not None:
            raise self.fault
        text = self.texts.get(about, "Hello")
        if (happens := self.while_loading) is not None:
            self.while_loading = None
            await happens()
        return None if text is None else (about, text)

    @staticmethod
    def screen(facts: tuple[uuid.UUID | None, str], reader: Reader) -> Screen:
        return Screen(f"<b>{reader.language}</b> {escape(facts[1])}")

    @staticmethod
    def sms(facts: tuple[uuid.UUID | None, str], reader: Reader, _code: str | None, _behind: str) -> str:
        return f"Acme ({reader.language}): {facts[1]}"

    def kinds(self) -> dict[str, Kind]:
        def has_point(facts: tuple[uuid.UUID | None, str], _now: datetime) -> bool:
            return facts[0] not in self.pointless

        return {
            "manual": Kind(self.load, self.screen, has_point, self.sms),
            "home": Kind(self.load, self.screen),
        }


@dataclass
class Post:
    """One company's post, over a sandbox and a database of its own."""

    sandbox: Running
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    calls: aiohttp.ClientSession
    bot: Bot
    sms: Sms | None
    board: Board = field(default_factory=Board)
    _people: int = 0

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def mail(self, **given: Any) -> Mail:
        given = {
            "bot": self.bot,
            "sms": self.sms,
            "kinds": self.board.kinds(),
            "words": Words(TORONTO),
            "policy": Policy(),
            "now": self.now,
        } | given
        return open_mail(self.engine, **given)

    async def person(
        self, *, linked: bool = True, blocked: bool = False, started: bool = True, language: str | None = None
    ) -> Someone:
        """Somebody new; without `started` Telegram does not know the chat."""
        self._people += 1
        chat_id = 1000 + self._people
        someone = Someone(uuid.uuid4(), chat_id, f"+1416555{self._people:04}")
        telegram = {"user_id": chat_id, "started": started, "blocked": blocked}
        body = {"id": someone.slug, "name": f"P {self._people}", "phone": someone.phone, "telegram": telegram}
        await self.call("POST", "people", body)
        await self.call("PATCH", f"people/{someone.slug}", {"started": started, "blocked": blocked})
        async with self.sessions.begin() as session:
            user: dict[str, Any] = {"first_name": "P", "last_name": "x", "email": str(someone.id), "password_hash": "!"}
            await session.execute(insert(User).values(id=someone.id, phone=someone.phone, **user))
            if linked:
                await session.execute(
                    insert(ChatLink).values(user_id=someone.id, chat_id=chat_id, linked_at=self.now())
                )
            if language:
                await session.execute(insert(ContactSettings).values(user_id=someone.id, language=language))
        return someone

    async def note(self, someone: Someone, urgency: Urgency = Urgency.IMPORTANT, **given: Any) -> uuid.UUID:
        """A delivery that is due now."""
        return await self.note_for(someone.id, urgency, **given)

    async def note_for(self, user_id: uuid.UUID, urgency: Urgency = Urgency.IMPORTANT, **given: Any) -> uuid.UUID:
        return (await self._notes([user_id], urgency, **given))[0]

    async def notes(self, people: list[Someone], urgency: Urgency, **given: Any) -> list[uuid.UUID]:
        return await self._notes([someone.id for someone in people], urgency, **given)

    async def _notes(self, user_ids: list[uuid.UUID], urgency: Urgency, **given: Any) -> list[uuid.UUID]:
        now = self.now()
        common = {
            "channel": Channel.TELEGRAM,
            "kind": "manual",
            "about": None,
            "urgency": int(urgency),
            "state": DeliveryState.PENDING,
            "due_at": now,
            "created_at": now,
        } | given
        common = {"level": min(common["urgency"], 2)} | common
        rows = [
            {"id": uuid.uuid4(), "user_id": user_id, "notification_id": uuid.uuid4()} | common for user_id in user_ids
        ]
        noted = {
            "type": NotificationType.MANUAL,
            "title": "",
            "body": "",
            "data": {"kind": "manual"},
            "created_at": now,
        }
        notes = [{"id": row["notification_id"], "user_id": row["user_id"]} | noted for row in rows]
        async with self.sessions.begin() as session:
            await session.execute(insert(Notification), notes)
            await session.execute(insert(Delivery), rows)
        return [row["id"] for row in rows]

    async def redraw(self, *ids: uuid.UUID, urgency: Urgency = Urgency.IMPORTANT) -> None:
        """As a domain action asks for it."""
        async with self.sessions.begin() as session:
            await session.execute(
                update(Delivery)
                .where(Delivery.id.in_(ids))
                .values(redraw=True, due_at=self.now(), urgency=int(urgency))
            )

    async def change(self, delivery_id: uuid.UUID, **values: Any) -> None:
        async with self.sessions.begin() as session:
            await session.execute(update(Delivery).where(Delivery.id == delivery_id).values(values))

    async def lease_ran_out(self, *ids: uuid.UUID) -> None:
        """As if time had passed."""
        async with self.sessions.begin() as session:
            past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, 1)
            await session.execute(
                update(Delivery).where(Delivery.id.in_(ids)).values(lease_until=past, pause_until=None)
            )

    async def row(self, delivery_id: uuid.UUID) -> Delivery:
        async with self.sessions() as session:
            return (await session.scalars(select(Delivery).where(Delivery.id == delivery_id))).one()

    async def is_in(self, delivery_id: uuid.UUID, state: DeliveryState) -> bool:
        return (await self.row(delivery_id)).state is state

    async def is_past(self, delivery_id: uuid.UUID, state: DeliveryState) -> bool:
        return not await self.is_in(delivery_id, state)

    async def states(self) -> dict[str, int]:
        async with self.sessions() as session:
            rows = await session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
            return {state.value: count for state, count in rows.tuples()}

    async def link(self, someone: Someone) -> ChatLink:
        async with self.sessions() as session:
            return (await session.scalars(select(ChatLink).where(ChatLink.user_id == someone.id))).one()

    async def all_done(self) -> bool:
        async with self.sessions() as session:
            soon = self.now() + timedelta(minutes=1)  # what is due at a later hour is held, or asked for then
            return not await session.scalar(select(func.count()).where(Delivery.due_at <= soon))

    async def sms_of(self, delivery_id: uuid.UUID) -> Delivery:
        """The SMS row that a Telegram row goes on by."""
        async with self.sessions() as session:
            return (await session.scalars(select(Delivery).where(Delivery.escalated_from == delivery_id))).one()

    async def watch_turns(self, key: str) -> float:
        """Whatever turns the pace gives from now on; gives the time that it is."""
        async with self.sessions.begin() as session:
            for statement in _WATCH:
                await session.execute(text(statement), {"key": key} if ":key" in statement else {})
        return time()

    async def least_apart(self, key: str) -> timedelta:
        """Of all turns that were given, two after each other; the machine may be as slow as it is."""
        async with self.sessions() as session:
            given = await session.scalars(
                text("SELECT next_at FROM turns WHERE key = :key ORDER BY number"), {"key": key}
            )
            turns: list[datetime] = [*given]
        return min(later - earlier for earlier, later in pairwise(turns))

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        async with self.calls.request(method, f"{self.sandbox.url}/sandbox/{path}", json=body) as response:
            assert response.status < 400, await response.text()
            return await response.json()

    async def fault(self, network: str, kind: str, **given: Any) -> str:
        return str((await self.call("POST", "faults", {"network": network, "kind": kind, **given}))["id"])

    async def chat(self, someone: Someone) -> list[str]:
        """What the chat shows now, from top to bottom."""
        messages = (await self.call("GET", f"people/{someone.slug}/chat"))["messages"]
        return [message["text"] for message in messages if not message["deleted"]]

    async def texts(self, someone: Someone) -> list[str]:
        messages = (await self.call("GET", f"people/{someone.slug}/sms"))["messages"]
        return [message["body"] for message in messages]

    async def requests(self, *methods: str) -> list[dict[str, Any]]:
        every = (await self.call("GET", "requests"))["requests"]
        return [request for request in every if request["method"] in methods]

    @asynccontextmanager
    async def working(self, mail: Mail | None = None) -> AsyncIterator[None]:
        """A worker process, as a block."""
        stop, wakeups = asyncio.Event(), Wakeups(self.engine)
        parts = [worker.deliver(mail or self.mail(), stop, wakeups), wakeups.listen(stop)]
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)


async def works(post: Post, someone: Someone, at: datetime, status: AssignmentStatus) -> None:
    """A shift of his on the day of `at`."""
    async with post.sessions.begin() as session:
        fleet = Fleet(session, post.now())
        north = await fleet.warehouse()
        given = {"route_id": await fleet.route("R1", north), "user_id": someone.id, "status": status}
        await fleet.add(Assignment, warehouse_id=north, on=at.astimezone(TORONTO).date(), **given)
