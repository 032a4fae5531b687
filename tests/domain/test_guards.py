"""R2.1, R6.1, R6.4, R11.1: what the database itself refuses, whatever the code does."""

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.base import Base
from domain.db.models import Bid, Notification
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowStatus, NotificationType
from tests.domain.world import Fleet

CANCELLED = AssignmentStatus.CANCELLED


async def refused(fleet: Fleet, model: type[Base], guard: str, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=guard):
        async with fleet.session.begin_nested():
            await fleet.add(model, **values)


@pytest.fixture
async def north(fleet: Fleet) -> uuid.UUID:
    return await fleet.warehouse("North")


async def test_r2_1_one_live_row_a_slot(session: AsyncSession, fleet: Fleet, north: uuid.UUID) -> None:
    route = await fleet.route("R12", north)
    one, two = await fleet.driver(home=north), await fleet.driver(home=north)
    await fleet.shift(route, one, status=CANCELLED)
    await fleet.shift(route, two, status=CANCELLED)
    await fleet.slot(route)
    await fleet.slot(route, fleet.day(1))
    with pytest.raises(IntegrityError, match="uniq_assignments_live_slot"):
        async with session.begin_nested():
            await fleet.slot(route)
    with pytest.raises(IntegrityError, match="uniq_assignments_live_slot"):
        async with session.begin_nested():
            await fleet.shift(route, one)
    await fleet.shift(route, one, status=CANCELLED)


@pytest.mark.parametrize("status", [status for status in AssignmentStatus if status not in ("cancelled", "unfilled")])
async def test_r2_1_one_live_row_a_driver_and_date(
    session: AsyncSession, fleet: Fleet, north: uuid.UUID, status: AssignmentStatus
) -> None:
    routes = [await fleet.route(name, north) for name in ("R1", "R2", "R3")]
    driver = await fleet.driver(home=north)
    await fleet.shift(routes[0], driver, status=status)
    await fleet.shift(routes[1], driver, status=CANCELLED)
    with pytest.raises(IntegrityError, match="uniq_assignments_live_driver"):
        async with session.begin_nested():
            await fleet.shift(routes[2], driver)
    await fleet.shift(routes[2], driver, fleet.day(1))


async def test_r2_1_many_slots_without_a_driver(fleet: Fleet, north: uuid.UUID) -> None:
    for name in ("R1", "R2", "R3"):
        await fleet.slot(await fleet.route(name, north), date(2026, 12, 1))


async def test_r6_1_one_open_window_an_assignment(session: AsyncSession, fleet: Fleet, north: uuid.UUID) -> None:
    slot = await fleet.slot(await fleet.route("R12", north))
    for status in (BidWindowStatus.CLOSED, BidWindowStatus.RESOLVED, BidWindowStatus.CLOSED, BidWindowStatus.OPEN):
        await fleet.window(slot, status=status)
    with pytest.raises(IntegrityError, match="uniq_bid_windows_open"):
        async with session.begin_nested():
            await fleet.window(slot)


async def test_r6_4_one_pending_bid_a_driver_and_assignment(fleet: Fleet, north: uuid.UUID) -> None:
    slot = await fleet.slot(await fleet.route("R12", north))
    one, two = await fleet.driver(home=north), await fleet.driver(home=north)
    bid = {"assignment_id": slot.id, "bid_at": fleet.now, "window_closes_at": fleet.now}
    for status in (BidStatus.LOST, BidStatus.LOST, BidStatus.PENDING):
        await fleet.add(Bid, user_id=one.id, status=status, **bid)
    await fleet.add(Bid, user_id=two.id, status=BidStatus.PENDING, **bid)
    await refused(fleet, Bid, "uniq_bids_pending", user_id=one.id, status=BidStatus.PENDING, **bid)


async def test_r11_1_one_notification_a_dedupe_key(fleet: Fleet, north: uuid.UUID) -> None:
    driver = await fleet.driver(home=north)
    told: dict[str, Any] = {
        "user_id": driver.id,
        "type": NotificationType.MANUAL,
        "title": "",
        "body": "",
        "created_at": fleet.now,
    }
    await fleet.add(Notification, **told, data={"dedupe": "a"})
    await fleet.add(Notification, **told, data={"dedupe": "b"})
    await fleet.add(Notification, **told, data={})
    await fleet.add(Notification, **told, data={})
    await refused(fleet, Notification, "uniq_notifications_dedupe", **told, data={"dedupe": "a"})
