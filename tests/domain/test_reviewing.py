"""R5.3: a protected absence is put before a manager; refused it is a late cancellation, unanswered it is accepted."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.callbacks.appeals import AppealIt, WhyHeld
from bot.callbacks.home import Home
from bot.kinds import table_of_kinds
from bot.reader import Reader
from domain.db.models import AuditLog, Incident, ShiftReview
from domain.db.models.words import CancelReason, IncidentKind, NotificationType
from domain.health.appeals import Opened, open_appeal
from domain.health.excusing import excuse_incident
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO, Policy
from domain.refusals import Refusal, Refused
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.reviewing import Decided, accept_due_review, decide, to_review, waits
from tests.domain.depot import DAY, HOUR, SECOND, Depot
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, contents

ILL, OTHER = CancelReason.MEDICAL_EMERGENCY, CancelReason.OTHER
FORTNIGHT = timedelta(days=14)


async def absent(
    depot: Depot, reason: CancelReason = ILL, ahead: int = 1, policy: Policy = POLICY, driver: Person | None = None
) -> tuple[Person, Slot]:
    dana = driver or await depot.driver()
    slot = await depot.shift(dana, depot.fleet.day(ahead), confirmed=True)
    left = await cancel_shift(depot.session, dana, slot.id, reason, None, SAY, policy, depot.now)
    assert isinstance(left, Left)
    return dana, slot


async def decides(
    depot: Depot,
    slot: Slot,
    accepted: bool,
    reason: str | None = None,
    at: datetime | None = None,
    by: Person | None = None,
) -> Decided | Refused:
    manager = by or depot.mona
    return await decide(depot.session, manager, slot.id, accepted, reason, SAY, POLICY, at or depot.now + HOUR)


async def test_r5_3_a_late_absence_for_a_protected_reason_waits_for_a_manager(depot: Depot) -> None:
    dana, slot = await absent(depot)
    assert await waits(depot.session, slot.id)
    (waiting,), total = await to_review(depot.session, depot.mona.id, 10, POLICY)
    assert (waiting.assignment_id, waiting.driver, waiting.reason, total) == (slot.id, "Dana Test", ILL, 1)
    assert waiting.until == depot.now + FORTNIGHT
    assert await depot.incidents() == {dana.id: [IncidentKind.PROTECTED_ABSENCE]}


@pytest.mark.parametrize(("reason", "ahead"), [(ILL, 5), (OTHER, 1)])
async def test_r5_3_what_is_early_or_not_protected_is_not_reviewed(
    depot: Depot, reason: CancelReason, ahead: int
) -> None:
    _, slot = await absent(depot, reason, ahead)
    assert not await waits(depot.session, slot.id)


async def test_r9_7_practice_is_not_reviewed(depot: Depot) -> None:
    policy = replace(POLICY, penalties_from=depot.now + DAY)
    _, slot = await absent(depot, policy=policy)
    assert not await waits(depot.session, slot.id)


async def test_r5_3_accepted_nobody_is_blamed(depot: Depot) -> None:
    dana, slot = await absent(depot)
    assert await decides(depot, slot, True) == Decided(slot.id, True)
    assert await depot.incidents() == {dana.id: [IncidentKind.PROTECTED_ABSENCE]}
    assert await depot.counters(dana) == {}
    assert not await waits(depot.session, slot.id)
    assert len(await depot.told(dana, NotificationType.MANUAL)) == 1


async def test_r5_3_refused_it_is_a_late_cancel_dated_at_the_cancellation(depot: Depot) -> None:
    dana, slot = await absent(depot)
    assert await decides(depot, slot, False, "Seen at work elsewhere", depot.now + 3 * DAY) == Decided(slot.id, False)
    (incident,) = await depot.session.scalars(select(Incident).execution_options(populate_existing=True))
    assert (incident.kind, incident.occurred_at) == (IncidentKind.LATE_CANCEL, depot.now)
    assert await depot.counters(dana) == {"total_shifts": 1, "late_cancellations": 1}
    entry = (await depot.session.scalars(select(AuditLog).where(AuditLog.action == "decided"))).one()
    assert entry.changes is not None
    assert (entry.actor_id, entry.changes["after"]["reason"]) == (depot.mona.id, "Seen at work elsewhere")


async def test_r10_2_two_refused_ones_within_30_days_stop_him_from_the_decision_on(depot: Depot) -> None:
    dana, first = await absent(depot)
    _, second = await absent(depot, driver=dana, ahead=2)
    await decides(depot, first, False, "no")
    assert await depot.in_pool(dana)
    await decides(depot, second, False, "no", depot.now + 5 * DAY)
    assert not await depot.in_pool(dana)


async def test_r10_2_a_cancellation_that_is_30_days_old_by_then_stops_nobody(depot: Depot) -> None:
    dana, first = await absent(depot)
    _, second = await absent(depot, driver=dana, ahead=2)
    late = depot.now + 30 * DAY
    await decides(depot, first, False, "no", late)
    await decides(depot, second, False, "no", late)
    assert await depot.in_pool(dana)


@pytest.mark.parametrize("reason", [None, ""])
async def test_r13_not_to_accept_takes_a_reason(depot: Depot, reason: str | None) -> None:
    _, slot = await absent(depot)
    before = await contents(depot.session)
    assert await decides(depot, slot, False, reason) == Refused(Refusal.NO_REASON)
    assert await decides(depot, slot, False, "x" * 501) == Refused(Refusal.NOTES_TOO_LONG)
    assert await contents(depot.session) == before


async def test_r2_5_it_is_decided_once(depot: Depot) -> None:
    _, slot = await absent(depot)
    await decides(depot, slot, True)
    before = await contents(depot.session)
    assert await decides(depot, slot, False, "on second thoughts") == Refused(Refusal.DECIDED_ALREADY)
    assert await contents(depot.session) == before


async def test_r12_3_the_manager_of_another_warehouse_finds_nothing(depot: Depot) -> None:
    _, slot = await absent(depot)
    south = await depot.fleet.warehouse("South")
    sam = await depot.fleet.manager("Sam", south)
    before = await contents(depot.session)
    assert await decides(depot, slot, True, by=sam) == Refused(Refusal.NOT_FOUND)
    assert await to_review(depot.session, sam.id, 10, POLICY) == ((), 0)
    assert await contents(depot.session) == before


async def test_r5_3_after_14_days_it_is_accepted_to_the_second(depot: Depot) -> None:
    dana, slot = await absent(depot)
    due = depot.now + FORTNIGHT
    assert await accept_due_review(depot.session, SAY, POLICY, due - SECOND) is None
    assert await accept_due_review(depot.session, SAY, POLICY, due) == Decided(slot.id, True)
    assert await accept_due_review(depot.session, SAY, POLICY, due) is None
    review = await depot.session.get_one(ShiftReview, slot.id, populate_existing=True)
    assert (review.accepted, review.decided_by, review.decided_at) == (True, None, due)
    assert len(await depot.told(dana, NotificationType.MANUAL)) == 1
    assert await decides(depot, slot, False, "too late", due) == Refused(Refusal.DECIDED_ALREADY)


@pytest.mark.parametrize(
    ("language", "appeal", "excused"),
    [
        ("en", "Not right? Appeal it, or talk to your manager.", "It was excused, and costs you nothing."),
        (
            "fr",
            "Ce n’est pas juste? Contestez, ou parlez-en à votre gestionnaire.",
            "C’est excusé, et ne vous coûte rien.",
        ),
    ],
)
async def test_r10_6_whose_absence_is_not_accepted_has_why_and_appeal_on_the_message(
    depot: Depot, language: str, appeal: str, excused: str
) -> None:
    dana, slot = await absent(depot)
    kind = table_of_kinds(POLICY, "Acme")[Kind.DECIDED]

    async def shown() -> tuple[str, list[object]]:
        facts = await kind.load(depot.session, dana.id, slot.id, depot.now + HOUR)
        screen = kind.screen(facts, Reader(language, TORONTO))
        return screen.html, [button.to for row in screen.keyboard for button in row]

    assert isinstance(await decides(depot, slot, False, "no doctor's note"), Decided)
    [incident] = await depot.session.scalars(select(Incident.id))
    text, buttons = await shown()
    assert appeal in text
    assert buttons == [WhyHeld(incident, 0), AppealIt(incident, 0), Home()]
    opened = await open_appeal(depot.session, dana, incident, "I had one.", SAY, POLICY, depot.now + HOUR)
    assert isinstance(opened, Opened)
    text, buttons = await shown()
    assert appeal not in text and buttons == [WhyHeld(incident, 0), Home()], "it waits"
    await excuse_incident(depot.session, depot.mona, incident, "here it is", SAY, POLICY, depot.now + HOUR)
    text, buttons = await shown()
    assert excused in text and buttons == [WhyHeld(incident, 0), Home()]


async def test_r5_3_whose_absence_is_accepted_has_nothing_to_appeal(depot: Depot) -> None:
    dana, slot = await absent(depot)
    assert isinstance(await decides(depot, slot, True), Decided)
    kind = table_of_kinds(POLICY, "Acme")[Kind.DECIDED]
    screen = kind.screen(await kind.load(depot.session, dana.id, slot.id, depot.now), Reader("en", TORONTO))
    assert [button.to for row in screen.keyboard for button in row] == [Home()]
