"""The duties by the clock (R14): the one table of them, what ticks them, and how one is run by hand.

A duty finds its work by the instant that it is given; one item is one transaction, and what another process holds is
passed by. So all of them are safe to run twice, late, or on several machines at once.

What takes more than a transaction is an errand, and has to see to that itself.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot import hours, metrics, rosters, rounds
from bot.alone import alone
from bot.delivery import alerts
from bot.faults import Failed, brief, fault_id, is_away, is_passing
from domain.bidding import queries as bidding
from domain.coverage import actions as coverage
from domain.coverage import cover, ending, mornings
from domain.coverage.cover import CoverTold
from domain.coverage.ending import ClosedEmpty, Ended
from domain.db.sql import Find
from domain.giving import approving
from domain.health import appeals, days, nights, reinstating, weeks
from domain.notices import digest, pausing
from domain.notices.wording import Wording
from domain.people import cleaning
from domain.policy import Policy
from domain.refusals import Refused
from domain.reporting import telling as reports
from domain.roster import telling
from domain.schedule import holidays
from domain.shifts import asking_why, checking, holds, leaving, missing, reminding, reviewing, stopping
from domain.shifts.leaving import Left

log = structlog.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]

FAILURES_MOST: Final = 50  # in one run of a duty; more than that is no single thing's fault


@dataclass(frozen=True, slots=True)
class Duty:
    """One row of the table. `item` does one thing that is due and says what; None: nothing is due (any more).

    Its last argument tells how many things at the front of what is due are to be passed by: they failed just now.

    `due`: what finds a thing by itself. Each second it is asked whether there is one, before a transaction is begun.

    `at`: what belongs to an hour of the day, as minute, hour, day, month and weekday in the company's zone; it is done
    once for each such instant, or once for all those that were missed.
    """

    item: Callable[[AsyncSession, datetime, int], Awaitable[object | None]]
    due: Callable[[datetime], Find] | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """A row of the table that takes several transactions, since none is open while the work goes on (ARCHITECTURE 3).

    `run` does what is due and says what, failures included. Its last argument says whether it is run by hand: then all
    of it, and what was missed is made up for; by the clock it does one long piece of work, and the next tick another.

    `at`: as a duty's, where it belongs to an hour; by the clock `run` looks for itself whether that has come.
    """

    run: Callable[[Sessions, datetime, bool], Awaitable[list[object]]]
    at: str | None = None


Duties = Mapping[str, Duty | Errand]


def table_of_duties(words: Wording, policy: Policy, make_roster: rosters.Make | None = None) -> Duties:
    """Every duty by its name, as `rollcall duty` takes it. `make_roster` None: in this process."""

    async def close_window(session: AsyncSession, now: datetime, pass_by: int) -> Ended | None:
        closed = await ending.close_due_window(session, words, policy, now, pass_by)
        if isinstance(closed, ClosedEmpty) and closed.unfilled and closed.told == 0:
            slot = await bidding.window(session, closed.window_id)
            key, what = f"{alerts.NO_MANAGER}:{closed.window_id}", f"{slot.route}, {slot.warehouse}, {slot.on}"
            await alerts.raise_within(session, key, what, words, policy, now)
        return closed

    async def tell_cover(session: AsyncSession, now: datetime, _pass_by: int) -> CoverTold:
        told = await cover.tell_cover(session, words, policy, now)
        for each in told.unmanaged:
            key = f"{alerts.NO_MANAGER}:{each.warehouse_id}:{each.on}"
            what = f"{', '.join(each.routes)}, {each.warehouse}, {each.on}"
            await alerts.raise_within(session, key, what, words, policy, now)
        return told

    async def tell_morning(session: AsyncSession, now: datetime, _pass_by: int) -> dict[str, int]:
        return {"told": (await mornings.tell_morning(session, words, policy, now)).told}

    async def tell_overdue(session: AsyncSession, now: datetime, pass_by: int) -> stopping.Overdue | None:
        overdue = await stopping.tell_overdue(session, words, policy, now, pass_by)
        if overdue is not None and overdue.told == 0:
            key = f"{alerts.NO_MANAGER}:{overdue.assignment_id}"
            await alerts.raise_within(session, key, "a shift that nobody completes", words, policy, now)
        return overdue

    async def untold(session: AsyncSession, left: Left, what: str, now: datetime) -> Left:
        """A slot that is open, or was missed, and no manager who would know (R5.4)."""
        if left.told == 0:
            if left.reopened is not None:
                slot = await bidding.window(session, left.reopened.window_id)
                what = f"{slot.route}, {slot.warehouse}, {slot.on}"
            await alerts.raise_within(session, f"{alerts.NO_MANAGER}:{left.assignment_id}", what, words, policy, now)
        return left

    async def cancel_unanswered(session: AsyncSession, now: datetime, pass_by: int) -> Left | Refused | None:
        left = await asking_why.cancel_unanswered(session, words, policy, now, pass_by)
        cancelled = "a shift that its driver has cancelled"
        return await untold(session, left, cancelled, now) if isinstance(left, Left) else left

    async def drop(session: AsyncSession, now: datetime, pass_by: int) -> Left | None:
        left = await leaving.drop_due_shift(session, words, policy, now, pass_by)
        return await untold(session, left, "a shift that nobody has confirmed", now) if left else None

    async def miss(session: AsyncSession, now: datetime, pass_by: int) -> Left | None:
        left = await missing.miss_due_shift(session, words, policy, now, pass_by)
        return await untold(session, left, "a shift whose driver is not there", now) if left else None

    async def remind_of_appeal(session: AsyncSession, now: datetime, pass_by: int) -> appeals.ToldAgain | None:
        told = await appeals.remind_of_due_appeal(session, words, policy, now, pass_by)
        if told is not None and told.told == 0:
            key = f"{alerts.NO_MANAGER}:{told.appeal_id}"
            await alerts.raise_within(session, key, "an appeal that nobody decides", words, policy, now)
        return told

    async def warn(session: AsyncSession, now: datetime, pass_by: int) -> dict[str, int] | None:
        """All who are due for it in one go: there is nothing behind it that it could hold up."""
        checked = await checking.warn_missing(session, words, policy, now) if pass_by == 0 else None
        return None if checked is None else {"drivers": checked.drivers, "managers": checked.managers}

    async def judge(session: AsyncSession, of: Sequence[uuid.UUID], now: datetime) -> dict[str, int]:
        """Flags and caps follow from the figures, which are right by then whatever has happened (R9.2)."""
        rebuilt, turned = await nights.judge_standing(session, of, words, policy, now)
        return {"rebuilt": rebuilt.drivers + rebuilt.routes, "judged": len(turned)}

    async def score(session: AsyncSession, of: Sequence[uuid.UUID], now: datetime) -> dict[str, int]:
        return await days.judge_day(session, words, policy, now, of)

    def night(name: str, at: str, some: rounds.Some) -> Errand:
        return Errand(partial(rounds.make, name, at, some, policy), at)

    async def gather(session: AsyncSession, now: datetime, _pass_by: int) -> dict[str, int]:
        gathered = await digest.gather(session, policy, now)
        for each in gathered.notices:  # by these lines a notice is followed to the SMS that tells it
            log.info("gathered", notice=str(each.notification_id), delivery=str(each.told_by), fate=each.fate)
        return gathered.counts

    return {
        "roster": Errand(partial(rosters.make_due, make_roster or rosters.here(words, policy), words, policy)),
        "week-message": Duty(
            lambda session, now, pass_by: telling.tell_week(session, words, policy, now, pass_by),
            partial(telling.due_week, policy),
        ),
        "windows": Duty(close_window, ending.due_window),
        "give-aways": Duty(
            lambda session, now, pass_by: approving.end_due_give_away(session, words, policy, now, pass_by),
            partial(approving.due_give_away, policy),
        ),
        "waves": Duty(
            lambda session, now, pass_by: coverage.send_due_wave(session, words, policy, now, pass_by),
            coverage.due_wave,
        ),
        "auto-drop": Duty(drop, partial(leaving.due_drop, policy)),
        "missing": Duty(warn, partial(checking.due_warning, policy)),
        "holds": Duty(
            lambda session, now, pass_by: holds.begin_due_hold(session, words, policy, now, pass_by),
            partial(holds.due_arrival, policy),
        ),
        "absences": Duty(cancel_unanswered, partial(asking_why.due_answer, policy)),
        "no-show": Duty(miss, partial(holds.due_arrival, policy)),
        "overdue": Duty(tell_overdue, partial(stopping.due_overdue, policy)),
        "reviews": Duty(
            lambda session, now, pass_by: reviewing.accept_due_review(session, words, policy, now, pass_by),
            partial(reviewing.due_review, policy),
        ),
        "appeals": Duty(remind_of_appeal, appeals.due_appeal),
        "pool": Duty(
            lambda session, now, pass_by: reinstating.follow_due_stop(session, words, policy, now, pass_by),
            partial(reinstating.due_stop, policy),
        ),
        "health": night("health", "40 3 * * *", score),
        "stars": Duty(lambda session, now, _: weeks.judge_weeks(session, words, policy, now), at="50 3 * * mon"),
        "shift-reminders": Duty(
            lambda session, now, _: reminding.remind_of_today(session, words, policy, now), at="0 6 * * *"
        ),
        "confirmation-reminders": Duty(
            lambda session, now, _: reminding.remind_to_confirm(session, words, policy, now), at="0 8 * * *"
        ),
        "last-calls": Duty(lambda session, now, _: reminding.call_last(session, words, policy, now), at="0 18 * * *"),
        "cover": Duty(tell_cover, at="0 18 * * *"),
        "manager-digest": Duty(tell_morning, at="0 6 * * *"),
        "sms-digest": Duty(gather, at="0 17 * * *"),
        "holidays": Duty(lambda session, now, _: holidays.put_holidays(session, words, policy, now), at="0 9 * * *"),
        "report": Duty(lambda session, now, _: reports.tell_week(session, words, policy, now), at="0 9 * * mon"),
        "metrics": night("metrics", "30 3 * * *", judge),
        # An hour that exists once on every night of the year.
        "cleanup": Duty(lambda session, now, _: cleaning.clean_up(session, policy, now), at="10 4 * * *"),
    }


async def run_due(duty: Duty | Errand, sessions: Sessions, now: datetime) -> list[object]:
    """Does all of a duty that is due, whatever the hour of the day; returns what was done.

    One thing that fails does not hold up those behind it: it is passed by, told to the operator, and tried again at the
    next run. A database that is away raises.
    """
    if isinstance(duty, Errand):
        return await duty.run(sessions, now, True)
    done: list[object] = []
    failed = 0
    while failed < (FAILURES_MOST if duty.at is None else 1):
        try:
            async with sessions.begin() as session:
                result = await duty.item(session, now, failed)
        except Exception as fault:
            if is_away(fault):
                raise
            failed += 1
            done.append(Failed(id_ := fault_id()))
            log.exception("duty failed", fault_id=id_)
            continue
        if result is None:
            break
        done.append(result)
        if duty.at is not None:
            break
    return done


@dataclass(frozen=True, slots=True)
class Clockwork:
    """Ticks every duty each second, for as long as this process runs."""

    duties: Duties
    sessions: Sessions
    policy: Policy
    now: Callable[[], datetime]
    _ticking: set[asyncio.Future[Any]] = field(default_factory=set)
    _going: asyncio.Event = field(default_factory=asyncio.Event)  # not set: paused, or nobody knows yet
    _errands: set[str] = field(default_factory=set)  # under way: they take as long as they take

    async def run(self, stop: asyncio.Event) -> None:
        """Ticks until `stop`; then waits for what is under way."""
        scheduler = AsyncIOScheduler(timezone=self.policy.zone)
        each_second = {"trigger": "interval", "seconds": 1, "coalesce": True, "misfire_grace_time": None}
        scheduler.add_job(self._look_for_pause, **each_second)
        for name in self.duties:
            scheduler.add_job(self._tick, args=[name], **each_second)
        await self._look_for_pause()
        scheduler.start()
        await stop.wait()
        scheduler.pause()
        await asyncio.gather(*self._ticking)
        scheduler.shutdown(wait=False)

    async def _look_for_pause(self) -> None:
        try:
            async with self.sessions() as session:
                since = await pausing.paused_since(session)
        except Exception as fault:
            if not is_passing(fault):
                raise
        else:
            (self._going.clear if since else self._going.set)()

    async def _tick(self, name: str) -> None:
        if name in self._errands or not self._going.is_set():
            return
        ticking = asyncio.ensure_future(self.tick(name))
        self._ticking.add(ticking)
        ticking.add_done_callback(self._ticking.discard)
        if isinstance(self.duties[name], Errand):
            self._errands.add(name)
            ticking.add_done_callback(lambda _: self._errands.discard(name))
        else:
            await ticking

    async def tick(self, name: str) -> None:
        """One duty, as of now. A fault in one item leaves it due, and the log tells of it."""
        duty = self.duties[name]
        try:
            done = await self._done(name, duty)
        except Exception as fault:
            if is_away(fault):
                log.warning("duty not done: the database is away", duty=name, fault=brief(fault))
            else:
                log.exception("duty failed", duty=name, fault_id=fault_id())
                metrics.duty(name, 1, 1)
        else:
            if done:
                log.info("duty done", duty=name, items=len(done))
                metrics.duty(name, len(done), sum(isinstance(item, Failed) for item in done))

    async def _done(self, name: str, duty: Duty | Errand) -> list[object]:
        if isinstance(duty, Errand):
            return await duty.run(self.sessions, self.now(), False)
        if duty.at is not None:
            return await self._run_once(name, duty)
        now = self.now()
        if duty.due is not None and not await alone(self.sessions.kw["bind"], *duty.due(now)):
            return []
        return await run_due(duty, self.sessions, now)

    async def _run_once(self, name: str, duty: Duty) -> list[object]:
        """Where its hour has come since it was last done: the run is recorded in the transaction of the work."""
        async with self.sessions.begin() as session:
            now = self.now()
            run = await hours.take(session, name, duty.at or "", now, self.policy)
            if run is None:
                return []
            await hours.done(session, run)
            return [await duty.item(session, now, 0)]


def told(done: Iterable[object]) -> dict[str, Any]:
    """What was done, for one line of JSON: how many items, and their counts where they have any."""
    items = list(done)
    failed = [item.fault_id for item in items if isinstance(item, Failed)]
    counts: dict[str, Any] = {"failed": failed} if failed else {}
    for item in items:
        if isinstance(item, dict):
            counts |= item
    return {"done": len(items) - len(failed)} | counts
