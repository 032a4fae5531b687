"""The world of a simulation: its clock goes from event to event, people act, duties run, and then all must hold."""

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import AssignmentStatus, UserRole
from domain.shifts.outages import Outage
from domain.time import local_day, local_instant
from sandbox.simulate import invariants
from sandbox.simulate.company import plan_week
from sandbox.simulate.habits import RETURNS, Occasion, chosen
from sandbox.simulate.hands import CODED, Does, Hands, HisShift
from sandbox.simulate.invariants import Broken, Facts
from sandbox.simulate.mishaps import Crew, Sky
from sandbox.simulate.months import Month
from sandbox.simulate.phones import Button, Phone
from sandbox.simulate.sights import changed_shifts, meaning
from sandbox.simulate.town import Town

# When something happens each day whatever people do: duties at their hours, managers' looks, checks in peace.
DUTY_HOURS: Final = ("03:30", "04:10", "06:00", "07:00:01", "08:00", "08:30", "09:00", "09:30", "17:00", "18:00")
LOOKS: Final = (time(7, 10), time(9, 10), time(11), time(13, 30), time(17, 30))
QUIET_STEPS: Final = ("01:30", "05:30", "06:30", "07:30", "10:30", "12:30", "14:30", "16:30", "19:30", "22:30")
DAWN: Final = time(0, 5)  # people make up their minds about the day
FREEZE: Final = time(23, 59, 59)  # of Sundays: the week after next is given out …
NOON: Final = time(12)  # … and on Mondays told
CALM: Final = time(2, 30)  # from then on the networks are well …
INSPECTION: Final = time(3, 20)  # … and by then every notice has come to its end
TICKS: Final = 5  # of a duty that may be late, or killed; it is not so often in a row
OUR_OUTAGES: Final = 1.5  # in so many of 1000 steps everything of ours goes down …
OUT_FOR: Final = (6, 45)  # … for so many minutes
# Of a larger table ANALYZE takes a sample, never the same: plans would hang on it, and on them the order of rows.
_READ_WHOLE: Final = """
SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  AND reltuples < 300 * current_setting('default_statistics_target')::int
"""


Act = Callable[[], Awaitable[None]]


class Violated(Exception):
    """Something does not hold that must."""

    def __init__(self, step: int, at: datetime, broken: list[Broken], complaints: list[str]) -> None:
        super().__init__(f"step {step}, {at.isoformat()}")
        self.step = step
        self.at = at
        self.broken = broken
        self.complaints = complaints


@dataclass
class World:
    """One month. `complaints` is what the bot has logged as a fault of its own."""

    month: Month
    town: Town
    crew: Crew
    sky: Sky
    complaints: list[str]
    steps: int = 0
    checks: int = 0
    outages: list[Outage] = field(default_factory=list)
    behaviours: Counter[str] = field(default_factory=Counter)
    _agenda: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _phones: dict[UUID, Phone] = field(default_factory=dict)
    _texts_read: int = 0
    _intended: Counter[tuple[UUID, Occasion]] = field(default_factory=Counter)
    _planned: set[tuple[UUID, str]] = field(default_factory=set)
    _looked_at: datetime = invariants.EVER
    _ticked: deque[datetime] = field(default_factory=lambda: deque(maxlen=TICKS))
    _down_since: datetime | None = None

    # -- what is to happen

    def at(self, instant: datetime, act: Act) -> None:
        """Plans something; what is late happens at the next step."""
        heapq.heappush(self._agenda, (max(instant, self.town.now + timedelta(seconds=1)), next(self._order), act))

    def _intends(
        self, phone: Phone, occasion: Occasion, shift: HisShift | None = None, button: Button | None = None
    ) -> None:
        """Somebody makes up his mind, by dice that only hang on who, what and when."""
        now, about = self.town.now, (shift.route, shift.on) if shift else None
        again = self._intended[(phone.member.id, occasion)]
        self._intended[(phone.member.id, occasion)] += 1
        dice = Random(f"{self.month.seed}:{phone.member.name}:{occasion.name}:{about}:{now.isoformat()}:{again}")
        habit = chosen(occasion, self.month.unruly, dice)
        self.behaviours[habit.words] += 1
        when = habit.when(shift, now, dice)
        if when is None:
            return
        self._plan(phone, when, habit.does, dice, shift, button)
        if occasion is Occasion.AT_WORK:
            self._plan_return(phone, when, dice, shift)

    def _plan_return(self, phone: Phone, loaded_at: datetime, dice: Random, shift: HisShift | None) -> None:
        _, words, (least, most), does, then = dice.choices(RETURNS, [row[0] for row in RETURNS])[0]
        self.behaviours[words] += 1
        back_at = loaded_at + timedelta(minutes=10 * round(6 * dice.uniform(least, most)))
        self._plan(phone, back_at, does, dice, shift)
        if then is not None:
            self._plan(phone, back_at + timedelta(minutes=20), then, dice, shift)

    def _plan(
        self,
        phone: Phone,
        when: datetime,
        does: Does,
        dice: Random,
        shift: HisShift | None = None,
        button: Button | None = None,
    ) -> None:
        async def act() -> None:
            def later(at: datetime, then: Does) -> None:
                self._plan(phone, at, then, dice, shift, button)

            await does(Hands(phone, dice, self.town.now, later, shift, button))

        self.at(when, act)

    # -- the run

    async def run(self, tell: Callable[[date], Awaitable[None]]) -> None:
        """All of its days, told as they end; raises Violated at the first step after which something does not hold."""
        self._phones = {member.id: Phone(self.town, member) for member in self.town.company.people}
        start = self.month.begins
        first = [start, start + timedelta(weeks=1)]
        async with self.town.rollcall.edge.sessions.begin() as session:
            for monday in first:
                await plan_week(session, self.town.company, monday, self.month.unruly, self.town.policy, self.town.now)
        for phone in self._phones.values():
            await phone.type("/today")
        for offset in range(self.month.days):
            on = start + timedelta(days=offset)
            self._plan_day(on)
            ends = local_instant(on + timedelta(days=1), time(0), self.town.policy)
            while self._agenda and self._agenda[0][0] < ends:
                await self._step()
            await tell(on)

    def _plan_day(self, on: date) -> None:
        for hour in DUTY_HOURS + QUIET_STEPS:
            self.at(self._local(on, time.fromisoformat(hour)), _nothing)
        self.at(self._local(on, DAWN), self._begin_day)
        for look in LOOKS:
            self.at(self._local(on, look), self._managers_look)
        self.at(self._local(on, CALM), self._calm)
        self.at(self._local(on, INSPECTION), _nothing)
        for weekday, at in ((6, FREEZE), (0, NOON)):
            if on.weekday() == weekday:
                self.at(self._local(on, at), _nothing)

    def _local(self, on: date, at: time) -> datetime:
        return local_instant(on, at, self.town.policy)

    async def _calm(self) -> None:
        self.sky.clear()

    async def _begin_day(self) -> None:
        for phone in self._phones.values():
            driver = phone.member.role is UserRole.DRIVER
            self._intends(phone, Occasion.A_DAY if driver else Occasion.A_MANAGERS_DAY)

    async def _managers_look(self) -> None:
        for member in self.town.company.managers:
            self._intends(self._phones[member.id], Occasion.A_MANAGERS_LOOK)

    async def _step(self) -> None:
        """The clock goes to what comes next; people act, then duties run, then what is due is delivered."""
        self.steps += 1
        at = self._agenda[0][0]
        await self.town.forward(at)
        dice = Random(f"{self.month.seed}:step:{at.isoformat()}")
        calm = (
            self._local(local_day(at, self.town.policy), CALM)
            <= at
            <= self._local(local_day(at, self.town.policy), INSPECTION)
        )
        if not calm and self.town.working:
            self.sky.change(dice, at)
        while self._agenda and self._agenda[0][0] <= at:
            await heapq.heappop(self._agenda)[2]()
        if not self.town.working:
            return
        await self.town.bring()
        await self.crew.tick(dice, carefully=calm)
        self._ticked.append(at)
        await self.town.deliver(carefully=calm)
        await self._look()
        await self._inspect(in_peace=calm and at == self._local(local_day(at, self.town.policy), INSPECTION))
        if not calm and dice.random() * 1000 < OUR_OUTAGES:
            self._go_down(at, timedelta(minutes=dice.randint(*OUT_FOR)))

    def _go_down(self, since: datetime, lasts: timedelta) -> None:
        self.town.working = False
        self._down_since = since
        self.at(since + lasts, self._come_up)

    async def _come_up(self) -> None:
        assert self._down_since is not None
        self.town.working = True
        await self.town.beat()
        self.outages.append(Outage(self._down_since, self.town.now))
        self.town.happened["outages of ours"] += 1

    # -- looking

    async def _look(self) -> None:
        """People see what has changed for them, and make up their minds about it."""
        async with AsyncSession(self.town.mail.db) as session:
            shifts = await changed_shifts(session, self._looked_at, self.town.policy, self.town.now)
        self._looked_at = self.town.now
        for user_id, shift in shifts:
            self._see(self._phones[user_id], shift)
        for phone in self._phones.values():
            for message in phone.news():
                if (meant := meaning(message)) is not None:
                    self._intends(phone, meant[0], button=meant[1])
        texts = list(self.town.network.sms.texts.values())
        for sms in texts[self._texts_read :]:
            found = CODED.search(sms.body)
            if sms.direction != "inbound" and sms.person is not None and found is not None and found[1] != "C":
                phone = next(each for each in self._phones.values() if each.member.name == sms.person.id)
                self._intends(phone, Occasion.TEXTED_OFFER)
        self._texts_read = len(texts)

    def _see(self, phone: Phone, shift: HisShift) -> None:
        if (shift.id, shift.status) in self._planned:
            return
        self._planned.add((shift.id, shift.status))
        if shift.status is AssignmentStatus.ACTIVE:
            self._intends(phone, Occasion.AT_WORK, shift)
            return
        if not shift.confirmed:
            self._intends(phone, Occasion.TO_CONFIRM, shift)
        self._intends(phone, Occasion.TO_KEEP, shift)
        self._intends(phone, Occasion.TO_ARRIVE, shift)

    # -- what must hold

    async def _inspect(self, *, in_peace: bool) -> None:
        """Each look is a statement by itself: nothing else happens meanwhile."""
        since = invariants.EVER if in_peace else self.town.now - timedelta(seconds=1)
        ticked = None if in_peace else self._ticked[0]
        facts = Facts(self.town.policy, self.town.now, since, self.outages, ticked)
        async with AsyncSession(self.town.mail.db) as session:
            found = await invariants.broken(session, facts, in_peace=in_peace)
        self.checks += sum(in_peace or not each.in_peace for each in invariants.INVARIANTS)
        if found or self.complaints:
            raise Violated(self.steps, self.town.now, found, self.complaints)
        if in_peace:
            await self._tidy()

    async def _tidy(self) -> None:
        """What autovacuum does in production, at an hour that is always the same, and as far as no dice are in it."""
        self.town.forget()
        async with self.town.mail.db.connect() as connection:
            # VACUUM takes for visible to all only what is surely on disk, and passes by what is just being written.
            await connection.execute(text("CHECKPOINT"))
            await connection.execute(text("VACUUM"))
            if tables := (await connection.execute(text(_READ_WHOLE))).scalar_one():
                await connection.execute(text(f"ANALYZE {tables}"))


async def _nothing() -> None:
    """A step without anybody's doing."""
