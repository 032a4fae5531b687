"""Being told by the database."""

import asyncio

from sqlalchemy import AsyncAdaptedQueuePool, text

from bot.wakeups import Wakeups
from tests.delivery.post import OTHERS, Post


async def test_everybody_who_waits_is_woken_and_again_after_the_connection_was_cut(post: Post) -> None:
    wakeups, stop = Wakeups(post.engine), asyncio.Event()
    one, other = wakeups.event(), wakeups.event()
    listening = asyncio.create_task(wakeups.listen(stop))
    try:
        for _ in range(2):
            await asyncio.wait_for(one.wait(), 10)  # it has just begun to listen
            one.clear()
            other.clear()
            await post.note(await post.person())
            await asyncio.wait_for(asyncio.gather(one.wait(), other.wait()), 10)
            one.clear()
            other.clear()
            async with post.sessions() as session:
                cut = OTHERS.replace("*", "pg_terminate_backend(pid)")
                await session.execute(text(f"{cut} AND datname = current_database()"))
    finally:
        stop.set()
        await asyncio.wait_for(listening, 10)


async def test_the_listener_takes_no_connection_of_the_pool(post: Post) -> None:
    wakeups, stop = Wakeups(post.engine), asyncio.Event()
    woken = wakeups.event()
    listening = asyncio.create_task(wakeups.listen(stop))
    await asyncio.wait_for(woken.wait(), 10)
    assert isinstance(post.engine.pool, AsyncAdaptedQueuePool)
    assert post.engine.pool.checkedout() == 0
    stop.set()
    await asyncio.wait_for(listening, 10)
