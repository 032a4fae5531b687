"""R12.6: whoever has left can be made a former driver, and what was driven stays."""

import uuid
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import select, update

from domain import audit
from domain.db.models import (
    Appeal,
    AuditLog,
    CalendarFeed,
    ChatLink,
    ContactSettings,
    Conversation,
    Delivery,
    Employment,
    HardStop,
    Incident,
    Invite,
    Message,
    Notification,
    ReceivedSms,
    Shift,
    SmsAttempt,
    SmsCode,
    SmsOptOut,
    User,
)
from domain.db.models.words import (
    AssignmentStatus,
    Channel,
    DeliveryState,
    IncidentKind,
    NotificationType,
)
from domain.health.appeals import Opened, open_appeal
from domain.notices.kinds import Kind
from domain.notices.wording import Notice
from domain.people.anonymising import Anonymised, AnonymousAlready, anonymise
from domain.people.numbers import change_number, give_up_number
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.departures import leave_company
from tests.domain.depot import DAY, Depot, depot
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]


LISTS = (Kind.MISSING_LIST, Kind.HELD_LIST, Kind.GIVE_AWAY_ASKED, Kind.DIGEST)  # not about a driver's own things


async def left(depot: Depot, name: str = "Dana", last: int = -1) -> Person:
    """Employed until that day, by a chat that is still linked."""
    dana = await depot.driver(name)
    until = {"ends_on": depot.fleet.day(last)}
    await depot.session.execute(update(Employment).where(Employment.user_id == dana.id).values(until))
    return dana


async def made_anonymous(depot: Depot, driver: Person, by: Person | None = None) -> Any:
    return await anonymise(depot.session, by.id if by else None, driver.id, POLICY, depot.now)


async def noted(depot: Depot, person: Person, title: str, body: str, **data: Any) -> uuid.UUID:
    what = {"type": NotificationType.MANUAL, "title": title, "data": data | {"dedupe": str(uuid.uuid4())}}
    return await depot.fleet.add(Notification, user_id=person.id, body=body, created_at=depot.now, **what)


async def told_of(
    depot: Depot, about: uuid.UUID, title: str, body: str, kind: Kind = Kind.ROUTE_CANCELLED, **data: Any
) -> uuid.UUID:
    """Mona was told of it, by SMS as well, as whatever is told has its deliveries."""
    note = await noted(depot, depot.mona, title, body, **data)
    row = {"user_id": depot.mona.id, "kind": kind, "about": about, "urgency": 1, "created_at": depot.now}
    sms = await depot.fleet.add(Delivery, **row, channel=Channel.SMS, state=DeliveryState.SENT, notification_id=note)
    text = {"body": body, "segments": 1, "created_at": depot.now, "user_id": depot.mona.id}
    await depot.fleet.add(SmsAttempt, delivery_id=sms, phone=depot.mona.phone, **text)
    return note


async def test_r12_6_nothing_in_the_database_names_him_any_more(depot: Depot) -> None:
    dana = await left(depot, "Zoë-Ann")
    words = {"cancel_notes": "my own words"}
    slot = await depot.fleet.cancelled_by(
        dana, await depot.fleet.route("R7", depot.north), depot.fleet.day(-3), IncidentKind.LATE_CANCEL
    )
    await depot.session.execute(update(Shift).values(words))
    [incident] = await depot.session.scalars(select(Incident))
    await open_appeal(depot.session, dana, incident.id, "my own words", SAY, POLICY, depot.now)
    old, new = dana.phone, "+14165559999"
    await change_number(depot.session, dana.id, new, SAY, POLICY, depot.now)
    dana = replace(dana, phone=new)
    chat = 987_654_321_012
    await depot.session.execute(update(ChatLink).where(ChatLink.user_id == dana.id).values(chat_id=chat))
    note = await noted(
        depot, dana, "Zoë-Ann", f"Hello Zoë-Ann, {dana.phone}", kind="x", about="y", driver="Zoë-Ann Test"
    )
    delivery = {"user_id": dana.id, "kind": "x", "urgency": 2, "created_at": depot.now, "notification_id": note}
    sms = await depot.fleet.add(
        Delivery, **delivery, channel=Channel.SMS, state=DeliveryState.FAILED, reason=f"not to {dana.phone}"
    )
    await depot.fleet.add(
        Delivery, **delivery, channel=Channel.TELEGRAM, state=DeliveryState.SENT, chat_id=chat, message_id=77
    )
    text = {"body": "Zoë-Ann: R7", "segments": 1, "created_at": depot.now}
    await depot.fleet.add(SmsAttempt, delivery_id=sms, user_id=dana.id, phone=dana.phone, **text)
    said: dict[str, Any] = {"driver": "Zoë-Ann Test", "phone": dana.phone, "note": "my own words"}
    told = await told_of(depot, slot.id, "Zoë-Ann Test", f"Zoë-Ann Test cancelled: my own words {dana.phone}", **said)
    soon = depot.now + DAY
    await depot.fleet.put(CalendarFeed, {"user_id": dana.id, "token_hash": b"1", "created_at": depot.now})
    await depot.fleet.put(
        SmsCode,
        {"phone": dana.phone, "code": "K4A", "user_id": dana.id, "kind": "x", "about": slot.id, "expires_at": soon},
    )
    await depot.fleet.put(SmsOptOut, {"phone": dana.phone, "since": depot.now})
    await depot.fleet.put(
        ReceivedSms, {"sid": "1", "phone": dana.phone, "received_at": depot.now, "understood": False, "reply": None}
    )
    await depot.fleet.put(
        Conversation, {"user_id": dana.id, "step": "x", "data": {"note": "my own words"}, "expires_at": soon}
    )
    await depot.fleet.add(Invite, token_hash=b"2", user_id=dana.id, created_at=depot.now, expires_at=soon)
    assert await made_anonymous(depot, dana, depot.mona) == Anonymised()
    everything = "\n".join(line for lines in (await contents(depot.session)).values() for line in lines)
    for his in ("Zoë-Ann", old, new, "my own words", str(chat), "zoë-ann-", "K4A"):
        assert his not in everything, [line for line in everything.splitlines() if his in line]
    user = await depot.session.get_one(User, dana.id, populate_existing=True)
    assert (user.first_name, user.last_name, user.email) == ("Former", "driver", f"{dana.id}@no-email.invalid")
    hers = await depot.session.get_one(Notification, told, populate_existing=True)
    assert (hers.title, hers.body) == ("Former driver", "Former driver cancelled: … ")
    for model in (CalendarFeed, ChatLink, SmsCode, SmsOptOut, ReceivedSms, Conversation, Invite, ContactSettings):
        his_rows = [
            row for row in await depot.session.scalars(select(model)) if getattr(row, "user_id", dana.id) == dana.id
        ]
        assert his_rows == []
    assert (await depot.session.scalars(select(Appeal.reason))).all() == [""]


async def test_r12_6_what_was_driven_and_what_went_wrong_stays(depot: Depot) -> None:
    dana = await left(depot)
    await depot.shift(dana, depot.fleet.day(-4), status=AssignmentStatus.COMPLETED)
    await depot.fleet.cancelled_by(
        dana, await depot.fleet.route("R7", depot.north), depot.fleet.day(-3), IncidentKind.LATE_CANCEL
    )
    before = await contents(depot.session)
    assert await made_anonymous(depot, dana) == Anonymised()
    after = await contents(depot.session)
    same = ("assignments", "shifts", "incidents", "employments", "driver_metrics", "driver_health_state", "routes")
    assert {table: before.get(table) for table in same} == {table: after.get(table) for table in same}


async def test_r13_it_is_audited_without_his_name_and_a_second_time_changes_nothing(depot: Depot) -> None:
    dana = await left(depot)
    assert await made_anonymous(depot, dana, depot.mona) == Anonymised()
    entries = (await depot.session.scalars(select(AuditLog).where(AuditLog.action == "anonymised"))).all()
    assert [(entry.entity_id, entry.actor_id, entry.changes) for entry in entries] == [
        (dana.id, depot.mona.id, {"before": {}, "after": {}})
    ]
    before = await contents(depot.session)
    assert await made_anonymous(depot, dana, depot.mona) == AnonymousAlready()
    assert await contents(depot.session) == before


async def refused(depot: Depot, driver_id: uuid.UUID, by: Person | None, why: Refusal) -> None:
    before = await contents(depot.session)
    result = await anonymise(depot.session, by.id if by else None, driver_id, POLICY, depot.now)
    assert result == Refused(why) and await contents(depot.session) == before


@pytest.mark.parametrize("last", [0, 1])
async def test_r12_6_not_before_the_last_day_is_over(depot: Depot, last: int) -> None:
    await refused(depot, (await left(depot, last=last)).id, depot.mona, Refusal.STILL_EMPLOYED)


async def test_r12_6_not_who_is_employed_or_was_never_recorded(depot: Depot) -> None:
    await refused(depot, (await depot.driver()).id, depot.mona, Refusal.STILL_EMPLOYED)
    anywhere = await depot.fleet.driver("Ben")
    await refused(depot, anywhere.id, None, Refusal.STILL_EMPLOYED)
    back = await left(depot, "Cid")
    again = {"user_id": back.id, "warehouse_id": depot.north, "starts_on": depot.fleet.day(5), "ends_on": None}
    await depot.fleet.put(Employment, again)
    await refused(depot, back.id, None, Refusal.STILL_EMPLOYED)


@pytest.mark.parametrize("status", [AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE])
async def test_r12_6_not_with_a_shift_to_drive(depot: Depot, status: AssignmentStatus) -> None:
    dana = await left(depot)
    await depot.shift(dana, depot.fleet.day(-1), status=status)
    await refused(depot, dana.id, depot.mona, Refusal.STILL_HAS_SHIFTS)


async def test_r12_3_only_by_a_manager_of_a_warehouse_that_was_his_home(depot: Depot) -> None:
    dana = await left(depot)
    sue = await depot.fleet.manager("Sue")
    await depot.fleet.warehouse("South", sue)
    await refused(depot, dana.id, sue, Refusal.NOT_FOUND)
    await refused(depot, dana.id, await depot.driver("Ben"), Refusal.NOT_FOUND)
    await refused(depot, uuid.uuid4(), depot.mona, Refusal.NOT_FOUND)
    await refused(depot, sue.id, None, Refusal.NOT_A_DRIVER)


async def test_r12_6_wherever_he_is_told_of(depot: Depot) -> None:
    """By what a notice is about, or in lists of several; also in what managers write, and in the log of his affairs."""
    dana, ben = await left(depot), await depot.driver("Ben")
    route = await depot.fleet.route("R7", depot.north)
    slot = await depot.fleet.cancelled_by(dana, route, depot.fleet.day(-3), IncidentKind.LATE_CANCEL)
    again = await depot.fleet.shift(route, ben, depot.fleet.day(-3), status=AssignmentStatus.COMPLETED)
    window = await depot.fleet.window(again)
    [incident] = await depot.session.scalars(select(Incident.id))
    appeal = await open_appeal(depot.session, dana, incident, "-", SAY, POLICY, depot.now)
    assert isinstance(appeal, Opened)
    stop = await depot.fleet.add(HardStop, user_id=dana.id, stopped_at=depot.now)
    message = await depot.fleet.add(
        Message, author_id=depot.mona.id, sought="Ben Test", text="Ask Dana Test", created_at=depot.now
    )
    notes = [
        await told_of(depot, about, "Dana Test", "Dana Test, Dana Tester", kind, driver="Dana Test")
        for about, kind in (
            (slot.id, Kind.RUNNING_LATE),
            (again.id, Kind.SHIFT_GIVEN),
            (window, Kind.ROUTE_CANCELLED),
            (appeal.appeal_id, Kind.APPEALED),
            (stop, Kind.TO_REINSTATE),
            (dana.id, Kind.FLAG_STUCK),
            (message, Kind.MANUAL),
            *((uuid.uuid4(), kind) for kind in LISTS),
        )
    ]
    await audit.record(
        depot.session, None, depot.now, audit.Entry("bid_window", window, "closed", after={"reason": "for Dana Test"})
    )
    assert await made_anonymous(depot, dana) == Anonymised()
    for note in notes:
        row = await depot.session.get_one(Notification, note, populate_existing=True)
        assert (row.title, row.body) == ("Former driver", "Former driver, Dana Tester")
        assert (row.data or {})["driver"] == "Former driver"
    everything = "\n".join(line for lines in (await contents(depot.session)).values() for line in lines)
    assert "Dana Test" not in everything.replace("Dana Tester", "")


async def test_r12_6_numbers_that_he_had_before_are_told_nobody_any_more(depot: Depot) -> None:
    dana = await left(depot)
    told = (f"Dana Test is not there. Call {dana.phone}.", Kind.FLAG_STUCK)
    note = await told_of(depot, dana.id, "Dana Test", *told, driver="Dana Test", phone=dana.phone)
    await give_up_number(depot.session, dana.id, depot.mona, depot.now)
    assert await made_anonymous(depot, dana) == Anonymised()
    row = await depot.session.get_one(Notification, note, populate_existing=True)
    assert (row.body, (row.data or {})["phone"]) == ("Former driver is not there. Call .", "")
    assert dana.phone not in "\n".join(line for lines in (await contents(depot.session)).values() for line in lines)


def test_r12_6_no_notice_that_names_a_driver_is_forgotten() -> None:
    """Each must be about something of his own (`domain.people.traces`), or be one of those that list several."""
    names = {"driver", "drivers", "giver", "taker", "other"}
    naming = {kind.__name__ for kind in get_args(Notice) if names & {field.name for field in fields(kind)}}
    of_his_own = {
        "Appealed",
        "ArrivedLate",
        "DriverLate",
        "DriverMissing",
        "DriverStopped",
        "FallbackGone",
        "FlagStuck",
    }
    of_his_own |= {"GiveAwayEnded", "NumberChanged", "RouteCancelled", "ShiftGiven", "ShiftOverdue", "ToReinstate"}
    assert naming == of_his_own | {"MissingListed", "ArrivalsHeld", "GiveAwayAsked"}


async def test_r12_6_texts_about_a_namesake_still_name_him(depot: Depot) -> None:
    dana, other = await left(depot), await depot.driver("Dana")
    note = await told_of(depot, dana.id, "Dana Test", "Dana Test cancelled")
    assert await made_anonymous(depot, dana) == Anonymised()
    row = await depot.session.get_one(Notification, note, populate_existing=True)
    assert (row.title, row.body) == ("Dana Test", "Dana Test cancelled")
    assert (await depot.session.get_one(User, other.id, populate_existing=True)).first_name == "Dana"


async def test_r12_7_from_the_last_day_to_nobody_in_particular(depot: Depot) -> None:
    """By the product's own steps."""
    dana = await depot.driver()
    await leave_company(depot.session, depot.mona, dana.id, depot.fleet.today, SAY, POLICY, depot.now)
    assert await made_anonymous(depot, dana, depot.mona) == Refused(Refusal.STILL_EMPLOYED)
    tomorrow = depot.now + timedelta(days=1)
    assert await anonymise(depot.session, depot.mona.id, dana.id, POLICY, tomorrow) == Anonymised()
