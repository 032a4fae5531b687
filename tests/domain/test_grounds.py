"""R10.2, R10.3, R10.6: what a stop stands on: it alone is shown, and an appeal of it alone brings a driver back."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from domain.db.models import Appeal, Delivery, HardStop, Incident
from domain.db.models.words import DeliveryState, IncidentKind
from domain.health.appeals import Opened, decide_appeal, open_appeal
from domain.health.asking import stop_card
from domain.health.reinstating import reinstate
from domain.health.whys import caused
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.shifts import ledger
from tests.domain.depot import DAY, HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.test_reinstating import due
from tests.domain.test_stops import LATE, MISSED, blamed, excuse, undecided
from tests.domain.world import POLICY, SAY, Slot


async def incident_of(depot: Depot, slot: Slot) -> uuid.UUID:
    return (await depot.session.scalars(select(Incident.id).where(Incident.assignment_id == slot.id))).one()


async def appeals(depot: Depot, driver: Person, slot: Slot, at: datetime) -> uuid.UUID:
    about = await incident_of(depot, slot)
    opened = await open_appeal(depot.session, driver, about, "I was there", SAY, POLICY, at)
    assert isinstance(opened, Opened)
    return opened.appeal_id


async def shown(depot: Depot, driver: Person) -> list[list[str]]:
    """What the card of each of her stops names, the first first; and so does what she reads herself."""
    found = []
    rows = select(HardStop.id).where(HardStop.user_id == driver.id).order_by(HardStop.stopped_at)
    for stop in await depot.session.scalars(rows):
        card = await stop_card(depot.session, depot.mona.id, stop, POLICY, depot.now)
        assert card is not None
        found.append([each.route for each in card.blamed])
        assert [each.route for each in await caused(depot.session, driver.id, stop, POLICY)] == found[-1]
    return found


# -- what is shown


async def test_r10_3_what_she_was_forgiven_is_not_held_against_her_again(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, MISSED, at - 5 * DAY, "R1")
    await reinstate(depot.session, depot.mona, dana.id, "talked to her", SAY, POLICY, at - 4 * DAY)
    await blamed(depot, dana, MISSED, at, "R2")
    assert await shown(depot, dana) == [["R1"], ["R2"]], "and what came later is nothing to the first"


async def test_r10_2_one_late_cancel_is_nothing_beside_a_no_show(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, LATE, at - DAY, "R1")
    await blamed(depot, dana, MISSED, at, "R2")
    assert await shown(depot, dana) == [["R2"]]
    await blamed(depot, dana, LATE, at + HOUR, "R3")
    assert await shown(depot, dana) == [["R3", "R2", "R1"]], "two would stop her by themselves"


async def test_r10_2_what_is_over_30_days_old_is_nothing(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, LATE, at - 40 * DAY, "R1")
    await blamed(depot, dana, LATE, at - 2 * DAY, "R2")
    await blamed(depot, dana, LATE, at, "R3")
    assert await shown(depot, dana) == [["R3", "R2"]]


async def test_r10_2_the_second_no_show_stands_by_itself(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, MISSED, at - 5 * DAY, "R1")
    await undecided(depot, at - 2 * DAY)
    await blamed(depot, dana, MISSED, at, "R2")
    assert await shown(depot, dana) == [["R1"], ["R2"]]


# -- an appeal of it


@pytest.mark.parametrize(("kind", "back"), [(LATE, False), (IncidentKind.AUTO_DROP, False), (MISSED, True)])
async def test_r10_2_only_an_appeal_of_what_stops_her_brings_her_back(
    depot: Depot, kind: IncidentKind, back: bool
) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, MISSED, at, "R1")
    slot = await blamed(depot, dana, kind, at + HOUR, "R2")
    await appeals(depot, dana, slot, at + 2 * HOUR)
    assert await depot.in_pool(dana) is back


async def test_r10_3_an_appeal_of_what_she_was_forgiven_does_not(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    slot = await blamed(depot, dana, MISSED, at - 5 * DAY, "R1")
    await reinstate(depot.session, depot.mona, dana.id, "talked to her", SAY, POLICY, at - 4 * DAY)
    await blamed(depot, dana, MISSED, at, "R2")
    await appeals(depot, dana, slot, at + HOUR)
    assert not await depot.in_pool(dana)
    reached = await due(depot, at + 12 * HOUR)
    assert [each.back for each in reached] == [False] and not await depot.in_pool(dana), "nor is she by the deadlines"


async def test_r10_6_she_is_out_again_once_nothing_waits_however_that_came(depot: Depot) -> None:
    """Two no-shows hold her; the one that she appeals is excused as by [Restore him], and the other still stands."""
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, MISSED, at, "R1")
    slot = await blamed(depot, dana, MISSED, at + HOUR, "R2")
    await appeals(depot, dana, slot, at + 2 * HOUR)
    assert await depot.in_pool(dana)
    await ledger.excuse(depot.session, slot.id, MISSED, depot.mona.id, "restored", POLICY, at + 3 * HOUR)
    assert not await depot.in_pool(dana)


# -- what shows it


async def all_sent(depot: Depot) -> None:
    await depot.session.execute(update(Delivery).values(state=DeliveryState.SENT, redraw=False))


async def redrawn(depot: Depot, kind: Kind = Kind.TO_REINSTATE) -> list[bool]:
    rows = select(Delivery).where(Delivery.kind == kind).order_by(Delivery.created_at)
    return [row.redraw for row in await depot.session.scalars(rows.execution_options(populate_existing=True))]


async def test_r10_6_the_card_of_a_stop_that_is_lifted_is_redrawn(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    slot = await blamed(depot, dana, MISSED, at, "R1")
    await all_sent(depot)
    await excuse(depot, slot, MISSED, at + HOUR)
    assert await redrawn(depot) == [True]


async def test_r10_6_so_is_that_of_one_that_stays_and_of_one_that_goes_on(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, MISSED, at - 5 * DAY, "R1")
    await undecided(depot, at - 2 * DAY)
    await all_sent(depot)
    second = await blamed(depot, dana, MISSED, at, "R2")
    assert await redrawn(depot) == [True, False], "a newer message asks about it"
    third = await blamed(depot, dana, MISSED, at + HOUR, "R3")
    await all_sent(depot)
    await excuse(depot, third, MISSED, at + 2 * HOUR)
    assert await redrawn(depot) == [False, True], "it names one less"
    await all_sent(depot)
    await excuse(depot, second, MISSED, at + 3 * HOUR)
    assert await redrawn(depot) == [True, True]


async def test_r10_2_an_appeal_is_seen_on_the_card_of_the_stop(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    slot = await blamed(depot, dana, MISSED, at, "R1")
    await all_sent(depot)
    appeal = await appeals(depot, dana, slot, at + HOUR)
    assert await redrawn(depot) == [True]
    await all_sent(depot)
    await decide_appeal(depot.session, depot.mona, appeal, False, "no", SAY, POLICY, at + 2 * HOUR)
    assert await redrawn(depot) == [True]


async def test_r10_6_the_card_of_an_appeal_that_is_granted_by_the_way_is_redrawn(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    slot = await blamed(depot, dana, MISSED, at, "R1")
    await appeals(depot, dana, slot, at + HOUR)
    await all_sent(depot)
    await excuse(depot, slot, MISSED, at + 2 * HOUR)
    assert await redrawn(depot, Kind.APPEALED) == [True]
    row = (await depot.session.scalars(select(Appeal))).one()
    assert row.granted and row.decided_at == at + timedelta(hours=2)
