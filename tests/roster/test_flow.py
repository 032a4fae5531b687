"""R3.5 and R3.6: no roster is better than the one that is found, and its proof holds."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.db.models.words import GapReason
from domain.roster import ties
from domain.roster.flow import best_roster
from domain.roster.rules import Candidate, Cut, Gap, Keeps, Pair, Roster, Slot, prefers, suitability
from tests.roster.judges import POLICY, best, first_of_the_best, may_have, most, worth

MONDAY = date(2026, 12, 7)
TUESDAY = MONDAY + timedelta(days=1)
WEEK = [MONDAY + timedelta(days=day) for day in range(7)]
NORTH, SOUTH = uuid.UUID(int=0xA), uuid.UUID(int=0xB)
R1, R2, R3 = (uuid.UUID(int=0x10 + number) for number in (1, 2, 3))
ANNE, BOB, CLEO = (uuid.UUID(int=number) for number in (1, 2, 3))
ANY_NORTH = frozenset({NORTH})
NO_HOME: frozenset[uuid.UUID] = frozenset()


def driver(
    who: uuid.UUID,
    days: Mapping[date, frozenset[uuid.UUID]] | Sequence[date] = (MONDAY,),
    routes: tuple[uuid.UUID, ...] = (R1,),
    room: int = 4,
    held: int = 0,
    **facts: object,
) -> Candidate:
    if not isinstance(days, Mapping):
        days = dict.fromkeys(days, NO_HOME)
    return Candidate(who, days, routes, room, held, **facts)  # type: ignore[arg-type]


def slot(route: uuid.UUID, on: date = MONDAY, warehouse: uuid.UUID = NORTH) -> Slot:
    return Slot(route, on, warehouse)


def roster(drivers: Sequence[Candidate], slots: Sequence[Slot]) -> Roster:
    return best_roster(drivers, slots, POLICY)


def given_to(found: Roster) -> dict[tuple[uuid.UUID, date], uuid.UUID]:
    return {(pair.slot.route_id, pair.slot.on): pair.driver_id for pair in found.pairs}


def holds(drivers: Sequence[Candidate], slots: Sequence[Slot], found: Roster) -> None:
    """Who has what may have it; and the proof, looked at from all sides."""
    by_id = {each.driver_id: each for each in drivers}
    assert list(found.pairs) == sorted(found.pairs, key=lambda pair: (pair.driver_id, pair.slot.on))
    assert all(may_have(by_id[pair.driver_id], pair.slot) for pair in found.pairs)
    assert len({(pair.driver_id, pair.slot.on) for pair in found.pairs}) == len(found.pairs)
    assert all(count <= by_id[who].room for who, count in Counter(each.driver_id for each in found.pairs).items())
    assert {pair.slot for pair in found.pairs} | {gap.slot for gap in found.gaps} == set(slots)
    assert len(found.pairs) + len(found.gaps) == len(slots)

    def uses(who: uuid.UUID, each: Slot) -> int:
        return (
            (who in found.cut.full) + ((who, each.on) in found.cut.days) + ((each.route_id, each.on) in found.cut.slots)
        )

    assert all(uses(each.driver_id, one) >= 1 for each in drivers for one in slots if may_have(each, one))
    assert all(uses(pair.driver_id, pair.slot) == 1 for pair in found.pairs)
    limits = sum(by_id[who].room for who in found.cut.full) + len(found.cut.days) + len(found.cut.slots)
    assert limits == found.maximum == len(found.pairs)


def explained(drivers: Sequence[Candidate], found: Roster) -> None:
    """Each gap names those who prefer it and what keeps them."""
    given_on = {(pair.driver_id, pair.slot.on): pair.slot.route_id for pair in found.pairs}
    for gap in found.gaps:
        wanting = sorted((each for each in drivers if prefers(each, gap.slot)), key=lambda each: each.driver_id)
        assert gap.wanted_by == len(wanting)
        assert (gap.reason is GapReason.NOBODY) == (not wanting)
        assert [keeps.driver_id for keeps in gap.drivers] == [each.driver_id for each in wanting[:10]]
        for each, keeps in zip(wanting, gap.drivers, strict=False):
            has = each.taken.get(gap.slot.on) or given_on.get((each.driver_id, gap.slot.on))
            assert keeps.taken_by == has
            at_cap = sum(who == each.driver_id for who, _ in given_on) == each.room
            assert has is not None or at_cap


ROUTES = {R1: NORTH, R2: NORTH, R3: SOUTH}
DAYS = [MONDAY, TUESDAY]
places = st.sampled_from(sorted(ROUTES))
some_slots = st.sets(st.tuples(places, st.sampled_from(DAYS)))


@st.composite
def candidates(draw: st.DrawFn, who: uuid.UUID) -> Candidate:
    homes = st.frozensets(st.sampled_from([NORTH, SOUTH]))
    return Candidate(
        who,
        days=draw(st.dictionaries(st.sampled_from(DAYS), homes)),
        routes=tuple(draw(st.sets(places, max_size=3))),
        room=draw(st.integers(0, 3)),
        held=draw(st.integers(0, 2)),
        completion=draw(st.integers(0, 1)),
        attendance=draw(st.integers(0, 1)),
        completions=draw(st.dictionaries(places, st.sampled_from([0, 1, 20, 21]), max_size=2)),
        drove=frozenset(draw(st.sets(st.tuples(places, st.sampled_from([1, 2])), max_size=2))),
        left=frozenset(draw(st.sets(st.tuples(places, st.sampled_from(DAYS)), max_size=1))),
        taken=draw(st.dictionaries(st.sampled_from(DAYS), places, max_size=1)),
    )


@st.composite
def tiny_fleets(draw: st.DrawFn) -> tuple[list[Candidate], list[Slot]]:
    drivers = [draw(candidates(uuid.UUID(int=number))) for number in range(1, draw(st.integers(0, 4)) + 1)]
    return drivers, [Slot(route, on, ROUTES[route]) for route, on in sorted(draw(some_slots))]


@settings(max_examples=150)
@given(tiny_fleets(), st.randoms(use_true_random=False))
def test_r3_5_of_all_rosters_that_there_are_it_is_the_first_of_the_best(
    fleet: tuple[list[Candidate], list[Slot]], dice: Random
) -> None:
    drivers, slots = fleet
    found = roster(drivers, slots)
    assert list(found.pairs) == first_of_the_best(drivers, slots)
    holds(drivers, slots, found)
    explained(drivers, found)
    dice.shuffle(drivers)
    dice.shuffle(slots)
    assert roster(drivers, slots) == found


def a_fleet(seed: int, drivers: int, routes: int) -> tuple[list[Candidate], list[Slot]]:
    """A week of it: three warehouses, and people of all sorts."""
    dice = Random(seed)
    homes = [uuid.UUID(int=dice.getrandbits(128)) for _ in range(3)]
    at = {uuid.UUID(int=dice.getrandbits(128)): homes[number % 3] for number in range(routes)}
    known = list(at)

    def one() -> Candidate:
        mine = frozenset(dice.sample(homes, dice.choice([0, 0, 1, 2])))
        days = {on: mine for on in WEEK if dice.random() < 0.6}
        left = {(dice.choice(known), dice.choice(WEEK)) for _ in range(dice.choice([0, 0, 1]))}
        return Candidate(
            uuid.UUID(int=dice.getrandbits(128)),
            days,
            routes=tuple(dice.sample(known, 3)),
            room=dice.randint(0, 4),
            held=dice.randint(0, 2),
            completion=dice.randint(80, 100),
            attendance=dice.choice([0, 100]),
            completions={route: dice.randint(0, 30) for route in dice.sample(known, 4)},
            drove=frozenset((dice.choice(known), dice.randrange(7)) for _ in range(3)),
            left=frozenset(left),
            taken={dice.choice(WEEK): dice.choice(known)} if dice.random() < 0.2 else {},
        )

    return [one() for _ in range(drivers)], [Slot(route, on, home) for route, home in at.items() for on in WEEK]


@pytest.mark.parametrize(("seed", "drivers", "routes"), [(1, 40, 20), (2, 25, 30), (3, 60, 12), (4, 80, 40)])
def test_r3_5_linear_programming_finds_none_better(seed: int, drivers: int, routes: int) -> None:
    people, slots = a_fleet(seed, drivers, routes)
    found = roster(people, slots)
    assert worth(people, found.pairs) == best(people, slots)
    assert len(found.pairs) == most(people, slots)
    holds(people, slots, found)
    explained(people, found)


def test_r3_5_the_order_of_rows_decides_nothing() -> None:
    """Nobody differs from anybody: all that is left is ties."""
    dice = Random(5)
    routes = [uuid.UUID(int=number) for number in range(100, 110)]
    people = [driver(uuid.UUID(int=number), WEEK, tuple(dice.sample(routes, 3))) for number in range(1, 31)]
    slots = [slot(route, on) for route in routes for on in WEEK]
    found = roster(people, slots)
    for _ in range(5):
        dice.shuffle(people)
        dice.shuffle(slots)
        assert roster(people, slots) == found


def test_r3_5_ties_are_decided_by_driver_then_date_then_route_id() -> None:
    both = [driver(who, [MONDAY, TUESDAY], (R1, R2), room=1) for who in (ANNE, BOB)]
    slots = [slot(route, on) for route in (R1, R2) for on in (MONDAY, TUESDAY)]
    assert given_to(roster(both[:1], slots)) == {(R1, MONDAY): ANNE}
    assert given_to(roster(both, slots[:1])) == {(R1, MONDAY): ANNE}
    assert given_to(roster(both, slots)) == {(R1, MONDAY): ANNE, (R2, MONDAY): BOB}


def test_r3_5_a_tie_that_is_decided_stays_decided() -> None:
    """Anne could as well have Tuesday, and Bob what she has."""
    anne = driver(ANNE, {MONDAY: ANY_NORTH, TUESDAY: ANY_NORTH}, routes=(), room=1)
    bob = driver(BOB, {MONDAY: ANY_NORTH}, routes=())
    found = roster([anne, bob], [slot(R1), slot(R2), slot(R1, TUESDAY)])
    assert given_to(found) == {(R1, MONDAY): ANNE, (R2, MONDAY): BOB}


def test_r3_5_with_too_many_ties_it_is_still_one_of_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same one, in whatever order the rows come."""
    people, slots = a_fleet(6, 60, 30)
    first = roster(people, slots)
    monkeypatch.setattr(ties, "STEPS_MOST", 100)
    found = roster(people, slots)
    assert found.pairs != first.pairs
    assert worth(people, found.pairs) == worth(people, first.pairs)
    holds(people, slots, found)
    assert roster(people[::-1], slots[::-1]) == found


def test_r3_5_filling_more_goes_before_suiting_better() -> None:
    """Anne is by far the better one on R1; but only she would drive R2."""
    anne = driver(ANNE, routes=(R1, R2), completion=100, attendance=100, completions={R1: 20})
    found = roster([anne, driver(BOB)], [slot(R1), slot(R2)])
    assert given_to(found) == {(R1, MONDAY): BOB, (R2, MONDAY): ANNE}


@pytest.mark.parametrize("repeating", [ANNE, BOB, CLEO])
def test_r3_5_suiting_better_by_the_least_goes_before_fairness(repeating: uuid.UUID) -> None:
    """A route as last week is worth 1: it makes up for all the shifts that there are, which are his."""
    drove = frozenset({(R1, 1)})
    people = [
        driver(who, room=1, held=4, drove=drove) if who == repeating else driver(who, room=1)
        for who in (ANNE, BOB, CLEO)
    ]
    assert given_to(roster(people, [slot(R1)])) == {(R1, MONDAY): repeating}


def test_r3_5_a_route_as_last_week_is_worth_less_than_one_of_attendance() -> None:
    anne = driver(ANNE, drove=frozenset({(R1, 1)}))
    assert given_to(roster([anne, driver(BOB)], [slot(R1)])) == {(R1, MONDAY): ANNE}
    assert given_to(roster([anne, driver(BOB, attendance=1)], [slot(R1)])) == {(R1, MONDAY): BOB}


def test_r3_5_among_equals_shifts_are_spread_and_what_they_hold_counts() -> None:
    """Anne holds two, Bob none: he gets the first two, then they take turns."""
    people = [driver(ANNE, WEEK, held=2), driver(BOB, WEEK)]
    for slots, of_anne in ((1, 0), (2, 0), (4, 1), (6, 2)):
        found = roster(people, [slot(R1, on) for on in WEEK[:slots]])
        assert sum(pair.driver_id == ANNE for pair in found.pairs) == of_anne


def test_r3_5_suitability_by_hand() -> None:
    def of(completed: int, completion: int, attendance: int, *, repeats: bool = False) -> int:
        drove = frozenset({(R1, 1)}) if repeats else frozenset()
        anne = driver(ANNE, completion=completion, attendance=attendance, completions={R1: completed}, drove=drove)
        return suitability(anne, slot(R1), POLICY)

    assert of(0, 0, 0) == 0
    assert of(3, 92, 88) == 2 * (30_603 + 9_292 + 88) == 79_966
    assert of(20, 100, 100, repeats=True) == 428_441
    assert of(21, 100, 100) == of(20, 100, 100)
    assert of(1, 0, 0) > of(0, 100, 100, repeats=True)
    assert of(0, 1, 0) > of(0, 0, 100, repeats=True)
    assert of(0, 0, 1) > of(0, 0, 0, repeats=True)


def test_r3_1_any_route_of_home_leaves_to_others_what_they_know() -> None:
    """Either would take either; Bob knows R2, and Cleo drives where she is not at home."""
    people = [
        driver(ANNE, {MONDAY: ANY_NORTH}, routes=()),
        driver(BOB, {MONDAY: ANY_NORTH}, routes=(), completions={R2: 1}),
        driver(CLEO, {MONDAY: ANY_NORTH}, routes=(R3,)),
    ]
    found = roster(people, [slot(R1), slot(R2), slot(R3, warehouse=SOUTH)])
    assert given_to(found) == {(R1, MONDAY): ANNE, (R2, MONDAY): BOB, (R3, MONDAY): CLEO}


def test_r3_1_a_route_is_the_same_by_its_name_and_as_any_of_its_warehouse() -> None:
    at_home = [driver(who, {MONDAY: ANY_NORTH}, routes=()) for who in (ANNE, BOB)]
    people, slots = [*at_home, driver(CLEO, routes=(R2,))], [slot(R1), slot(R2)]
    found = roster(people, slots)
    assert len(found.pairs) == 2
    holds(people, slots, found)


def test_r6_3_what_somebody_has_left_does_not_come_back_to_him() -> None:
    """Neither by its name nor as any route of his warehouse; the same route on another day does."""
    left = frozenset({(R1, MONDAY)})
    by_name = driver(ANNE, [MONDAY, TUESDAY], left=left)
    by_home = driver(ANNE, {MONDAY: ANY_NORTH, TUESDAY: ANY_NORTH}, routes=(), left=left)
    slots = [slot(R1), slot(R1, TUESDAY)]
    assert given_to(roster([by_name], slots)) == {(R1, TUESDAY): ANNE}
    assert given_to(roster([by_home], slots)) == {(R1, TUESDAY): ANNE}
    assert given_to(roster([by_home], [*slots, slot(R2)])) == {(R2, MONDAY): ANNE, (R1, TUESDAY): ANNE}


def test_r3_6_a_gap_says_who_wants_it_and_what_keeps_them() -> None:
    people = [
        driver(ANNE, routes=(R1, R2), completions={R2: 1}),
        driver(BOB, room=0),
        driver(CLEO, taken={MONDAY: R3}),
    ]
    keeps = (Keeps(ANNE, R2), Keeps(BOB, None), Keeps(CLEO, R3))
    found = roster(people, [slot(R1), slot(R2), slot(R1, TUESDAY)])
    assert found.pairs == (Pair(slot(R2), ANNE),)
    assert found.gaps == (
        Gap(slot(R1), GapReason.TAKEN, 3, keeps),
        Gap(slot(R1, TUESDAY), GapReason.NOBODY),
    )
    assert (found.maximum, found.cut) == (1, Cut((), ((ANNE, MONDAY),), ()))


def test_r3_6_a_gap_names_ten_of_many() -> None:
    at_home = [driver(uuid.UUID(int=number), {MONDAY: ANY_NORTH}, routes=(R1,)) for number in range(1, 41, 2)]
    by_name = [driver(uuid.UUID(int=number), room=0) for number in range(2, 41, 2)]
    found = roster(at_home + by_name, [slot(uuid.UUID(int=number)) for number in range(100, 121)] + [slot(R1)])
    explained(at_home + by_name, found)
    assert {(len(gap.drivers), gap.wanted_by) for gap in found.gaps} <= {(10, 20), (10, 40)}
    assert len(found.gaps) == 2


@pytest.mark.parametrize(
    ("people", "slots"),
    [
        ([], [slot(R1)]),
        ([driver(ANNE)], []),
        ([], []),
        ([driver(ANNE, [])], [slot(R1)]),
        ([driver(ANNE, routes=())], [slot(R1)]),
        ([driver(ANNE, room=0)], [slot(R1)]),
        ([driver(ANNE, room=-1, held=5)], [slot(R1)]),
        ([driver(ANNE, taken={MONDAY: R2})], [slot(R1)]),
    ],
)
def test_r3_6_nothing_can_be_filled(people: list[Candidate], slots: list[Slot]) -> None:
    found = roster(people, slots)
    assert (found.pairs, found.maximum, found.cut) == ((), 0, Cut((), (), ()))
    assert [gap.slot for gap in found.gaps] == slots


def test_r3_5_what_cannot_be_computed_exactly_is_not_computed() -> None:
    with pytest.raises(OverflowError):
        roster([driver(ANNE, held=2**50, completion=100)], [slot(R1)])
