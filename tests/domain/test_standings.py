"""Where a notice stands with each who was told (R11): the rule for every state, and the page of a window."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.coverage.actions import decline_day
from domain.db.models import Delivery, LastHeard
from domain.db.models.words import Channel, DeliveryState, Failure
from domain.notices.kinds import Acknowledged, Kind
from domain.notices.standings import Asked, Part, Stage, Standing, asked, standing
from tests.domain.test_waves import Emergency
from tests.domain.test_waves import emergency as emergency
from tests.domain.world import accept, next_wave

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SENT_AT, SMS_AT, LATER = NOW - 9 * MINUTE, NOW - 5 * MINUTE, NOW + 60 * MINUTE
S, ANYTHING, BUTTON = DeliveryState, Acknowledged.BY_ANYTHING, Acknowledged.BY_ITS_BUTTON


SENT = Part(S.SENT, sent_at=SENT_AT)
UNANSWERED = Part(S.ESCALATED, sent_at=SENT_AT)
BLOCKED = Part(S.ESCALATED, failure=Failure.BLOCKED)
NO_SMS = Part(S.FAILED, failure=Failure.NO_SMS)


@pytest.mark.parametrize(
    ("by_telegram", "by_sms", "heard", "counts", "stands"),
    [
        # Telegram alone
        (None, None, None, ANYTHING, Standing(Stage.WAITING)),
        (Part(S.PENDING, due_at=NOW), None, None, ANYTHING, Standing(Stage.WAITING)),
        (Part(S.SENDING, due_at=NOW), None, None, ANYTHING, Standing(Stage.WAITING)),
        (Part(S.PENDING, due_at=LATER), None, None, ANYTHING, Standing(Stage.HELD, LATER)),
        (SENT, None, None, ANYTHING, Standing(Stage.SENT, SENT_AT, SENT_AT)),
        (SENT, None, SENT_AT - MINUTE, ANYTHING, Standing(Stage.SENT, SENT_AT, SENT_AT)),
        (SENT, None, SENT_AT, ANYTHING, Standing(Stage.SEEN, SENT_AT, SENT_AT)),
        (SENT, None, NOW, BUTTON, Standing(Stage.SENT, SENT_AT, SENT_AT)),
        (Part(S.ACKNOWLEDGED, sent_at=SENT_AT), None, NOW, BUTTON, Standing(Stage.SEEN, NOW, SENT_AT)),
        (
            Part(S.ACKNOWLEDGED, sent_at=SENT_AT, answered_at=SMS_AT),
            None,
            NOW,
            BUTTON,
            Standing(Stage.ANSWERED, SMS_AT, SENT_AT),
        ),
        (Part(S.CANCELLED), None, NOW, ANYTHING, Standing(Stage.POINTLESS)),
        (Part(S.CANCELLED, sent_at=SENT_AT), None, None, ANYTHING, Standing(Stage.SENT, SENT_AT, SENT_AT)),
        (Part(S.EXPIRED), None, None, ANYTHING, Standing(Stage.EXPIRED)),
        (
            Part(S.FAILED, failure=Failure.REFUSED),
            None,
            None,
            ANYTHING,
            Standing(Stage.FAILED, failure=Failure.REFUSED),
        ),
        (UNANSWERED, None, None, ANYTHING, Standing(Stage.SMS_WAITING, None, SENT_AT)),
        # back from an SMS that could not be brought: Telegram is tried again, and may have it by now
        (Part(S.PENDING, due_at=NOW), NO_SMS, None, ANYTHING, Standing(Stage.WAITING)),
        (Part(S.SENDING, due_at=NOW), Part(S.UNDELIVERED, sent_at=SMS_AT), None, ANYTHING, Standing(Stage.WAITING)),
        (SENT, NO_SMS, None, ANYTHING, Standing(Stage.SENT, SENT_AT, SENT_AT)),
        (
            Part(S.FAILED, failure=Failure.NO_ANSWER),
            NO_SMS,
            None,
            ANYTHING,
            Standing(Stage.FAILED, failure=Failure.NO_SMS),
        ),
        # by SMS, where Telegram had it
        (UNANSWERED, Part(S.PENDING, due_at=NOW), None, ANYTHING, Standing(Stage.SMS_WAITING, None, SENT_AT)),
        (UNANSWERED, Part(S.SENDING, due_at=NOW), None, ANYTHING, Standing(Stage.SMS_WAITING, None, SENT_AT)),
        (UNANSWERED, Part(S.PENDING, due_at=LATER), None, ANYTHING, Standing(Stage.SMS_HELD, LATER, SENT_AT)),
        (UNANSWERED, Part(S.SENT, sent_at=SMS_AT), None, ANYTHING, Standing(Stage.SMS_SENT, SMS_AT, SENT_AT)),
        (UNANSWERED, Part(S.SENT, sent_at=SMS_AT), SMS_AT, ANYTHING, Standing(Stage.SEEN, SMS_AT, SENT_AT)),
        (UNANSWERED, Part(S.DELIVERED, sent_at=SMS_AT), None, ANYTHING, Standing(Stage.SMS_DELIVERED, SMS_AT, SENT_AT)),
        (UNANSWERED, Part(S.UNKNOWN), None, ANYTHING, Standing(Stage.SMS_UNKNOWN, None, SENT_AT)),
        (UNANSWERED, Part(S.CANCELLED), None, ANYTHING, Standing(Stage.SENT, SENT_AT, SENT_AT)),
        (UNANSWERED, Part(S.EXPIRED), None, ANYTHING, Standing(Stage.SENT, SENT_AT, SENT_AT)),
        (
            UNANSWERED,
            Part(S.FAILED, failure=Failure.OPTED_OUT),
            None,
            ANYTHING,
            Standing(Stage.FAILED, None, SENT_AT, Failure.OPTED_OUT),
        ),
        (
            UNANSWERED,
            Part(S.UNDELIVERED, sent_at=SMS_AT, failure=Failure.CARRIER),
            None,
            ANYTHING,
            Standing(Stage.FAILED, SMS_AT, SENT_AT, Failure.CARRIER),
        ),
        # by SMS, where Telegram never had it
        (
            BLOCKED,
            Part(S.SENT, sent_at=SMS_AT),
            None,
            ANYTHING,
            Standing(Stage.SMS_SENT, SMS_AT, None, Failure.BLOCKED),
        ),
        (BLOCKED, Part(S.CANCELLED), None, ANYTHING, Standing(Stage.POINTLESS, None, None, Failure.BLOCKED)),
        (BLOCKED, Part(S.EXPIRED), None, ANYTHING, Standing(Stage.EXPIRED, None, None, Failure.BLOCKED)),
        (None, Part(S.PENDING), None, ANYTHING, Standing(Stage.FOR_DIGEST)),
        (None, Part(S.PENDING, due_at=LATER), None, ANYTHING, Standing(Stage.SMS_HELD, LATER)),
        # handed over once, and tried again later: that is no quiet hour
        (None, Part(S.PENDING, due_at=LATER, sent_at=SMS_AT), None, ANYTHING, Standing(Stage.SMS_WAITING, SMS_AT)),
        (None, Part(S.SENT, sent_at=SMS_AT, answered_at=NOW), NOW, BUTTON, Standing(Stage.ANSWERED, NOW)),
    ],
)
def test_r11_where_it_stands(
    by_telegram: Part | None, by_sms: Part | None, heard: datetime | None, counts: Acknowledged, stands: Standing
) -> None:
    assert standing(by_telegram, by_sms, heard, counts, NOW) == stands


moments = st.none() | st.integers(-90, 90).map(lambda minutes: NOW + minutes * MINUTE)
parts = st.none() | st.builds(Part, st.sampled_from(S), moments, moments, st.none() | st.sampled_from(Failure), moments)


@given(parts, parts, moments, st.sampled_from(Acknowledged))
def test_every_state_stands_somewhere(
    by_telegram: Part | None, by_sms: Part | None, heard: datetime | None, counts: Acknowledged
) -> None:
    found = standing(by_telegram, by_sms, heard, counts, NOW)
    if (found.stage in (Stage.SMS_SENT, Stage.SMS_DELIVERED)) and by_sms is not None:
        assert by_sms.state in (S.SENT, S.ACKNOWLEDGED, S.DELIVERED)
    if found.stage is Stage.HELD:
        assert found.at is not None
        assert found.at > NOW


# -- a window


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def page(emergency: Emergency, window: uuid.UUID, number: int = 0) -> Asked:
    found = await asked(emergency.session, emergency.manager.id, window, number, 10, emergency.now)
    assert found is not None
    return found


async def test_who_was_asked_ten_a_page_whatever_their_number(emergency: Emergency, shared_engine: AsyncEngine) -> None:
    few = await emergency.drivers(3)
    window = await emergency.open()
    with counted(shared_engine) as for_few:
        found = await page(emergency, window)
    assert {told.name for told in found.told} == {f"{who.first_name} Test" for who in few}
    await emergency.fleet.drivers(40, emergency.north)
    await next_wave(emergency.session, emergency.now + MINUTE)
    with counted(shared_engine) as for_many:
        found = await page(emergency, window, 1)
    assert len(for_few) == len(for_many)
    assert (len(found.told), found.total, found.page, found.pages) == (10, 33, 1, 4)
    listed = [told.name for number in range(4) for told in (await page(emergency, window, number)).told]
    assert len(listed) == len(set(listed)) == 33
    for beyond in (4, 999_999, -3):
        assert (await page(emergency, window, beyond)).page == 0


async def test_r12_3_another_warehouses_manager_sees_nobody(emergency: Emergency) -> None:
    await emergency.drivers(2)
    window = await emergency.open()
    other = await emergency.fleet.manager("Otto")
    await emergency.fleet.warehouse("South", other)
    for who in (other.id, uuid.uuid4()):
        assert await asked(emergency.session, who, window, 0, 10, emergency.now) is None
    assert await asked(emergency.session, emergency.manager.id, uuid.uuid4(), 0, 10, emergency.now) is None


async def test_each_stands_where_his_own_messages_stand(emergency: Emergency) -> None:
    taker, decliner, silent, seen, blocked = await emergency.drivers(5)
    unlinked = await emergency.fleet.driver("Una", home=emergency.north, linked=False)
    window, session, at = await emergency.open(), emergency.session, emergency.now
    of = update(Delivery).where(Delivery.about == window, Delivery.kind == Kind.OFFER)
    await session.execute(of.where(Delivery.channel == Channel.TELEGRAM).values(state=S.SENT, sent_at=at, due_at=None))
    await session.execute(
        of.where(Delivery.user_id == blocked.id).values(state=S.FAILED, sent_at=None, failure=Failure.BLOCKED)
    )
    await session.execute(
        of.where(Delivery.user_id == unlinked.id).values(state=S.UNDELIVERED, sent_at=at, failure=Failure.CARRIER)
    )
    await emergency.fleet.put(LastHeard, {"user_id": seen.id, "at": at + MINUTE})
    await decline_day(session, decliner, window, at)
    await accept(session, taker, window, at)
    stands = {told.name: told.standing for told in (await page(emergency, window)).told}
    stages = {name.split()[0]: it.stage for name, it in stands.items()}
    assert stages == {
        taker.first_name: Stage.ACCEPTED,
        decliner.first_name: Stage.DECLINED,
        silent.first_name: Stage.SENT,
        seen.first_name: Stage.SEEN,
        blocked.first_name: Stage.FAILED,
        "Una": Stage.FAILED,
    }
    assert stands["Una Test"].failure is Failure.CARRIER
    assert stands[f"{taker.first_name} Test"].at == at
