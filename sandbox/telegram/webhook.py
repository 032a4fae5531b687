"""The webhook: updates pushed to the bot, lane by lane, until it takes them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from sandbox.json_types import Json
from sandbox.telegram.updates import Lane, Update, Updates
from sandbox.trust import trusted

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
ANSWER_SECONDS = 60.0
DEFAULT_CONNECTIONS = 40
MOST_CONNECTIONS = 100
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)

Reply = Callable[[Json], Awaitable[None]]


@dataclass
class Target:
    """What setWebhook said."""

    url: str
    secret: str = ""
    max_connections: int = DEFAULT_CONNECTIONS


class Webhook:
    """Pushes pending updates. A failing one is tried again after growing pauses and blocks only its own lane."""

    def __init__(self, updates: Updates, now: Callable[[], datetime], pauses: tuple[float, ...] = PAUSES) -> None:
        self.target: Target | None = None
        self.reply: Reply | None = None  # carries out a method that stands in the webhook's own answer
        self.passable: Callable[[], Awaitable[None]] | None = None  # waits while the network is cut off
        self._updates = updates
        self._now = now
        self._pauses = pauses
        self._lanes: dict[Lane, deque[Update]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self._connections = asyncio.Semaphore()
        self._last_error: Json = {}

    def set(self, target: Target) -> None:
        """Begins to push to this target, with what is pending."""
        self.stop()
        self.target = target
        self._last_error = {}
        if self._client is None:
            limits = httpx.Limits(max_connections=None)  # the semaphore holds them back
            self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, verify=trusted(), limits=limits)
        self._connections = asyncio.Semaphore(target.max_connections)
        self._updates.on_new = self._take
        for update in self._updates.pending():
            self._take(update)

    def stop(self) -> None:
        """Pushes no more; what is pending stays so."""
        self.target = self._updates.on_new = None
        self._lanes.clear()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Stops, and waits until everything under way has ended."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._client:
            await self._client.aclose()

    def info(self) -> Json:
        """Telegram's WebhookInfo."""
        target = self.target
        info = {
            "url": target.url if target else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.pending()),
            **self._last_error,
        }
        if target:
            info |= {"max_connections": target.max_connections}
        return {**info, "allowed_updates": self._updates.allowed} if self._updates.allowed else info

    def _take(self, update: Update) -> None:
        if update.lane in self._lanes:
            self._lanes[update.lane].append(update)
            return
        self._lanes[update.lane] = deque([update])
        assert self.target and self._client
        task = asyncio.create_task(self._drive(update.lane, self.target, self._client, self._connections))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drive(
        self, lane: Lane, target: Target, client: httpx.AsyncClient, connections: asyncio.Semaphore
    ) -> None:
        """Pushes one lane's updates in order, until none is left."""
        waiting, failures = self._lanes[lane], 0
        while waiting:
            update = waiting[0]
            done = not self._updates.alive(update)
            if not done:
                if self.passable:
                    await self.passable()
                async with connections:
                    done = await self._push(update, target, client)
            if done:
                failures = 0
                waiting.popleft()
            else:
                await asyncio.sleep(self._pauses[min(failures, len(self._pauses) - 1)])
                failures += 1
        del self._lanes[lane]

    async def _push(self, update: Update, target: Target, client: httpx.AsyncClient) -> bool:
        headers = {SECRET_HEADER: target.secret} if target.secret else {}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await client.post(target.url, json=update.body(), headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            return self._failed("Read timeout expired")
        except httpx.ConnectError:
            return self._failed("Connection refused")
        except httpx.HTTPError:
            return self._failed("Connection reset by peer")
        if not answer.is_success:
            return self._failed(f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}")
        self._updates.confirm([update.update_id])
        called = _called(answer)
        if called and self.reply:
            await self.reply(called)
        return True

    def _failed(self, words: str) -> bool:
        self._last_error = {"last_error_date": int(self._now().timestamp()), "last_error_message": words}
        return False


def _called(answer: httpx.Response) -> Json | None:
    """The method call in the webhook's answer, if there is one."""
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) and "method" in body else None
