"""People stand where their readers look for them: É beside E, whatever the database sorts by."""

from datetime import date

from domain.health.attention import drivers_listed
from domain.notices.kinds import Kind
from domain.people.contact import absence
from domain.people.managing import managers
from domain.shifts.checking import warn_missing
from domain.shifts.holds import begin_due_hold
from tests.domain.depot import MINUTE, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY

NAMES = ("Emma", "Émile", "wei", "Zoé", "Ana", "E\u0301lise")
IN_ORDER = ["Ana", "E\u0301lise", "Émile", "Emma", "wei", "Zoé"]


def first(names: list[str] | tuple[str, ...]) -> list[str]:
    return [name.split()[0] for name in names]


async def test_in_the_list_of_drivers(depot: Depot) -> None:
    for name in NAMES:
        await depot.driver(name)
    page = await drivers_listed(depot.session, depot.mona.id, 0, 20, POLICY, depot.now)
    assert first([each.name for each in page.drivers]) == IN_ORDER


async def test_in_the_lists_of_who_is_missing(depot: Depot) -> None:
    today = date(2026, 11, 25)
    for name in NAMES:
        await depot.shift(await depot.driver(name), today, confirmed=True, route=f"R-{name}")
    nine = local(today, 9)
    await warn_missing(depot.session, SAY, POLICY, nine - 30 * MINUTE)
    await begin_due_hold(depot.session, SAY, POLICY, nine)
    listed = {}
    for told in await depot.told(depot.mona):
        assert told.data is not None
        listed[told.data["kind"]] = first(told.data["drivers"])
    assert listed == {Kind.MISSING_LIST: IN_ORDER, Kind.HELD_LIST: IN_ORDER}


async def test_among_the_managers_of_a_warehouse(depot: Depot) -> None:
    for name in NAMES:
        await depot.fleet.manager(name, depot.north)
    found = await managers(depot.session, depot.mona, depot.north)
    assert found is not None
    assert [name for name in first([each.name for each in found.managers]) if name != "Mona"] == IN_ORDER
    away = await absence(depot.session, depot.mona, depot.now)
    assert [first(each.names) for each in away.warehouses] == [IN_ORDER]
