"""The other process: it is started when it is wanted, replaced when it dies, and never left behind."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from bot.workshop import Workshop
from tests.story.phones import until


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def die_once(mark: Path) -> int:
    if not mark.exists():
        mark.touch()
        os._exit(1)
    return os.getpid()


def die() -> None:
    os._exit(1)


def work_for_ever(mark: Path) -> None:
    mark.write_text(str(os.getpid()))
    threading.Event().wait()


async def test_one_child_does_the_work_and_tells_what_went_wrong(workshop: Workshop) -> None:
    first, second = await asyncio.gather(workshop.run(os.getpid), workshop.run(os.getpid))
    assert first == second != os.getpid()
    with pytest.raises(ZeroDivisionError):
        await workshop.run(divmod, 1, 0)
    assert await workshop.run(os.getpid) == first


async def test_a_child_that_dies_is_replaced_and_the_work_tried_once_more(workshop: Workshop, tmp_path: Path) -> None:
    before = await workshop.run(os.getpid)
    assert await workshop.run(die_once, tmp_path / "died") != before
    with pytest.raises(BrokenProcessPool):
        await workshop.run(die)
    assert await workshop.run(os.getpid) != os.getpid()


async def test_it_closes_at_once_whatever_is_under_way(workshop: Workshop, tmp_path: Path) -> None:
    working = asyncio.create_task(workshop.run(work_for_ever, mark := tmp_path / "pid"))
    child = await until(lambda: written(mark), "the child is at work")
    workshop.close()
    with pytest.raises(BrokenProcessPool):
        await working
    assert not psutil.pid_exists(child)


PARENT = """
import asyncio, pathlib, sys
from bot.workshop import Workshop
from tests.bot.test_workshop import work_for_ever
if __name__ == "__main__":
    asyncio.run(Workshop().run(work_for_ever, pathlib.Path(sys.argv[1])))
"""


async def test_the_child_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (program := tmp_path / "parent.py").write_text(PARENT)
    mark, environment = tmp_path / "pid", os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    parent = await asyncio.create_subprocess_exec(sys.executable, str(program), str(mark), env=environment)
    child = await until(lambda: written(mark), "the child is at work")
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: is_gone(child), "the child is gone")


async def written(mark: Path) -> int | None:
    return await asyncio.to_thread(lambda: int(mark.read_text() or 0) if mark.exists() else None)


async def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
