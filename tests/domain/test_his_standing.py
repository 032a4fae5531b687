"""R9, R10, R12.3: how a driver stands, as managers see it: whose they are, and who merely may look."""

import uuid

from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.health.his_standing import HisStanding, his_incident, his_incidents, his_standing
from domain.people.queries import Person
from tests.domain.depot import DAY, HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.test_excusing import excuses, incidents
from tests.domain.test_flags import history, night
from tests.domain.world import POLICY


async def seen(depot: Depot, driver: Person, by: Person | None = None) -> HisStanding | None:
    return await his_standing(depot.session, (by or depot.mona).id, driver.id, POLICY, depot.now)


async def known(depot: Depot, driver: Person) -> HisStanding:
    facts = await seen(depot, driver)
    assert facts is not None
    return facts


async def test_r9_what_holds_for_a_driver_is_on_the_card(depot: Depot) -> None:
    dana = await depot.driver()
    facts = await known(depot, dana)
    assert (facts.health, facts.is_out, facts.incidents, facts.holds.flag) == (None, False, 0, None)
    await history(depot, dana, completed=3, missed=2)
    await night(depot)
    facts = await known(depot, dana)
    assert facts.health is not None and facts.holds.flag is not None
    assert (facts.health.record.completed, facts.health.record.due) == (3, 5)
    assert (facts.holds.flag.due, facts.holds.free, facts.incidents) == (5, False, 2)
    assert not facts.is_out, "flagged only"


async def test_r10_2_who_was_stopped_by_another_program_is_out_too(depot: Depot) -> None:
    dana = await depot.driver(in_pool=False)
    facts = await known(depot, dana)
    assert facts.holds.stop is None and facts.is_out


async def test_r12_3_other_managers_find_nothing(depot: Depot) -> None:
    sam = await depot.fleet.manager("Sam", await depot.fleet.warehouse("South"))
    dana = await depot.driver()
    await history(depot, dana, completed=0, missed=1)
    (incident,) = await incidents(depot, dana)
    assert await seen(depot, dana, sam) is None
    assert await his_incidents(depot.session, sam.id, dana.id, 0, 8, POLICY, depot.now) is None
    assert await his_incident(depot.session, sam.id, incident, POLICY, depot.now) is None
    assert await his_incident(depot.session, depot.mona.id, uuid.uuid4(), POLICY, depot.now) is None
    assert await his_incident(depot.session, depot.mona.id, incident, POLICY, depot.now) is not None


async def test_r12_3_only_a_manager_of_the_shifts_warehouse_may_excuse(depot: Depot) -> None:
    """North's driver missed a shift at South: both managers see it, South's may excuse it."""
    south = await depot.fleet.warehouse("South")
    sam, dana = await depot.fleet.manager("Sam", south), await depot.driver()
    route, on = await depot.fleet.route("S1", south), (depot.now - DAY).date()
    slot = await depot.fleet.shift(route, dana, on, AssignmentStatus.CANCELLED)
    await depot.fleet.incident(slot, dana, IncidentKind.NO_SHOW)
    (incident,) = await incidents(depot, dana)
    mine = {}
    for who in (depot.mona, sam):
        facts = await his_incident(depot.session, who.id, incident, POLICY, depot.now)
        standing = await seen(depot, dana, who)
        assert facts is not None and standing is not None
        mine[who.first_name] = standing.card.own, facts.his_to_excuse
    assert mine == {"Mona": (True, False), "Sam": (False, True)}


async def test_r10_6_what_is_excused_is_listed_and_cannot_be_excused_again(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=4, missed=2)
    last, first = await incidents(depot, dana)
    await excuses(depot, last, "Ice")
    listed = await his_incidents(depot.session, depot.mona.id, dana.id, 0, 8, POLICY, depot.now + HOUR)
    assert listed is not None and listed.name == "Dana Test"
    assert [(each.id, each.excuse) for each in listed.lately.incidents] == [(last, "Ice"), (first, None)]
    facts = await his_incident(depot.session, depot.mona.id, last, POLICY, depot.now)
    assert facts is not None and not facts.his_to_excuse
