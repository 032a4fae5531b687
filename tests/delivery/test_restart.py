"""R11.7: PostgreSQL ends in the middle and is started again; the workers go on by themselves."""

import asyncio
import contextlib
import os
import shutil
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from bot.embedded_postgres import embedded_postgres
from bot.migrate import migrate
from domain.db.models.words import Urgency
from tests.bot.conftest import Line
from tests.delivery.post import Post, until

NOTICES = 100
GOES_ON_WITHIN = 10  # seconds (the issue's)


@pytest.fixture
def folder(memory: Path) -> Iterator[Path]:
    folder = memory / f"rollcall-restart-{uuid.uuid4().hex}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def restarting(folder: Path) -> AsyncIterator["Restarting"]:
    """A server of this test's own. Started again it has another port, so the way to it is a line."""
    with contextlib.ExitStack() as held:
        server = await asyncio.to_thread(held.enter_context, embedded_postgres(folder))
        await migrate(server.url())
        line = Line(server.url(), 0, server.port)
        await line.mend()
        yield Restarting(folder, held, line)
        await line.cut()


class Restarting:
    def __init__(self, folder: Path, held: contextlib.ExitStack, line: Line) -> None:
        self.folder, self.held, self.line = folder, held, line

    @property
    def url(self) -> str:
        parts = urlsplit(self.line.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{self.line.port}")))

    async def restart(self) -> None:
        """Ends at once, as in a crash, with whatever is under way; then reads its log and is back."""
        postmaster = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGQUIT)
        server = await asyncio.to_thread(self.held.enter_context, embedded_postgres(self.folder))
        self.line.to_port = server.port


@pytest.fixture
def database_url(restarting: Restarting) -> str:
    return restarting.url


async def test_r11_7_postgresql_restarted_in_the_middle(post: Post, restarting: Restarting) -> None:
    people = [await post.person() for _ in range(NOTICES)]
    await post.notes(people, Urgency.IMPORTANT)

    async def sent() -> int:
        return len(await post.requests("sendMessage"))

    async def is_past(count: int) -> bool:
        return await sent() > count

    async with post.working(), post.working():
        await until(lambda: is_past(NOTICES // 4))
        await restarting.restart()
        async with asyncio.timeout(GOES_ON_WITHIN):
            await until(lambda: is_past(NOTICES // 2))
        await until(post.all_done)
    assert await post.states() == {"sent": NOTICES}
    shown = Counter([len(await post.chat(someone)) for someone in people])
    assert shown == {1: NOTICES}, "what was under way is recorded once the database is back"
