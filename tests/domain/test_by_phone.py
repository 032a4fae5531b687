"""R8.9 and R8.4: what a manager does for a driver by phone, and the corrections that only he may make."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.callbacks.appeals import AppealIt, WhyHeld
from bot.callbacks.calendar import DontTravel
from bot.callbacks.shifts import Schedule
from bot.kinds import table_of_kinds
from bot.reader import Reader
from domain.db.models import AuditLog, Incident
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind, NotificationType
from domain.health.excusing import excuse_incident
from domain.notices.facts.routes import Cause
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive, complete_shift, confirm_shift, correct_parcels, load_parcels
from domain.shifts.driven import driven, driver_of
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.rules import Arrive, Confirm
from domain.shifts.rules_of_parcels import Complete, Correct, Load
from tests.domain.depot import HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, contents


async def at_work(depot: Depot) -> tuple[Person, Slot]:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True)
    return dana, slot


async def test_r8_9_the_whole_day_by_phone_each_step_audited_as_such(depot: Depot) -> None:
    dana, slot = await at_work(depot)
    ahead = await depot.shift(dana, depot.fleet.day(4), route="R14")
    of, mona = (depot.session, dana), depot.mona
    assert await confirm_shift(*of, ahead.id, POLICY, depot.now, by=mona) == Confirm()
    assert await arrive(*of, slot.id, POLICY, depot.now, by=mona) == Arrive()
    assert isinstance(await load_parcels(*of, slot.id, 120, POLICY, depot.now, by=mona), Load)
    assert isinstance(await complete_shift(*of, slot.id, 4, POLICY, depot.now, by=mona), Complete)
    left = await cancel_shift(*of, ahead.id, CancelReason.OTHER, "told me", SAY, POLICY, depot.now, by=mona)
    assert isinstance(left, Left)
    entries = (await depot.session.scalars(select(AuditLog).where(AuditLog.actor_id.is_not(None)))).all()
    by_phone = {entry.action for entry in entries if entry.changes and entry.changes.get("by_phone")}
    assert by_phone == {"confirmed", "arrived", "loaded", "completed", "cancelled"}
    assert {entry.actor_id for entry in entries} == {mona.id}


async def test_r8_9_whose_words_a_note_is_in(depot: Depot) -> None:
    dana = await depot.driver()
    told, own = [await depot.shift(dana, depot.fleet.day(n), confirmed=True) for n in (4, 5)]
    await confirm_shift(depot.session, dana, told.id, POLICY, depot.now, by=depot.mona)  # which is not the note's
    for slot, by in ((told, depot.mona), (own, None)):
        of = (depot.session, dana, slot.id, CancelReason.OTHER, "moving")
        await cancel_shift(*of, SAY, POLICY, depot.now, by=by)
        shown = await driven(depot.session, depot.mona.id, slot.id, POLICY)
        assert shown is not None and shown.note == "moving"
        assert shown.noted_by == ("Mona Test" if by else None)


async def test_r2_4_what_he_does_by_phone_is_the_drivers_in_the_ledger(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.day(1), confirmed=True)
    of = (depot.session, dana, slot.id)
    await cancel_shift(*of, CancelReason.OTHER, None, SAY, POLICY, depot.now, by=depot.mona)
    (incident,) = await depot.session.scalars(select(Incident))
    assert (incident.user_id, incident.kind) == (dana.id, IncidentKind.LATE_CANCEL)


@pytest.mark.parametrize(
    ("language", "held", "nothing", "mistake"),
    [
        ("en", "It counts as a late cancellation.", "Nothing is held against you.", "Call your manager at once."),
        (
            "fr",
            "Cela compte comme une annulation tardive.",
            "Rien ne vous est reproché.",
            "Appelez tout de suite votre gestionnaire.",
        ),
    ],
)
async def test_r8_9_whose_shift_is_cancelled_by_phone_is_told_so(
    depot: Depot, language: str, held: str, nothing: str, mistake: str
) -> None:
    """Should it be the wrong one, he would travel, and could not know what is held against him."""
    dana, kind = await depot.driver(), table_of_kinds(POLICY, "Acme")[Kind.SHIFT_CANCELLED]
    late = await depot.shift(dana, depot.fleet.day(1), confirmed=True)
    early = await depot.shift(dana, depot.fleet.day(6), confirmed=True, route="R14")
    ill = await depot.shift(dana, depot.fleet.day(2), confirmed=True, route="R15")
    reasons = {late: CancelReason.OTHER, early: CancelReason.OTHER, ill: CancelReason.MEDICAL_EMERGENCY}
    for slot, why in reasons.items():
        done_ = await cancel_shift(depot.session, dana, slot.id, why, None, SAY, POLICY, depot.now, by=depot.mona)
        assert isinstance(done_, Left)
    told = await depot.told(dana, NotificationType.SHIFT_CANCELLED)
    causes = {row.data["about"]: row.data["cause"] for row in told if row.data}
    assert causes == {
        str(late.id): Cause.BY_PHONE_LATE,
        str(early.id): Cause.BY_PHONE,
        str(ill.id): Cause.BY_PHONE,
    }
    [incident] = await depot.session.scalars(select(Incident.id).where(Incident.kind == IncidentKind.LATE_CANCEL))

    async def shown(slot: Slot) -> tuple[str, list[object]]:
        facts = await kind.load(depot.session, dana.id, slot.id, depot.now)
        assert kind.has_point is not None and kind.has_point(facts, depot.now)
        screen = kind.screen(facts, Reader(language, TORONTO))
        return screen.html, [button.to for row in screen.keyboard for button in row]

    text, buttons = await shown(late)
    assert held in text and nothing not in text and mistake in text
    assert buttons == [DontTravel(late.id), WhyHeld(incident, 0), AppealIt(incident, 0), Schedule(0)]
    for slot in (early, ill):
        text, buttons = await shown(slot)
        assert nothing in text and held not in text and mistake in text
        assert buttons == [DontTravel(slot.id), Schedule(0)]
    await excuse_incident(depot.session, depot.mona, incident, "the wrong line", SAY, POLICY, depot.now)
    text, buttons = await shown(late)
    assert nothing in text and buttons == [DontTravel(late.id), WhyHeld(incident, 0), Schedule(0)]


async def test_r9_7_by_phone_too_it_does_not_count_while_it_is_practice(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.day(1), confirmed=True)
    policy = replace(POLICY, penalties_from=depot.now + HOUR)
    await cancel_shift(depot.session, dana, slot.id, CancelReason.OTHER, None, SAY, policy, depot.now, by=depot.mona)
    [told] = await depot.told(dana)
    assert told.data is not None and told.data["cause"] == Cause.BY_PHONE


async def test_who_cancels_himself_is_not_told_of_it(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.day(1), confirmed=True)
    await cancel_shift(depot.session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY, depot.now)
    assert await depot.told(dana) == []


async def done(depot: Depot) -> tuple[Person, Slot]:
    dana, slot = await at_work(depot)
    await arrive(depot.session, dana, slot.id, POLICY, depot.now)
    await load_parcels(depot.session, dana, slot.id, 100, POLICY, depot.now)
    await complete_shift(depot.session, dana, slot.id, 10, POLICY, depot.now)
    return dana, slot


async def test_r8_4_after_the_hour_only_a_manager_with_a_reason(depot: Depot) -> None:
    dana, slot = await done(depot)
    late = depot.now + 30 * HOUR
    of = (depot.session, dana, slot.id, None, 20, POLICY, late)
    before = await contents(depot.session)
    assert await correct_parcels(*of) == Refused(Refusal.NO_LONGER_EDITABLE)
    assert await correct_parcels(*of, by=depot.mona) == Refused(Refusal.NO_REASON)
    assert await correct_parcels(*of, by=depot.mona, reason=" ") == Refused(Refusal.NO_REASON)
    long = "x" * (POLICY.reasons_most + 1)
    assert await correct_parcels(*of, by=depot.mona, reason=long) == Refused(Refusal.NOTES_TOO_LONG)
    assert await contents(depot.session) == before
    assert await correct_parcels(*of, by=depot.mona, reason="counted again") == Correct(100, 20)
    entry = (await depot.session.scalars(select(AuditLog).where(AuditLog.action == "corrected"))).one()
    assert entry.changes is not None and entry.actor_id == depot.mona.id
    assert (entry.changes["before"]["parcels_returned"], entry.changes["after"]["parcels_returned"]) == (10, 20)
    assert entry.changes["after"]["reason"] == "counted again"


async def test_r8_4_a_manager_keeps_to_the_same_bounds(depot: Depot) -> None:
    dana, slot = await done(depot)
    of = (depot.session, dana, slot.id, None, 101, POLICY, depot.now + 30 * HOUR)
    assert await correct_parcels(*of, by=depot.mona, reason="?") == Refused(Refusal.BAD_PARCELS)


async def test_r12_3_only_the_managers_of_its_warehouse_find_a_shift(depot: Depot) -> None:
    dana, slot = await at_work(depot)
    sam = await depot.fleet.manager("Sam", await depot.fleet.warehouse("South"))
    ben = await depot.driver("Ben")
    found = await driven(depot.session, depot.mona.id, slot.id, POLICY)
    assert found is not None and (found.driver, found.phone) == ("Dana Test", dana.phone)
    assert await driver_of(depot.session, depot.mona.id, slot.id) == dana
    for stranger in (sam, ben, dana):  # phones are for managers' eyes
        assert await driven(depot.session, stranger.id, slot.id, POLICY) is None
        assert await driver_of(depot.session, stranger.id, slot.id) is None


async def test_a_slot_without_a_driver_is_nobodys_shift(depot: Depot) -> None:
    slot = await depot.fleet.slot(await depot.fleet.route("R1", depot.north))
    assert await driven(depot.session, depot.mona.id, slot.id, POLICY) is None


@pytest.mark.parametrize("leave", [CancelReason.OTHER, CancelReason.MEDICAL_EMERGENCY])
async def test_r2_2_the_card_tells_also_of_a_shift_that_was_left(depot: Depot, leave: CancelReason) -> None:
    dana, slot = await at_work(depot)
    do: Callable[..., Awaitable[object]] = cancel_shift
    await do(depot.session, dana, slot.id, leave, "my words", SAY, POLICY, depot.now)
    found = await driven(depot.session, depot.mona.id, slot.id, POLICY)
    assert found is not None
    assert (found.shift.status, found.reason, found.note) == (AssignmentStatus.CANCELLED, leave, "my words")
    protected = leave is CancelReason.MEDICAL_EMERGENCY
    assert (found.in_review, found.incident) == (
        protected,
        IncidentKind.PROTECTED_ABSENCE if protected else IncidentKind.LATE_CANCEL,
    )
