"""What the press on a notice leaves of its row: answered stays answered, and nothing else is escalated (R11.2)."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery import queue
from domain.db.models import Delivery
from domain.db.models.words import DeliveryState
from domain.notices.kinds import Kind
from tests.domain.world import Fleet


async def pressed(session: AsyncSession, now: datetime, state: DeliveryState) -> Delivery:
    fleet = Fleet(session, now)
    row = await fleet.window_card(await fleet.manager(), uuid.uuid4(), state)
    waits = update(Delivery).where(Delivery.id == row).values(kind=Kind.MANUAL, escalate_at=now + timedelta(minutes=4))
    await session.execute(waits)
    return await session.get_one(Delivery, row)


@pytest.mark.parametrize("state", [DeliveryState.ACKNOWLEDGED, DeliveryState.ESCALATED])
async def test_a_notice_that_still_shows_itself_stays_what_it_was(
    session: AsyncSession, now: datetime, state: DeliveryState
) -> None:
    row = await pressed(session, now, state)
    await queue.track(
        session, row.whose, Kind.MANUAL, row.about, chat_id=row.chat_id or 0, message_id=row.message_id, now=now
    )
    await session.refresh(row)
    assert row.state == state


async def test_what_shows_something_else_from_now_on_is_escalated_no_more(session: AsyncSession, now: datetime) -> None:
    row = await pressed(session, now, DeliveryState.ACKNOWLEDGED)
    await queue.track(
        session, row.whose, Kind.WINDOW, row.about, chat_id=row.chat_id or 0, message_id=row.message_id, now=now
    )
    await session.refresh(row)
    assert (row.state, row.escalate_at) == ("sent", None)
    again = await pressed(session, now, DeliveryState.SENT)
    await queue.untrack(session, again.whose, again.chat_id or 0, again.message_id or 0, now)
    await session.refresh(again)
    assert again.escalate_at is None
