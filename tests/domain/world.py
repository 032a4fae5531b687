"""A fleet in the trade's words, put into the database for a test: who works where, and what has happened."""

import itertools
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.wording import Words
from domain.bidding import actions as bidding
from domain.bidding.resolving import Resolved
from domain.bidding.rules import AcceptDecision
from domain.coverage import actions as coverage
from domain.coverage import ending, opening
from domain.coverage.actions import WaveSent
from domain.coverage.ending import Ended
from domain.coverage.opening import Opened
from domain.coverage.rules import AlreadyOpen
from domain.db.base import Base
from domain.db.models import (
    Assignment,
    BidWindow,
    ChatLink,
    ContactSettings,
    DayDecline,
    Delivery,
    DriverHealthState,
    DriverMetrics,
    DriverPreferences,
    Employment,
    Incident,
    OpenWarehouse,
    Route,
    RouteCompletions,
    Shift,
    TimeOff,
    User,
    Warehouse,
    WarehouseManager,
    WindowWaves,
)
from domain.db.models.words import (
    AssignedBy,
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    Channel,
    DeliveryState,
    IncidentKind,
    Trigger,
    Urgency,
    UserRole,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refused
from domain.time import local_day, shift_start

POLICY = Policy()
SAY = Words(POLICY.zone)

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A route on a date, by its assignment row."""

    id: uuid.UUID
    route: uuid.UUID
    warehouse: uuid.UUID
    on: date


class Fleet:
    """Adds to the world through one session; nothing is committed here. `today` is the company's day at `now`."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self.session = session
        self.now = now
        self.today = local_day(now, POLICY)
        self._warehouse_of: dict[uuid.UUID, uuid.UUID] = {}

    def day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)

    async def add(self, model: type[Base], **values: Any) -> uuid.UUID:
        """One row; the id is new unless given."""
        values = {"id": uuid.uuid4()} | values
        await self.session.execute(insert(model).values(**values))
        row_id: uuid.UUID = values["id"]
        return row_id

    async def put(self, model: type[Base], *rows: Mapping[str, Any]) -> None:
        """Rows of a table without an id of its own, or whose ids don't matter; all have the same columns."""
        if rows:
            await self.session.execute(insert(model), list(rows))

    # -- places

    async def warehouse(self, name: str = "North", *managers: Person) -> uuid.UUID:
        warehouse = await self.add(
            Warehouse, name=name, address=f"1 {name} St", created_at=self.now, updated_at=self.now
        )
        for manager in managers:
            await self.put_in_charge(manager, warehouse)
        return warehouse

    async def put_in_charge(self, manager: Person, warehouse: uuid.UUID) -> None:
        await self.put(WarehouseManager, {"warehouse_id": warehouse, "user_id": manager.id, "created_at": self.now})

    async def route(self, name: str, warehouse: uuid.UUID, manager: Person | None = None) -> uuid.UUID:
        route = await self.add(
            Route,
            name=name,
            warehouse_id=warehouse,
            manager_id=manager.id if manager else None,
            created_at=self.now,
            updated_at=self.now,
        )
        self._warehouse_of[route] = warehouse
        return route

    # -- people

    async def manager(self, name: str = "Mona", *warehouses: uuid.UUID, linked: bool = True) -> Person:
        manager = await self._person(name, UserRole.MANAGER, None, linked=linked, blocked=False)
        for warehouse in warehouses:
            await self.put_in_charge(manager, warehouse)
        return manager

    async def driver(
        self,
        name: str = "Dana",
        *,
        home: uuid.UUID | None = None,
        employed: tuple[date, date | None] | None = None,
        linked: bool = True,
        blocked: bool = False,
        language: str | None = None,
        ticked: Iterable[uuid.UUID] = (),
        off: tuple[date, date] | None = None,
        cap: int = 4,
        flagged: bool = False,
        in_pool: bool | None = None,
        prefers: Iterable[uuid.UUID] | None = None,
        completion: float | None = None,
        attendance: float = 0.0,
        completions: Mapping[uuid.UUID, int] | None = None,
        declined: Iterable[date] = (),
        driver_id: uuid.UUID | None = None,
    ) -> Person:
        """A driver; `home` None: none recorded, `in_pool` None: no health row, `completion` None: no metrics."""
        person = await self._person(
            name,
            UserRole.DRIVER,
            language,
            linked=linked,
            blocked=blocked,
            weekly_cap=cap,
            is_flagged=flagged,
            **({"id": driver_id} if driver_id else {}),
        )
        his = {"user_id": person.id}
        if home is not None:
            starts_on, ends_on = employed or (date(2020, 1, 1), None)
            await self.put(Employment, his | {"warehouse_id": home, "starts_on": starts_on, "ends_on": ends_on})
        await self.put(OpenWarehouse, *(his | {"warehouse_id": warehouse} for warehouse in ticked))
        if off is not None:
            await self.add(TimeOff, **his, starts_on=off[0], ends_on=off[1], kind="vacation")
        if in_pool is not None:
            await self.put(DriverHealthState, his | {"assignment_pool_eligible": in_pool, "updated_at": self.now})
        if prefers is not None:
            await self.put(DriverPreferences, his | {"preferred_routes": list(prefers), "updated_at": self.now})
        if completion is not None:
            rates = {"completion_rate": completion, "attendance_rate": attendance, "updated_at": self.now}
            await self.put(DriverMetrics, his | rates)
        for route, count in (completions or {}).items():
            await self.put(RouteCompletions, his | {"route_id": route, "completion_count": count})
        for on in declined:
            await self.decline(person, on)
        return person

    async def _person(
        self, name: str, role: UserRole, language: str | None, *, linked: bool, blocked: bool, **columns: Any
    ) -> Person:
        number = next(_numbers)
        phone = f"+1416{2000000 + number}"
        user_id = await self.add(
            User,
            **{
                "email": f"{name.lower()}-{uuid.uuid4().hex}@example.invalid",
                "password_hash": "!",
                "first_name": name,
                "last_name": "Test",
                "phone": phone,
                "role": role,
                "created_at": self.now,
                "updated_at": self.now,
            }
            | columns,
        )
        if language is not None:
            await self.put(ContactSettings, {"user_id": user_id, "language": language})
        if linked:
            link = {"user_id": user_id, "chat_id": 10_000 + number, "linked_at": self.now}
            await self.put(ChatLink, link | {"unreachable_at": self.now if blocked else None})
        return Person(user_id, role, name, "Test", phone, language)

    async def drivers(self, count: int, home: uuid.UUID | None, *, linked: bool = True) -> list[uuid.UUID]:
        """Many alike, in few statements."""
        numbers = [next(_numbers) for _ in range(count)]
        people = [(uuid.uuid4(), number) for number in numbers]
        for some in _batches(people, 500):
            await self.put(
                User,
                *(
                    {
                        "id": user_id,
                        "email": f"{user_id}@example.invalid",
                        "password_hash": "!",
                        "first_name": f"D{number}",
                        "last_name": "Test",
                        "phone": f"+1416{2000000 + number}",
                        "created_at": self.now,
                        "updated_at": self.now,
                    }
                    for user_id, number in some
                ),
            )
            if home is not None:
                since = {"warehouse_id": home, "starts_on": date(2020, 1, 1)}
                await self.put(Employment, *({"user_id": user_id} | since for user_id, _ in some))
            if linked:
                at = {"linked_at": self.now}
                await self.put(ChatLink, *({"user_id": user, "chat_id": 10_000 + number} | at for user, number in some))
        return [user_id for user_id, _ in people]

    async def decline(self, driver: Person, on: date) -> None:
        await self.put(DayDecline, {"user_id": driver.id, "on": on, "declined_at": self.now})

    async def home_card(self, person: Person, state: DeliveryState = DeliveryState.SENT) -> uuid.UUID:
        """The card that he has in his chat."""
        return await self._delivery(person, Kind.HOME, None, state)

    async def board_card(self, manager: Person) -> uuid.UUID:
        """The message that shows his board."""
        return await self._delivery(manager, Kind.BOARD, None, DeliveryState.SENT)

    async def window_card(
        self, person: Person, window: uuid.UUID, state: DeliveryState = DeliveryState.SENT
    ) -> uuid.UUID:
        """A manager's card of a window."""
        return await self._delivery(person, Kind.WINDOW, window, state)

    async def message_card(self, author: Person, message: uuid.UUID) -> uuid.UUID:
        """The author's card of a message."""
        return await self._delivery(author, Kind.MESSAGE, message, DeliveryState.SENT)

    async def _delivery(self, person: Person, kind: Kind, about: uuid.UUID | None, state: DeliveryState) -> uuid.UUID:
        number = next(_numbers)
        return await self.add(
            Delivery,
            user_id=person.id,
            channel=Channel.TELEGRAM,
            kind=kind,
            about=about,
            urgency=int(Urgency.IMPORTANT),
            state=state,
            chat_id=10_000 + number,
            message_id=number,
            created_at=self.now,
        )

    # -- slots and what became of them

    async def slot(self, route: uuid.UUID, on: date | None = None) -> Slot:
        """Unfilled."""
        return await self._assignment(route, on or self.today, None, AssignmentStatus.UNFILLED)

    async def shift(
        self,
        route: uuid.UUID,
        driver: Person,
        on: date | None = None,
        status: AssignmentStatus = AssignmentStatus.SCHEDULED,
        *,
        confirmed: bool = False,
    ) -> Slot:
        """The driver's: scheduled, active or completed."""
        slot = await self._assignment(route, on or self.today, driver, status)
        if confirmed:
            at = {"confirmed_at": self.now - timedelta(days=5)}
            await self.session.execute(update(Assignment).where(Assignment.id == slot.id).values(at))
        return slot

    async def cancelled_by(
        self, driver: Person, route: uuid.UUID, on: date, incident: IncidentKind | None = None
    ) -> Slot:
        """He cancelled: the row stays as history, with a shifts row (R2.2), and an incident if there was one."""
        gone = await self._assignment(route, on, driver, AssignmentStatus.CANCELLED)
        await self.add(
            Shift,
            assignment_id=gone.id,
            cancelled_at=self.now,
            cancel_reason=CancelReason.OTHER,
            created_at=self.now,
        )
        if incident is not None:
            await self.incident(gone, driver, incident)
        return gone

    async def lost_by(self, driver: Person, route: uuid.UUID, on: date, incident: IncidentKind | None) -> Slot:
        """He lost it without cancelling himself: missed it, was dropped, or a manager removed him."""
        gone = await self._assignment(route, on, driver, AssignmentStatus.CANCELLED)
        if incident is not None:
            await self.incident(gone, driver, incident)
        return gone

    async def incident(self, slot: Slot, driver: Person, kind: IncidentKind) -> None:
        await self.add(Incident, user_id=driver.id, assignment_id=slot.id, kind=kind, occurred_at=self.now)

    async def _assignment(self, route: uuid.UUID, on: date, driver: Person | None, status: AssignmentStatus) -> Slot:
        warehouse = self._warehouse_of[route]
        row_id = await self.add(
            Assignment,
            route_id=route,
            warehouse_id=warehouse,
            on=on,
            user_id=driver.id if driver else None,
            status=status,
            assigned_by=AssignedBy.ALGORITHM if driver else None,
            assigned_at=self.now - timedelta(days=9) if driver else None,
            created_at=self.now,
            updated_at=self.now,
        )
        return Slot(row_id, route, warehouse, on)

    # -- windows

    async def window(
        self,
        slot: Slot,
        mode: BidWindowMode = BidWindowMode.EMERGENCY,
        *,
        closes_at: datetime | None = None,
        status: BidWindowStatus = BidWindowStatus.OPEN,
        winner: Person | None = None,
        waves: bool = True,
    ) -> uuid.UUID:
        """A window as it stands, nobody told of it yet; with `waves` the first is due now."""
        window = await self.add(
            BidWindow,
            assignment_id=slot.id,
            mode=mode,
            trigger=Trigger.MANAGER,
            pay_bonus_percent=20,
            opens_at=self.now,
            closes_at=closes_at or shift_start(slot.on, POLICY) + timedelta(hours=6),
            status=status,
            winner_id=winner.id if winner else None,
        )
        if waves:
            await self.put(WindowWaves, {"window_id": window, "next_at": self.now})
        return window


def _batches(items: list[tuple[uuid.UUID, int]], size: int) -> Iterable[list[tuple[uuid.UUID, int]]]:
    return (items[start : start + size] for start in range(0, len(items), size))


# -- the actions, as the product calls them


async def open_emergency(
    session: AsyncSession, manager: Person, slot: Slot, now: datetime, *, bonus: int = 20, until: int | None = None
) -> Opened | Resolved | AlreadyOpen | Refused:
    return await opening.open_emergency(session, manager, slot.id, bonus, until, SAY, POLICY, now)


async def accept(session: AsyncSession, driver: Person, window: uuid.UUID, now: datetime) -> AcceptDecision:
    return await bidding.accept_shift(session, driver, window, SAY, POLICY, now)


async def next_wave(session: AsyncSession, now: datetime) -> WaveSent | None:
    return await coverage.send_due_wave(session, SAY, POLICY, now)


async def close_due(session: AsyncSession, now: datetime) -> Ended | None:
    return await ending.close_due_window(session, SAY, POLICY, now)


async def contents(session: AsyncSession) -> dict[str, list[str]]:
    """Every row of every table, as text: to see that nothing was written."""
    union = " UNION ALL ".join(
        f"SELECT '{table.name}' AS of, t::text AS line FROM {table.name} t" for table in Base.metadata.sorted_tables
    )
    rows = await session.execute(text(f"SELECT of, line FROM ({union}) lines ORDER BY of, line"))
    found: dict[str, list[str]] = {}
    for table, line in rows:
        found.setdefault(table, []).append(line)
    return found
