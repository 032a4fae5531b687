"""R5.5 under simultaneous presses: a shift that is given away has one driver at any time, and one ending."""

import itertools
import uuid
from collections.abc import Awaitable, Callable
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Assignment, BidWindow, GiveAway, Incident
from domain.db.models.words import AssignmentStatus, BidWindowMode, CancelReason
from domain.giving import actions, approving
from domain.people.managing import remove_manager
from domain.people.queries import Person
from domain.places.moving import Moved, move_route
from domain.refusals import Refusal, Refused
from domain.schedule.closing import close_day
from domain.shifts.actions import confirm_shift
from domain.shifts.leaving import cancel_shift, drop_due_shift
from tests.domain.depot import DAY, HOUR, SECOND, Depot, local
from tests.domain.world import POLICY, SAY, Fleet, accept
from tests.races.conftest import Act, Arena
from tests.races.test_races_pairs import ROUNDS, Place, ending

ON = date(2026, 11, 27)
CONFIRM_BY = local(date(2026, 11, 25), 9)
FIVE = local(ON, 5)

# Which states a give-away can be in, and whatever can happen to it then, each against each, itself included.
RACES = {
    "offered": ["otto takes it", "paul takes it", "dana takes it back", "dana cancels", "dana confirms", "closed"],
    "asked for": [
        "mona agrees",
        "mona refuses",
        "otto withdraws",
        "dana takes it back",
        "dana cancels",
        "closed",
    ],
    "undecided": ["otto takes it", "time is over"],
    "unconfirmed": ["otto takes it", "dropped", "dana confirms"],
    "of two": ["otto takes it", "otto accepts another", "otto takes paul's"],
    "not offered": ["dana gives it to all", "dana gives it by a link", "dana cancels"],
}
PAIRS = [
    (state, *pair) for state, events in RACES.items() for pair in itertools.combinations_with_replacement(events, 2)
]

Do = Callable[[AsyncSession, Place], Awaitable[Any]]


async def given(session: AsyncSession, of: Person) -> uuid.UUID:
    latest = select(GiveAway.id).where(GiveAway.giver_id == of.id).order_by(GiveAway.offered_at.desc()).limit(1)
    return await session.scalar(latest) or uuid.uuid4()


def takes(who: Callable[[Place], Person | None], of: Callable[[Place], Person | None] = lambda it: it.dana) -> Do:
    async def act(session: AsyncSession, it: Place) -> Any:
        taker, giver = who(it), of(it)
        assert taker is not None and giver is not None
        return await actions.take_over(session, taker, await given(session, giver), SAY, POLICY, CONFIRM_BY)

    return act


async def takes_back(session: AsyncSession, it: Place) -> Any:
    return await actions.take_back(session, it.dana, await given(session, it.dana), SAY, POLICY, CONFIRM_BY)


async def agrees(session: AsyncSession, it: Place) -> Any:
    asked = await given(session, it.dana), it.otto.id
    return await approving.agree(session, it.mona, *asked, SAY, POLICY, CONFIRM_BY)


async def refuses(session: AsyncSession, it: Place) -> Any:
    asked = await given(session, it.dana), it.otto.id
    return await approving.refuse(session, it.mona, *asked, SAY, POLICY, CONFIRM_BY)


async def withdraws(session: AsyncSession, it: Place) -> Any:
    return await actions.withdraw(session, it.otto, await given(session, it.dana), POLICY, CONFIRM_BY)


async def cancels(session: AsyncSession, it: Place) -> Any:
    return await cancel_shift(session, it.dana, it.slot.id, CancelReason.OTHER, None, SAY, POLICY, CONFIRM_BY)


async def closes(session: AsyncSession, it: Place) -> Any:
    return await close_day(session, it.mona, it.north, ON, None, SAY, POLICY, CONFIRM_BY)


async def accepts_another(session: AsyncSession, it: Place) -> Any:
    open_ = select(BidWindow.id).join(Assignment, Assignment.id == BidWindow.assignment_id)
    window = await session.scalar(open_.where(Assignment.warehouse_id == it.north))
    assert window is not None
    return await accept(session, it.otto, window, CONFIRM_BY)


async def gives_to_all(session: AsyncSession, it: Place) -> Any:
    return await actions.give_to_all(session, it.dana, it.slot.id, SAY, POLICY, CONFIRM_BY)


async def gives_by_link(session: AsyncSession, it: Place) -> Any:
    return await actions.give_by_link(session, it.dana, it.slot.id, uuid.uuid4().hex, POLICY, CONFIRM_BY)


EVENTS: dict[str, Do] = {
    "otto takes it": takes(lambda it: it.otto),
    "paul takes it": takes(lambda it: it.paul),
    "otto takes paul's": takes(lambda it: it.otto, lambda it: it.paul),
    "dana takes it back": takes_back,
    "dana cancels": cancels,
    "dana confirms": lambda session, it: confirm_shift(session, it.dana, it.slot.id, POLICY, CONFIRM_BY),
    "dana gives it to all": gives_to_all,
    "dana gives it by a link": gives_by_link,
    "mona agrees": agrees,
    "mona refuses": refuses,
    "otto withdraws": withdraws,
    "closed": closes,
    "dropped": lambda session, _: drop_due_shift(session, SAY, POLICY, CONFIRM_BY + SECOND),
    "time is over": lambda session, _: approving.end_due_give_away(session, SAY, POLICY, FIVE),
    "otto accepts another": accepts_another,
}
DUTIES = {"dropped", "time is over"}


async def place(arena: Arena, state: str) -> Place:
    """Committed, with a home card for everybody: they are locked, too."""

    async def make(fleet: Fleet) -> Place:
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        dana, otto, paul = [await depot.driver(name) for name in ("Dana", "Otto", "Paul")]
        for person in (mona, dana, otto, paul):
            await fleet.home_card(person)
        if state == "of two":
            other = await fleet.slot(await fleet.route("R77", depot.north), ON)
            await fleet.window(other, BidWindowMode.INSTANT, closes_at=local(ON, 7))
        confirmed, confirm_by = state != "unconfirmed", CONFIRM_BY if state == "unconfirmed" else None
        slot = await depot.shift(dana, ON, confirmed=confirmed, assigned_at=fleet.now - 9 * DAY, confirm_by=confirm_by)
        if state == "unconfirmed":
            await depot.reminder(dana, slot, fleet.now - DAY)
        if state in ("asked for", "undecided"):
            assert await approving.require_agreement(fleet.session, mona, depot.north, True, fleet.now)
        if state != "not offered":
            await actions.give_to_all(fleet.session, dana, slot.id, SAY, POLICY, fleet.now)
        if state == "asked for":
            give_away = await given(fleet.session, dana)
            assert not isinstance(
                await actions.take_over(fleet.session, otto, give_away, SAY, POLICY, fleet.now), Refused
            )
        if state == "of two":
            pauls = await depot.shift(paul, ON, route="R78", confirmed=True, assigned_at=fleet.now - 9 * DAY)
            await actions.give_to_all(fleet.session, paul, pauls.id, SAY, POLICY, fleet.now)
        return Place(depot.north, mona, dana, otto, slot, paul)

    return await arena.build(make)


def doing(event: Do, it: Place) -> Act[Any]:
    return lambda session: event(session, it)


async def ends(arena: Arena, it: Place, said: list[Any]) -> Any:
    """As any shift ends, and how each give-away has."""
    async with arena.session() as session:
        found = select(GiveAway).where(GiveAway.giver_id.in_(it.names)).order_by(GiveAway.giver_id)
        rows = [
            (
                it.names[row.giver_id],
                row.outcome,
                it.names[row.taker_id] if row.taker_id else None,
                row.token_hash is None,
            )
            for row in await session.scalars(found)
        ]
    return *(await ending(arena, it, said)), sorted(map(str, rows))


@pytest.mark.parametrize(("state", "one", "other"), PAIRS)
async def test_r5_5_two_at_once_are_one_after_the_other(arena: Arena, state: str, one: str, other: str) -> None:
    dice = Random(f"{state}{one}{other}")

    async def in_turn(first: str, second: str) -> Any:
        it, said = await place(arena, state), {}
        for number, name in ((0, first), (1, second)):
            async with arena.session.begin() as session:
                said[number] = await EVENTS[name](session, it)
        return await ends(arena, it, [said[0], said[1]] if first == one else [said[1], said[0]])

    orders = [await in_turn(one, other), await in_turn(other, one)]
    if one == other:  # who was first is nobody's business
        orders.append((orders[0][0][::-1], *orders[0][1:]))
    for _ in range(ROUNDS):
        it = await place(arena, state)
        said = await arena.at_once(*(doing(EVENTS[name], it) for name in (one, other)), dice=dice)
        for number, name in enumerate((one, other)):
            if name in DUTIES and said[number] is None:  # what somebody else held is due again at the next tick
                async with arena.session.begin() as session:
                    said[number] = await EVENTS[name](session, it)
        assert await ends(arena, it, said) in orders


async def test_r5_5_ten_take_it_at_once_and_one_has_it(arena: Arena) -> None:
    async def make(fleet: Fleet) -> tuple[Person, list[Person], uuid.UUID, uuid.UUID]:
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        dana, drivers = await depot.driver("Dana"), [await depot.driver(f"D{number}") for number in range(10)]
        for person in (mona, dana, *drivers):
            await fleet.home_card(person)
        slot = await depot.shift(dana, ON, confirmed=True, assigned_at=fleet.now - 9 * DAY)
        offered = await actions.give_to_all(fleet.session, dana, slot.id, SAY, POLICY, fleet.now)
        assert isinstance(offered, actions.Offered)
        return dana, drivers, slot.route, offered.give_away_id

    dana, drivers, route, give_away = await arena.build(make)

    def taking(driver: Person) -> Act[Any]:
        return lambda session: actions.take_over(session, driver, give_away, SAY, POLICY, arena.now + HOUR)

    said = await arena.at_once(*(taking(driver) for driver in drivers), dice=Random(5))
    [winner] = [driver for driver, each in zip(drivers, said, strict=True) if not isinstance(each, Refused)]
    async with arena.session() as session:
        rows = {
            row.status: row.user_id
            for row in await session.scalars(select(Assignment).where(Assignment.route_id == route))
        }
        assert rows == {AssignmentStatus.CANCELLED: dana.id, AssignmentStatus.SCHEDULED: winner.id}
        assert (await session.scalars(select(Incident))).all() == []


async def test_r12_5_who_is_just_removed_does_not_say_what_needs_agreement(arena: Arena) -> None:
    async def make(fleet: Fleet) -> tuple[Person, Person, uuid.UUID]:
        mona, nick = await fleet.manager("Mona"), await fleet.manager("Nick")
        return mona, nick, await fleet.warehouse("North", mona, nick)

    mona, nick, north = await arena.build(make)

    async def removes(session: AsyncSession) -> Any:
        return await remove_manager(session, mona, north, nick.id, SAY, POLICY, arena.now)

    async def requires(session: AsyncSession) -> Any:
        return await approving.require_agreement(session, nick, north, True, arena.now)

    _, required = await arena.one_waits_for_the_other(removes, requires)
    assert required is False
    async with arena.session() as session:
        assert not await approving.agreement_required(session, north)


@pytest.mark.parametrize("decides", [approving.agree, approving.refuse])
async def test_r12_3_who_decides_on_what_is_just_moved_from_his_warehouse_finds_nothing(
    arena: Arena, decides: Callable[..., Awaitable[Any]]
) -> None:
    it = await place(arena, "asked for")

    async def make(fleet: Fleet) -> tuple[Person, uuid.UUID, uuid.UUID]:
        nick, south = await fleet.manager("Nick", it.north), await fleet.warehouse("South", it.mona)
        asking = await fleet.session.scalar(select(GiveAway.asking_id))
        assert asking is not None
        return nick, south, asking

    nick, south, asking = await arena.build(make)

    async def moves(session: AsyncSession) -> Any:
        return await move_route(session, it.mona, it.slot.route, south, SAY, POLICY, arena.now)

    async def says(session: AsyncSession) -> Any:
        asked = await given(session, it.dana), asking
        return await decides(session, nick, *asked, SAY, POLICY, arena.now)

    moved, said = await arena.one_waits_for_the_other(moves, says)
    assert isinstance(moved, Moved) and said == Refused(Refusal.NOT_FOUND)
