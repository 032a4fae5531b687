"""/preferences over HTTP: what each press and word saves and shows, and what is refused (R3.1, R3.3, R6.3, R8.9)."""

import uuid
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from bot.callbacks.callback import Callback
from bot.callbacks.preferences import (
    AddRoute,
    DropRoute,
    OpenPreferences,
    OpenTo,
    OtherWarehouses,
    PreferAnyRoute,
    PreferDay,
    PreferencesOf,
    PreferRoute,
    RankRoute,
    RoutesIn,
)
from domain.db.models import AuditLog, ChatLink, DriverPreferences, OpenWarehouse, PreferenceVersion, Route, Warehouse
from tests.bot.test_settings_and_away import labels, manager
from tests.bot.town import Town
from tests.domain.world import Fleet
from tests.story.phones import Phone


async def build(town: Town, make: Callable[[Fleet], Awaitable[None]]) -> None:
    async with town.sessions.begin() as session:
        await make(Fleet(session, town.now))


async def user_of(town: Town, phone: Phone) -> uuid.UUID:
    async with town.sessions() as session:
        his = select(ChatLink.user_id).where(ChatLink.chat_id == int(phone.person.split("-")[1]))
        return (await session.scalars(his)).one()


async def ids(town: Town, model: type[Route] | type[Warehouse]) -> dict[str, uuid.UUID]:
    async with town.sessions() as session:
        return {row.name: row.id for row in await session.execute(select(model.name, model.id))}


async def stands(town: Town, phone: Phone) -> tuple[list[int], list[str], bool]:
    """Days, names of the routes, and whether any route will do: as the last version has it."""
    of, names = await user_of(town, phone), {id_: name for name, id_ in (await ids(town, Route)).items()}
    his = select(PreferenceVersion).where(PreferenceVersion.user_id == of)
    async with town.sessions() as session:
        last = (await session.scalars(his.order_by(PreferenceVersion.saved_at.desc()).limit(1))).one_or_none()
        row = await session.scalar(select(DriverPreferences).where(DriverPreferences.user_id == of))
    if last is None:
        assert row is None
        return [], [], False
    assert row is not None and (row.preferred_days, row.preferred_routes) == (last.days, last.routes)
    return last.days, [names[each] for each in last.routes], last.any_home_route


async def small(town: Town) -> Phone:
    """North with R1 to R4; South with S1."""
    amara = await town.driver()
    north = (await ids(town, Warehouse))["North"]

    async def make(fleet: Fleet) -> None:
        for name in ("R1", "R2", "R3", "R4"):
            await fleet.route(name, north)
        await fleet.route("S1", await fleet.warehouse("South"))

    await build(town, make)
    return amara


async def test_r3_1_from_nothing_to_days_and_ranked_routes(town: Town) -> None:
    amara = await small(town)
    async with town.serving():
        card = await amara.writes("/preferences", "My preferences", "A change counts from the week of Mon 7 Dec")
        assert "no shifts yet" in card["text"] and "press the days" in card["text"]
        assert labels(card)[:7] == ["▫️ Mon", "▫️ Tue", "▫️ Wed", "▫️ Thu", "▫️ Fri", "▫️ Sat", "▫️ Sun"]
        assert (await amara.press(card, "Mon"))["text"] == "Saved."
        card = await amara.sees("Days: Mon", "add a route", "The last change counts from the week of Mon 7 Dec")
        await amara.press(card, "Sun")
        card = await amara.sees("Days: Mon, Sun")
        assert (await stands(town, amara))[0] == [0, 1]

        await amara.press(card, "Add a route")  # her only warehouse: its routes at once
        page = await amara.sees("North", "Press the route, or write its name")
        assert labels(page)[:4] == ["R1", "R2", "R3", "R4"]
        await amara.press(page, "R2")
        card = await amara.sees("1. R2, North")
        assert "no shifts yet" not in card["text"]
        await amara.press(card, "Add a route")
        await amara.sees("Press the route, or write its name")
        card = await amara.writes("r1", "1. R2, North", "2. R1, North")
        await amara.press(card, "Add a route")
        await amara.press(await amara.sees("Press the route"), "R4")
        card = await amara.sees("3. R4, North")
        assert "➕ Add a route" not in labels(card)
        await amara.press(card, "⬆️ R4")
        card = await amara.sees("2. R4, North", "3. R1, North")
        await amara.press(card, "⬇️ R2")
        card = await amara.sees("1. R4, North", "2. R2, North")
        await amara.press(card, "✖️ R2")
        card = await amara.sees("1. R4, North", "2. R1, North")
        await amara.press(card, "Any route of my warehouses")
        await amara.sees("Then any route of North")
        assert await stands(town, amara) == ([0, 1], ["R4", "R1"], True)


async def test_r6_3_another_warehouse_is_opened_and_its_routes_can_be_chosen(town: Town) -> None:
    amara = await small(town)
    async with town.serving():
        await amara.press(await amara.writes("/preferences", "My preferences"), "Add a route")
        await amara.sees("Press the route")
        said = await amara.writes("s1", "S1 is a route of South", "open that warehouse first")
        await amara.press(said, "Other warehouses")
        page = await amara.sees("Tick those whose open shifts are wanted")
        assert labels(page)[0] == "▫️ South"
        assert (await amara.press(page, "South"))["text"] == "Saved."
        async with town.sessions() as session:
            action = await session.scalar(select(AuditLog.action).where(AuditLog.entity_type == "preferences"))
            assert action == "warehouse_opened"
        await amara.press(await amara.sees("Tick those"), "Preferences")
        card = await amara.sees("Offers from South, too")
        await amara.press(card, "Add a route")
        page = await amara.sees("Which route?")
        assert labels(page)[:2] == ["🏭 North", "🏭 South"]
        await amara.press(page, "South")
        await amara.press(await amara.sees("South", "Press the route"), "S1")
        card = await amara.sees("1. S1, South")
        await amara.press(card, "Other warehouses")
        page = await amara.sees("Tick those")
        assert "One of the preferred routes is there" in (await amara.press(page, "✅ South"))["text"]
    assert await stands(town, amara) == ([], ["S1"], False)


async def test_one_of_300_routes_in_12_warehouses_is_three_presses_or_one_word_away(town: Town) -> None:
    amara = await town.driver()
    of = await user_of(town, amara)
    north = (await ids(town, Warehouse))["North"]

    async def make(fleet: Fleet) -> None:
        places = [north, *[await fleet.warehouse(f"W{n:02}") for n in range(1, 12)]]
        for number in range(300):
            await fleet.route(f"{'ABCDEFGHIJKL'[number // 25]}{number % 25 + 1}", places[number // 25])
        for number in range(75):
            await fleet.route(f"N{number:02}", north)
        await fleet.put(OpenWarehouse, *({"user_id": of, "warehouse_id": place} for place in places[1:]))

    await build(town, make)
    async with town.serving():
        card = await amara.writes("/preferences", "My preferences")
        await amara.press(card, "Add a route")
        await amara.press(await amara.sees("Which route?"), "W07")
        page = await amara.sees("W07", "Press the route")
        assert labels(page)[:25] == [f"H{n}" for n in range(1, 26)]
        await amara.press(page, "H25")
        card = await amara.sees("1. H25, W07")

        await amara.press(card, "Add a route")  # a warehouse with a hundred: first among which
        await amara.press(await amara.sees("Which route?"), "North")
        page = await amara.sees("Among which?")
        assert labels(page)[:4] == ["A1 – N04", "N05 – N34", "N35 – N64", "N65 – N74"]
        await amara.press(page, "N35")
        page = await amara.sees("Press the route")
        assert labels(page)[29:32] == ["N64", "‹ Back", "More ›"]
        await amara.press(page, "N50")
        card = await amara.sees("2. N50, North")

        await amara.press(card, "Add a route")
        await amara.sees("Which route?")
        page = await amara.writes("c2", "3. C2, W02")  # before C20 to C25
        assert await stands(town, amara) == ([], ["H25", "N50", "C2"], False)


async def test_whatever_is_typed_is_answered_with_the_next_step(town: Town) -> None:
    amara = await small(town)
    async with town.serving():
        await amara.press(await amara.writes("/preferences", "My preferences"), "Add a route")
        await amara.sees("Press the route")
        for text in ("<b>Ed</b> & co", "…", "R" * 400):
            said = await amara.writes(text, "No route is called “")
            assert labels(said) == ["🏭 By warehouse", "‹ Preferences"]
        several = await amara.writes("r", "Several routes are called “r”")
        assert labels(several)[:4] == ["R1, North", "R2, North", "R3, North", "R4, North"]
        await amara.writes("R3", "1. R3, North")
        assert "didn't understand" in (await amara.writes("R4", "Sorry"))["text"]  # nothing is asked any more
        card = await amara.writes("/preferences", "1. R3, North")
        await amara.press(card, "Add a route")
        await amara.sees("Press the route")
        await amara.writes("R3", "That route is on the list already.")


@pytest.mark.parametrize("of", ["hers", "nobody's"])
async def test_r12_4_nobody_presses_for_another_driver(town: Town, of: str) -> None:
    amara, luc = await small(town), await town.driver("Luc Roy")
    hers = await user_of(town, amara) if of == "hers" else uuid.uuid4()
    route, north = (await ids(town, Route))["R1"], (await ids(town, Warehouse))["South"]
    async with town.serving():
        card = await luc.writes("/preferences", "My preferences")
        for forged in forgeries(hers, route, north):
            answer = await luc.press_data(card, forged.pack())
            assert "can't find that driver" in answer["text"], forged
    assert await stands(town, amara) == await stands(town, luc) == ([], [], False)


def forgeries(of: uuid.UUID, route: uuid.UUID, warehouse: uuid.UUID) -> tuple[Callback, ...]:
    return (
        PreferencesOf(of),
        PreferDay(of, 1, 1),
        PreferAnyRoute(of, 1),
        RankRoute(of, route, 0),
        DropRoute(of, route),
        AddRoute(of, 0),
        RoutesIn(of, warehouse, 0),
        PreferRoute(of, route),
        OtherWarehouses(of, 0),
        OpenTo(of, warehouse, 1, 0),
    )


async def test_r12_4_what_no_button_says_is_refused(town: Town) -> None:
    amara = await small(town)
    of, routes, places = await user_of(town, amara), await ids(town, Route), await ids(town, Warehouse)
    async with town.serving():
        card = await amara.writes("/preferences", "My preferences")
        for forged, says in (
            (PreferDay(of, 7, 1), "isn't one of the choices"),
            (PreferDay(of, -1, 1), "isn't one of the choices"),
            (RankRoute(of, routes["R1"], 0), "isn't one of the choices"),
            (PreferRoute(of, uuid.uuid4()), "doesn't exist any more"),
            (PreferRoute(of, routes["S1"]), "tick it under “Other warehouses” first"),
            (RoutesIn(of, places["South"], 0), "tick it under “Other warehouses” first"),
            (OpenTo(of, uuid.uuid4(), 1, 0), "warehouse doesn't exist any more"),
            (OpenTo(of, places["North"], 1, 99), "is a home warehouse"),
        ):
            assert says in (await amara.press_data(card, forged.pack()))["text"], forged
        for turned in (AddRoute(of, 999), RoutesIn(of, places["North"], -5), RoutesIn(of, places["North"], 999)):
            await amara.turns(card, turned.pack(), "Press the route, or write its name")
        await amara.press_data(card, DropRoute(of, routes["R1"]).pack())
        await amara.sees("Routes: none yet")
    assert await stands(town, amara) == ([], [], False)


async def test_a_fourth_route_says_how_to_make_room(town: Town) -> None:
    amara = await small(town)
    of, routes = await user_of(town, amara), await ids(town, Route)
    async with town.serving():
        card = await amara.writes("/preferences", "My preferences")
        for name in ("R1", "R2", "R3"):
            await amara.press_data(card, PreferRoute(of, routes[name]).pack())
        answer = await amara.press_data(card, PreferRoute(of, routes["R4"]).pack())
        assert answer["text"] == "There is room for 3 routes. Remove one first."
    assert await stands(town, amara) == ([], ["R1", "R2", "R3"], False)


@pytest.mark.parametrize(("language", "words"), [("en", "That is for drivers"), ("fr", "C’est pour les chauffeurs")])
async def test_a_manager_has_none_of_his_own(town: Town, language: str, words: str) -> None:
    await small(town)
    mona = await manager(town, language=language)
    async with town.serving():
        card = await mona.writes("/preferences", words)
        await mona.turns(card, OpenPreferences().pack(), words)


async def test_who_is_not_linked_learns_nothing(town: Town) -> None:
    amara, zoe = await small(town), await town.stranger()
    of = await user_of(town, amara)
    async with town.serving():
        card = await zoe.writes("/preferences", "Rollcall")
        for forged in (OpenPreferences(), PreferDay(of, 1, 1), PreferencesOf(of)):
            seen = len(await zoe.chat(deleted=True))
            await zoe.press_data(card, forged.pack())
            assert (await zoe.sees("Rollcall", after=seen))["text"] == card["text"]
    assert await stands(town, amara) == ([], [], False)


async def test_r8_9_his_manager_enters_them_by_phone(town: Town) -> None:
    amara = await small(town)
    mona, sue = await manager(town, "Mona Roy", "North"), await manager(town, "Sue Park", "South")
    of, route = await user_of(town, amara), (await ids(town, Route))["R1"]
    async with town.serving():
        await mona.press(await mona.writes("/driver Amara", "Amara Osei", "North"), "Preferences")
        card = await mona.sees("Amara Osei: preferences", "A change counts from the week of Mon 7 Dec")
        assert "▫️ Any route of the home warehouses" in labels(card)
        await mona.press(card, "Wed")
        card = await mona.sees("Amara Osei: preferences", "Days: Wed")
        await mona.press(card, "Add a route")
        await mona.sees("Press the route")
        card = await mona.writes("R1", "Amara Osei: preferences", "1. R1, North")
        await mona.press(card, "‹ Amara Osei")
        await mona.sees("Amara Osei", "has Telegram")
        assert await stands(town, amara) == ([3], ["R1"], False)
        await amara.writes("/preferences", "My preferences", "Days: Wed", "1. R1, North")

        card = await sue.writes("/today", "Hello Sue")
        for forged in forgeries(of, route, (await ids(town, Warehouse))["South"]):
            assert "can't find that driver" in (await sue.press_data(card, forged.pack()))["text"]
    assert await stands(town, amara) == ([3], ["R1"], False)
    async with town.sessions() as session:
        saved = (await session.scalars(select(AuditLog).where(AuditLog.action == "saved"))).all()
    assert [bool(entry.changes and entry.changes.get("by_phone")) for entry in saved] == [True, True]
    assert {entry.actor_id for entry in saved} == {await user_of(town, mona)}
