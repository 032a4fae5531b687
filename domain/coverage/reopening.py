"""A slot whose driver has left it is opened again, in the transaction in which he left (R2.2, R6.2)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid, and_, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import audit
from domain.coverage.rules import Opening, Said, emergency_bonus, opening_for
from domain.db.models import Assignment, BidWindow, WindowAsk, WindowWaves
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus, Trigger
from domain.policy import Policy
from domain.schedule.calendar import runs_on
from domain.shifts.rules import ShiftFacts


async def open_window(
    session: AsyncSession,
    actor_id: uuid.UUID | None,
    assignment_id: uuid.UUID,
    trigger: Trigger,
    opening: Opening,
    now: datetime,
) -> uuid.UUID:
    """Writes a window for an unfilled slot; its first wave is due now."""
    [window_id] = await open_windows(session, actor_id, [(assignment_id, opening)], trigger, now)
    return window_id


async def open_windows(
    session: AsyncSession,
    actor_id: uuid.UUID | None,
    openings: Sequence[tuple[uuid.UUID, Opening]],
    trigger: Trigger,
    now: datetime,
) -> list[uuid.UUID]:
    """The same for many slots at once, in three statements."""
    if not openings:
        return []
    windows, waves, entries = [], [], []
    for assignment_id, opening in openings:
        window_id = uuid.uuid4()
        windows.append(
            {
                "id": window_id,
                "assignment_id": assignment_id,
                "mode": opening.mode,
                "trigger": trigger,
                "pay_bonus_percent": opening.bonus_percent,
                "opens_at": now,
                "closes_at": opening.closes_at,
                "status": BidWindowStatus.OPEN,
            }
        )
        waves.append({"window_id": window_id, "next_at": now})
        opened = {
            "assignment_id": str(assignment_id),
            "mode": opening.mode,
            "trigger": trigger,
            "bonus_percent": opening.bonus_percent,
            "closes_at": opening.closes_at.isoformat(),
        }
        entries.append(audit.Entry("bid_window", window_id, "opened", after=opened))
    await session.execute(insert(BidWindow), windows)
    await session.execute(insert(WindowWaves), waves)
    await audit.record(session, actor_id, now, *entries)
    return [entry.entity_id for entry in entries]


async def change_mode(
    session: AsyncSession,
    actor_id: uuid.UUID | None,
    window_id: uuid.UUID,
    before: BidWindowMode | None,
    opening: Opening,
    now: datetime,
) -> None:
    """An open window goes on in another mode (R6.6, R6.9); it is locked. Drivers are told (again) from now on."""
    values = {"mode": opening.mode, "closes_at": opening.closes_at, "pay_bonus_percent": opening.bonus_percent}
    await session.execute(update(BidWindow).where(BidWindow.id == window_id).values(values))
    waves = upsert(WindowWaves).values(window_id=window_id, next_at=now)  # another program's window has none yet
    await session.execute(waves.on_conflict_do_update(index_elements=["window_id"], set_={"next_at": now}))
    await session.execute(delete(WindowAsk).where(WindowAsk.window_id == window_id))
    after = {"mode": opening.mode, "closes_at": opening.closes_at.isoformat(), "bonus_percent": opening.bonus_percent}
    entry = audit.Entry("bid_window", window_id, "mode_changed", {"mode": before}, after)
    await audit.record(session, actor_id, now, entry)


@dataclass(frozen=True, slots=True)
class Reopened:
    """The slot's fresh row, and the window through which it is to be filled."""

    assignment_id: uuid.UUID
    window_id: uuid.UUID
    mode: BidWindowMode


_ROW_OF_IT = aliased(Assignment)
_LAST_EMERGENCY = (
    select(BidWindow.closes_at, BidWindow.pay_bonus_percent)
    .join(_ROW_OF_IT, _ROW_OF_IT.id == BidWindow.assignment_id)
    .join(Assignment, and_(Assignment.route_id == _ROW_OF_IT.route_id, Assignment.on == _ROW_OF_IT.on))
    .where(Assignment.id == bindparam("assignment", type_=Uuid()), BidWindow.mode == BidWindowMode.EMERGENCY)
    .order_by(BidWindow.opens_at.desc(), BidWindow.closes_at.desc(), BidWindow.id)
    .limit(1)
)


async def said(session: AsyncSession, assignment_id: uuid.UUID) -> Said | None:
    """How the slot of this row was asked for in an emergency the last time, whoever has had it since (R1.3, R6.2)."""
    row = (await session.execute(_LAST_EMERGENCY, {"assignment": assignment_id})).one_or_none()
    return None if row is None else Said(*row)


async def bonus_to_ask_with(session: AsyncSession, assignment_id: uuid.UUID, policy: Policy) -> int:
    """The bonus with which an emergency for the slot of this row begins (R6.2)."""
    return emergency_bonus(await said(session, assignment_id), policy)


async def reopen(
    session: AsyncSession,
    left: ShiftFacts,
    trigger: Trigger,
    actor_id: uuid.UUID | None,
    policy: Policy,
    now: datetime,
    *,
    opening: Opening | None = None,
) -> Reopened | None:
    """A fresh unfilled row and its window, once the old row is cancelled.

    None where the slot is over (R1.3), or the route does not run that day (any more), on which whoever had begun may
    still stop (R2.0). The old row is locked, and so is it by whoever closes the day. `opening`: not by the time that
    is left, but so.
    """
    opening = opening or opening_for(left.on, policy, now, await said(session, left.assignment_id))
    if opening is None or not await runs_on(session, left.route_id, left.on, left.warehouse_id):
        return None
    slot_id = uuid.uuid4()
    await session.execute(
        insert(Assignment).values(
            id=slot_id,
            route_id=left.route_id,
            warehouse_id=left.warehouse_id,
            on=left.on,
            status=AssignmentStatus.UNFILLED,
            created_at=now,
            updated_at=now,
        )
    )
    after = {"status": AssignmentStatus.UNFILLED, "date": left.on.isoformat(), "instead_of": str(left.assignment_id)}
    await audit.record(session, actor_id, now, audit.Entry("assignment", slot_id, "reopened", after=after))
    window_id = await open_window(session, actor_id, slot_id, trigger, opening, now)
    return Reopened(slot_id, window_id, opening.mode)
