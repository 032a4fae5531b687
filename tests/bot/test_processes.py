"""Processes that end, politely or not: what was begun is finished, here or by the next."""

import asyncio
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, insert, select, update

from bot.web import PATH, SECRET_HEADER
from domain.db.models import Delivery, Lease, SeenUpdate
from tests.bot.process import running
from tests.bot.town import Town
from tests.story.phones import until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def test_what_is_in_hand_is_finished_before_it_ends(town: Town, tmp_path: Path) -> None:
    driver, port = await town.driver(), free_port()
    settings = town.environment(public_url=f"http://127.0.0.1:{port}", port=port, webhook_secret="s")
    async with running("web", cwd=tmp_path, **settings) as process, httpx.AsyncClient(trust_env=False) as client:
        async with town.sessions() as session:  # holds up update 7: it can't know yet whether it was seen
            await session.execute(insert(SeenUpdate).values(update_id=7, seen_at=town.now))
            body, headers = town.message(driver, "/today", update_id=7), {SECRET_HEADER: "s"}
            url = f"http://127.0.0.1:{port}{PATH}"
            bringing = asyncio.create_task(client.post(url, json=body, headers=headers, timeout=30))
            await town.somebody_waits()
            process.send_signal(signal.SIGTERM)
            await until(lambda: refuses(port), "nothing new is taken")
            await session.rollback()
        assert (await bringing).status_code == 200
        assert await asyncio.wait_for(process.wait(), 20) == 0
    await driver.sees("Hello Amara")
    assert await town.seen() == {7: None}


async def refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_a_poller_that_is_told_to_end_gives_its_lease_away(town: Town, tmp_path: Path) -> None:
    driver = await town.driver()
    async with running("worker", cwd=tmp_path, **town.environment()) as process:
        await driver.send("/today")
        await driver.sees("Hello Amara")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    async with town.sessions() as session:
        assert (await session.scalars(select(Lease))).all() == []
    assert (await town.calls.get("/sandbox/updates")).json()["updates"] == []  # all confirmed


async def test_r11_7_killed_between_commit_and_reply_the_next_process_sends_it(town: Town, tmp_path: Path) -> None:
    driver = await town.driver()
    await town.fault("hang", methods=["sendMessage"])
    async with running("worker", cwd=tmp_path, **town.environment()) as process:
        await driver.send("/today")
        await until(lambda: asked_for(town, "sendMessage"), "the reply is on its way")
        process.kill()
        await process.wait()
    await town.no_faults()
    async with town.sessions.begin() as session:  # the leases of the dead have ended
        ended = func.clock_timestamp()
        leases = await session.scalars(update(Delivery).values(lease_until=ended).returning(Delivery.id))
        assert len(leases.all()) == 1
        await session.execute(update(Lease).values(held_until=ended))
    async with running("worker", cwd=tmp_path, **town.environment()):
        await driver.sees("Hello Amara")
        await until(lambda: all_confirmed(town), "the update comes again, and is let go")
    assert [message["from"] for message in await driver.chat()] == ["person", "bot"]


async def asked_for(town: Town, method: str) -> bool:
    return bool(await town.requests(method))


async def all_confirmed(town: Town) -> bool:
    updates: list[Any] = (await town.calls.get("/sandbox/updates")).json()["updates"]
    return updates == []


async def test_serve_brings_a_database_of_its_own(town: Town, memory: Path) -> None:
    folder = memory / f"rollcall-serve-{town.database_url.rsplit('_', 1)[-1]}"
    folder.mkdir()
    settings = {name: value for name, value in town.environment().items() if name != "database_url"}
    async with running("serve", cwd=folder, data_dir=folder, **settings) as process:
        stranger = await town.stranger()
        await stranger.start()
        await stranger.sees("This is the shift bot of Rollcall.")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
