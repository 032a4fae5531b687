"""R9.2-9.5: flags and caps as the night leaves them, a manager's word on them, and who is told."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Assignment, AuditLog, DriverCap, FlagEpisode, Shift, User
from domain.db.models.words import AssignmentStatus, IncidentKind, NotificationType
from domain.health.caps import CapNow, FlagEnded, choose_cap, unflag
from domain.health.flags import judge_some
from domain.health.nights import judge_standing, next_people
from domain.notices.facts.standing import CapChanged, Flagged, FlagStuck, Unflagged
from domain.notices.wording import Notice, notice_of
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import ledger
from tests.domain.depot import DAY, HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY

WEEK = timedelta(days=7)


async def history(depot: Depot, driver: Person, completed: int, missed: int, ago: timedelta = 10 * DAY) -> None:
    """So many shifts a day apart, the last of which ended so long ago; the missed ones first."""
    for n in range(completed + missed):
        at = depot.now - ago - (completed + missed - 1 - n) * DAY
        lost = n < missed
        status = AssignmentStatus.CANCELLED if lost else AssignmentStatus.COMPLETED
        slot = await depot.shift(driver, at.date(), confirmed=True, status=status, route=f"{driver.first_name}{n}")
        if lost:
            await depot.fleet.incident(slot, driver, IncidentKind.NO_SHOW)
            await depot.session.execute(
                text("UPDATE incidents SET occurred_at = :at WHERE assignment_id = :of"), {"at": at, "of": slot.id}
            )
        else:
            parcels = {"parcels_start": 100, "parcels_delivered": 100, "parcels_returned": 0}
            await depot.fleet.add(Shift, assignment_id=slot.id, completed_at=at, created_at=at, **parcels)


async def night(depot: Depot, at: datetime | None = None) -> int:
    """As the duty does it; returns for how many anything changed."""
    everybody = await next_people(depot.session, None)
    _, turned = await judge_standing(depot.session, everybody, SAY, POLICY, at or depot.now)
    return len(turned)


async def user(depot: Depot, driver: Person) -> User:
    return await depot.session.get_one(User, driver.id, populate_existing=True)


async def episodes(session: AsyncSession) -> Sequence[FlagEpisode]:
    rows = select(FlagEpisode).order_by(FlagEpisode.flagged_at, FlagEpisode.user_id)
    return (await session.scalars(rows.execution_options(populate_existing=True))).all()


async def told(depot: Depot, person: Person) -> list[Notice]:
    return [notice_of(row.data) for row in await depot.told(person) if row.data]


async def audited(depot: Depot, driver: Person) -> list[str]:
    rows = select(AuditLog.action).where(AuditLog.entity_id == driver.id).order_by(AuditLog.created_at, AuditLog.action)
    return list(await depot.session.scalars(rows))


async def test_r9_2_who_is_below_is_flagged_and_told_once(depot: Depot) -> None:
    dana, omar = await depot.driver("Dana"), await depot.driver("Omar")
    await history(depot, dana, completed=3, missed=2)
    await history(depot, omar, completed=4, missed=1)  # 0.80 is not below 0.80
    assert [await night(depot), await night(depot)] == [1, 0]
    row = await user(depot, dana)
    assert (row.is_flagged, row.flag_warning_date, row.weekly_cap) == (True, depot.now, 4)
    assert not (await user(depot, omar)).is_flagged
    (flag,) = await episodes(depot.session)
    assert (flag.user_id, flag.due, flag.completed, flag.ended_at) == (dana.id, 5, 3, None)
    cut_on = (depot.now + WEEK).astimezone(POLICY.zone).date()
    assert await told(depot, dana) == [Flagged(5, 3, 90, 5, cut_on)]
    assert [row.type for row in await depot.told(dana)] == [NotificationType.WARNING]
    assert await depot.told(omar) == []
    assert await audited(depot, dana) == ["flagged"]


async def test_r9_2_only_the_last_90_days_are_judged(depot: Depot) -> None:
    """What fell due 90 days ago to the second does not count any more."""
    dana = await depot.driver()
    await history(depot, dana, completed=0, missed=5, ago=86 * DAY)
    assert await night(depot) == 0
    await depot.session.execute(text("UPDATE incidents SET occurred_at = occurred_at + interval '1 second'"))
    assert await night(depot) == 1


async def test_r9_1_what_is_excused_or_early_flags_nobody(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=3, missed=3)
    await depot.session.execute(text("UPDATE incidents SET excused_at = :now"), {"now": depot.now})
    assert await night(depot) == 0


async def test_r9_3_a_week_later_it_costs_a_shift_and_the_way_back_restores_it(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, depot.fleet.day(12), confirmed=True, route="ahead")
    await history(depot, dana, completed=3, missed=2)
    await night(depot)
    assert await night(depot, depot.now + WEEK - HOUR) == 0
    later = depot.now + WEEK
    assert [await night(depot, later), await night(depot, later), await night(depot, later + DAY)] == [1, 0, 0]
    assert (await user(depot, dana)).weekly_cap == 3
    await history(depot, dana, completed=5, missed=0, ago=2 * DAY)
    assert await night(depot, later + DAY) == 1
    row = await user(depot, dana)
    assert (row.is_flagged, row.flag_warning_date, row.weekly_cap) == (False, None, 4)
    (flag,) = await episodes(depot.session)
    assert (flag.cut_at, flag.ended_at, flag.ended_by) == (later, later + DAY, None)
    assert (await told(depot, dana))[1:] == [CapChanged(3, "cut"), Unflagged(4)]
    assert await audited(depot, dana) == ["flagged", "cap_changed", "cap_changed", "unflagged"]


async def test_r9_3_who_cannot_recover_alone_is_put_before_his_managers_once(depot: Depot) -> None:
    dana, south = await depot.driver(), await depot.fleet.warehouse("South")
    sam = await depot.fleet.manager("Sam", south)
    await history(depot, dana, completed=3, missed=2)
    await night(depot)
    later = depot.now + WEEK
    assert [await night(depot, later), await night(depot, later + DAY)] == [1, 0]
    since = depot.now.astimezone(POLICY.zone).date()
    assert await told(depot, depot.mona) == [FlagStuck(dana.id, "Dana Test", 5, 3, since)]
    assert await told(depot, sam) == []
    (flag,) = await episodes(depot.session)
    assert flag.put_at == flag.cut_at == later


async def test_r9_4_twenty_completed_raise_the_cap_and_a_slump_takes_it_back(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=20, missed=1)
    assert [await night(depot), await night(depot)] == [1, 0]
    assert (await user(depot, dana)).weekly_cap == 6
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True, route="late")
    await depot.fleet.incident(slot, dana, IncidentKind.LATE_CANCEL)
    assert await night(depot, depot.now + DAY) == 1
    assert (await user(depot, dana)).weekly_cap == 4
    assert await told(depot, dana) == [CapChanged(6, "rewarded"), CapChanged(4, "normal")]


async def test_r9_5_a_managers_cap_is_kept_and_lifted(depot: Depot) -> None:
    dana = await depot.driver(cap=5)
    await history(depot, dana, completed=20, missed=0)
    of = (depot.session, depot.mona, dana.id)
    assert await choose_cap(*of, 2, "school", SAY, POLICY, depot.now) == CapNow(dana.id, 2)
    assert await night(depot) == 1, "the reward is noted, and nothing changes for him"
    assert (await user(depot, dana)).weekly_cap == 2
    assert await choose_cap(*of, None, "holidays", SAY, POLICY, depot.now + HOUR) == CapNow(dana.id, 6)
    assert await told(depot, dana) == [
        CapChanged(2, "chosen", "Mona Test", "school"),
        CapChanged(6, "lifted", "Mona Test", "holidays"),
    ]
    cap = await depot.session.get_one(DriverCap, dana.id)
    assert (cap.base, cap.chosen, cap.reason, cap.chosen_by) == (5, None, "holidays", depot.mona.id)
    nobody = await choose_cap(depot.session, depot.mona, uuid.uuid4(), 2, "x", SAY, POLICY, depot.now)
    assert nobody == Refused(Refusal.NOT_FOUND)


async def test_r9_5_a_managers_unflag_holds_until_a_later_incident(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=3, missed=2)
    await night(depot)
    await night(depot, depot.now + WEEK)
    of, at = (depot.session, depot.mona, dana.id), depot.now + WEEK + HOUR
    (flag,) = await episodes(depot.session)
    assert await unflag(*of, "was ill", SAY, POLICY, at) == FlagEnded(dana.id, flag.id)
    assert await unflag(*of, "again", SAY, POLICY, at) == Refused(Refusal.NOT_FLAGGED)
    row = await user(depot, dana)
    assert (row.is_flagged, row.flag_warning_date, row.weekly_cap) == (False, None, 3), "the cut bites now"
    assert (await told(depot, dana))[-1] == Unflagged(3, "Mona Test", "was ill")
    assert await night(depot, at + DAY) == 0
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True, route="late")
    await depot.fleet.incident(slot, dana, IncidentKind.LATE_CANCEL)
    await depot.session.execute(
        text("UPDATE incidents SET occurred_at = :at WHERE assignment_id = :of"), {"at": at + HOUR, "of": slot.id}
    )
    assert await night(depot, at + 2 * DAY) == 1
    assert (await user(depot, dana)).is_flagged
    assert [each.ended_by for each in await episodes(depot.session)] == [depot.mona.id, None]


async def test_r9_5_another_warehouses_manager_finds_nobody(depot: Depot) -> None:
    dana, south = await depot.driver(), await depot.fleet.warehouse("South")
    sam = await depot.fleet.manager("Sam", south)
    for refused in (
        await choose_cap(depot.session, sam, dana.id, 2, "x", SAY, POLICY, depot.now),
        await unflag(depot.session, sam, dana.id, "x", SAY, POLICY, depot.now),
    ):
        assert refused == Refused(Refusal.NOT_FOUND)


async def test_r10_6_what_is_excused_unflags_at_once(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=3, missed=2)
    await night(depot)
    missed = await depot.session.scalar(
        select(Assignment.id).where(Assignment.status == AssignmentStatus.CANCELLED).order_by(Assignment.on)
    )
    assert missed is not None
    await ledger.excuse(depot.session, missed, IncidentKind.NO_SHOW, depot.mona.id, "ours", POLICY, depot.now)
    await judge_some(depot.session, [dana.id], SAY, POLICY, depot.now + HOUR)
    assert not (await user(depot, dana)).is_flagged
    assert (await told(depot, dana))[-1] == Unflagged(4)


async def test_r12_7_who_has_left_is_judged_no_more(depot: Depot) -> None:
    dana = await depot.driver(employed=(depot.fleet.day(-200), depot.fleet.day(-1)))
    await history(depot, dana, completed=3, missed=2)
    assert await night(depot) == 0


async def test_r9_2_many_are_judged_in_as_many_statements_as_one(depot: Depot) -> None:
    """Some are flagged, some cut and put before a manager, some come back, some are rewarded: whatever their number."""
    said: list[str] = []
    connection = (await depot.session.connection()).sync_connection
    assert connection is not None
    event.listen(connection, "before_cursor_execute", lambda *given: said.append(given[2]))
    counted = []
    for round_, number in enumerate((1, 5)):
        at = depot.now + round_ * 30 * DAY
        bad, good = [], []
        for n in range(number):
            bad.append(await depot.driver(f"Bad{round_}{n}x"))
            good.append(await depot.driver(f"Good{round_}{n}x"))
            await history(depot, bad[-1], completed=3, missed=2, ago=depot.now - at + 3 * DAY)
            await history(depot, good[-1], completed=20, missed=0, ago=depot.now - at + 3 * DAY)
        nights = []
        for later in (at, at + WEEK):
            said.clear()
            await night(depot, later)
            nights.append(len(said))
        counted.append(nights)
    assert counted[0] == counted[1]
    assert max(counted[0]) < 12
