"""A manager does for drivers what they say by telephone, and decides on an absence (R5.3, R8.4, R8.8, R8.9)."""

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.arrivals import Driven, RefuseReview
from bot.callbacks.shifts import CancelShift, EnterParcels, ImHere, Keypad, StopShift
from domain.db.models import AuditLog, Incident
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.shifts.rules_of_parcels import Count
from sandbox.fleet import INVITE
from tests.story.phones import Phone
from tests.story.test_working_day import becomes, labels, now, now_is, working

Sessions = async_sessionmaker[AsyncSession]
ILL = list(CancelReason).index(CancelReason.MEDICAL_EMERGENCY)


async def test_r8_9_a_day_by_phone_and_a_correction_long_after(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it, nadia = await working(calls, sessions, "en"), Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    home, id_ = await nadia.sees("Hello Nadia"), it.assignment_id
    await nadia.press_data(home, Driven(id_).pack())
    card = await nadia.sees(it.route, "☎️", "Confirmed; due by")
    assert labels(card)[:2] == ["✅ Is here", "❌ Can't make it"]
    await nadia.press(card, "Is here")
    card = await nadia.sees(it.route, "nothing loaded yet")
    await it.phone.sees(f"{it.route}, North", "you're there")  # his own card follows
    await nadia.press_data(card, EnterParcels(id_, Count.LOADED, 120).pack())
    card = await nadia.sees("Under way with 120 parcels")
    await nadia.press(card, "Must stop")
    why = await nadia.sees("must", "stop on", "Nothing is stopped yet")
    await nadia.press(why, "My vehicle has broken down")
    pad = await nadia.sees("How many of 120 parcels did", "bring back?")
    stopped = await nadia.press_data(pad, StopShift(id_, 0, 40).pack())
    assert stopped["text"] == "Stopped, as you were told by phone."
    await nadia.sees("Done: 80 of 120 delivered.", "Was it all right?")
    never = await nadia.press_data(card, EnterParcels(id_, Count.BROUGHT_BACK, 121).pack())
    assert "That number can't be right" in never["text"], "he is not asked why first"
    await nadia.press_data(card, EnterParcels(id_, Count.BROUGHT_BACK, 41).pack())  # an old button, a correction now
    await nadia.sees("41 parcels. Why?")
    await nadia.writes("x" * 501, "That is over 500 characters")
    card = await nadia.writes("counted again", "Done: 79 of 120 delivered.")
    assert (await it.row(sessions)).status is AssignmentStatus.COMPLETED
    async with sessions() as session:
        entries = (await session.scalars(select(AuditLog).where(AuditLog.entity_id == id_))).all()
    assert {e.action for e in entries if e.changes and e.changes.get("by_phone")} == {
        *("arrived", "loaded", "stopped", "corrected")
    }
    await nadia.press(card, "All right")
    await nadia.sees("Done: 79 of 120 delivered.")
    await it.phone.sees(f"{it.route}, North on", "nothing is held against you")


async def test_r5_3_an_absence_is_decided_on_and_the_driver_reads_why(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    it, nadia = await working(calls, sessions, "fr"), Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")  # what is cancelled before is told to her by SMS
    mine = await it.phone.sees(f"{it.route}, North")
    await it.phone.press_data(mine, CancelShift(it.assignment_id, ILL).pack())
    told = await nadia.sees("can't drive", it.route, ": at short notice", "nobody is blamed, unless you decide so")
    await nadia.press(told, "Decide on the absence")
    card = await nadia.sees(it.route, "Reason: I'm ill or hurt", "Not held against the driver")
    await nadia.press(card, "It's a late cancellation")
    await nadia.sees("Why not? The driver reads it.")
    await nadia.writes("Vu au travail ailleurs", it.route, "A late cancellation.")
    await now_is(calls, (await now(calls)).replace(hour=8, minute=1))  # R11.4: he is free today, and may sleep
    told = await it.phone.sees(it.route, "annulation tardive", "Raison\u00a0: Vu au travail ailleurs", "Contestez")
    await it.phone.press(told, "Contester")
    async with sessions() as session:
        (incident,) = await session.scalars(select(Incident).where(Incident.assignment_id == it.assignment_id))
    assert incident.kind is IncidentKind.LATE_CANCEL
    listed = await nadia.writes("/reviews", "Nothing waits for your decision")
    await nadia.press_data(listed, RefuseReview(it.assignment_id).pack())  # once more: it is decided
    assert it.route in (await becomes(nadia, listed, "A late cancellation."))["text"]


async def test_r12_3_of_another_warehouse_and_of_other_drivers_nothing_is_done(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    it = await working(calls, sessions, "en")
    other = await working(calls, sessions, "en", nth=1)
    south = Phone(calls, "marc-andre-gagnon")
    for phone, home in ((south, "Bonjour"), (other.phone, "Hello")):
        card = await phone.sees(home)
        for forged in (
            Driven(it.assignment_id),
            ImHere(it.assignment_id),
            Keypad(it.assignment_id, Count.LOADED, 5),
            EnterParcels(it.assignment_id, Count.LOADED, 5),
            StopShift(it.assignment_id, 0, 0),
            RefuseReview(it.assignment_id),
        ):
            assert (await phone.press_data(card, forged.pack()))["answered"]
        number = (await it.phone.calls.get("/sandbox/people")).json()["people"]
        [phone_of] = [person["phone"] for person in number if person["id"] == it.phone.person]
        assert not [message for message in await phone.chat() if phone_of in message["text"]]
    row = await it.row(sessions)
    assert (row.status, await it.shift(sessions)) == (AssignmentStatus.SCHEDULED, None)
