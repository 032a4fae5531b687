"""Appeals that meet themselves, managers who decide at once, and excuses that meet the night (R10.6)."""

import uuid
from collections import Counter
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.db.models import Appeal, DriverMetrics, FlagEpisode, Incident, Notification, User
from domain.health.appeals import Opened, decide_appeal, open_appeal, remind_of_due_appeal
from domain.health.excusing import Excused, excuse_incident
from domain.health.nights import judge_standing, next_people
from domain.health.rules_of_appeals import Decided
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from tests.domain.depot import DAY, HOUR, MINUTE, Depot
from tests.domain.test_flags import history
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Act, Arena

ROUNDS = 6


class Case:
    """Dana has been flagged for two no-shows; the last one can be appealed to Mona or Nora."""

    def __init__(self, arena: Arena, mona: Person, nora: Person, dana: Person, incident: uuid.UUID) -> None:
        self.arena, self.mona, self.nora, self.dana, self.incident = arena, mona, nora, dana, incident

    @classmethod
    async def of(cls, arena: Arena) -> "Case":
        async def make(fleet: Fleet) -> "Case":
            mona = await fleet.manager("Mona")
            depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
            nora = await fleet.manager("Nora", depot.north)
            dana = await depot.driver()
            for person in (mona, nora, dana):
                await fleet.home_card(person)
            await history(depot, dana, completed=3, missed=2)
            everybody = await next_people(fleet.session, None)
            await judge_standing(fleet.session, everybody, SAY, POLICY, arena.now)
            last = select(Incident.id).order_by(Incident.occurred_at.desc()).limit(1)
            return cls(arena, mona, nora, dana, (await fleet.session.scalars(last)).one())

        return await arena.build(make)

    def appeals(self, words: str = "Ice") -> Act[Any]:
        at = self.arena.now + MINUTE
        return lambda session: open_appeal(session, self.dana, self.incident, words, SAY, POLICY, at)

    def decides(self, manager: Person, appeal: uuid.UUID, granted: bool) -> Act[Any]:
        at = self.arena.now + HOUR
        return lambda session: decide_appeal(session, manager, appeal, granted, "so", SAY, POLICY, at)

    def excuses(self, manager: Person) -> Act[Any]:
        at = self.arena.now + HOUR
        return lambda session: excuse_incident(session, manager, self.incident, "so", SAY, POLICY, at)

    def night(self) -> Act[Any]:
        async def act(session: Any) -> Any:
            everybody = await next_people(session, None)
            return await judge_standing(session, everybody, SAY, POLICY, self.arena.now + HOUR)

        return act

    async def opened(self) -> uuid.UUID:
        [opened] = await self.arena.at_once(self.appeals())
        assert isinstance(opened, Opened)
        return opened.appeal_id

    async def told(self, person: Person, kind: str) -> int:
        async with self.arena.session() as session:
            of = select(func.count()).where(Notification.user_id == person.id, Notification.data["kind"].astext == kind)
            return await session.scalar(of) or 0

    async def is_excused(self) -> bool:
        """The incident, and all that follows from it says the same."""
        async with self.arena.session() as session:
            excused = (await session.get_one(Incident, self.incident)).excused_at is not None
            metrics = await session.get_one(DriverMetrics, self.dana.id)
            assert metrics.no_shows == (1 if excused else 2)
            assert metrics.total_shifts == metrics.completed_shifts + metrics.no_shows
            flag = (await session.scalars(select(FlagEpisode))).one()
            assert (flag.ended_at is not None) == excused
            assert (await session.get_one(User, self.dana.id)).is_flagged != excused
            return excused


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r10_6_pressed_twice_it_is_one_appeal(arena: Arena, seed: int) -> None:
    case = await Case.of(arena)
    results = await arena.at_once(case.appeals(), case.appeals("Snow"), case.appeals(), dice=Random(seed))
    assert Counter(type(each) for each in results) == {Opened: 1, Refused: 2}
    assert {each.why for each in results if isinstance(each, Refused)} == {Refusal.APPEALED_ALREADY}
    assert await case.told(case.mona, "appealed") == await case.told(case.nora, "appealed") == 1


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r10_6_two_managers_decide_and_the_first_word_holds(arena: Arena, seed: int) -> None:
    case = await Case.of(arena)
    appeal = await case.opened()
    yes, no = await arena.at_once(
        case.decides(case.mona, appeal, True), case.decides(case.nora, appeal, False), dice=Random(seed)
    )
    assert Counter(map(type, (yes, no))) == {Decided: 1, Refused: 1}
    assert await case.is_excused() == isinstance(yes, Decided)
    async with arena.session() as session:
        row = await session.get_one(Appeal, appeal)
        assert row.granted == isinstance(yes, Decided)
        assert row.decided_by == (case.mona.id if isinstance(yes, Decided) else case.nora.id)
    assert await case.told(case.dana, "appeal_decided") == 1


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r10_6_an_appeal_meets_an_excuse(arena: Arena, seed: int) -> None:
    case = await Case.of(arena)
    appealed, excused = await arena.at_once(case.appeals(), case.excuses(case.mona), dice=Random(seed))
    assert excused == Excused(case.incident)
    assert await case.is_excused()
    async with arena.session() as session:
        rows = (await session.scalars(select(Appeal))).all()
    if isinstance(appealed, Opened):
        assert [row.granted for row in rows] == [True], "nothing waits for a decision that is made"
    else:
        assert appealed == Refused(Refusal.NOTHING_COUNTS) and rows == []


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r10_6_a_decision_meets_an_excuse_and_the_reminder(arena: Arena, seed: int) -> None:
    case = await Case.of(arena)
    appeal = await case.opened()

    def remind(session: Any) -> Any:
        return remind_of_due_appeal(session, SAY, POLICY, arena.now + 10 * DAY)

    refused, excused, _ = await arena.at_once(
        case.decides(case.nora, appeal, False), case.excuses(case.mona), remind, dice=Random(seed)
    )
    assert excused == Excused(case.incident)
    assert refused in (Decided(False), Refused(Refusal.DECIDED_ALREADY))
    assert await case.is_excused()


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r10_6_an_excuse_meets_the_night(arena: Arena, seed: int) -> None:
    case = await Case.of(arena)
    excused, *_ = await arena.at_once(case.excuses(case.mona), case.night(), case.night(), dice=Random(seed))
    assert excused == Excused(case.incident)
    assert await case.is_excused()
    await arena.at_once(case.night())
    assert await case.is_excused()
