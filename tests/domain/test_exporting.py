"""R12.6: all that is kept of one person is in his export, and nothing of another driver."""

import json
import uuid
from typing import Any

from sqlalchemy import LargeBinary

from domain.db.base import Base
from domain.db.models import (
    AuditLog,
    Bid,
    CalendarFeed,
    DriverHealthState,
    GiveAway,
    Invite,
    Notification,
    ReceivedSms,
    SmsOptOut,
    User,
)
from domain.db.models.words import ActorType, AssignmentStatus, IncidentKind, NotificationType
from domain.people.exporting import (
    ANOTHER,
    DONE,
    HIS,
    OF_HIS_PHONE,
    OF_HIS_SHIFTS,
    WITHHELD,
    export_person,
    people_named,
    refers_to_users,
)
from domain.people.queries import Person
from tests.domain.depot import Depot, depot

__all__ = ["depot"]

TABLES = Base.metadata.tables


def test_r12_6_no_table_that_refers_to_people_is_forgotten() -> None:
    referring = {(table.name, each.name) for table in TABLES.values() for each in table.c if refers_to_users(each)}
    known = {(table, column) for part in (HIS, DONE) for table, columns in part.items() for column in columns}
    assert known - {("users", "id")} == referring
    of_shifts = {
        table.name
        for table in TABLES.values()
        if any(key.target_fullname == "assignments.id" for key in table.foreign_keys) and table.name not in HIS
    }
    assert of_shifts == set(OF_HIS_SHIFTS)
    with_phone = {table.name for table in TABLES.values() if "phone" in table.c} - set(HIS)
    assert with_phone == set(OF_HIS_PHONE)


def test_r12_6_no_secret_is_given_out() -> None:
    columns = {str(column): column for table in TABLES.values() for column in table.c}
    secret = {
        name
        for name, column in columns.items()
        if isinstance(column.type, LargeBinary) or "hash" in name or name.endswith(".code")
    }
    assert secret <= WITHHELD <= set(columns)


async def exported(depot: Depot, person: Person) -> dict[str, Any]:
    whole = await export_person(depot.session, person.id, depot.now)
    return dict(json.loads(json.dumps(whole)))


async def noted(depot: Depot, person: Person, body: str, **data: Any) -> uuid.UUID:
    what = {"type": NotificationType.MANUAL, "title": "t", "data": data | {"dedupe": str(uuid.uuid4())}}
    return await depot.fleet.add(Notification, user_id=person.id, body=body, created_at=depot.now, **what)


async def test_r12_6_his_rows_are_there_with_what_belongs_to_them(depot: Depot) -> None:
    dana = await depot.driver(language="fr")
    gone = await depot.fleet.cancelled_by(
        dana, await depot.fleet.route("R7", depot.north), depot.fleet.day(-3), IncidentKind.LATE_CANCEL
    )
    await depot.shift(dana, depot.fleet.day(-1), status=AssignmentStatus.COMPLETED)
    await depot.fleet.put(SmsOptOut, {"phone": dana.phone, "since": depot.now})
    sms = {"sid": "SM1", "phone": dana.phone, "received_at": depot.now, "understood": True, "reply": "x"}
    await depot.fleet.put(ReceivedSms, sms)
    await depot.fleet.put(CalendarFeed, {"user_id": dana.id, "token_hash": b"secret", "created_at": depot.now})
    whole = await exported(depot, dana)
    records = whole["records"]
    assert whole["made_at"] == depot.now.isoformat()
    assert [(row["first_name"], row["phone"]) for row in records["users"]] == [("Dana", dana.phone)]
    assert sorted(row["status"] for row in records["assignments"]) == ["cancelled", "completed"]
    assert [row["cancel_reason"] for row in records["shifts"]] == ["other"]
    assert [(row["kind"], row["assignment_id"]) for row in records["incidents"]] == [("late_cancel", str(gone.id))]
    assert records["contact_settings"][0]["language"] == "fr"
    assert {"sms_opt_outs", "received_sms", "chat_links", "employments"} <= set(records)
    assert records["calendar_feeds"] == [
        {"user_id": str(dana.id), "created_at": records["calendar_feeds"][0]["created_at"]}
    ]
    assert set(whole["routes"].values()) == {"R7", "R12"} and set(whole["warehouses"].values()) == {"North"}


async def test_r12_3_no_other_driver_is_in_it(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, depot.fleet.day(3))
    other = await depot.shift(ben, depot.fleet.day(4), route="R7")
    await depot.fleet.put(DriverHealthState, {"user_id": ben.id, "current_score": 37})
    bid = {"assignment_id": other.id, "user_id": ben.id, "score": 0.37, "window_closes_at": depot.now}
    await depot.fleet.add(Bid, **bid)
    give = {"assignment_id": slot.id, "giver_id": dana.id, "offered_at": depot.now, "taker_id": ben.id}
    await depot.fleet.add(GiveAway, **give, token_hash=b"secret")
    await noted(
        depot, dana, f"Ben Test takes R12. Call {ben.phone}, not {dana.phone}.", driver="Ben Test", phone=ben.phone
    )
    await noted(depot, ben, "for Ben alone")
    whole = await exported(depot, dana)
    [note] = whole["records"]["notifications"]
    assert note["body"] == f"{ANOTHER} takes R12. Call …, not {dana.phone}."
    [given] = whole["records"]["give_aways"]
    assert given["giver_id"] == str(dana.id) and "taker_id" not in given
    text = json.dumps(whole)
    for theirs in ("Ben", ben.phone, str(ben.id), "0.37", "secret"):
        assert theirs not in text
    assert "bids" not in whole["records"] and "driver_health_state" not in whole["records"]


async def test_r12_3_a_name_is_hidden_where_it_is_one(depot: Depot) -> None:
    """Not within other words, nor within the reader's own name."""
    ann = await depot.driver("Mary Ann")
    await depot.driver("Ann")
    await noted(depot, ann, "Mary Ann Test, Ann Test, Joann Test and Ann Tester")
    [note] = (await exported(depot, ann))["records"]["notifications"]
    assert note["body"] == f"Mary Ann Test, {ANOTHER}, Joann Test and Ann Tester"


async def test_r12_6_of_what_a_manager_did_it_says_what_and_when(depot: Depot) -> None:
    dana = await depot.driver()
    entry = {"entity_type": "user", "entity_id": dana.id, "action": "leaves", "actor_type": ActorType.USER}
    changes = {"before": {}, "after": {"reason": "Dana Test was late"}}
    await depot.fleet.add(AuditLog, **entry, actor_id=depot.mona.id, changes=changes, created_at=depot.now)
    invite = {"token_hash": b"x", "user_id": dana.id, "created_by": depot.mona.id, "created_at": depot.now}
    await depot.fleet.add(Invite, **invite, expires_at=depot.now)
    mona = await exported(depot, depot.mona)
    assert [(row["entity_type"], row["action"]) for row in mona["did"]["audit_logs"]] == [("user", "leaves")]
    assert set(mona["did"]["invites"][0]) == {"id", "created_at", "expires_at"}
    assert str(dana.id) not in json.dumps(mona) and "late" not in json.dumps(mona)
    hers = await exported(depot, dana)
    assert hers["records"]["audit_logs"][0]["changes"] == changes
    assert "actor_id" not in hers["records"]["audit_logs"][0] and hers["did"] == {}


async def test_r12_6_sms_of_a_number_that_two_share_are_neithers(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.fleet.add(
        User, email="x@example.invalid", password_hash="!", first_name="Eve", last_name="Test", phone=dana.phone
    )
    await depot.fleet.put(SmsOptOut, {"phone": dana.phone, "since": depot.now})
    assert "sms_opt_outs" not in (await exported(depot, dana))["records"]


async def test_r12_6_who_is_named_at_the_command_line_is_named_in_full(depot: Depot) -> None:
    dana = await depot.driver("Dana")
    for written in ("Dana Test", "test dana", dana.phone, dana.phone[2:]):
        assert [who.id for who in await people_named(depot.session, written)] == [dana.id]
    for written in ("Dana", "", "-", "Dana T"):
        assert await people_named(depot.session, written) == ()
    assert [who.id for who in await people_named(depot.session, "Mona Test")] == [depot.mona.id]
