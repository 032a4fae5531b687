"""R11.4a: at 18:00 managers get tomorrow, "all 30 covered" or what is not; once, and kept current."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.delivery.gsm7 import segments
from bot.jobs import Duty, table_of_duties
from bot.kinds import table_of_kinds
from bot.reader import Reader
from bot.screens.screen import Screen
from domain.coverage.cover import CoverTold, Unmanaged, tell_cover
from domain.db.models import ContactSettings, Delivery, Notification, OperatorAlert, User, WarehouseManager, WindowAsk
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, NotificationType, UserRole
from domain.notices import following
from domain.notices.kinds import Kind, cover_of
from domain.people.queries import Person
from domain.shifts.actions import confirm_shift
from tests.domain.depot import DAY, HOUR, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.test_waves import statements
from tests.domain.world import POLICY, SAY, Slot, accept, contents

TODAY = date(2026, 11, 25)
TOMORROW = TODAY + DAY
EIGHTEEN, MIDNIGHT = local(TODAY, 18), local(TOMORROW, 0)
KIND = table_of_kinds(POLICY, "Acme")[Kind.COVER]


async def tell(session: AsyncSession, at: datetime = EIGHTEEN) -> CoverTold:
    return await tell_cover(session, SAY, POLICY, at)


async def covered(depot: Depot, *names: str, warehouse: uuid.UUID | None = None, on: date = TOMORROW) -> list[Slot]:
    """Routes with a driver each who has confirmed."""
    drivers = [await depot.driver(f"D{name}") for name in names]
    routes = [await depot.fleet.route(name, warehouse or depot.north) for name in names]
    return [
        await depot.fleet.shift(route, driver, on, confirmed=True)
        for route, driver in zip(routes, drivers, strict=True)
    ]


async def uncovered(depot: Depot, *names: str, warehouse: uuid.UUID | None = None, on: date = TOMORROW) -> list[Slot]:
    return [await depot.fleet.slot(await depot.fleet.route(name, warehouse or depot.north), on) for name in names]


async def told(session: AsyncSession, of: Person) -> list[tuple[str, str]]:
    """Title and body of his lists."""
    his = select(Notification).where(Notification.user_id == of.id, Notification.data["kind"].astext == Kind.COVER)
    rows = (await session.scalars(his)).all()
    assert all(row.type is NotificationType.ROUTE_UNFILLED for row in rows)
    return [(row.title, row.body) for row in rows]


async def shown(depot: Depot, manager: Person, at: datetime = EIGHTEEN, language: str = "en") -> Screen:
    facts = await KIND.load(depot.session, manager.id, cover_of(TOMORROW), at)
    return KIND.screen(facts, Reader(language, POLICY.zone))


def labels(screen: Screen) -> list[str]:
    return [button.text for row in screen.keyboard for button in row]


async def texted(depot: Depot, manager: Person, language: str = "en") -> str:
    facts = await KIND.load(depot.session, manager.id, cover_of(TOMORROW), EIGHTEEN)
    assert KIND.sms is not None
    text = KIND.sms(facts, Reader(language, POLICY.zone), None, " Reply STOP to opt out.")
    assert segments(text + " Reply STOP to opt out.") == 1, text
    return text


async def away(depot: Depot, *managers: Person) -> None:
    for manager in managers:
        await depot.fleet.put(ContactSettings, {"user_id": manager.id, "away_until": EIGHTEEN + DAY})


# -- what it says


async def test_r11_4a_all_covered(depot: Depot) -> None:
    await covered(depot, "R1", "R2", "R3")
    await uncovered(depot, "R4", on=TODAY)
    await uncovered(depot, "R5", on=TOMORROW + DAY)
    assert await tell(depot.session) == CoverTold(1)
    assert await told(depot.session, depot.mona) == [
        ("Tomorrow, Thu 26 Nov: all 3 routes are covered", "Nothing to do.")
    ]
    [row] = await depot.session.scalars(select(Delivery))
    assert (row.level, row.due_at, row.expires_at) == (1, EIGHTEEN, MIDNIGHT)
    screen = await shown(depot, depot.mona)
    assert screen.html == "🟢 <b>Tomorrow, Thu 26 Nov</b>: all 3 routes are covered."
    assert labels(screen) == ["📋 Shifts of that day", "🏠 Home"]
    assert await texted(depot, depot.mona) == "Acme, Thu 26 Nov: all 3 routes are covered."


async def test_r11_4a_what_is_not_covered_and_how_many_are_asked(depot: Depot) -> None:
    await covered(depot, "R1")
    [offered, _quiet] = await uncovered(depot, "R12", "R9")
    window = await depot.fleet.window(offered)
    for driver in await depot.fleet.drivers(3, depot.north):
        values = {"window_id": window, "user_id": driver, "asked_at": depot.now, "on": TOMORROW}
        await depot.fleet.put(WindowAsk, values)
    una = await depot.driver("Una")
    await depot.shift(una, TOMORROW, route="R7")
    assert await tell(depot.session) == CoverTold(1)
    [(title, body)] = await told(depot.session, depot.mona)
    assert title == "Tomorrow, Thu 26 Nov: 2 of 4 routes have no driver"
    assert body == "R9, R12. 1 driver hasn't confirmed yet."
    screen = await shown(depot, depot.mona)
    assert screen.html == (
        "🔴 <b>Tomorrow, Thu 26 Nov</b>: 2 of 4 routes have no driver.\n\n"
        "🔴 <b>R9</b> · no driver\n🟠 <b>R12</b> · no driver, 3 asked\n\n"
        "Not confirmed yet:\n❔ <b>R7</b> Una Test"
    )
    assert labels(screen)[:3] == ["👤 R9", "👤 R12", "🔎 Uncovered routes"]
    text = await texted(depot, depot.mona)
    assert text == "Acme, Thu 26 Nov: 2 of 4 routes have no driver. R9; R12. Open our Telegram bot to fill them."
    french = await shown(depot, depot.mona, language="fr")
    assert "Demain, jeu. 26 nov." in french.html and "2 routes sur 4 n’ont pas de chauffeur" in french.html
    assert "Pas encore confirmé\u00a0:" in french.html
    assert "2 routes sur 4" in await texted(depot, depot.mona, "fr")


async def test_r11_5_a_bad_evening_is_short_all_the_same(depot: Depot) -> None:
    await uncovered(depot, *(f"Route number {n} to the far end of town" for n in range(60)))
    await tell(depot.session)
    [(_, body)] = await told(depot.session, depot.mona)
    assert body.count(",") == 7 and body.endswith(" ….")
    screen = await shown(depot, depot.mona)
    assert screen.html.count("🔴") == 1 + 12 and "… and 48 more" in screen.html
    for language in ("en", "fr"):
        await texted(depot, depot.mona, language)


# -- to whom


async def test_r11_4a_one_message_for_all_of_a_managers_warehouses(depot: Depot) -> None:
    otto = await depot.fleet.manager("Otto")
    south = await depot.fleet.warehouse("South", otto, depot.mona)
    await covered(depot, "R1", "R2")
    await uncovered(depot, "R3", warehouse=south)
    assert await tell(depot.session) == CoverTold(2)
    assert [title for title, _ in await told(depot.session, depot.mona)] == [
        "Tomorrow, Thu 26 Nov: 1 of 3 routes has no driver"
    ]
    assert [title for title, _ in await told(depot.session, otto)] == [
        "Tomorrow, Thu 26 Nov: 1 of 1 routes has no driver"
    ]
    assert "<b>R3</b>, South" in (await shown(depot, depot.mona)).html


async def test_r11_4a_who_is_away_is_spoken_for_by_the_others(depot: Depot) -> None:
    """Mona has North with Otto, and South alone: of South she is told all the same, and of South only."""
    otto = await depot.fleet.manager("Otto", depot.north)
    south = await depot.fleet.warehouse("South", depot.mona)
    await uncovered(depot, "R1")
    await uncovered(depot, "R2", warehouse=south)
    await away(depot, depot.mona)
    assert await tell(depot.session) == CoverTold(2)
    assert [body for _, body in await told(depot.session, depot.mona)] == ["R2."]
    assert [body for _, body in await told(depot.session, otto)] == ["R1."]
    assert "R1" not in (await shown(depot, depot.mona)).html


async def test_r11_4a_are_they_all_away_all_are_told(depot: Depot) -> None:
    otto = await depot.fleet.manager("Otto", depot.north)
    await uncovered(depot, "R1")
    await away(depot, depot.mona, otto)
    assert await tell(depot.session) == CoverTold(2)


async def test_whose_warehouses_do_not_run_is_told_nothing(depot: Depot) -> None:
    gone = await depot.driver()
    await depot.shift(gone, TOMORROW, status=AssignmentStatus.CANCELLED)
    assert await tell(depot.session) == CoverTold(0)


async def test_r12_3_a_manager_who_is_none_any_more_sees_nothing(depot: Depot) -> None:
    await uncovered(depot, "R1")
    await tell(depot.session)
    await depot.session.execute(delete(WarehouseManager))
    assert "R1" not in (await shown(depot, depot.mona)).html
    await depot.session.execute(update(User).where(User.id == depot.mona.id).values(role=UserRole.DRIVER))
    assert "R1" not in (await shown(depot, depot.mona)).html


async def test_each_is_told_in_his_language_and_by_the_way_that_reaches_him(depot: Depot) -> None:
    await covered(depot, "R1")
    elise = await depot.fleet.manager("Élise", depot.north, linked=False)
    await depot.fleet.put(ContactSettings, {"user_id": elise.id, "language": "fr"})
    await tell(depot.session)
    assert await told(depot.session, elise) == [("Demain, jeu. 26 nov.\u00a0: la route est couverte", "Rien à faire.")]
    assert await depot.levels(elise, Kind.COVER) == [(Channel.SMS, 1)]


# -- when


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (EIGHTEEN - SECOND, 0),
        (EIGHTEEN, 1),
        (MIDNIGHT - SECOND, 1),
        (MIDNIGHT, 0),  # it has lost its point
        (local(TOMORROW, 7), 0),
    ],
)
async def test_r11_4a_late_on_the_same_evening_but_not_after_midnight(depot: Depot, at: datetime, number: int) -> None:
    await covered(depot, "R1")
    await covered(depot, "R2", on=TOMORROW + DAY)
    before = await contents(depot.session)
    assert await tell(depot.session, at) == CoverTold(number)
    if not number:
        assert await contents(depot.session) == before


async def test_r11_4a_once_an_evening(depot: Depot) -> None:
    await covered(depot, "R1")
    await uncovered(depot, "R2", on=TOMORROW + DAY)
    assert [await tell(depot.session, EIGHTEEN + late) for late in (0 * HOUR, HOUR, 3 * HOUR)] == [
        CoverTold(1),
        CoverTold(0),
        CoverTold(0),
    ]
    assert await tell(depot.session, EIGHTEEN + DAY) == CoverTold(1)


async def test_as_many_statements_for_fifty_managers_as_for_one(depot: Depot, shared_engine: AsyncEngine) -> None:
    async def count(at: datetime) -> int:
        with statements(shared_engine) as seen:
            await tell(depot.session, at)
        return len(seen)

    await covered(depot, "R1")
    await uncovered(depot, "R2", on=TOMORROW + DAY)
    few = await count(EIGHTEEN)
    for number in range(50):
        await depot.fleet.warehouse(f"W{number}", await depot.fleet.manager(f"M{number}", depot.north))
    assert await count(EIGHTEEN + DAY) == few == 3


# -- no manager


async def alerts(session: AsyncSession) -> Sequence[str]:
    return (await session.scalars(select(OperatorAlert.key))).all()


async def test_r5_4_without_managers_what_is_uncovered_is_the_operators_alert(depot: Depot) -> None:
    orphan = await depot.fleet.warehouse("Orphan")
    fine = await depot.fleet.warehouse("Fine")
    await uncovered(depot, "R12", "R9", warehouse=orphan)
    await covered(depot, "R5", warehouse=fine)
    told_of = await tell(depot.session)
    assert told_of == CoverTold(0, (Unmanaged(orphan, "Orphan", TOMORROW, ("R9", "R12")),))
    duty = table_of_duties(SAY, POLICY)["cover"]
    assert isinstance(duty, Duty)
    for _ in range(2):
        await duty.item(depot.session, EIGHTEEN, 0)
    assert await alerts(depot.session) == [f"no manager to tell:{orphan}:2026-11-26"]


# -- kept current


async def in_chat(depot: Depot) -> Delivery:
    """Mona has it in her chat, and has seen it."""
    values = {"state": DeliveryState.ACKNOWLEDGED, "chat_id": 1, "message_id": 1, "due_at": None}
    await depot.session.execute(update(Delivery).where(Delivery.kind == Kind.COVER).values(values))
    return (await depot.session.scalars(select(Delivery).where(Delivery.kind == Kind.COVER))).one()


async def test_it_is_kept_current_until_the_day_begins(depot: Depot) -> None:
    una = await depot.driver("Una")
    hers = await depot.shift(una, TOMORROW, route="R7", confirm_by=MIDNIGHT)
    [slot] = await uncovered(depot, "R12")
    window = await depot.fleet.window(slot)
    await tell(depot.session)
    row = await in_chat(depot)

    async def marked() -> bool:
        await depot.session.refresh(row)
        was = row.redraw
        await depot.session.execute(update(Delivery).where(Delivery.id == row.id).values(redraw=False))
        return was

    await confirm_shift(depot.session, una, hers.id, POLICY, EIGHTEEN)
    assert await marked()
    await accept(depot.session, await depot.driver("Ben"), window, EIGHTEEN + HOUR)
    assert await marked()
    assert (await shown(depot, depot.mona)).html == "🟢 <b>Tomorrow, Thu 26 Nov</b>: all 2 routes are covered."
    other = [following.DayAt(depot.north, TODAY), following.DayAt(await depot.fleet.warehouse("South"), TOMORROW)]
    await following.follow_homes(depot.session, EIGHTEEN, boards_of=other)
    assert not await marked()
    await following.follow_homes(depot.session, MIDNIGHT, boards_of=[following.DayAt(depot.north, TOMORROW)])
    assert not await marked()
    assert (await shown(depot, depot.mona, MIDNIGHT)).html.startswith("🟢 <b>Thu 26 Nov</b>")
