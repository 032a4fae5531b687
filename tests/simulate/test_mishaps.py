"""The accidents of the simulation really happen."""

from datetime import datetime
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.delivery.mail import Mail
from bot.jobs import Errand
from domain.policy import Policy
from sandbox.simulate.mishaps import TRANSACTIONS, crew

Sessions = async_sessionmaker[AsyncSession]
ONE, OTHER = ["freezes", "claims"], ["begins", "freezes", "claims", "ends"]


@pytest.mark.parametrize("passed_by", range(TRANSACTIONS))
async def test_r14_two_replicas_at_once_are_two_with_an_errand_too(
    sessions: Sessions, now: datetime, passed_by: int
) -> None:
    """The other one's is done while a transaction of the first is open, and waits for no lock of it."""
    happened: list[str] = []

    async def run(sessions: Sessions, _now: datetime, _by_hand: bool) -> list[object]:
        second = bool(happened)
        happened.extend(["begins"] * second)
        for what in ONE:
            async with sessions.begin() as session:
                waits = await session.scalar(text("SHOW lock_timeout"))
                assert (waits != "0") is second
                happened.append(what)
        happened.extend(["ends"] * second)
        return []

    mail = cast(Mail, SimpleNamespace(sessions=sessions))
    hands = crew({"roster": Errand(run)}, mail, Policy(), lambda: now)
    seed = next(seed for seed in range(100) if Random(seed).randrange(TRANSACTIONS) == passed_by)
    await hands.overlapped("roster", Random(seed))
    assert happened == [*ONE[: passed_by + 1], *OTHER, *ONE[passed_by + 1 :]]
