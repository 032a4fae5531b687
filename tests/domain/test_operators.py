"""What an operator may do about a delivery: once more, or not at all (R11.3, R11.7)."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.delivery.claims import claim_telegram
from domain.db.models import AuditLog, Delivery, User, WarehouseGroup
from domain.db.models.words import ActorType, Channel, DeliveryState, Failure, Urgency, UserRole
from domain.groups.actions import Connected, Group, connect
from domain.notices.operators import Done, Listed, NotDone, Sought, WhyNot, cancel, listed, retry
from domain.policy import Policy
from tests.domain.world import Fleet
from tests.waits import somebody_waits

S = DeliveryState
SMS, TELEGRAM = Channel.SMS, Channel.TELEGRAM


async def person(session: AsyncSession, name: str = "Amara Osei", phone: str = "+14165550101") -> uuid.UUID:
    id_, (first, last) = uuid.uuid4(), name.split()
    told = {"first_name": first, "last_name": last, "phone": phone, "email": str(id_), "password_hash": "!"}
    await session.execute(insert(User).values(id=id_, role=UserRole.DRIVER, **told))
    return id_


async def delivery(session: AsyncSession, user_id: uuid.UUID, now: datetime, **given: Any) -> uuid.UUID:
    row: dict[str, Any] = {"id": uuid.uuid4(), "user_id": user_id, "channel": TELEGRAM, "kind": "offer", "urgency": 0}
    row |= {"level": 0, "state": S.FAILED, "created_at": now} | given
    await session.execute(insert(Delivery).values(row))
    return uuid.UUID(str(row["id"]))


async def row_of(session: AsyncSession, id_: uuid.UUID) -> Delivery:
    found = await session.scalars(select(Delivery).where(Delivery.id == id_).execution_options(populate_existing=True))
    return found.one()


def named(*ids: uuid.UUID) -> list[str]:
    return [str(id_) for id_ in ids]


def refusals(results: Sequence[Done | NotDone]) -> list[WhyNot | None]:
    return [result.why if isinstance(result, NotDone) else None for result in results]


@pytest.mark.parametrize("state", [S.FAILED, S.UNDELIVERED, S.EXPIRED, S.CANCELLED])
async def test_what_has_failed_is_due_again(session: AsyncSession, now: datetime, state: DeliveryState) -> None:
    id_ = await delivery(session, await person(session), now, channel=SMS, state=state, failure=Failure.CARRIER)
    (done,) = await retry(session, named(id_), now)
    assert (done, done.named) == (Done(str(id_), id_, state, S.PENDING), str(id_))
    row = await row_of(session, id_)
    assert (row.state, row.due_at, row.failure, row.attempt) == (S.PENDING, now, None, 1)


async def test_r11_7_an_sms_of_which_nobody_knows_is_looked_up_and_never_sent_blindly(
    session: AsyncSession, now: datetime
) -> None:
    paused = func.clock_timestamp() + timedelta(hours=1)
    id_ = await delivery(session, await person(session), now, channel=SMS, state=S.UNKNOWN, pause_until=paused)
    (done,) = await retry(session, named(id_), now)
    assert isinstance(done, Done)
    row = await row_of(session, id_)
    assert (done.after, row.state, row.due_at, row.pause_until) == (S.UNKNOWN, S.UNKNOWN, now, None)


async def test_r11_4a_a_normal_sms_waits_for_the_digest_again(session: AsyncSession, now: datetime) -> None:
    who = await person(session)
    normal = {"channel": SMS, "urgency": Urgency.NORMAL, "state": S.CANCELLED}
    one, digest = (
        await delivery(session, who, now, **normal),
        await delivery(session, who, now, kind="digest", **normal),
    )
    await retry(session, named(one, digest), now)
    assert ((await row_of(session, one)).due_at, (await row_of(session, digest)).due_at) == (None, now)


IN_AN_HOUR = func.clock_timestamp() + timedelta(hours=1)
NO_RETRY: list[tuple[dict[str, Any], WhyNot]] = [
    ({"state": S.SENT, "message_id": 1, "chat_id": 1}, WhyNot.HAS_LEFT),
    ({"state": S.SENT, "channel": SMS}, WhyNot.HAS_LEFT),
    ({"state": S.DELIVERED, "channel": SMS}, WhyNot.HAS_ARRIVED),
    ({"state": S.ACKNOWLEDGED, "message_id": 1, "chat_id": 1}, WhyNot.HAS_ARRIVED),
    ({"state": S.ESCALATED}, WhyNot.WENT_ON),
    ({"state": S.SUPERSEDED, "channel": SMS}, WhyNot.IN_DIGEST),
    ({"state": S.SENDING, "lease_until": IN_AN_HOUR}, WhyNot.IN_HAND),
    ({"state": S.SENDING}, WhyNot.IN_HAND),  # its worker died, and the next takes it up
    ({"state": S.UNKNOWN, "channel": SMS, "lease_until": IN_AN_HOUR}, WhyNot.IN_HAND),
    ({"state": S.PENDING, "due": True}, WhyNot.WAITS),
    ({"state": S.PENDING, "channel": SMS, "urgency": 2}, WhyNot.WAITS_FOR_DIGEST),
    ({"state": S.CANCELLED, "message_id": 1, "chat_id": 1}, WhyNot.HAS_LEFT),  # it was there, and is deleted
    ({"state": S.EXPIRED, "over": True}, WhyNot.TIME_IS_OVER),
    ({"state": S.FAILED, "over": True}, WhyNot.TIME_IS_OVER),
]


@pytest.mark.parametrize(("given", "why"), NO_RETRY)
async def test_r11_3_a_retry_that_makes_no_sense_is_refused(
    session: AsyncSession, now: datetime, given: dict[str, Any], why: WhyNot
) -> None:
    assert await refused(session, now, given, "retry") == why


NO_CANCEL: list[tuple[dict[str, Any], WhyNot]] = [
    ({"state": S.SENT, "message_id": 1, "chat_id": 1}, WhyNot.HAS_LEFT),
    ({"state": S.SENT, "channel": SMS}, WhyNot.HAS_LEFT),
    ({"state": S.DELIVERED, "channel": SMS}, WhyNot.HAS_ARRIVED),
    ({"state": S.SENDING}, WhyNot.IN_HAND),
    ({"state": S.PENDING, "channel": SMS, "due": True, "lease_until": IN_AN_HOUR}, WhyNot.IN_HAND),
    ({"state": S.UNKNOWN, "channel": SMS, "due": True}, WhyNot.MAY_HAVE_LEFT),
    ({"state": S.FAILED}, WhyNot.IS_OVER),
    ({"state": S.CANCELLED}, WhyNot.IS_OVER),
    ({"state": S.SUPERSEDED, "channel": SMS}, WhyNot.IN_DIGEST),
]


@pytest.mark.parametrize(("given", "why"), NO_CANCEL)
async def test_what_has_left_or_may_have_cant_be_cancelled(
    session: AsyncSession, now: datetime, given: dict[str, Any], why: WhyNot
) -> None:
    assert await refused(session, now, given, "cancel") == why


async def refused(session: AsyncSession, now: datetime, given: dict[str, Any], wish: str) -> WhyNot | None:
    """Why; and nothing is written."""
    given = dict(given)
    due, over = given.pop("due", False), given.pop("over", False)
    given |= {"due_at": now if due else None, "expires_at": now if over else None}
    id_ = await delivery(session, await person(session), now, **given)
    (why,) = refusals(await (retry(session, [str(id_)], now) if wish == "retry" else cancel(session, [str(id_)], now)))
    row = await row_of(session, id_)
    assert (row.state, row.attempt, row.reason) == (given["state"], 0, None)
    assert (await session.scalars(select(AuditLog))).all() == []
    return why


@pytest.mark.parametrize(
    "given",
    [
        {"due_at": datetime.fromisoformat("2026-11-25T07:00-05:00")},
        {"due_at": datetime.fromisoformat("2027-11-25T07:00-05:00")},  # held
        {"channel": SMS, "urgency": 2, "due_at": None},  # for the digest
        {"due_at": datetime.fromisoformat("2026-11-25T07:00-05:00"), "pause_until": IN_AN_HOUR},
        {"channel": SMS, "due_at": datetime.fromisoformat("2026-11-25T07:00-05:00"), "escalate_at": func.now()},
    ],
)
async def test_what_waits_is_cancelled_for_good(session: AsyncSession, now: datetime, given: dict[str, Any]) -> None:
    id_ = await delivery(session, await person(session), now, state=S.PENDING, **given)
    (done,) = await cancel(session, named(id_), now)
    assert isinstance(done, Done)
    row = await row_of(session, id_)
    assert (row.state, row.due_at, row.escalate_at, row.reason) == (S.CANCELLED, None, None, "by an operator")


async def test_ids_may_be_shortened_and_each_gets_its_answer(session: AsyncSession, now: datetime) -> None:
    who = await person(session)
    one = await delivery(session, who, now, id=uuid.UUID("abcdef12-0000-4000-8000-000000000001"))
    for end in (2, 3):
        await delivery(session, who, now, id=uuid.UUID(f"abcdef34-0000-4000-8000-00000000000{end}"))
    names = ["abcdef1", "abcdef", "ABCDEF12-0000", "abc", "nothing", "ffffff", str(one)]
    assert refusals(await retry(session, names, now)) == [
        None,
        WhyNot.AMBIGUOUS,
        WhyNot.NO_ID,
        WhyNot.NO_ID,
        WhyNot.NOT_FOUND,
    ]
    assert (await row_of(session, one)).attempt == 1  # named thrice, done once


async def test_r13_it_is_audited_as_done_by_the_system(session: AsyncSession, now: datetime) -> None:
    who = await person(session)
    one, other = await delivery(session, who, now), await delivery(session, who, now, state=S.PENDING)
    await retry(session, named(one), now)
    await cancel(session, named(other), now)
    entries = (await session.scalars(select(AuditLog).order_by(AuditLog.action))).all()
    assert [(entry.entity_type, entry.entity_id, entry.action, entry.actor_type) for entry in entries] == [
        ("delivery", other, "cancelled", ActorType.SYSTEM),
        ("delivery", one, "retried", ActorType.SYSTEM),
    ]
    assert entries[1].changes == {"before": {"state": "failed"}, "after": {"state": "pending"}}


async def test_listing(session: AsyncSession, now: datetime) -> None:
    amara, zoe = await person(session), await person(session, "Zoë O'Neil", "+14165550102")
    old = await delivery(session, amara, now - timedelta(hours=2), state=S.SENT, level=2)
    text = await delivery(session, zoe, now - timedelta(hours=1), channel=SMS, kind="won", level=1)
    card = await delivery(session, zoe, now, kind="home", level=None, state=S.SENT)

    async def ids(**sought: Any) -> list[uuid.UUID]:
        return [found.id for found in await listed(session, Sought(**sought))]

    assert await ids() == [card, text, old]  # the newest first
    assert await ids(limit=1) == [card]
    assert await ids(state=S.SENT) == [card, old]
    assert await ids(level=Urgency.IMPORTANT) == [text]
    assert await ids(kind="won") == [text]
    assert await ids(since=now - timedelta(hours=1)) == [card, text]
    assert await ids(person="o'n") == await ids(person="zoë o") == await ids(person="(416) 555-0102") == [card, text]
    assert await ids(person="%") == []
    (found,) = await listed(session, Sought(kind="won"))
    assert found == Listed(
        *(text, None, now - timedelta(hours=1), "Zoë O'Neil", "+14165550102", SMS, "won", 1, S.FAILED),
        *(None, None, None, None, 0),
    )


async def test_a_groups_deliveries_are_listed_by_its_title(fleet: Fleet) -> None:
    mona = await fleet.manager()
    north = await fleet.warehouse("North", mona)
    group = Group(-4001, "North crew")
    assert await connect(fleet.session, mona, north, group, "en", fleet.now) == Connected("North")
    whose = await fleet.session.scalar(select(WarehouseGroup.id))
    told = {"channel": TELEGRAM, "kind": "group_call", "urgency": 0, "level": 2, "state": S.SENT}
    id_ = await fleet.add(Delivery, group_id=whose, chat_id=-4001, created_at=fleet.now, **told)
    for person in (None, "north c"):
        [found] = await listed(fleet.session, Sought(kind="group_call", person=person))
        assert (found.id, found.name, found.phone) == (id_, "North crew", "")
    assert await listed(fleet.session, Sought(person="Mona")) == []


async def test_a_worker_that_has_just_claimed_it_is_not_disturbed(
    engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession], now: datetime
) -> None:
    """The operator waits for the claim's end, and finds its lease."""
    async with sessions.begin() as session:
        id_ = await delivery(session, await person(session), now, state=S.PENDING, due_at=now)
    async with sessions.begin() as claiming:
        leased = {"lease_until": IN_AN_HOUR, "attempt": 1}
        await claiming.execute(update(Delivery).where(Delivery.id == id_).values(leased))
        async with sessions.begin() as session:
            cancelling = asyncio.create_task(cancel(session, named(id_), now))
            await somebody_waits(claiming)
            await claiming.commit()
            assert refusals(await cancelling) == [WhyNot.IN_HAND]


async def test_a_worker_that_comes_back_too_late_records_nothing(
    engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession], now: datetime
) -> None:
    """Its lease had run out when an operator put the row back into the queue: the attempt is another one now."""
    db = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with sessions.begin() as session:
        id_ = await delivery(session, await person(session), now, state=S.PENDING, due_at=now)
    claimed = await claim_telegram(db, now, timedelta(0), Policy())
    assert claimed is not None
    async with sessions.begin() as session:
        gone = {"lease_until": func.clock_timestamp(), "state": S.FAILED}
        await session.execute(update(Delivery).where(Delivery.id == id_).values(gone))
        await retry(session, named(id_), now)
    async with sessions() as session:
        row = await row_of(session, id_)
    assert (row.state, row.lease_until) == (S.PENDING, None)
    assert row.attempt > claimed.attempt
