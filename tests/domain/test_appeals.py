"""R10.6: a driver appeals what is held against him, and a manager decides: who, when, how often, and who is told."""

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from domain.db.models import Appeal, AuditLog, FlagEpisode, Incident, Notification, Route
from domain.db.models.words import IncidentKind, NotificationType
from domain.health.appeal_cards import appeal_card, to_decide
from domain.health.appeals import Opened, ToldAgain, decide_appeal, open_appeal, remind_of_due_appeal
from domain.health.excusing import Excused, excuse_incident
from domain.health.rules_of_appeals import Decided, Opens, Subject, decide_opening, stage_at
from domain.notices.facts.appeals import Penalty, Stage
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from tests.domain.depot import DAY, HOUR, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, contents

TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
WORDS = "My van was on fire."


async def missed(depot: Depot, name: str = "Dana", **more: Any) -> tuple[Person, uuid.UUID]:
    """A driver who was not there today at nine, and the incident."""
    driver = await depot.driver(name, **more)
    slot = await depot.shift(driver, TODAY, confirmed=True, route=f"R-{name}")
    await depot.missed(NINE)
    incident = await depot.session.scalar(select(Incident.id).where(Incident.assignment_id == slot.id))
    assert incident is not None
    return driver, incident


async def appeals(
    depot: Depot, driver: Person, about: uuid.UUID, words: str = WORDS, at: datetime = NINE + HOUR
) -> Opened | Refused:
    return await open_appeal(depot.session, driver, about, words, SAY, POLICY, at)


async def appealed(depot: Depot, driver: Person, about: uuid.UUID, at: datetime = NINE + HOUR) -> uuid.UUID:
    opened = await appeals(depot, driver, about, at=at)
    assert isinstance(opened, Opened)
    return opened.appeal_id


async def decides(
    depot: Depot,
    appeal: uuid.UUID,
    granted: bool,
    answer: str = "I saw the smoke.",
    by: Person | None = None,
    at: datetime = NINE + 2 * HOUR,
) -> Decided | Refused:
    return await decide_appeal(depot.session, by or depot.mona, appeal, granted, answer, SAY, POLICY, at)


async def flagged(depot: Depot, driver: Person, at: datetime = NINE) -> uuid.UUID:
    return await depot.fleet.add(FlagEpisode, user_id=driver.id, flagged_at=at, due=6, completed=3)


async def manual(depot: Depot, person: Person) -> list[Notification]:
    """What he was told of appeals and excuses."""
    kinds = (Kind.APPEALED, Kind.APPEAL_DECIDED, Kind.EXCUSED)
    told = await depot.told(person, NotificationType.MANUAL)
    return [row for row in told if row.data is not None and row.data["kind"] in kinds]


# -- opening


async def test_r10_6_an_appeal_goes_to_the_manager_with_a_deadline_of_72_hours(depot: Depot) -> None:
    dana, incident = await missed(depot)
    opened = await appeals(depot, dana, incident)
    assert isinstance(opened, Opened)
    assert (opened.decide_by, opened.told) == (NINE + HOUR + timedelta(hours=72), 1)
    [told] = await manual(depot, depot.mona)
    assert told.title == "Dana Test appeals" and "No-show: R-Dana, North" in told.body
    card = await appeal_card(depot.session, depot.mona.id, opened.appeal_id, POLICY, NINE)
    assert card is not None
    assert (card.what, card.driver, card.reason, card.open) == (Penalty.NO_SHOW, "Dana Test", WORDS, True)
    entry = (await depot.session.scalars(select(AuditLog).where(AuditLog.entity_type == "appeal"))).one()
    assert (entry.action, entry.actor_id, (entry.changes or {})["after"]["reason"]) == ("opened", dana.id, WORDS)


async def test_r10_6_what_happened_is_appealed_once(depot: Depot) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    before = await contents(depot.session)
    assert await appeals(depot, dana, incident) == Refused(Refusal.APPEALED_ALREADY)
    assert await contents(depot.session) == before
    await decides(depot, appeal, False)
    assert await appeals(depot, dana, incident, at=NINE + DAY) == Refused(Refusal.APPEALED_ALREADY)


async def test_r12_3_nobody_appeals_for_another(depot: Depot) -> None:
    _, incident = await missed(depot)
    other = await depot.driver("Otto")
    before = await contents(depot.session)
    assert await appeals(depot, other, incident) == Refused(Refusal.NOT_FOUND)
    assert await appeals(depot, other, uuid.uuid4()) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


@pytest.mark.parametrize(
    "kind", [IncidentKind.EARLY_CANCEL, IncidentKind.REMOVED_BY_MANAGER, IncidentKind.PROTECTED_ABSENCE]
)
async def test_r10_6_what_costs_nothing_is_not_appealed(depot: Depot, kind: IncidentKind) -> None:
    dana, incident = await missed(depot)
    await depot.session.execute(update(Incident).where(Incident.id == incident).values(kind=kind))
    assert await appeals(depot, dana, incident) == Refused(Refusal.NOT_FOUND)


async def test_r9_7_practice_is_not_appealed(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, TODAY, confirmed=True)
    await depot.missed(NINE, replace(POLICY, penalties_from=NINE + DAY))
    incident = (await depot.session.scalars(select(Incident.id))).one()
    assert await appeals(depot, dana, incident) == Refused(Refusal.NOTHING_COUNTS)


async def test_r10_6_a_flag_can_be_appealed_and_goes_to_the_managers_of_his_home(depot: Depot) -> None:
    dana = await depot.driver()
    elsewhere = await depot.fleet.manager("Else", await depot.fleet.warehouse("South"))
    flag = await flagged(depot, dana)
    appeal = await appealed(depot, dana, flag)
    assert [row.title for row in await manual(depot, depot.mona)] == ["Dana Test appeals"]
    assert await manual(depot, elsewhere) == []
    card = await appeal_card(depot.session, depot.mona.id, appeal, POLICY, NINE)
    assert card is not None and (card.what, card.due, card.completed, card.route) == (Penalty.FLAG, 6, 3, None)
    assert await appeal_card(depot.session, elsewhere.id, appeal, POLICY, NINE) is None
    assert await decides(depot, appeal, True, by=elsewhere) == Refused(Refusal.NOT_FOUND)


async def test_r10_6_a_flag_that_is_gone_is_not_appealed_and_not_decided_on(depot: Depot) -> None:
    dana = await depot.driver()
    flag, other = await flagged(depot, dana), await depot.driver("Otto")
    appeal = await appealed(depot, dana, flag)
    gone = await flagged(depot, other)
    await depot.session.execute(update(FlagEpisode).values(ended_at=NINE + HOUR))
    assert await appeals(depot, other, gone) == Refused(Refusal.NOTHING_COUNTS)
    assert await decides(depot, appeal, True) == Refused(Refusal.NOTHING_COUNTS)
    assert await to_decide(depot.session, depot.mona.id, 10, POLICY, NINE + HOUR) == ((), 0)
    assert await remind_of_due_appeal(depot.session, SAY, POLICY, NINE + 30 * DAY) is None


SUBJECT = Subject(
    uuid.uuid4(),
    uuid.uuid4(),
    Penalty.NO_SHOW,
    NINE,
    True,
    uuid.uuid4(),
    uuid.uuid4(),
    uuid.uuid4(),
    "R",
    "W",
    TODAY,
    None,
)


@pytest.mark.parametrize(
    ("after", "words", "expected"),
    [
        (timedelta(0), "x", Opens(NINE + timedelta(hours=72))),
        (timedelta(days=30), "x" * 500, Opens(NINE + timedelta(days=33))),
        (timedelta(days=30) + SECOND, "x", Refused(Refusal.TOO_LATE_TO_APPEAL)),
        (HOUR, "x" * 501, Refused(Refusal.NOTES_TOO_LONG)),
        (HOUR, " \n ", Refused(Refusal.NO_REASON)),
    ],
)
def test_r10_6_within_thirty_days_in_at_most_500_characters(
    after: timedelta, words: str, expected: Opens | Refused
) -> None:
    assert decide_opening(SUBJECT, words, POLICY, NINE + after) == expected


@given(hours=st.integers(0, 500), lasts=st.integers(1, 200))
def test_r10_6_half_of_the_time_then_all_of_it(hours: int, lasts: int) -> None:
    stage = stage_at(NINE, NINE + lasts * HOUR, NINE + hours * HOUR)
    if hours >= lasts:
        assert stage is Stage.OVERDUE
    else:
        assert stage is (Stage.REMINDED if 2 * hours >= lasts else Stage.OPENED)


# -- deciding


async def test_r10_6_granted_it_counts_no_longer_and_he_is_told_why(depot: Depot) -> None:
    dana, incident = await missed(depot)
    assert not await depot.in_pool(dana)
    appeal = await appealed(depot, dana, incident)
    assert await decides(depot, appeal, True) == Decided(True)
    assert await depot.incidents() == {}
    assert await depot.counters(dana) == {"confirmed_shifts": 1}
    assert await depot.in_pool(dana)
    row = await depot.session.get_one(Incident, incident, populate_existing=True)
    assert (row.excused_by, row.excused_at, row.excuse_reason) == (depot.mona.id, NINE + 2 * HOUR, "I saw the smoke.")
    [told] = await manual(depot, dana)
    assert "count any more: No-show" in told.title
    assert told.body == "Reason: I saw the smoke.\nYou can get new shifts."
    entries = await depot.session.scalars(select(AuditLog).where(AuditLog.entity_id.in_([appeal, incident])))
    assert {(entry.entity_type, entry.action, entry.actor_id) for entry in entries if entry.actor_id} == {
        ("appeal", "opened", dana.id),
        ("appeal", "decided", depot.mona.id),
        ("incident", "excused", depot.mona.id),
    }


async def test_r10_6_refused_it_counts_as_before_and_he_is_told_why(depot: Depot) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    assert await decides(depot, appeal, False, "It was parked outside.") == Decided(False)
    assert await depot.incidents() == {dana.id: [IncidentKind.NO_SHOW]}
    assert not await depot.in_pool(dana)
    [told] = await manual(depot, dana)
    assert "Still counts: No-show" in told.title
    assert told.body.startswith("Reason: It was parked outside.\nYou get no new shifts for now.")


async def test_r2_5_it_is_decided_once(depot: Depot) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    await decides(depot, appeal, True)
    before = await contents(depot.session)
    assert await decides(depot, appeal, False) == Refused(Refusal.DECIDED_ALREADY)
    assert await contents(depot.session) == before


@pytest.mark.parametrize("granted", [True, False])
@pytest.mark.parametrize(("answer", "why"), [(" ", Refusal.NO_REASON), ("x" * 501, Refusal.NOTES_TOO_LONG)])
async def test_r13_it_is_decided_with_a_reason(depot: Depot, granted: bool, answer: str, why: Refusal) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    before = await contents(depot.session)
    assert await decides(depot, appeal, granted, answer) == Refused(why)
    assert await contents(depot.session) == before


async def test_r12_3_only_a_manager_of_the_warehouse_decides(depot: Depot) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    elsewhere = await depot.fleet.manager("Else", await depot.fleet.warehouse("South"))
    before = await contents(depot.session)
    for nobody in (elsewhere, dana):
        assert await decides(depot, appeal, True, by=nobody) == Refused(Refusal.NOT_FOUND)
        assert await excuse_incident(depot.session, nobody, incident, "so", SAY, POLICY, NINE) == Refused(
            Refusal.NOT_FOUND
        )
        assert await appeal_card(depot.session, nobody.id, appeal, POLICY, NINE) is None
        assert await to_decide(depot.session, nobody.id, 10, POLICY, NINE) == ((), 0)
    assert await contents(depot.session) == before


async def test_r10_6_appeals_wait_for_a_manager_the_one_that_is_due_first_first(depot: Depot) -> None:
    dana, first = await missed(depot)
    otto, second = await missed(depot, "Otto")
    late = await appealed(depot, dana, first, NINE + 3 * HOUR)
    soon = await appealed(depot, otto, second, NINE + 2 * HOUR)
    waiting, total = await to_decide(depot.session, depot.mona.id, 10, POLICY, NINE + 4 * HOUR)
    assert ([each.id for each in waiting], total) == ([soon, late], 2)
    (only,), total = await to_decide(depot.session, depot.mona.id, 1, POLICY, NINE + 4 * HOUR)
    assert (only.id, total) == (soon, 2)


# -- the pool


async def test_r10_2_while_an_appeal_waits_he_is_back_in_the_pool(depot: Depot) -> None:
    dana, incident = await missed(depot)
    assert not await depot.in_pool(dana)
    appeal = await appealed(depot, dana, incident)
    assert await depot.in_pool(dana)
    await decides(depot, appeal, False)
    assert not await depot.in_pool(dana)


async def test_r10_2_refused_after_72_hours_without_a_word_about_the_stop_he_stays_back(depot: Depot) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    await decides(depot, appeal, False, at=NINE + timedelta(hours=72))
    assert await depot.in_pool(dana)


async def test_r10_2_what_else_has_stopped_him_still_does_once_one_is_excused(depot: Depot) -> None:
    dana, incident = await missed(depot)
    await depot.shift(dana, TODAY - DAY, confirmed=True, route="R-other")
    await depot.missed(NINE + HOUR)
    appeal = await appealed(depot, dana, incident, NINE + 2 * HOUR)
    assert await depot.in_pool(dana)
    await decides(depot, appeal, True, at=NINE + 3 * HOUR)
    assert not await depot.in_pool(dana)
    [told] = await manual(depot, dana)
    assert "You get no new shifts for now" in told.body


async def test_r10_2_an_appeal_of_what_did_not_stop_him_changes_nothing_about_the_pool(depot: Depot) -> None:
    dana, _ = await missed(depot)
    slot = await depot.shift(dana, TODAY + 9 * DAY, route="R-drop")
    dropped = await depot.fleet.add(
        Incident, user_id=dana.id, assignment_id=slot.id, kind=IncidentKind.AUTO_DROP, occurred_at=NINE
    )
    appeal = await appealed(depot, dana, dropped)
    assert not await depot.in_pool(dana)
    await decides(depot, appeal, False)
    assert not await depot.in_pool(dana)


# -- excusing by himself


async def test_r12_5_a_manager_excuses_by_himself_and_the_driver_is_told(depot: Depot) -> None:
    dana, incident = await missed(depot)
    excused = await excuse_incident(depot.session, depot.mona, incident, "Road closed", SAY, POLICY, NINE + HOUR)
    assert excused == Excused(incident)
    assert await depot.incidents() == {} and await depot.in_pool(dana)
    [told] = await manual(depot, dana)
    assert "Road closed" in told.body
    before = await contents(depot.session)
    again = await excuse_incident(depot.session, depot.mona, incident, "Road closed", SAY, POLICY, NINE + HOUR)
    assert again == Refused(Refusal.NOTHING_COUNTS)
    assert await contents(depot.session) == before
    assert await appeals(depot, dana, incident) == Refused(Refusal.NOTHING_COUNTS)


async def test_r10_6_what_is_excused_leaves_no_appeal_to_decide(depot: Depot) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    await excuse_incident(depot.session, depot.mona, incident, "Road closed", SAY, POLICY, NINE + 2 * HOUR)
    row = await depot.session.get_one(Appeal, appeal, populate_existing=True)
    assert (row.granted, row.decided_by, row.answer) == (True, depot.mona.id, "Road closed")
    assert await decides(depot, appeal, False) == Refused(Refusal.DECIDED_ALREADY)
    assert len(await manual(depot, dana)) == 1


# -- the deadline


async def test_r10_6_reminded_once_at_half_then_all_managers_at_the_end(depot: Depot) -> None:
    dana, incident = await missed(depot)
    route = (await depot.row((await depot.session.get_one(Incident, incident)).assignment_id)).route_id
    nora = await depot.fleet.manager("Nora", depot.north)
    await depot.session.execute(update(Route).where(Route.id == route).values(manager_id=depot.mona.id))
    opened = NINE + HOUR
    appeal = await appealed(depot, dana, incident, opened)

    async def due(at: datetime) -> ToldAgain | None:
        return await remind_of_due_appeal(depot.session, SAY, POLICY, at)

    assert await due(opened + timedelta(hours=36) - SECOND) is None
    assert await due(opened + timedelta(hours=36)) == ToldAgain(appeal, Stage.REMINDED, 1)
    assert await due(opened + timedelta(hours=50)) is None
    assert await manual(depot, nora) == []
    assert await due(opened + timedelta(hours=72)) == ToldAgain(appeal, Stage.OVERDUE, 2)
    assert await due(opened + timedelta(hours=100)) is None
    assert len(await manual(depot, depot.mona)) == 3
    [told] = await manual(depot, nora)
    assert "Any manager of the warehouse can" in told.body
    assert await decides(depot, appeal, True, by=nora, at=opened + timedelta(hours=100)) == Decided(True)


async def test_r14_a_late_duty_skips_the_reminder(depot: Depot) -> None:
    dana, incident = await missed(depot)
    appeal = await appealed(depot, dana, incident)
    late = NINE + 10 * DAY
    assert await remind_of_due_appeal(depot.session, SAY, POLICY, late) == ToldAgain(appeal, Stage.OVERDUE, 1)
    assert await remind_of_due_appeal(depot.session, SAY, POLICY, late) is None


async def test_r10_6_what_is_decided_is_not_reminded_of(depot: Depot) -> None:
    dana, incident = await missed(depot)
    await decides(depot, await appealed(depot, dana, incident), False)
    assert await remind_of_due_appeal(depot.session, SAY, POLICY, NINE + 10 * DAY) is None
