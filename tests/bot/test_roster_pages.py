"""/roster over HTTP: weeks, a roster's card, gaps, what if; and what is pressed that is not his or is over (R3.9)."""

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot import rosters
from bot.callbacks.callback import Callback
from bot.callbacks.roster import (
    FillWeek,
    FillWeekNow,
    RosterDay,
    RosterGaps,
    RosterMap,
    RosterWeek,
    RosterWeeks,
    SeeDifference,
    Suppose,
    SupposeAgain,
    SupposeAnyRoute,
    SupposeCap,
    SupposeDay,
    SupposedRoutes,
    SupposeRoute,
    Supposing,
    WhatIf,
)
from bot.wording import Words
from domain.db.models import DriverPreferences, RosterRun, Route, Warehouse, WarehouseManager
from domain.policy import TORONTO, Policy
from domain.roster.supposing import SOMEBODY_NEW
from domain.time import week_of
from tests.bot.test_preference_pages import build, ids, user_of
from tests.bot.test_settings_and_away import labels, manager
from tests.bot.town import Town
from tests.domain.world import Fleet
from tests.story.phones import Phone, until

POLICY = Policy()


def monday(town: Town) -> date:
    return week_of(town.now.astimezone(TORONTO).date())[0]


async def depot(town: Town) -> tuple[Phone, Phone]:
    """Mona manages North, where Amara prefers R1 on Tuesdays; Nick manages South."""
    amara = await town.driver()
    mona, nick = await manager(town, "Mona Roy", "North"), await manager(town, "Nick Roy", "South")
    places, of = await ids(town, Warehouse), await user_of(town, amara)

    async def make(fleet: Fleet) -> None:
        routes = [await fleet.route(name, places["North"]) for name in ("R1", "R2", "R3", "R4")]
        await fleet.route("S1", places["South"])
        wishes = {"preferred_days": [2], "preferred_routes": routes[:1], "updated_at": fleet.now}
        await fleet.put(DriverPreferences, {"user_id": of} | wishes)

    await build(town, make)
    return mona, nick


async def make_rosters(town: Town) -> None:
    """As the duty does it, but at once."""
    words = Words(TORONTO)
    await rosters.make_due(rosters.here(words, POLICY), words, POLICY, town.sessions, town.now, False)


async def card_of(town: Town, phone: Phone) -> tuple[dict[str, Any], uuid.UUID]:
    """What the roster of the week after next would be."""
    listed = await phone.writes("/roster", "The rosters of your warehouses")
    await phone.press_data(listed, RosterWeek((monday(town)).toordinal() + 14).pack())
    await phone.sees("Working it out")
    async with town.sessions() as session:
        [run_id] = await session.scalars(select(RosterRun.id).where(RosterRun.carried_out_at.is_(None)))
    await make_rosters(town)
    return await phone.sees("A roster made now would fill"), run_id


async def runs(town: Town) -> int:
    async with town.sessions() as session:
        return await session.scalar(select(func.count()).select_from(RosterRun)) or 0


async def test_r3_9_the_weeks_and_a_rosters_card(town: Town) -> None:
    mona, _ = await depot(town)
    async with town.serving():
        home = await mona.writes("/today", "Hello Mona")
        await mona.press(home, "Rosters")
        weeks = await mona.sees("The rosters of your warehouses", "0 of 28 shifts ahead have a driver", "Sunday night")
        assert len(weeks["keyboard"]) == 4
        card, run_id = await card_of(town, mona)
        assert "would fill 1 of the 28 empty ones" in card["text"]
        assert "More isn't possible with what drivers prefer: that is proven." in card["text"]
        assert card["photo"] is not None
        assert labels(card)[:2] == ["✅ Fill 1 empty shift now", "❓ Why 27 stay empty"]
        await mona.press(card, "Why 27")
        gaps = await mona.sees("Why shifts stay empty", "Nobody who can be given shifts prefers R1 on Mondays.")
        assert gaps["photo"] is None
        await mona.press(gaps, "More")
        gaps = await mona.sees("Why shifts stay empty", "Thu")
        await mona.press(gaps, "‹ Roster")
        card = await mona.sees("would fill 1 of the 28")
        await mona.press(card, "Who drives")
        who = await mona.sees("Who drives on Tue", "➕ R1, North: Amara Osei would get it")
        await mona.press(who, "Mon")
        who = await mona.sees("Who drives on Mon", "✖️ R1, North: nobody")
        await mona.press(who, "‹ Roster")
        card = await mona.sees("would fill 1 of the 28")
        await mona.press(card, "Fill 1")
        sure = await mona.sees("Fill the empty shifts now?", "1 shift gets its driver at once")
        await mona.press(sure, "Change nothing")
        await mona.sees("would fill 1 of the 28")
        await mona.press_data(card, FillWeekNow(monday(town).toordinal() + 14).pack())
        await mona.sees("Working it out")
        await make_rosters(town)
        await mona.sees("1 empty shift got its driver", "1 of 28 shifts ahead")
        await mona.press_data(card, RosterMap(run_id, 0).pack())
        await mona.sees("1 of 28 shifts ahead", "would fill 0 of the 27")


async def test_r3_9_what_if_by_words_and_buttons(town: Town) -> None:
    mona, _ = await depot(town)
    async with town.serving():
        card, _run_id = await card_of(town, mona)
        await mona.press(card, "What if")
        await mona.sees("What if a driver drove on other days")
        assert labels(await mona.writes("zzz", "I know nobody called “zzz”"))[0] == "➕ A new driver"
        near = await mona.writes("amarra oseii", "I know nobody called")
        assert labels(near)[0].startswith("Amara Osei (…") and "Do you mean one of these?" in near["text"]
        terms = await mona.writes("amara", "What if: Amara Osei", "1. R1, North")
        assert {"✅ Tue", "▫️ Mon", "Up to 4 shifts a week", "✖️ R1"} <= set(labels(terms))
        await mona.press(terms, "▫️ Mon")
        terms = await mona.sees("What if: Amara Osei", "Days: Mon, Tue")
        assert "✅ Mon" in labels(terms)
        await mona.press(terms, "Add a route")
        page = await mona.sees("Which route?")
        assert labels(page)[:3] == ["R2", "R3", "R4"]
        await mona.press(page, "R2")
        await mona.sees("2. R2, North")
        await mona.writes("nowhere", "No route of your warehouses is called “nowhere”")
        terms = await mona.writes("r3", "3. R3, North")
        assert "➕ Add a route" not in labels(terms)
        answer = await mona.press_data(
            terms, SupposeRoute(await of_amara(town), (await ids(town, Route))["R4"], 1).pack()
        )
        assert "There is room for 3 routes" in answer["text"]
        await mona.press_data(terms, SupposeCap(await of_amara(town), 999).pack())

        async def at_most() -> dict[str, Any] | None:
            shown = await mona.sees("What if: Amara Osei")
            return shown if "Up to 6 shifts a week" in labels(shown) else None

        terms = await until(at_most, "the cap is 6")
        assert "+1" not in labels(terms)
        await mona.press(terms, "See the difference")
        supposed = (
            "What if: Amara Osei\n📅 Days: Mon, Tue\n1. R1, North\n2. R2, North\n3. R3, North\nUp to 6 shifts a week"
        )
        await mona.sees(supposed, "Working it out")
        await make_rosters(town)
        changed = await mona.sees(
            "With that, 2 of 28 shifts ahead would have a driver, instead of 1.", "Nothing has been changed."
        )
        assert "No longer empty: R" in changed["text"] and not any("Fill" in label for label in labels(changed))
        await mona.press(changed, "Change it")
        terms = await mona.sees("What if: Amara Osei", "3. R3, North", "Change what you like")
        assert {"✅ Mon", "✅ Tue", "Up to 6 shifts a week"} <= set(labels(terms))
        await mona.press(terms, "‹ Roster")
        await mona.sees("Working it out")


async def test_r3_9_what_was_supposed_is_over_with_the_answer(town: Town) -> None:
    """Whoever presses twice sees what he asked for (R2.5), and what he types then is no route of it."""
    mona, _ = await depot(town)
    week = monday(town).toordinal() + 14
    async with town.serving():
        listed = await mona.writes("/roster", "The rosters of your warehouses")
        for of, who in ((SOMEBODY_NEW, "a new driver"), (await of_amara(town), "Amara Osei")):
            await mona.press_data(listed, Suppose(week, of).pack())
            terms = await mona.sees(f"What if: {who}", "Change what you like")
            for _twice in range(2):
                await mona.press_data(terms, SeeDifference(of).pack())
                await mona.sees(f"What if: {who}", "Working it out")
            await mona.writes("R2", "Sorry, I didn't understand that")
            await mona.sees(f"What if: {who}", "Working it out")
    assert await runs(town) == 2


async def of_amara(town: Town) -> uuid.UUID:
    async with town.sessions() as session:
        return (await session.scalars(select(DriverPreferences.user_id))).one()


async def test_r2_5_what_was_supposed_of_one_is_not_changed_by_buttons_about_another(town: Town) -> None:
    mona, _ = await depot(town)
    week = monday(town).toordinal() + 14
    async with town.serving():
        listed = await mona.writes("/roster", "The rosters of your warehouses")
        await mona.press_data(listed, Suppose(week, SOMEBODY_NEW).pack())
        terms = await mona.sees("What if: a new driver")
        of = await of_amara(town)
        for press in (
            SupposeDay(of, 1, 0),
            SupposeAnyRoute(of, 0),
            SupposeCap(of, 1),
            SeeDifference(of),
            Supposing(of),
        ):
            answer = await mona.press_data(terms, press.pack())
            assert "That question is over" in answer["text"]
            await mona.sees("The rosters of your warehouses")
        answer = await mona.press_data(listed, SupposeDay(SOMEBODY_NEW, 9, 1).pack())
        assert "isn't one of the choices" in answer["text"]
    assert await runs(town) == 0


@pytest.mark.parametrize(
    "forged",
    [
        lambda run: RosterMap(run, 0),
        lambda run: RosterMap(run, 7),
        lambda run: RosterGaps(run, 0),
        lambda run: FillWeek(run),
        lambda run: RosterDay(run, 0, 0),
        lambda run: SupposeAgain(run),
    ],
)
async def test_r12_3_a_roster_of_other_warehouses_does_not_exist(town: Town, forged: Any) -> None:
    mona, nick = await depot(town)
    async with town.serving():
        _, run_id = await card_of(town, mona)
        listed = await nick.writes("/roster", "0 of 7 shifts ahead have a driver")
        for run in (run_id, uuid.uuid4()):
            answer = await nick.press_data(listed, forged(run).pack())
            assert "too old" in answer["text"] or "is over" in answer["text"]
            await nick.sees("The rosters of your warehouses")
    assert await runs(town) == 1


async def test_r12_3_a_driver_whom_he_may_not_see_is_not_supposed(town: Town) -> None:
    _, nick = await depot(town)
    week, of = monday(town).toordinal() + 14, await of_amara(town)
    async with town.serving():
        listed = await nick.writes("/roster", "0 of 7 shifts ahead have a driver")
        answer = await nick.press_data(listed, Suppose(week, of).pack())
        assert "That question is over" in answer["text"]
        await nick.press_data(listed, WhatIf(week).pack())
        await nick.sees("What if a driver drove on other days")
        await nick.writes("amara osei", "I know nobody called “amara osei”")


async def test_r12_3_of_whom_he_may_not_see_any_more_nothing_is_shown_and_no_route_is_typed(town: Town) -> None:
    mona, _ = await depot(town)
    week, of = monday(town).toordinal() + 14, await of_amara(town)
    async with town.serving():
        listed = await mona.writes("/roster", "The rosters of your warehouses")
        await mona.press_data(listed, Suppose(week, of).pack())
        terms = await mona.sees("What if: Amara Osei")
        async with town.sessions.begin() as session:
            await session.execute(delete(WarehouseManager))
        answer = await mona.press_data(terms, SupposeDay(of, 1, 1).pack())
        assert "That question is over" in answer["text"]
        await mona.writes("R2", "Sorry, I didn't understand that")


@pytest.mark.parametrize("days", [-7, 21, 3, 400_000 - 739_950])
async def test_a_week_out_of_range_is_refused(town: Town, days: int) -> None:
    mona, _ = await depot(town)
    async with town.serving():
        listed = await mona.writes("/roster", "The rosters of your warehouses")
        for press in (RosterWeek(monday(town).toordinal() + days), FillWeekNow(monday(town).toordinal() + days)):
            answer = await mona.press_data(listed, press.pack())
            assert "That week can't be looked at" in answer["text"]
    assert await runs(town) == 0


async def test_r12_4_who_manages_nothing_gets_nowhere(town: Town) -> None:
    amara, week, some = await town.driver("Zoe Osei"), monday(town).toordinal(), uuid.uuid4()
    presses: list[Callback] = [RosterWeeks(), RosterWeek(week), RosterMap(some, 0), RosterGaps(some, 0), FillWeek(some)]
    presses += [RosterDay(some, 0, 0)]
    presses += [FillWeekNow(week), WhatIf(week), Suppose(week, some), SupposeAgain(some), SupposeDay(some, 1, 1)]
    presses += [SupposeAnyRoute(some, 1), SupposeRoute(some, some, 1), SupposedRoutes(some, 0), SupposeCap(some, 1)]
    presses += [Supposing(some), SeeDifference(some)]
    async with town.serving():
        said = await amara.writes("/roster", "That is for managers.")
        for press in presses:
            await amara.turns(said, press.pack(), "That is for managers.")
        stranger = await town.stranger()
        await stranger.send("/roster")
        await stranger.sees("Rollcall")
    assert await runs(town) == 0
