"""R11.2, R11.4, R11.4a: how people set to be reached, and who is told while a manager is away."""

import uuid
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.reader import LANGUAGES
from domain.db.models import AuditLog, ContactSettings, Delivery, Route, SmsAttempt, SmsOptOut, User
from domain.db.models.words import Channel, DeliveryState, UserRole
from domain.notices.actions import Envelope, tell
from domain.notices.facts.people import LinkMoved
from domain.notices.kinds import Kind
from domain.people.contact import (
    AwayFor,
    Contact,
    Saved,
    StandIns,
    absence,
    away_until,
    choose_language,
    choose_quiet_hours,
    choose_sms,
    choose_wake_me,
    contact,
    go_away,
)
from domain.people.queries import Person, at_home, managers_to_tell
from domain.policy import QuietHours
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY, Fleet, contents

TORONTO = ZoneInfo("America/Toronto")
NO_SUCH_CHOICE = Refused(Refusal.NO_SUCH_CHOICE)
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def dana(fleet: Fleet) -> Person:
    return await fleet.driver("Dana", home=await fleet.warehouse())


async def changes(session: AsyncSession) -> list[tuple[uuid.UUID, object]]:
    """Who changed what, in the order in which it was done."""
    entries = await session.scalars(
        select(AuditLog).where(AuditLog.action == "contact_changed").order_by(AuditLog.created_at)
    )
    return [(entry.entity_id, entry.changes) for entry in entries if entry.actor_id == entry.entity_id]


def at(wall: str) -> datetime:
    """The instant of a wall-clock time in Toronto."""
    return datetime.fromisoformat(wall).replace(tzinfo=TORONTO)


# -- settings


async def test_without_a_row_the_defaults_hold(session: AsyncSession, dana: Person) -> None:
    assert await contact(session, dana) == Contact(UserRole.DRIVER, dana.phone, True, False, False, QuietHours())
    assert await session.get(ContactSettings, dana.id) is None


async def test_each_setting_is_saved_and_audited(session: AsyncSession, dana: Person, now: datetime) -> None:
    assert await choose_language(session, dana, LANGUAGES.index("fr"), LANGUAGES, now) == Saved()
    assert await choose_sms(session, dana, 0, now + HOUR) == Saved()
    assert await choose_wake_me(session, dana, 1, now + 2 * HOUR) == Saved()
    assert await choose_quiet_hours(session, dana, 2, POLICY, now + 3 * HOUR) == Saved()
    row = await session.get_one(ContactSettings, dana.id)
    assert (row.language, row.sms, row.wake_me) == ("fr", False, True)
    assert (row.quiet_from, row.quiet_until) == (time(22), time(7))
    assert await contact(session, dana) == Contact(
        UserRole.DRIVER, dana.phone, False, False, True, QuietHours(time(22), time(7))
    )
    assert await changes(session) == [
        (dana.id, {"before": {"language": None}, "after": {"language": "fr"}}),
        (dana.id, {"before": {"sms": True}, "after": {"sms": False}}),
        (dana.id, {"before": {"wake_me": False}, "after": {"wake_me": True}}),
        (
            dana.id,
            {
                "before": {"quiet_from": None, "quiet_until": None},
                "after": {"quiet_from": "22:00:00", "quiet_until": "07:00:00"},
            },
        ),
    ]


async def test_r2_5_pressed_twice_it_has_one_effect(session: AsyncSession, dana: Person, now: datetime) -> None:
    for _ in range(2):
        assert await choose_sms(session, dana, 0, now) == Saved()
        assert await choose_quiet_hours(session, dana, 0, POLICY, now) == Saved()  # the usual, which they are
    assert len(await changes(session)) == 1


@pytest.mark.parametrize("choice", [-1, 2, 5, 999_999])
async def test_r12_4_other_choices_are_refused(session: AsyncSession, dana: Person, now: datetime, choice: int) -> None:
    before = await contents(session)
    assert await choose_language(session, dana, choice, LANGUAGES, now) == NO_SUCH_CHOICE
    assert await choose_sms(session, dana, choice, now) == NO_SUCH_CHOICE
    assert await choose_wake_me(session, dana, choice, now) == NO_SUCH_CHOICE
    assert await choose_quiet_hours(session, dana, choice if choice != 2 else 6, POLICY, now) == NO_SUCH_CHOICE
    assert await contents(session) == before


async def test_emergency_offers_are_for_drivers(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    manager = await fleet.manager()
    before = await contents(session)
    assert await choose_wake_me(session, manager, 1, now) == Refused(Refusal.NOT_A_DRIVER)
    assert await contents(session) == before


async def test_r11_4_the_choices_of_quiet_hours(session: AsyncSession, dana: Person, now: datetime) -> None:
    seen = []
    for choice in range(len(POLICY.quiet_choices)):
        await choose_quiet_hours(session, dana, choice, POLICY, now)
        quiet = (await contact(session, dana)).quiet
        seen.append((quiet.begins, quiet.ends))
    assert seen == [
        (None, None),
        (time(20), time(6)),
        (time(22), time(7)),
        (time(23), time(8)),
        (time(0), time(0)),
    ]


async def test_r11_5_a_phone_that_has_texted_stop(session: AsyncSession, fleet: Fleet, dana: Person) -> None:
    await fleet.put(SmsOptOut, {"phone": dana.phone, "since": fleet.now})
    assert (await contact(session, dana)).opted_out
    assert not (await contact(session, await fleet.driver("Else"))).opted_out


async def held(fleet: Fleet, person: Person, until: datetime) -> uuid.UUID:
    """An important notice that waits for the end of his quiet hours."""
    envelope = Envelope(Kind.LINK_MOVED, uuid.uuid4())
    await tell(fleet.session, [person.id], LinkMoved(), envelope, SAY, POLICY, fleet.now)
    row = Delivery.about == envelope.about
    await fleet.session.execute(update(Delivery).where(row).values(due_at=until))
    return (await fleet.session.scalars(select(Delivery.id).where(row))).one()


async def test_r11_4_what_is_held_is_judged_anew_by_the_new_hours(
    session: AsyncSession, fleet: Fleet, dana: Person, now: datetime
) -> None:
    later = now + 3 * HOUR
    waits, hers = await held(fleet, dana, later), await held(fleet, await fleet.driver("Else"), later)
    retried = await held(fleet, dana, later)  # the carrier lost it: it waits for something else
    await fleet.add(
        SmsAttempt, delivery_id=retried, user_id=dana.id, phone=dana.phone, body="", segments=1, created_at=now
    )
    shown = await held(fleet, dana, later)
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_([retried, shown]))
        .values(channel=Channel.SMS, state=DeliveryState.PENDING)
    )
    await session.execute(update(Delivery).where(Delivery.id == shown).values(state=DeliveryState.SENT))
    await choose_sms(session, dana, 0, now)
    due = select(Delivery.id).where(Delivery.due_at == now)
    assert set(await session.scalars(due)) == set(), "not by other settings"
    await choose_quiet_hours(session, dana, 4, POLICY, now)
    assert set(await session.scalars(due)) == {waits}
    assert hers not in set(await session.scalars(due))
    await session.execute(update(Delivery).where(Delivery.id == waits).values(due_at=later))
    await choose_quiet_hours(session, dana, 4, POLICY, now)
    assert set(await session.scalars(due)) == set(), "nothing has changed"
    await choose_wake_me(session, dana, 1, now)
    assert set(await session.scalars(due)) == {waits}


# -- away


@pytest.mark.parametrize(
    ("choice", "now", "until"),
    [
        (AwayFor.TOMORROW, "2026-11-25 07:20", "2026-11-26 06:00"),
        (AwayFor.TOMORROW, "2026-11-25 00:00", "2026-11-26 06:00"),
        (AwayFor.TOMORROW, "2026-11-25 23:59", "2026-11-26 06:00"),
        (AwayFor.TOMORROW, "2026-10-31 12:00", "2026-11-01 06:00"),  # the clocks go back
        (AwayFor.MONDAY, "2026-11-25 07:20", "2026-11-30 06:00"),
        (AwayFor.MONDAY, "2026-11-29 23:00", "2026-11-30 06:00"),
        (AwayFor.MONDAY, "2026-11-30 05:00", "2026-12-07 06:00"),  # said on a Monday: the next one
        (AwayFor.MONDAY, "2027-03-12 12:00", "2027-03-15 06:00"),  # they go forward
        (AwayFor.LONG, "2026-11-25 07:20", "2026-12-09 06:00"),
    ],
)
def test_r11_4a_until_when(choice: AwayFor, now: str, until: str) -> None:
    assert away_until(choice, POLICY, at(now)) == at(until)


@given(
    st.sampled_from([AwayFor.TOMORROW, AwayFor.MONDAY, AwayFor.LONG]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_r11_4a_it_ends_on_a_morning_to_come(choice: AwayFor, now: datetime) -> None:
    until = away_until(choice, POLICY, now)
    assert until is not None and now < until < now + 15 * ONE_DAY
    local = until.astimezone(TORONTO)
    assert local.time() == time(6)
    assert choice is not AwayFor.MONDAY or local.weekday() == 0


async def test_r11_4a_he_goes_and_comes_back(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    mona = await fleet.manager("Mona", await fleet.warehouse())
    until = datetime(2026, 11, 26, 6, tzinfo=TORONTO)
    assert await go_away(session, mona, AwayFor.TOMORROW, POLICY, now) == Saved()
    home = await at_home(session, mona.id, fleet.today, now)
    assert home is not None and home.away_until == until
    assert (await absence(session, mona, now)).until == until
    assert (await absence(session, mona, until)).until is None, "at that instant he is back"
    home = await at_home(session, mona.id, fleet.today, until)
    assert home is not None and home.away_until is None
    assert await go_away(session, mona, AwayFor.BACK, POLICY, now + HOUR) == Saved()
    assert (await absence(session, mona, now)).until is None
    iso = until.astimezone(UTC).isoformat()
    assert await changes(session) == [
        (mona.id, {"before": {"away_until": None}, "after": {"away_until": iso}}),
        (mona.id, {"before": {"away_until": iso}, "after": {"away_until": None}}),
    ]


async def test_r12_4_who_may_not_and_what_there_is_not(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    dana, mona = await fleet.driver("Dana"), await fleet.manager("Mona")
    before = await contents(session)
    assert await go_away(session, dana, AwayFor.TOMORROW, POLICY, now) == Refused(Refusal.NOT_A_MANAGER)
    for choice in (-1, 4, 999_999):
        assert await go_away(session, mona, choice, POLICY, now) == NO_SUCH_CHOICE
    assert await contents(session) == before


async def leave(fleet: Fleet, manager: Person, until: datetime | None = None) -> None:
    await fleet.put(ContactSettings, {"user_id": manager.id, "away_until": until or fleet.now + HOUR})


async def test_r11_4a_who_stands_in_by_warehouse(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    north, south, west = [await fleet.warehouse(name) for name in ("North", "South", "West")]
    mona = await fleet.manager("Mona", north, south, west)
    await fleet.manager("Zora", north)
    await fleet.manager("Ana", north)
    back = await fleet.manager("Back", north)
    gone = await fleet.manager("Gone", north, south)
    former = await fleet.manager("Former", west)
    await session.execute(update(User).where(User.id == former.id).values(role=UserRole.DRIVER))
    await leave(fleet, gone)
    await leave(fleet, back, now)
    assert (await absence(session, mona, now)).warehouses == (
        StandIns("North", ("Ana Test", "Back Test", "Zora Test"), 4),
        StandIns("South", (), 1),
        StandIns("West", (), 0),
    )
    assert (await absence(session, await fleet.manager("New"), now)).warehouses == ()


# -- who is told of a route (R5.4, R11.4a)


async def told(session: AsyncSession, fleet: Fleet, route: uuid.UUID) -> set[uuid.UUID]:
    found = await session.execute(select(Route.warehouse_id).where(Route.id == route))
    people = (await session.scalars(managers_to_tell(found.scalar_one(), route, fleet.now))).all()
    assert len(people) == len(set(people)), "nobody twice"
    return set(people)


@pytest.fixture
async def north(fleet: Fleet) -> uuid.UUID:
    return await fleet.warehouse("North")


async def test_r5_4_the_routes_own_manager(session: AsyncSession, fleet: Fleet, north: uuid.UUID) -> None:
    mona, _omar = await fleet.manager("Mona", north), await fleet.manager("Omar", north)
    assert await told(session, fleet, await fleet.route("R1", north, mona)) == {mona.id}


async def test_r5_4_none_of_its_own_then_all_of_the_warehouse(
    session: AsyncSession, fleet: Fleet, north: uuid.UUID
) -> None:
    mona, omar = await fleet.manager("Mona", north), await fleet.manager("Omar", north)
    await fleet.manager("Else", await fleet.warehouse("South"))
    assert await told(session, fleet, await fleet.route("R1", north)) == {mona.id, omar.id}


async def test_r5_4_one_who_is_no_longer_of_the_warehouse_is_none(
    session: AsyncSession, fleet: Fleet, north: uuid.UUID
) -> None:
    mona, omar = await fleet.manager("Mona", north), await fleet.manager("Omar", north)
    left = await fleet.manager("Left", await fleet.warehouse("South"))
    assert await told(session, fleet, await fleet.route("R1", north, left)) == {mona.id, omar.id}
    demoted = await fleet.manager("Demoted", north)
    await session.execute(update(User).where(User.id == demoted.id).values(role=UserRole.DRIVER))
    assert await told(session, fleet, await fleet.route("R2", north, demoted)) == {mona.id, omar.id}


async def test_r11_4a_away_his_notices_go_to_the_others(session: AsyncSession, fleet: Fleet, north: uuid.UUID) -> None:
    mona, omar, lise = [await fleet.manager(name, north) for name in ("Mona", "Omar", "Lise")]
    his, everybodys = await fleet.route("R1", north, mona), await fleet.route("R2", north)
    await leave(fleet, mona)
    assert await told(session, fleet, his) == {omar.id, lise.id}
    assert await told(session, fleet, everybodys) == {omar.id, lise.id}
    await leave(fleet, omar)
    assert await told(session, fleet, his) == {lise.id}


async def test_r11_4a_until_that_instant(session: AsyncSession, fleet: Fleet, north: uuid.UUID) -> None:
    mona, _omar = await fleet.manager("Mona", north), await fleet.manager("Omar", north)
    his = await fleet.route("R1", north, mona)
    await leave(fleet, mona, fleet.now)
    assert await told(session, fleet, his) == {mona.id}


async def test_r11_4a_all_away_and_told_all_the_same(session: AsyncSession, fleet: Fleet, north: uuid.UUID) -> None:
    mona, omar = await fleet.manager("Mona", north), await fleet.manager("Omar", north)
    his, everybodys = await fleet.route("R1", north, mona), await fleet.route("R2", north)
    await leave(fleet, mona)
    await leave(fleet, omar)
    assert await told(session, fleet, his) == {mona.id}, "the one who is responsible"
    assert await told(session, fleet, everybodys) == {mona.id, omar.id}


async def test_r11_4a_the_only_one_is_told_though_he_is_away(
    session: AsyncSession, fleet: Fleet, north: uuid.UUID
) -> None:
    mona = await fleet.manager("Mona", north)
    await leave(fleet, mona)
    assert await told(session, fleet, await fleet.route("R1", north, mona)) == {mona.id}
    assert await told(session, fleet, await fleet.route("R2", north)) == {mona.id}


async def test_r5_4_nobody_at_all(session: AsyncSession, fleet: Fleet, north: uuid.UUID) -> None:
    assert await told(session, fleet, await fleet.route("R1", north)) == set()
