"""Rosters by the clock and by request: what is frozen, and what of the queue is made, here or in the other process."""

import asyncio
import traceback
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.delivery import alerts
from bot.faults import Failed, brief, fault_id, is_away
from bot.wording import Words
from bot.workshop import Workshop
from domain.db.engine import connect
from domain.db.engine import sessions as sessions_on
from domain.notices.wording import Wording
from domain.policy import Policy
from domain.roster import freezing, making, runs
from domain.roster.making import Made, Previewed
from domain.roster.publishing import Published
from domain.roster.runs import Claimed

log = structlog.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]
Make = Callable[[Sessions, uuid.UUID, datetime], Awaitable[Made | None]]  # the roster of a run that is claimed

ONE_MOMENT: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
STATEMENTS_FOR: Final = 300.0  # seconds; one that writes the rows of 20,000 drivers takes some


def here(words: Wording, policy: Policy) -> Make:
    """In this process, which does nothing else meanwhile: for one-off commands and tests."""
    return partial(carry_out, words, policy)


async def carry_out(
    words: Wording, policy: Policy, sessions: Sessions, run_id: uuid.UUID, now: datetime
) -> Made | None:
    """Makes the roster of a claimed run; None where somebody else has made it meanwhile."""
    from domain.roster.flow import best_roster  # no process has the solver that makes no rosters

    async with sessions() as session:
        await session.connection(execution_options=ONE_MOMENT)
        seen = await making.look(session, run_id, policy, now)
    roster = best_roster(seen.candidates, seen.slots, policy)
    supposed = None if seen.supposed is None else best_roster(seen.supposed, seen.slots, policy)
    async with sessions.begin() as session:
        return await making.finish(session, run_id, seen, roster, supposed, words, policy, now)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the other process could not make it; what was raised there does not travel. `passing`: as `is_away`."""

    brief: str
    told: str
    passing: bool


class NotMade(Exception):
    """The other process could not make it, by a fault of ours."""


class Away(OSError):
    """The other process could not make it, since the database is away."""


class Closing(Exception):
    """The other process has been ended, since we are leaving: whoever comes takes the run up."""


def in_workshop(workshop: Workshop, database_url: str, policy: Policy) -> Make:
    """In the workshop's process, on a connection of its own: the event loop goes on (ARCHITECTURE 3)."""

    async def make(_sessions: Sessions, run_id: uuid.UUID, now: datetime) -> Made | None:
        if workshop.closed:
            raise Closing
        try:
            made = await workshop.run(alone, database_url, policy, run_id, now)
        except BrokenProcessPool as fault:
            raise (Closing() if workshop.closed else NotMade("the process died over it")) from fault
        if isinstance(made, Trouble):
            raise Away(made.brief) if made.passing else NotMade(made.told)
        return made

    return make


def alone(database_url: str, policy: Policy, run_id: uuid.UUID, now: datetime) -> Made | Trouble | None:
    """`carry_out` in a process that has nothing but this to do: on an event loop and a connection of its own."""

    async def make() -> Made | None:
        engine = connect(database_url, connections=0, name="rollcall rosters", statement_for=STATEMENTS_FOR)
        return await carry_out(Words(policy.zone), policy, sessions_on(engine), run_id, now)

    try:
        return asyncio.run(make())
    except Exception as fault:
        return Trouble(brief(fault), traceback.format_exc(), is_away(fault))


async def make_due(
    make: Make, words: Wording, policy: Policy, sessions: Sessions, now: datetime, by_hand: bool
) -> list[object]:
    """Freezes what is due (R3.2), and makes the roster that is next in the queue; by hand, one after the other.

    By the clock the others come at the next ticks, each as of then: so no freeze waits for a queue that does not end.
    """
    async with sessions.begin() as session:
        await freezing.freeze(session, policy, now, by_hand=by_hand)
    done: list[object] = []
    while (claimed := await _claimed(sessions)) is not None:
        try:
            made = await make(sessions, claimed.run_id, now)
        except Closing:
            break
        except Exception as fault:
            if is_away(fault):
                raise
            done.append(Failed(id_ := fault_id()))
            log.exception("roster not made", run=str(claimed.run_id), fault_id=id_)
            if claimed.again:
                await _tell_owners(sessions, claimed.run_id, words, policy, now)
        else:
            done += [] if made is None else [told(made)]
        if not by_hand:
            break
    return done


async def _claimed(sessions: Sessions) -> Claimed | None:
    async with sessions.begin() as session:
        return await runs.claim(session)


async def _tell_owners(sessions: Sessions, run_id: uuid.UUID, words: Wording, policy: Policy, now: datetime) -> None:
    """Once it may be an accident; the second time an operator must look at it."""
    async with sessions.begin() as session:
        run = await runs.run(session, run_id)
        key, what = f"{alerts.NO_ROSTER}:{run_id}", f"the week of {run.week}"
        await alerts.raise_within(session, key, what, words, policy, now)


def told(made: Made) -> dict[str, object]:
    """For one line of JSON."""
    match made:
        case Published():
            return {made.week.isoformat(): {"filled": made.filled, "gaps": made.gaps}}
        case Previewed():
            return {made.week.isoformat(): "previewed"}
