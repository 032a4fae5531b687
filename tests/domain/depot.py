"""North, its manager Mona and whoever drives there: for the duties that remind, drop and miss (R4, R8)."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import (
    Assignment,
    AssignmentTerms,
    BidWindow,
    Delivery,
    DriverHealthState,
    DriverMetrics,
    Incident,
    Notification,
)
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, IncidentKind, NotificationType
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import Policy
from domain.shifts.leaving import Left, drop_due_shift
from domain.shifts.missing import miss_due_shift
from domain.time import local_instant
from tests.domain.world import POLICY, SAY, Fleet, Slot

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def local(on: date, hour: int, minute: int = 0) -> datetime:
    """The company's wall clock."""
    return local_instant(on, time(hour, minute), POLICY)


class Depot:
    """The place, through one session."""

    def __init__(self, fleet: Fleet, mona: Person, north: uuid.UUID) -> None:
        self.fleet, self.session, self.now = fleet, fleet.session, fleet.now
        self.mona, self.north = mona, north

    async def driver(self, name: str = "Dana", **more: Any) -> Person:
        return await self.fleet.driver(name, home=self.north, **more)

    async def shift(
        self,
        driver: Person,
        on: date,
        *,
        confirmed: bool = False,
        status: AssignmentStatus = AssignmentStatus.SCHEDULED,
        route: str = "R12",
        assigned_at: datetime | None = None,
        arrive_by: datetime | None = None,
        confirm_by: datetime | None = None,
    ) -> Slot:
        """On a route of its own; with terms of its own if any are given, else published nine days ago."""
        slot = await self.fleet.shift(
            await self.fleet.route(route, self.north), driver, on, status, confirmed=confirmed
        )
        if assigned_at is not None:
            at = {"assigned_at": assigned_at}
            await self.session.execute(update(Assignment).where(Assignment.id == slot.id).values(at))
        if arrive_by is not None or confirm_by is not None:
            terms = {"assignment_id": slot.id, "arrive_by": arrive_by, "confirm_by": confirm_by}
            await self.fleet.put(AssignmentTerms, terms)
        return slot

    async def reminder(
        self,
        driver: Person,
        slot: Slot,
        sent_at: datetime | None,
        channel: Channel = Channel.TELEGRAM,
        state: DeliveryState = DeliveryState.SENT,
    ) -> None:
        """What became of a reminder to confirm this shift."""
        what = {"user_id": driver.id, "kind": Kind.CONFIRM_REMINDER, "about": slot.id, "urgency": 2}
        await self.fleet.add(Delivery, **what, channel=channel, state=state, sent_at=sent_at, created_at=self.now)

    async def drop(self, at: datetime, policy: Policy = POLICY, pass_by: int = 0) -> Left | None:
        return await drop_due_shift(self.session, SAY, policy, at, pass_by)

    async def miss(self, at: datetime, policy: Policy = POLICY, pass_by: int = 0) -> Left | None:
        return await miss_due_shift(self.session, SAY, policy, at, pass_by)

    async def dropped(self, at: datetime, policy: Policy = POLICY) -> Left:
        left = await self.drop(at, policy)
        assert left is not None
        return left

    async def missed(self, at: datetime, policy: Policy = POLICY) -> Left:
        left = await self.miss(at, policy)
        assert left is not None
        return left

    # -- what has become of it all

    async def row(self, assignment_id: uuid.UUID) -> Assignment:
        return await self.session.get_one(Assignment, assignment_id, populate_existing=True)

    async def window(self, window_id: uuid.UUID) -> BidWindow:
        return await self.session.get_one(BidWindow, window_id, populate_existing=True)

    async def incidents(self) -> dict[uuid.UUID, list[IncidentKind]]:
        """By driver, those that count, the earliest first."""
        found: dict[uuid.UUID, list[IncidentKind]] = {}
        counting = select(Incident).where(Incident.excused_at.is_(None)).order_by(Incident.occurred_at)
        for row in await self.session.scalars(counting):
            found.setdefault(row.user_id, []).append(row.kind)
        return found

    async def counters(self, driver: Person) -> Mapping[str, int]:
        """Those that are not zero."""
        row = await self.session.get(DriverMetrics, driver.id, populate_existing=True)
        names = ["total_shifts", "completed_shifts", "confirmed_shifts", "auto_dropped_shifts", "late_cancellations"]
        names += ["no_shows", "bid_pickups"]
        return {} if row is None else {name: value for name in names if (value := getattr(row, name))}

    async def in_pool(self, driver: Person) -> bool:
        state = await self.session.get(DriverHealthState, driver.id, populate_existing=True)
        return state is None or state.assignment_pool_eligible

    async def told(self, person: Person, type_: NotificationType | None = None) -> list[Notification]:
        mine = select(Notification).where(Notification.user_id == person.id).order_by(Notification.created_at)
        return [row for row in await self.session.scalars(mine) if type_ is None or row.type is type_]

    async def levels(self, person: Person, kind: Kind) -> list[tuple[Channel, int | None]]:
        theirs = (
            select(Delivery).where(Delivery.user_id == person.id, Delivery.kind == kind).order_by(Delivery.created_at)
        )
        return [(row.channel, row.level) for row in await self.session.scalars(theirs)]


@pytest.fixture
async def depot(fleet: Fleet) -> Depot:
    mona = await fleet.manager("Mona")
    return Depot(fleet, mona, await fleet.warehouse("North", mona))


async def heartbeats(session: AsyncSession, *at: datetime, silent_for: timedelta = timedelta()) -> None:
    """They were left at these instants, in order; the last one so long ago by the database's clock."""
    for each in at:
        await session.execute(
            text(
                "INSERT INTO heartbeats (at, first_at, last_at) "
                "SELECT :at, was, was FROM (SELECT clock_timestamp() - CAST(:ago AS interval)) AS db (was)"
            ),
            {"at": each, "ago": at[-1] - each + silent_for},
        )


def beats(first: datetime, last: datetime) -> list[datetime]:
    """One a minute, both inclusive."""
    return [first + n * MINUTE for n in range((last - first) // MINUTE + 1)]


@asynccontextmanager
async def statements(depot: Depot) -> AsyncIterator[list[str]]:
    """What its session sends meanwhile."""
    seen: list[str] = []
    connection = (await depot.session.connection()).sync_connection
    assert connection is not None

    def count(*given: Any) -> None:
        seen.append(given[2])

    event.listen(connection, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", count)
