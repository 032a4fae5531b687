"""R11.7, whole: notices through two bad networks, by three workers that are killed at every step on the way."""

import asyncio
import json
import os
import signal
import uuid
from collections import Counter, defaultdict
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import case, func, insert, select

from bot.delivery.claims import LEASE_FOR
from bot.delivery.worker import POLL_EVERY
from bot.settings import Settings
from domain.db.models import ChatLink, Delivery, Message, Notification, SmsAttempt, User
from domain.db.models.words import Channel, DeliveryState, Failure, NotificationType, Urgency, UserRole
from tests.bot.test_processes import free_port
from tests.delivery.mortal import STEPS, Mortal, started
from tests.delivery.post import UNLIMITED, Post, Someone

NOTICES = int(os.environ.get("PROOF_NOTICES", "400"))  # CI takes 2,000; at 5 % 429 a second each they take two minutes
PEOPLE = NOTICES // 5
BLOCKED = PEOPLE * 3 // 100
WORKERS = 3
PATIENCE_FOR = 100 + NOTICES // 5  # seconds
TAKEN_OVER_WITHIN = 30  # seconds (the issue's)
FAULTS = (("429", 0.05), ("500", 0.02), ("hang", 0.01), ("answer-lost", 0.01))
ENDS = {
    Channel.TELEGRAM: {DeliveryState.SENT, DeliveryState.ESCALATED},
    Channel.SMS: {DeliveryState.DELIVERED},
}


@dataclass
class Fleet:
    """The workers: where one has died another is started, until each has died once at each step."""

    post: Post
    folder: Path
    environment: dict[str, str]
    steps: list[str] = field(default_factory=lambda: list(STEPS))
    killed: set[int] = field(default_factory=set)
    died_at: list[str] = field(default_factory=list)

    async def work(self, done: asyncio.Event) -> None:
        """One worker after another."""
        while not done.is_set():
            step = self.steps.pop(0) if self.steps else None
            async with self.process("worker", **{"DIES_AT": step} if step else {}) as process:
                ends = [asyncio.ensure_future(process.ended.wait()), asyncio.ensure_future(done.wait())]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for each in ends:
                    each.cancel()
                if process.ended.is_set():
                    assert step is not None and process.exitcode == -signal.SIGKILL, "nothing else ends it"
                    self.killed.add(process.pid)
                    self.died_at.append(step)

    def process(self, part: str, **more: str) -> AbstractAsyncContextManager[Mortal]:
        return started(part, self.environment | more, self.folder)

    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "journal").read_text().splitlines()]


def fleet_of(post: Post, folder: Path, database_url: str, port: int) -> Fleet:
    told = post.sandbox.settings
    ours = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {
        "DATABASE_URL": database_url,
        "TELEGRAM_BOT_TOKEN": told.token,
        "TELEGRAM_API_URL": post.sandbox.url,
        "TWILIO_ACCOUNT_SID": told.account_sid,
        "TWILIO_AUTH_TOKEN": told.auth_token,
        "TWILIO_FROM_NUMBER": told.sms_number,
        "TWILIO_API_URL": post.sandbox.url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_FORMAT": "json",
        "CLOCK_AHEAD": str((post.now() - datetime.now(UTC)).total_seconds()),
        "JOURNAL": str(folder / "journal"),
    }
    return Fleet(post, folder, environment)


@dataclass(frozen=True)
class Notice:
    """What somebody is told; its text is its own, so that it is known wherever it turns up."""

    id: uuid.UUID
    text: str
    to: Someone
    state: DeliveryState = DeliveryState.PENDING  # SENT: Telegram had it long ago, and nobody has answered
    channel: Channel = Channel.TELEGRAM


@dataclass
class Told:
    """All that is told in the course of the test."""

    post: Post
    author_id: uuid.UUID = field(default_factory=uuid.uuid4)
    notices: list[Notice] = field(default_factory=list)
    blocked: int = 0

    async def begin(self) -> None:
        """Those of the beginning."""
        author = {"first_name": "Nadia", "last_name": "Haddad", "email": "n", "password_hash": "!", "phone": ""}
        async with self.post.sessions.begin() as session:
            await session.execute(insert(User).values(id=self.author_id, role=UserRole.MANAGER, **author))
        self.blocked += BLOCKED
        people = [await self.post.person(blocked=number < BLOCKED) for number in range(PEOPLE)]
        await self._tell([self._notice(people[number % PEOPLE]) for number in range(NOTICES)])

    async def more(self) -> None:
        """One each that goes by SMS: unlinked, blocked, or unanswered."""
        self.blocked += 1
        unlinked, blocked = await self.post.person(linked=False), await self.post.person(blocked=True)
        unanswered = self._notice(await self.post.person(), state=DeliveryState.SENT)
        await self._tell([self._notice(unlinked, channel=Channel.SMS), self._notice(blocked), unanswered])

    def _notice(self, to: Someone, **given: Any) -> Notice:
        id_ = uuid.uuid4()
        return Notice(id_, f"Notice {id_}.", to, **given)

    async def _tell(self, new: list[Notice]) -> None:
        now = self.post.now()
        written = {"author_id": self.author_id, "sought": "", "created_at": now, "sent_at": now}
        kept = {"type": NotificationType.MANUAL, "title": "", "body": "", "data": {"kind": "manual"}, "created_at": now}
        async with self.post.sessions.begin() as session:
            await session.execute(insert(Message), [written | {"id": each.id, "text": each.text} for each in new])
            await session.execute(insert(Notification), [kept | {"id": each.id, "user_id": each.to.id} for each in new])
            # Told one after another: what was begun and left stands before what nobody has begun.
            rows = [_delivery(each, now - timedelta(microseconds=len(new) - place)) for place, each in enumerate(new)]
            await session.execute(insert(Delivery), rows)
        self.notices += new


def _delivery(notice: Notice, now: datetime) -> dict[str, Any]:
    had = notice.state is DeliveryState.SENT
    level = Urgency.URGENT if had else Urgency.IMPORTANT
    return {
        "notification_id": notice.id,
        "user_id": notice.to.id,
        "about": notice.id,
        "channel": notice.channel,
        "kind": "manual",
        "urgency": int(level),
        "level": int(level),
        "created_at": now,
        "state": notice.state,
        "due_at": None if had else now,
        "sent_at": now - timedelta(minutes=10) if had else None,
        "escalate_at": now - timedelta(minutes=6) if had else None,
        "chat_id": notice.to.chat_id if had else None,
        "message_id": 900_000 if had else None,
    }


@UNLIMITED
async def test_r11_7_nothing_is_lost_and_nothing_sent_twice_knowingly(
    post: Post, database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    fleet, told = fleet_of(post, tmp_path, database_url, port), Told(post)
    await told.begin()
    for kind, share in FAULTS:
        await post.fault("telegram", kind, share=share, retry_after=1, methods=["sendMessage"])
        await post.fault("sms", kind, share=share, methods=["create"])
    async with fleet.process("web", PORT=str(port)):  # takes the reports
        done = asyncio.Event()
        async with asyncio.TaskGroup() as workers:
            for _ in range(WORKERS):
                workers.create_task(fleet.work(done))
            await ended(fleet, told)
            done.set()
    assert sorted(fleet.died_at) == sorted(STEPS), "each step has had its death"
    await ends_are_ends(post, told)
    await seen_on_phones(post, fleet, told.notices)
    taken_over(fleet)


async def ended(fleet: Fleet, told: Told) -> None:
    """Each step has had its death, and all is settled; more is told until somebody has come to each step."""
    try:
        async with asyncio.timeout(PATIENCE_FOR):
            while len(fleet.died_at) < len(STEPS):
                await told.more()
                await asyncio.sleep(0.5)
            while not await settled(told.post):  # noqa: ASYNC110 - it asks the database
                await asyncio.sleep(0.25)
    except TimeoutError:
        async with told.post.sessions() as session:
            rows = await session.scalars(select(Delivery).where(Delivery.notification_id.is_not(None)))
            open_ = [row for row in rows if row.state not in ENDS[row.channel]]
            tried = (await session.scalars(select(SmsAttempt))).all()
        lives = [[vars(row), *(vars(each) for each in tried if each.delivery_id == row.id)] for row in open_]
        raise AssertionError(f"no end: {lives}; not met: {set(STEPS) - set(fleet.died_at)}") from None


async def settled(post: Post) -> bool:
    """Nothing is due, waits for its answer too long, or is on its way."""
    soon = post.now() + timedelta(minutes=1)
    under_way = case((Delivery.channel == Channel.SMS, Delivery.state == DeliveryState.SENT), else_=False)
    open_ = (Delivery.due_at <= soon) | (Delivery.escalate_at <= soon) | under_way
    async with post.sessions() as session:
        return not await session.scalar(select(func.count()).where(open_))


async def rows_of(post: Post) -> dict[uuid.UUID, list[Delivery]]:
    async with post.sessions() as session:
        rows: dict[uuid.UUID, list[Delivery]] = defaultdict(list)
        for row in await session.scalars(select(Delivery).where(Delivery.notification_id.is_not(None))):
            assert row.notification_id is not None
            rows[row.notification_id].append(row)
        return rows


async def ends_are_ends(post: Post, told: Told) -> None:
    """Every notice is delivered, or has failed with a reason; by SMS goes what Telegram could not bring, and once."""
    rows = await rows_of(post)
    assert set(rows) == {notice.id for notice in told.notices}
    for each in rows.values():
        assert Counter(row.channel for row in each).most_common(1)[0][1] == 1, "one row a channel"
        for row in each:
            failed = row.state in (DeliveryState.FAILED, DeliveryState.UNDELIVERED) and row.failure and row.reason
            assert row.state in ENDS[row.channel] or failed, (row.channel, row.state, row.reason)
        escalated = any(row.state is DeliveryState.ESCALATED for row in each)
        assert escalated == (len(each) == 2)
    async with post.sessions() as session:
        unreachable = await session.scalar(select(func.count()).where(ChatLink.unreachable_at.is_not(None)))
    assert unreachable == told.blocked
    failures = {row.failure for each in rows.values() for row in each if row.state is DeliveryState.ESCALATED}
    assert {Failure.BLOCKED, None} <= failures <= {Failure.BLOCKED, Failure.NO_ANSWER, None}


async def seen_on_phones(post: Post, fleet: Fleet, told: list[Notice]) -> None:
    """What is recorded has really arrived; in a chat twice only where an answer was lost, or its sender killed."""
    rows, excused = await rows_of(post), await excuses(post, fleet)
    chats = {who.slug: await post.chat(who) for who in {notice.to for notice in told}}
    texts = {who.slug: await post.texts(who) for who in {notice.to for notice in told}}
    for notice in told:
        shown = sum(notice.text in text for text in chats[notice.to.slug])
        texted = sum(notice.text in text for text in texts[notice.to.slug])
        state = {row.channel: row.state for row in rows[notice.id]}
        assert texted == (state.get(Channel.SMS) is DeliveryState.DELIVERED), "never twice"
        if state.get(Channel.TELEGRAM) is DeliveryState.SENT:
            assert shown >= 1
        assert shown <= 1 + excused[notice.text], (notice, shown)


async def excuses(post: Post, fleet: Fleet) -> Counter[str]:
    """By text, how often Telegram took it and nobody knows: no answer came, or who got it was killed before he wrote.

    What the sandbox answered and a living worker did not record is no excuse.
    """
    async with post.sessions() as session:
        found = select(Delivery.id, Message.text).join(Message, Message.id == Delivery.about)
        texts: dict[str, str] = {str(id_): text for id_, text in (await session.execute(found)).tuples()}
    excused: Counter[str] = Counter()
    written: set[tuple[int, str]] = set()  # later, by the same one: it may have tried, and written, before
    for line in reversed(fleet.journal()):
        lost = line["what"] == "answered" and line["outcome"] == "Unsure"
        here = (line["pid"], line["delivery"])
        died = line["what"] == "begun" and line["pid"] in fleet.killed and here not in written
        written |= {here} if line["what"] == "recorded" else set()
        if lost or died:
            excused[texts[line["delivery"]]] += 1
    return excused


def taken_over(fleet: Fleet) -> None:
    """What a dead worker had in hand another one has claimed: as soon as the lease ends, within half a minute."""
    assert LEASE_FOR.total_seconds() + POLL_EVERY < TAKEN_OVER_WITHIN
    lines = defaultdict(list)
    for line in fleet.journal():
        lines[line["delivery"]].append(line)
    left = 0
    for each in lines.values():
        for line, following in pairwise(each):
            if line["pid"] in fleet.killed and line["what"] != "recorded" and following["pid"] != line["pid"]:
                left += 1
                assert following["what"] == "claimed"
    assert left > 0, "somebody died with something in hand"
