"""R9, R10, R12.3: a manager's list of drivers has those first who need him."""

from datetime import timedelta

from sqlalchemy import update

from domain.db.models import DriverHealthSnapshot, DriverHealthState, DriverMetrics, FlagEpisode, User
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.health.appeals import Opened, open_appeal
from domain.health.attention import Need, drivers_listed
from domain.health.reinstating import keep_out
from domain.people.queries import Person
from domain.time import local_day
from tests.domain.depot import DAY, HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.test_excusing import incidents
from tests.domain.test_stops import LATE, MISSED, blamed
from tests.domain.world import POLICY, SAY


async def needs(depot: Depot, by: Person | None = None) -> list[tuple[str, Need]]:
    page = await drivers_listed(depot.session, (by or depot.mona).id, 0, 20, POLICY, depot.now)
    return [(each.name.split()[0], each.need) for each in page.drivers]


async def flagged(depot: Depot, name: str, *, put: bool = False) -> Person:
    driver = await depot.driver(name, flagged=True)
    judged = {"user_id": driver.id, "flagged_at": depot.now - 9 * DAY, "due": 5, "completed": 3}
    await depot.fleet.add(FlagEpisode, **judged, put_at=depot.now if put else None)
    return driver


async def scored(depot: Depot, name: str, score: int, week_ago: int) -> Person:
    driver = await depot.driver(name)
    his, at = {"user_id": driver.id}, depot.now
    await depot.fleet.put(DriverMetrics, his | {"total_shifts": 9, "updated_at": at})
    await depot.fleet.put(DriverHealthState, his | {"current_score": score, "updated_at": at})
    day = {"evaluated_at": local_day(at, POLICY) - timedelta(days=7), "score": week_ago, "created_at": at}
    await depot.fleet.put(DriverHealthSnapshot, his | day | {"attendance_rate": 1, "completion_rate": 1})
    return driver


async def appealing(depot: Depot, name: str, kind: IncidentKind = LATE) -> Person:
    driver = await depot.driver(name)
    await blamed(depot, driver, kind, depot.now - HOUR, f"R-{name}")
    (incident,) = await incidents(depot, driver)
    opened = await open_appeal(depot.session, driver, incident, "The bus.", SAY, POLICY, depot.now)
    assert isinstance(opened, Opened)
    return driver


async def test_r10_2_who_waits_for_a_decision_comes_first(depot: Depot) -> None:
    last_year = depot.now.date() - 300 * DAY
    await depot.driver("Calm")
    await depot.driver("Gone", employed=(last_year, last_year + 30 * DAY), flagged=True)
    await scored(depot, "Falls", 80, 85)
    await scored(depot, "Steady", 80, 84)
    out = await depot.driver("Out")
    await blamed(depot, out, MISSED, depot.now - 2 * DAY, "R-Out")
    await keep_out(depot.session, depot.mona, out.id, "again", SAY, POLICY, depot.now)
    await flagged(depot, "Flag")
    await flagged(depot, "Stuck", put=True)
    await appealing(depot, "Appeals")
    back = await appealing(depot, "Back", MISSED)
    stopped = await depot.driver("Stopped")
    await blamed(depot, stopped, MISSED, depot.now - HOUR, "R-Stopped")
    longer = await depot.driver("Longer")
    await blamed(depot, longer, MISSED, depot.now - 5 * HOUR, "R-Longer")
    assert await depot.in_pool(back), "for now"
    assert await needs(depot) == [
        ("Longer", Need.STOPPED),
        ("Stopped", Need.STOPPED),
        ("Back", Need.UNDECIDED),
        ("Appeals", Need.APPEALS),
        ("Stuck", Need.STUCK),
        ("Flag", Need.FLAGGED),
        ("Out", Need.OUT),
        ("Falls", Need.FALLING),
        ("Calm", Need.NONE),
        ("Steady", Need.NONE),
        ("Gone", Need.LEFT),
    ]
    page = await drivers_listed(depot.session, depot.mona.id, 0, 3, POLICY, depot.now)
    assert (page.total, page.waiting, page.pages) == (11, 5, 4)
    third = await drivers_listed(depot.session, depot.mona.id, 2, 3, POLICY, depot.now)
    assert [(each.score, each.fallen) for each in third.drivers[1:2]] == [(80, 5)]


async def test_r9_3_with_a_shift_to_recover_by_he_is_not_stuck(depot: Depot) -> None:
    driver = await flagged(depot, "Stuck", put=True)
    await depot.shift(driver, depot.now.date() + DAY, confirmed=True)
    assert await needs(depot) == [("Stuck", Need.FLAGGED)]


async def test_r12_3_what_others_decide_on_does_not_wait_for_this_manager(depot: Depot) -> None:
    """Who drives at South now and then is seen there; his stop and his appeal are North's affair."""
    south = await depot.fleet.warehouse("South")
    sam = await depot.fleet.manager("Sam", south)
    guest = await depot.driver("Guest")
    await depot.driver("Other")
    await blamed(depot, guest, MISSED, depot.now - HOUR, "R1")
    assert await needs(depot, sam) == []
    route, on = await depot.fleet.route("S1", south), (depot.now - 3 * DAY).date()
    await depot.fleet.shift(route, guest, on, AssignmentStatus.COMPLETED)
    assert await needs(depot, sam) == [("Guest", Need.OUT)]
    assert await needs(depot) == [("Guest", Need.STOPPED), ("Other", Need.NONE)]
    await keep_out(depot.session, depot.mona, guest.id, "again", SAY, POLICY, depot.now)
    (incident,) = await incidents(depot, guest)
    assert isinstance(await open_appeal(depot.session, guest, incident, "Bus", SAY, POLICY, depot.now), Opened)
    assert await needs(depot, sam) == [("Guest", Need.NONE)], "back while it waits"
    assert await needs(depot) == [("Guest", Need.APPEALS), ("Other", Need.NONE)]


async def test_r10_2_stopped_by_another_program_waits_as_well(depot: Depot) -> None:
    await depot.driver("Apart", in_pool=False)
    assert await needs(depot) == [("Apart", Need.STOPPED)]


async def test_r12_4_a_page_that_is_no_more_is_the_first(depot: Depot) -> None:
    nobody = await depot.fleet.manager("Nobody")
    assert (await drivers_listed(depot.session, nobody.id, 3, 5, POLICY, depot.now)).drivers == ()
    for name in ("Ann", "Ben"):
        await depot.driver(name)
    for number, first in ((0, "Ann"), (1, "Ben"), (2, "Ann"), (-4, "Ann")):
        page = await drivers_listed(depot.session, depot.mona.id, number, 1, POLICY, depot.now)
        assert [each.name.split()[0] for each in page.drivers] == [first]
    await depot.session.execute(update(User).where(User.first_name == "Ben").values(is_flagged=True))
    assert await needs(depot) == [("Ben", Need.FLAGGED), ("Ann", Need.NONE)]
