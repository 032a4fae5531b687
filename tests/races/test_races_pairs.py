"""R2.5, every pair of events that can meet on one shift: at once, they end as one after the other would have.

What one after the other leads to is not repeated here: both orders are tried first, in worlds of their own.
"""

import itertools
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import (
    Assignment,
    AuditLog,
    BidWindow,
    DriverHealthState,
    DriverMetrics,
    Incident,
    Notification,
    Shift,
)
from domain.db.models.words import CancelReason
from domain.people.queries import Person
from domain.refusals import Refused
from domain.shifts import actions
from domain.shifts.leaving import cancel_shift, drop_due_shift
from domain.shifts.missing import miss_due_shift
from domain.shifts.restoring import want_back
from tests.domain.depot import DAY, MINUTE, SECOND, Depot, local
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, open_emergency
from tests.races.conftest import Act, Arena

TODAY = date(2026, 11, 25)
CONFIRM_BY, NINE = local(TODAY, 7, 25), local(TODAY, 9)
ROUNDS = 3

# What can change a shift that stands so, each against each, itself included.
RACES = {
    "scheduled": ["confirm", "confirm the week", "cancel", "auto-drop"],
    "confirmed": ["arrive", "cancel", "no-show"],
    "active": ["load 120", "load 130"],
    "loaded": ["load 130", "bring back 6", "bring back 7"],
    "completed": ["correct what was loaded", "correct what came back"],
    "dropped": ["want back", "she accepts", "he accepts"],
    "unfilled": ["she accepts", "he accepts", "emergency"],
}
PAIRS = [
    *((state, *pair) for state, events in RACES.items() for pair in itertools.combinations_with_replacement(events, 2)),
    ("confirmed", "arrive", "load 120"),  # the second is legal only after the first
    ("active", "load 120", "bring back 6"),
    ("loaded", "bring back 6", "correct what came back"),
    ("loaded", "bring back 6", "cancel"),
    ("scheduled", "confirm", "arrive"),
]
WAY_TO = {
    "unfilled": [],
    "scheduled": [],
    "confirmed": ["confirm"],
    "active": ["confirm", "arrive"],
    "loaded": ["confirm", "arrive", "load 120"],
    "completed": ["confirm", "arrive", "load 120", "bring back 6"],
    "dropped": ["auto-drop"],
}


@dataclass(frozen=True, slots=True)
class Place:
    """A warehouse of its own with Mona, Dana, whose shift it is or was, and Otto (and Paul), who is free."""

    north: uuid.UUID
    mona: Person
    dana: Person
    otto: Person
    slot: Slot
    paul: Person | None = None

    @property
    def names(self) -> dict[uuid.UUID, str]:
        people = (self.mona, self.dana, self.otto, self.paul)
        return {person.id: person.first_name for person in people if person is not None}

    async def window(self, session: AsyncSession) -> uuid.UUID:
        """The one that the slot has, or had: its button is on their phones."""
        of_slot = select(BidWindow.id).join(Assignment, Assignment.id == BidWindow.assignment_id)
        return await session.scalar(of_slot.where(Assignment.route_id == self.slot.route)) or uuid.uuid4()


Do = Callable[[AsyncSession, Place], Awaitable[Any]]


async def cancels(session: AsyncSession, it: Place) -> Any:
    reason = CancelReason.OTHER
    return await cancel_shift(session, it.dana, it.slot.id, reason, None, SAY, POLICY, NINE - SECOND)


def accepts(who: Callable[[Place], Person]) -> Do:
    async def act(session: AsyncSession, it: Place) -> Any:
        return await accept(session, who(it), await it.window(session), CONFIRM_BY + MINUTE)

    return act


def loads(parcels: int) -> Do:
    return lambda session, it: actions.load_parcels(session, it.dana, it.slot.id, parcels, POLICY, NINE)


def brings_back(parcels: int) -> Do:
    return lambda session, it: actions.complete_shift(session, it.dana, it.slot.id, parcels, POLICY, NINE)


def corrects(start: int | None, returned: int | None) -> Do:
    return lambda session, it: actions.correct_parcels(session, it.dana, it.slot.id, start, returned, POLICY, NINE)


EVENTS: dict[str, Do] = {  # each at the last, or the first, instant at which it is legal
    "confirm": lambda session, it: actions.confirm_shift(session, it.dana, it.slot.id, POLICY, CONFIRM_BY),
    "confirm the week": lambda session, it: actions.confirm_all(session, it.dana, TODAY, TODAY, POLICY, CONFIRM_BY),
    "auto-drop": lambda session, _: drop_due_shift(session, SAY, POLICY, CONFIRM_BY + SECOND),
    "cancel": cancels,
    "arrive": lambda session, it: actions.arrive(session, it.dana, it.slot.id, POLICY, NINE - SECOND),
    "no-show": lambda session, _: miss_due_shift(session, SAY, POLICY, NINE),
    "load 120": loads(120),
    "load 130": loads(130),
    "bring back 6": brings_back(6),
    "bring back 7": brings_back(7),
    "correct what was loaded": corrects(130, None),
    "correct what came back": corrects(None, 8),
    "want back": lambda session, it: want_back(session, it.dana, it.slot.id, SAY, POLICY, CONFIRM_BY + MINUTE),
    "she accepts": accepts(lambda it: it.dana),
    "he accepts": accepts(lambda it: it.otto),
    "emergency": lambda session, it: open_emergency(session, it.mona, it.slot, CONFIRM_BY + MINUTE),
}


def doing(event: Do, it: Place) -> Act[Any]:
    return lambda session: event(session, it)


async def place(arena: Arena, state: str) -> Place:
    """Committed, with a home card for everybody: they are locked, too."""

    async def make(fleet: Fleet) -> Place:
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        dana, otto = await depot.driver("Dana"), await depot.driver("Otto")
        for person in (mona, dana, otto):
            await fleet.home_card(person)
        if state == "unfilled":
            slot = await fleet.slot(await fleet.route("R12", depot.north), TODAY)
            await fleet.window(slot)
        else:
            slot = await depot.shift(dana, TODAY, assigned_at=fleet.now - DAY, confirm_by=CONFIRM_BY)
            await depot.reminder(dana, slot, fleet.now - DAY)
        return Place(depot.north, mona, dana, otto, slot)

    it = await arena.build(make)
    for step in WAY_TO[state]:
        async with arena.session.begin() as session:
            assert not isinstance(await EVENTS[step](session, it), Refused | None), step
    return it


def answer(said: Any) -> Any:
    """What somebody is told, but for ids."""
    return said.why if isinstance(said, Refused) else type(said).__name__


async def ending(arena: Arena, it: Place, said: list[Any]) -> Any:
    """The answers, and all that has come of it: rows, incidents, counters, windows, who is told what, the audit."""
    names = it.names
    async with arena.session() as session:
        here = Assignment.warehouse_id == it.north
        rows = list(await session.scalars(select(Assignment).where(here)))
        ids = [row.id for row in rows]
        shifts = {
            row.assignment_id: row for row in await session.scalars(select(Shift).where(Shift.assignment_id.in_(ids)))
        }
        incidents = await session.scalars(select(Incident).where(Incident.assignment_id.in_(ids)))
        windows = list(await session.scalars(select(BidWindow).where(BidWindow.assignment_id.in_(ids))))
        metrics = await session.scalars(select(DriverMetrics).where(DriverMetrics.user_id.in_(names)))
        health = await session.scalars(select(DriverHealthState).where(DriverHealthState.user_id.in_(names)))
        told = await session.scalars(select(Notification).where(Notification.user_id.in_(names)))
        done = await session.scalars(
            select(AuditLog).where(AuditLog.entity_id.in_([*ids, *(each.id for each in windows)]))
        )
        return (
            tuple(answer(each) for each in said),
            Counter(
                (
                    row.status,
                    row.user_id and names[row.user_id],
                    row.confirmed_at is not None,
                    parcels(shifts.get(row.id)),
                )
                for row in rows
            ),
            Counter((each.kind, each.excused_at is not None) for each in incidents),
            Counter((each.mode, each.status, each.winner_id and names[each.winner_id]) for each in windows),
            Counter((names[each.user_id], counters(each)) for each in metrics),
            Counter((names[each.user_id], each.assignment_pool_eligible) for each in health),
            Counter((names[each.user_id], each.type) for each in told),
            Counter((each.entity_type, each.action) for each in done),
        )


def stands(row: Assignment, names: Mapping[uuid.UUID, str]) -> Any:
    return row.status, row.user_id and names[row.user_id], row.confirmed_at is not None


def parcels(shift: Shift | None) -> Any:
    if shift is None:
        return None
    return shift.parcels_start, shift.parcels_returned, shift.parcels_delivered, shift.cancelled_at is not None


def counters(of: DriverMetrics) -> Any:
    counted = of.total_shifts, of.completed_shifts, of.confirmed_shifts, of.no_shows, of.auto_dropped_shifts
    return *counted, of.late_cancellations, of.bid_pickups, round(of.completion_rate, 6)


@pytest.mark.parametrize(("state", "one", "other"), PAIRS)
async def test_r2_5_two_at_once_are_one_after_the_other(arena: Arena, state: str, one: str, other: str) -> None:
    dice = Random(f"{state}{one}{other}")

    async def in_turn(first: str, second: str) -> Any:
        it, said = await place(arena, state), {}
        for number, name in ((0, first), (1, second)):
            async with arena.session.begin() as session:
                said[number] = await EVENTS[name](session, it)
        answers = [said[0], said[1]] if first == one else [said[1], said[0]]
        return await ending(arena, it, answers)

    orders = [await in_turn(one, other), await in_turn(other, one)]
    if one == other:  # who was first is nobody's business
        orders.append((orders[0][0][::-1], *orders[0][1:]))

    for _ in range(ROUNDS):
        it = await place(arena, state)
        said = await arena.at_once(*(doing(EVENTS[name], it) for name in (one, other)), dice=dice)
        assert await ending(arena, it, said) in orders
