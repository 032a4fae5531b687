"""R6.3: who is told of an emergency, when, how, and when the telling ends."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.bidding.rules import Award
from domain.coverage.actions import AskedCapped, Declined, WaveSent, ask_capped, decline_day
from domain.coverage.opening import Opened
from domain.coverage.windows import window_card
from domain.db.models import (
    Assignment,
    AuditLog,
    BidWindow,
    CapOverride,
    ContactSettings,
    DayDecline,
    Delivery,
    Notification,
    User,
    WindowAsk,
    WindowWaves,
)
from domain.db.models.words import (
    BidWindowMode,
    BidWindowStatus,
    Channel,
    DeliveryState,
    NotificationType,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.time import emergency_close
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, contents, next_wave, open_emergency

MINUTE = timedelta(minutes=1)
MS = timedelta(milliseconds=1)


class Emergency:
    """A slot today at North with its manager; `open` opens the window and asks the first wave."""

    def __init__(self, fleet: Fleet, north: uuid.UUID, slot: Slot, manager: Person) -> None:
        self.fleet, self.north, self.slot, self.manager = fleet, north, slot, manager
        self.session = fleet.session
        self.now = fleet.now

    async def open(self) -> uuid.UUID:
        opened = await open_emergency(self.session, self.manager, self.slot, self.now)
        assert isinstance(opened, Opened)
        return opened.window_id

    async def drivers(self, count: int, **alike: Any) -> list[Person]:
        return [await self.fleet.driver(f"D{number}", home=self.north, **alike) for number in range(count)]

    async def asked(self, window: uuid.UUID, since: datetime | None = None) -> list[uuid.UUID]:
        """Whom the window's offers went to; a list, so that nobody hides in it twice."""
        offers = select(Delivery.user_id).where(Delivery.about == window, Delivery.kind == Kind.OFFER)
        if since is not None:
            offers = offers.where(Delivery.created_at >= since)
        return list(await self.session.scalars(offers))


@pytest.fixture
async def emergency(fleet: Fleet) -> Emergency:
    manager = await fleet.manager()
    north = await fleet.warehouse("North", manager)
    return Emergency(fleet, north, await fleet.slot(await fleet.route("R12", north)), manager)


def ids(people: Sequence[Person]) -> set[uuid.UUID]:
    return {person.id for person in people}


async def test_r6_3_the_thirty_best_by_score_then_the_rest(emergency: Emergency) -> None:
    fleet = emergency.fleet
    drivers = [await fleet.driver(home=emergency.north, completion=number / 100) for number in range(65)]
    best = sorted(drivers, key=lambda driver: -drivers.index(driver))
    window = await emergency.open()
    assert sorted(await emergency.asked(window)) == sorted(ids(best[:30]))
    at = emergency.now + MINUTE
    assert await next_wave(emergency.session, at) == WaveSent(window, 30)
    assert sorted(await emergency.asked(window, at)) == sorted(ids(best[30:60]))
    assert await next_wave(emergency.session, at + MINUTE) == WaveSent(window, 5)
    assert sorted(await emergency.asked(window)) == sorted(ids(drivers))
    assert await next_wave(emergency.session, at + 2 * MINUTE) == WaveSent(window, 0)
    assert len(await emergency.asked(window)) == 65


async def test_r6_4_ties_by_fewer_shifts_that_week_then_by_id(emergency: Emergency) -> None:
    fleet = emergency.fleet
    own = [await fleet.route(f"X{number}", emergency.north) for number in range(3)]
    loads = {}
    for number in range(33):
        driver = await fleet.driver(home=emergency.north, completion=0.5, driver_id=uuid.uuid4())
        loads[driver.id] = 1 if number < 3 else 0
        if number < 3:
            await fleet.shift(own[number], driver, fleet.day(1))
    last = await fleet.driver(home=emergency.north, completion=0.49)  # the score goes first
    window = await emergency.open()
    in_order = sorted(loads, key=lambda driver_id: (loads[driver_id], driver_id))
    assert set(await emergency.asked(window)) == set(in_order[:30])
    await next_wave(emergency.session, emergency.now + MINUTE)
    assert set(await emergency.asked(window)) == {*in_order, last.id}


async def test_r6_4_ties_by_id(emergency: Emergency) -> None:
    fleet = emergency.fleet
    alike = [await fleet.driver(home=emergency.north, driver_id=uuid.uuid4()) for _ in range(31)]
    window = await emergency.open()
    assert set(await emergency.asked(window)) == set(sorted(ids(alike))[:30])


async def test_r6_3_the_next_wave_after_a_minute_and_not_before(emergency: Emergency) -> None:
    await emergency.drivers(31)
    window = await emergency.open()
    assert await next_wave(emergency.session, emergency.now) is None
    assert await next_wave(emergency.session, emergency.now + MINUTE - MS) is None
    assert len(await emergency.asked(window)) == 30
    assert await next_wave(emergency.session, emergency.now + MINUTE) == WaveSent(window, 1)
    assert await next_wave(emergency.session, emergency.now + MINUTE) is None


async def test_r6_3_only_those_near_are_told_where_there_are_ten(emergency: Emergency) -> None:
    near = await emergency.drivers(10)
    far = await emergency.fleet.driver("Far", home=None, completion=1.0)
    window = await emergency.open()
    assert set(await emergency.asked(window)) == ids(near)
    assert await next_wave(emergency.session, emergency.now + MINUTE) == WaveSent(window, 0)
    assert far.id not in await emergency.asked(window)


async def test_r6_3_everyone_eligible_where_fewer_than_ten_are_near(emergency: Emergency) -> None:
    near = await emergency.drivers(9)
    far = await emergency.fleet.driver("Far", home=None)
    not_his = await emergency.fleet.driver("South", home=await emergency.fleet.warehouse("South"))
    window = await emergency.open()
    assert set(await emergency.asked(window)) == ids([*near, far])
    assert not_his.id not in await emergency.asked(window)


async def test_r6_3_those_near_who_are_not_eligible_don_t_count(emergency: Emergency) -> None:
    near = await emergency.drivers(9)
    for hindered in ({"flagged": True}, {"cap": 0}, {"in_pool": False}, {"declined": [emergency.fleet.today]}):
        await emergency.drivers(1, **hindered)
    far = await emergency.fleet.driver("Far", home=None)
    window = await emergency.open()
    assert set(await emergency.asked(window)) == ids([*near, far])


async def test_r6_3_in_the_same_waves(emergency: Emergency) -> None:
    """Everyone eligible, best first: no separate wave for those who are near."""
    near = await emergency.drivers(5)
    best = [await emergency.fleet.driver(home=None, completion=1.0) for _ in range(30)]
    window = await emergency.open()
    assert set(await emergency.asked(window)) == ids(best)
    await next_wave(emergency.session, emergency.now + MINUTE)
    assert set(await emergency.asked(window)) == ids([*best, *near])


async def test_r6_3_who_pressed_not_today_is_not_told(emergency: Emergency) -> None:
    [today] = await emergency.drivers(1, declined=[emergency.fleet.today])
    [another] = await emergency.drivers(1, declined=[emergency.fleet.day(1)])
    window = await emergency.open()
    assert await emergency.asked(window) == [another.id]
    assert today.id not in await emergency.asked(window)


async def test_r6_3_who_becomes_free_later_is_asked_later(emergency: Emergency) -> None:
    fleet = emergency.fleet
    [busy] = await emergency.drivers(1)
    his = await fleet.shift(await fleet.route("R13", emergency.north), busy)
    window = await emergency.open()
    assert await next_wave(emergency.session, emergency.now + MINUTE) == WaveSent(window, 0)
    await emergency.session.execute(update(Assignment).where(Assignment.id == his.id).values(status="cancelled"))
    assert await next_wave(emergency.session, emergency.now + 2 * MINUTE) == WaveSent(window, 1)
    assert await emergency.asked(window) == [busy.id]


async def test_r6_3_the_waves_end_when_it_is_taken(emergency: Emergency) -> None:
    drivers = await emergency.drivers(31)
    window = await emergency.open()
    assert isinstance(await accept(emergency.session, drivers[0], window, emergency.now), Award)
    assert await next_wave(emergency.session, emergency.now + MINUTE) is None
    assert (await emergency.session.scalar(select(WindowWaves.next_at).where(WindowWaves.window_id == window))) is None


async def test_r6_3_the_waves_end_when_it_closes(emergency: Emergency) -> None:
    await emergency.drivers(31)
    window = await emergency.open()
    closes = emergency_close(emergency.slot.on, POLICY)
    assert await next_wave(emergency.session, closes) is None  # whether or not it has been marked closed yet
    assert await next_wave(emergency.session, closes - MS) == WaveSent(window, 1)


async def test_r6_3_a_late_run_sends_one_wave_not_all_that_were_missed(emergency: Emergency) -> None:
    await emergency.drivers(95)
    window = await emergency.open()
    late = emergency.now + 10 * MINUTE
    assert await next_wave(emergency.session, late) == WaveSent(window, 30)
    assert await next_wave(emergency.session, late) is None
    assert await next_wave(emergency.session, late + MINUTE) == WaveSent(window, 30)


async def test_r14_every_window_has_its_own_waves(emergency: Emergency) -> None:
    fleet = emergency.fleet
    await emergency.drivers(31)
    first = await emergency.open()
    other = await fleet.slot(await fleet.route("R13", emergency.north))
    opened = await open_emergency(emergency.session, emergency.manager, other, emergency.now)
    assert isinstance(opened, Opened)
    at = emergency.now + MINUTE
    waves = {await next_wave(emergency.session, at), await next_wave(emergency.session, at)}
    assert waves == {WaveSent(first, 1), WaveSent(opened.window_id, 1)}
    assert await next_wave(emergency.session, at) is None


# -- how it is told


async def offers(emergency: Emergency, window: uuid.UUID) -> dict[uuid.UUID, tuple[Delivery, Notification]]:
    found = await emergency.session.execute(
        select(Delivery, Notification).join(Notification, Notification.id == Delivery.notification_id)
    )
    return {delivery.user_id: (delivery, notice) for delivery, notice in found if delivery.about == window}


async def test_r11_1_an_inbox_row_and_its_delivery(emergency: Emergency) -> None:
    [driver] = await emergency.drivers(1)
    window = await emergency.open()
    delivery, notice = (await offers(emergency, window))[driver.id]
    assert notice.type is NotificationType.EMERGENCY_ROUTE_AVAILABLE
    assert (notice.user_id, notice.read, notice.created_at) == (driver.id, False, emergency.now)
    assert notice.data is not None
    assert notice.data["kind"] == Kind.OFFER
    assert notice.data["about"] == str(window)
    assert (notice.data["route"], notice.data["bonus_percent"]) == ("R12", 20)
    assert str(driver.id) in notice.data["dedupe"]
    assert (delivery.kind, delivery.state, delivery.urgency) == (Kind.OFFER, DeliveryState.PENDING, Urgency.URGENT)
    assert (delivery.due_at, delivery.attempt, delivery.redraw) == (emergency.now, 0, False)
    assert delivery.expires_at == emergency_close(emergency.slot.on, POLICY)
    for word in ("R12", "North"):
        assert word in notice.title + notice.body
    assert "07:00" in notice.body


async def test_r11_2_sms_for_whom_telegram_does_not_reach(emergency: Emergency) -> None:
    [linked] = await emergency.drivers(1)
    [unlinked] = await emergency.drivers(1, linked=False)
    [blocked] = await emergency.drivers(1, blocked=True)
    window = await emergency.open()
    by = {driver_id: delivery.channel for driver_id, (delivery, _) in (await offers(emergency, window)).items()}
    assert by == {linked.id: Channel.TELEGRAM, unlinked.id: Channel.SMS, blocked.id: Channel.SMS}


async def test_r11_1_title_and_body_in_the_readers_language(emergency: Emergency) -> None:
    [english] = await emergency.drivers(1, language="en")
    [french] = await emergency.drivers(1, language="fr")
    [unsaid] = await emergency.drivers(1)
    [unspoken] = await emergency.drivers(1, language="de")  # as another program on the database may have it
    no_choice = await emergency.fleet.driver("None", home=emergency.north)
    await emergency.fleet.put(ContactSettings, {"user_id": no_choice.id, "language": None})
    told = await offers(emergency, await emergency.open())
    assert set(told) == ids([english, french, unsaid, unspoken, no_choice])
    texts = {person_id: (notice.title, notice.body) for person_id, (_, notice) in told.items()}
    assert "start 07:00" in texts[english.id][1]
    assert "7\xa0h" in texts[french.id][1]
    assert texts[unsaid.id] == texts[unspoken.id] == texts[no_choice.id] == texts[english.id]


async def test_r11_1_nobody_is_told_twice_of_the_same_thing(emergency: Emergency) -> None:
    """Even if his delivery is gone: the inbox knows."""
    [driver] = await emergency.drivers(1)
    window = await emergency.open()
    await emergency.session.execute(delete(Delivery))
    assert await next_wave(emergency.session, emergency.now + MINUTE) == WaveSent(window, 0)
    assert await emergency.session.scalar(select(func.count()).select_from(Notification)) == 1
    assert driver.id not in await emergency.asked(window)


async def test_a_wave_redraws_the_managers_card_and_the_homes_of_those_asked(emergency: Emergency) -> None:
    drivers = await emergency.drivers(31)
    window = await emergency.open()
    card = await emergency.fleet.window_card(emergency.manager, window)
    homes = {driver.id: await emergency.fleet.home_card(driver) for driver in drivers}
    at = emergency.now + MINUTE
    await next_wave(emergency.session, at)
    emergency.session.expire_all()
    redrawn = await emergency.session.scalars(select(Delivery.id).where(Delivery.redraw, Delivery.due_at == at))
    [new] = await emergency.session.scalars(select(WindowAsk.user_id).where(WindowAsk.asked_at == at))
    assert set(redrawn) == {card, homes[new]}, "for the others nothing has changed"


async def test_the_home_of_one_who_is_asked_first_is_redrawn_even_while_it_is_being_sent(emergency: Emergency) -> None:
    [driver] = await emergency.drivers(1)
    home = await emergency.fleet.home_card(driver, DeliveryState.SENDING)
    await emergency.open()
    assert (await emergency.session.get_one(Delivery, home)).redraw is True


# -- [Not today]


async def test_r6_3_not_today(emergency: Emergency) -> None:
    [driver, other] = await emergency.drivers(2)
    window = await emergency.open()
    card = await emergency.fleet.window_card(emergency.manager, window)
    home = await emergency.fleet.home_card(driver)
    assert await decline_day(emergency.session, driver, window, emergency.now) == Declined()
    said = await emergency.session.scalars(select(DayDecline))
    assert [(no.user_id, no.on, no.declined_at) for no in said] == [(driver.id, emergency.slot.on, emergency.now)]
    shown = await window_card(emergency.session, emergency.manager.id, window, POLICY)
    assert shown is not None
    assert (shown.asked, shown.declined) == (2, 1)
    redrawn = await emergency.session.scalars(select(Delivery.id).where(Delivery.redraw))
    assert set(redrawn) == {card, home}
    # another slot of the day: he isn't asked
    slot = await emergency.fleet.slot(await emergency.fleet.route("R13", emergency.north))
    opened = await open_emergency(emergency.session, emergency.manager, slot, emergency.now)
    assert isinstance(opened, Opened)
    assert await emergency.asked(opened.window_id) == [other.id]


async def test_r2_5_not_today_twice_has_one_effect(emergency: Emergency) -> None:
    [driver] = await emergency.drivers(1)
    window = await emergency.open()
    await decline_day(emergency.session, driver, window, emergency.now)
    before = await contents(emergency.session)
    assert await decline_day(emergency.session, driver, window, emergency.now + MINUTE) == Declined()
    assert await contents(emergency.session) == before
    audited = await emergency.session.scalars(select(AuditLog.action).where(AuditLog.entity_id == driver.id))
    assert list(audited) == ["day_declined"]


async def test_r12_4_not_today_for_a_window_that_he_was_not_asked_for(emergency: Emergency) -> None:
    await emergency.drivers(1)
    window = await emergency.open()
    stranger = await emergency.fleet.driver("Far", home=await emergency.fleet.warehouse("South"))
    before = await contents(emergency.session)
    for which in (window, uuid.uuid4()):
        assert await decline_day(emergency.session, stranger, which, emergency.now) == Refused(Refusal.NOT_FOUND)
    assert await decline_day(emergency.session, emergency.manager, window, emergency.now) == Refused(Refusal.NOT_FOUND)
    assert await contents(emergency.session) == before


# -- [Ask them too]


async def test_r6_3_asks_those_at_their_cap(emergency: Emergency) -> None:
    fleet = emergency.fleet
    [free] = await emergency.drivers(1)
    capped = await emergency.drivers(2, cap=1)
    for number, driver in enumerate(capped):
        await fleet.shift(await fleet.route(f"X{number}", emergency.north), driver, fleet.day(1))
    [no, flagged] = [*await emergency.drivers(1, cap=0, declined=[fleet.today]), *await emergency.drivers(1, cap=0)]
    await emergency.session.execute(update(User).where(User.id == flagged.id).values(is_flagged=True))
    window = await emergency.open()
    assert await emergency.asked(window) == [free.id]
    shown = await window_card(emergency.session, emergency.manager.id, window, POLICY)
    assert shown is not None and shown.free_at_cap == 2
    refused = await accept(emergency.session, capped[0], window, emergency.now)
    assert refused == Refused(Refusal.AT_CAP)

    result = await ask_capped(emergency.session, emergency.manager, window, SAY, POLICY, emergency.now)
    assert result == AskedCapped(allowed=2, asked=2)
    assert set(await emergency.asked(window)) == ids([free, *capped])
    overrides = await emergency.session.scalars(select(CapOverride))
    assert {(o.window_id, o.user_id, o.granted_by) for o in overrides} == {
        (window, driver.id, emergency.manager.id) for driver in capped
    }
    entry = (await emergency.session.scalars(select(AuditLog).where(AuditLog.action == "cap_override"))).one()
    assert (entry.entity_id, entry.actor_id) == (window, emergency.manager.id)
    assert entry.changes is not None
    assert set(entry.changes["after"]["drivers"]) == {str(driver.id) for driver in capped}
    assert no.id not in await emergency.asked(window)
    again = await ask_capped(emergency.session, emergency.manager, window, SAY, POLICY, emergency.now)
    assert again == Refused(Refusal.NOBODY_CAPPED)
    assert isinstance(await accept(emergency.session, capped[0], window, emergency.now), Award)


async def test_r12_3_ask_capped_only_for_ones_own_open_window(emergency: Emergency) -> None:
    await emergency.drivers(1, cap=0)
    window = await emergency.open()
    south = await emergency.fleet.manager("Sue", await emergency.fleet.warehouse("South"))
    [driver] = await emergency.drivers(1)
    before = await contents(emergency.session)
    for actor in (south, driver):
        result = await ask_capped(emergency.session, actor, window, SAY, POLICY, emergency.now)
        assert result == Refused(Refusal.NOT_FOUND)
    closes = emergency_close(emergency.slot.on, POLICY)
    late = await ask_capped(emergency.session, emergency.manager, window, SAY, POLICY, closes)
    assert late == Refused(Refusal.WINDOW_OVER)
    assert await contents(emergency.session) == before


# -- the size of the fleet


@contextmanager
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def test_r6_3_as_many_statements_for_a_thousand_drivers_as_for_ten(
    emergency: Emergency, shared_engine: AsyncEngine
) -> None:
    async def counts(session: AsyncSession, slot: Slot) -> list[int]:
        opened: list[str]
        with statements(shared_engine) as opened:
            result = await open_emergency(session, emergency.manager, slot, emergency.now)
        assert isinstance(result, Opened) and result.asked
        with statements(shared_engine) as wave:
            sent = await next_wave(session, emergency.now + MINUTE)
        assert sent is not None
        winner = await session.scalar(
            select(Delivery.user_id).where(Delivery.about == result.window_id, Delivery.kind == Kind.OFFER).limit(1)
        )
        assert winner is not None
        somebody = await emergency.fleet.driver("Somebody", home=emergency.north)
        with statements(shared_engine) as taken:
            assert isinstance(await accept(session, somebody, result.window_id, emergency.now), Award)
        return [len(opened), len(wave), len(taken)]

    fleet = emergency.fleet
    await fleet.drivers(40, emergency.north)
    few = await counts(emergency.session, emergency.slot)
    await fleet.drivers(1000, emergency.north)
    many = await counts(emergency.session, await fleet.slot(await fleet.route("R13", emergency.north)))
    assert few == many
    assert max(many) <= 25


# -- other modes


@pytest.mark.parametrize("status", [BidWindowStatus.CLOSED, BidWindowStatus.RESOLVED])
async def test_r6_3_no_wave_for_a_window_that_is_over(emergency: Emergency, status: BidWindowStatus) -> None:
    await emergency.drivers(1)
    await emergency.fleet.window(emergency.slot, status=status)
    assert await next_wave(emergency.session, emergency.now) is None


async def test_r6_3_the_first_wave_of_a_window_is_due_like_any(emergency: Emergency) -> None:
    await emergency.drivers(1)
    window = await emergency.fleet.window(emergency.slot, BidWindowMode.EMERGENCY)
    assert await next_wave(emergency.session, emergency.now) == WaveSent(window, 1)
    assert (await emergency.session.get_one(BidWindow, window)).status is BidWindowStatus.OPEN
