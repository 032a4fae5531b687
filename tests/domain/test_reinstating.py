"""R10.2, R10.3: a manager decides whether a stopped driver is back; and what becomes of it if nobody does."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.db.models import Appeal, AuditLog, DriverHealthState, HardStop, Incident, StarWeek
from domain.db.models.words import IncidentKind, NotificationType
from domain.health.asking import stop_card
from domain.health.pool import follow_appeal
from domain.health.reinstating import (
    Decided,
    Reached,
    StopFacts,
    follow_due_stop,
    keep_out,
    open_stop,
    reinstate,
    stop_to_decide,
)
from domain.health.weeks import count_stars
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.time import week_of
from tests.domain.depot import DAY, HOUR, SECOND, Depot
from tests.domain.depot import depot as depot
from tests.domain.test_stops import LATE, MISSED, blamed, excuse, stops
from tests.domain.world import POLICY, SAY, contents


async def stopped(depot: Depot, kinds: tuple[IncidentKind, ...] = (MISSED,)) -> Person:
    dana = await depot.driver()
    for n, kind in enumerate(kinds):
        await blamed(depot, dana, kind, depot.now, f"R{n}")
    assert not await depot.in_pool(dana)
    return dana


async def kinds_told(depot: Depot, person: Person) -> list[str]:
    return sorted((row.data or {})["kind"] for row in await depot.told(person))


async def due(depot: Depot, at: datetime) -> list[Reached]:
    done = []
    while (reached := await follow_due_stop(depot.session, SAY, POLICY, at)) is not None:
        done.append(reached)
    return done


async def appeals(depot: Depot, driver: Person, at: datetime) -> Appeal:
    incident = await depot.session.scalar(select(Incident.id).where(Incident.user_id == driver.id).limit(1))
    about = {"user_id": driver.id, "incident_id": incident, "reason": "I was there"}
    appeal = Appeal(**about, opened_at=at, decide_by=at + POLICY.appeal_decided_within)
    depot.session.add(appeal)
    await depot.session.flush()
    await follow_appeal(depot.session, driver.id, driver.id, POLICY, at)
    return appeal


# -- a manager's word


async def test_r10_3_reinstated_she_is_back_and_told_why(depot: Depot) -> None:
    dana, at = await stopped(depot), depot.now + HOUR
    result = await reinstate(depot.session, depot.mona, dana.id, "talked to her", SAY, POLICY, at)
    assert isinstance(result, Decided) and result.reinstated
    assert await depot.in_pool(dana)
    [told] = await depot.told(dana, NotificationType.MANUAL)
    assert ((told.data or {})["becomes"], (told.data or {})["reason"]) == ("reinstated", "talked to her")
    [entry] = await depot.session.scalars(select(AuditLog).where(AuditLog.action == "reinstated"))
    assert (entry.actor_id, entry.entity_id, (entry.changes or {})["after"]["reason"]) == (
        depot.mona.id,
        dana.id,
        "talked to her",
    )
    again = await reinstate(depot.session, depot.mona, dana.id, "once more", SAY, POLICY, at)
    assert again == Refused(Refusal.NOT_STOPPED)


async def test_r10_3_what_was_before_never_latches_again(depot: Depot) -> None:
    dana, at = await stopped(depot, (LATE, LATE)), depot.now + HOUR
    await reinstate(depot.session, depot.mona, dana.id, "talked to her", SAY, POLICY, at)
    await blamed(depot, dana, LATE, at + DAY, "R8")
    assert await depot.in_pool(dana)
    await blamed(depot, dana, LATE, at + 2 * DAY, "R9")
    assert not await depot.in_pool(dana)


async def test_r10_2_kept_out_until_another_word(depot: Depot) -> None:
    dana, at = await stopped(depot), depot.now + HOUR
    kept = await keep_out(depot.session, depot.mona, dana.id, "twice this month", SAY, POLICY, at)
    assert isinstance(kept, Decided) and not kept.reinstated
    assert await due(depot, at + 30 * DAY) == [] and not await depot.in_pool(dana)
    again = await keep_out(depot.session, depot.mona, dana.id, "once more", SAY, POLICY, at)
    assert again == Refused(Refusal.DECIDED_ALREADY)
    assert isinstance(await reinstate(depot.session, depot.mona, dana.id, "now", SAY, POLICY, at + DAY), Decided)
    assert await depot.in_pool(dana)


@pytest.mark.parametrize(
    ("reason", "why"), [(" ", Refusal.NO_REASON), ("x" * (POLICY.reasons_most + 1), Refusal.NOTES_TOO_LONG)]
)
async def test_r10_3_not_without_a_reason(depot: Depot, reason: str, why: Refusal) -> None:
    dana = await stopped(depot)
    assert await reinstate(depot.session, depot.mona, dana.id, reason, SAY, POLICY, depot.now) == Refused(why)
    assert not await depot.in_pool(dana)


async def test_r12_3_only_for_his_own_drivers(depot: Depot) -> None:
    dana, other = await stopped(depot), await depot.fleet.manager("Max")
    await depot.fleet.warehouse("South", other)
    for decide in (reinstate, keep_out):
        result = await decide(depot.session, other, dana.id, "please", SAY, POLICY, depot.now)
        assert result == Refused(Refusal.NOT_FOUND)
    stop = await open_stop(depot.session, dana.id, POLICY)
    assert stop is not None
    assert await stop_card(depot.session, other.id, stop.id, POLICY, depot.now) is None
    card = await stop_card(depot.session, depot.mona.id, stop.id, POLICY, depot.now)
    assert card is not None and [each.kind for each in card.blamed] == [MISSED]


async def test_r10_2_whom_another_program_took_out_a_manager_can_put_back(depot: Depot) -> None:
    dana = await depot.driver(in_pool=False)
    result = await reinstate(depot.session, depot.mona, dana.id, "a mistake", SAY, POLICY, depot.now + HOUR)
    assert isinstance(result, Decided) and await depot.in_pool(dana)


# -- whom another program took out


async def adopted(depot: Depot, at: datetime) -> tuple[Person, StopFacts]:
    """She was taken out long ago, and a manager is about to decide."""
    dana = await depot.driver(in_pool=False)
    await depot.session.execute(update(DriverHealthState).values(updated_at=depot.now - 30 * DAY))
    stop = await stop_to_decide(depot.session, depot.mona.id, dana.id, True, POLICY, at)
    assert isinstance(stop, StopFacts)
    return dana, stop


async def test_r10_2_to_look_at_her_changes_nothing(depot: Depot) -> None:
    dana = await depot.driver(in_pool=False)
    before = await contents(depot.session)
    assert await open_stop(depot.session, dana.id, POLICY) is None
    assert await due(depot, depot.now + 30 * DAY) == []
    assert await contents(depot.session) == before


@pytest.mark.parametrize("decides", [reinstate, keep_out])
async def test_r2_5_nor_does_a_decision_without_a_reason(depot: Depot, decides: Any) -> None:
    dana = await depot.driver(in_pool=False)
    before = await contents(depot.session)
    assert await decides(depot.session, depot.mona, dana.id, " ", SAY, POLICY, depot.now) == Refused(Refusal.NO_REASON)
    assert await contents(depot.session) == before


async def test_r10_2_to_have_been_asked_about_her_decides_nothing(depot: Depot) -> None:
    """[Reinstate], and then rather not: nobody is asked again, and time alone does not bring her back."""
    dana, stop = await adopted(depot, depot.now)
    assert stop.stopped_at == depot.now
    assert await due(depot, depot.now + 72 * HOUR) == [] and not await depot.in_pool(dana)
    again = await stop_to_decide(depot.session, depot.mona.id, dana.id, False, POLICY, depot.now + 73 * HOUR)
    assert isinstance(again, StopFacts) and again.id == stop.id, "she has one stop"


async def test_r10_6_no_excuse_lifts_what_nothing_is_known_of(depot: Depot) -> None:
    dana, stop = await adopted(depot, depot.now)
    slot = await blamed(depot, dana, LATE, depot.now + HOUR, "R1")
    await appeals(depot, dana, depot.now + 2 * HOUR)
    assert not await depot.in_pool(dana), "nor does an appeal of what is not what has stopped her bring her back"
    await excuse(depot, slot, LATE, depot.now + 3 * HOUR)
    assert not await depot.in_pool(dana) and await stops(depot) == [(depot.now, None, False)]
    card = await stop_card(depot.session, depot.mona.id, stop.id, POLICY, depot.now)
    assert card is not None and (card.adopted, card.blamed) == (True, ())


async def test_r10_6_what_we_know_of_her_is_not_why_another_program_has_stopped_her(depot: Depot) -> None:
    dana = await depot.driver(in_pool=False)
    await blamed(depot, dana, MISSED, depot.now - HOUR, "R1")
    stop = await stop_to_decide(depot.session, depot.mona.id, dana.id, True, POLICY, depot.now)
    assert isinstance(stop, StopFacts)
    card = await stop_card(depot.session, depot.mona.id, stop.id, POLICY, depot.now)
    assert card is not None and card.blamed == ()
    await appeals(depot, dana, depot.now + HOUR)
    assert not await depot.in_pool(dana)


async def test_r10_4_to_decide_about_her_costs_no_stars(depot: Depot) -> None:
    dana, _ = await adopted(depot, depot.now)
    week = week_of(depot.fleet.today)[0] - 7 * DAY
    judged = {"week": week, "judged_at": depot.now - DAY, "qualified": True}
    await depot.fleet.put(StarWeek, {"user_id": dana.id} | judged)
    counted = await count_stars(depot.session, [dana.id], POLICY, depot.now + HOUR)
    assert counted[dana.id].after.stars == 1


# -- who is told


async def test_r10_2_late_cancels_have_a_message_of_their_own_and_managers_are_asked(depot: Depot) -> None:
    dana = await stopped(depot, (LATE, LATE))
    assert await kinds_told(depot, dana) == [Kind.POOL_LOST]
    assert await kinds_told(depot, depot.mona) == [Kind.TO_REINSTATE]


async def test_r10_2_a_no_shows_own_message_says_it(depot: Depot) -> None:
    dana = await stopped(depot)
    assert await kinds_told(depot, dana) == []
    assert await kinds_told(depot, depot.mona) == [Kind.TO_REINSTATE]


# -- the deadlines


async def test_r10_2_reminded_at_12_h_all_at_24_h_back_at_72_h(depot: Depot) -> None:
    dana, at = await stopped(depot), depot.now
    await depot.fleet.manager("Max", depot.north)
    told = []
    for hours in (12, 24, 72):
        assert await due(depot, at + hours * HOUR - SECOND) == []
        [reached] = await due(depot, at + hours * HOUR)
        told.append((hours, reached.asked, reached.back, await depot.in_pool(dana)))
    assert told == [(12, 2, False, False), (24, 2, False, False), (72, 0, True, True)]
    [stop] = await depot.session.scalars(select(HardStop))
    assert stop.ended_at is None, "she is back until somebody decides"
    assert await kinds_told(depot, dana) == [Kind.POOL_DECIDED]


async def test_r10_2_however_late_the_duty_is_it_is_done_once(depot: Depot) -> None:
    dana = await stopped(depot)
    [reached] = await due(depot, depot.now + 100 * HOUR)
    assert (reached.asked, reached.back) == (1, True)
    assert await due(depot, depot.now + 101 * HOUR) == []
    out = await keep_out(depot.session, depot.mona, dana.id, "no", SAY, POLICY, depot.now + 102 * HOUR)
    assert isinstance(out, Decided) and not await depot.in_pool(dana)


# -- while an appeal waits


async def test_r10_2_back_while_an_appeal_waits_and_out_again_after_it(depot: Depot) -> None:
    dana, at = await stopped(depot), depot.now
    appeal = await appeals(depot, dana, at + HOUR)
    assert await depot.in_pool(dana)
    kept = await keep_out(depot.session, depot.mona, dana.id, "no", SAY, POLICY, at + 2 * HOUR)
    assert isinstance(kept, Decided) and await depot.in_pool(dana), "not before the appeal is decided"
    appeal.decided_at, appeal.granted = at + DAY, False
    await depot.session.flush()
    await follow_appeal(depot.session, dana.id, depot.mona.id, POLICY, at + DAY)
    assert not await depot.in_pool(dana)
    becomes = [(row.data or {})["becomes"] for row in await depot.told(dana, NotificationType.MANUAL)]
    assert becomes == ["kept_out"], "the rest is told with the appeal"


async def test_r10_2_a_decided_appeal_takes_nobody_out_who_waits_too_long(depot: Depot) -> None:
    dana, at = await stopped(depot), depot.now
    appeal = await appeals(depot, dana, at + HOUR)
    appeal.decided_at, appeal.granted = at + 4 * DAY, False
    await depot.session.flush()
    await follow_appeal(depot.session, dana.id, depot.mona.id, POLICY, at + 4 * DAY)
    assert await depot.in_pool(dana)


async def test_r10_6_excused_the_card_says_so_and_nothing_is_due(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await blamed(depot, dana, MISSED, depot.now, "R1")
    stop = await open_stop(depot.session, dana.id, POLICY)
    assert stop is not None
    await excuse(depot, slot, MISSED, depot.now + HOUR)
    card = await stop_card(depot.session, depot.mona.id, stop.id, POLICY, depot.now)
    assert card is not None and (card.lifted, card.over, card.blamed) == (True, True, ())
    assert await due(depot, depot.now + 30 * DAY) == []
    assert await stops(depot) == [(depot.now, depot.now + HOUR, True)]


async def test_r9_7_practice_stops_nobody(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, depot.fleet.today, confirmed=True)
    at = depot.now + 2 * HOUR
    await depot.missed(at, replace(POLICY, penalties_from=at + DAY))
    assert await depot.in_pool(dana) and await stops(depot) == []
