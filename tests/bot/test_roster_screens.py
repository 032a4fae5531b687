"""What managers read of rosters, in both languages (R3.6, R3.9)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from bot.callbacks.filling import FillSlot
from bot.callbacks.roster import RosterMap
from bot.delivery.pictures import CAPTION_MOST
from bot.pictures.heat_map import HeatMap, Mark
from bot.reader import Reader
from bot.screens import roster, roster_pages, what_if
from bot.screens.screen import Screen
from domain.db.models.words import GapReason, RosterCause
from domain.roster.cards import Cell, GapLine, GapsPage, KeptFrom, RosterCard, RouteWeek, WarehouseWeek, WhatIf
from domain.roster.preferring import Preferences
from domain.roster.supposing import Supposed
from domain.roster.weeks import Certificate, WeekGlance
from domain.schedule.queries import Place
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html
from tests.domain.rostering import WEEK

ZONE = ZoneInfo("America/Toronto")
ENGLISH, FRENCH = Reader("en", ZONE), Reader("fr", ZONE)
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
FREEZE = datetime(2026, 11, 30, 4, 59, 59, tzinfo=UTC)
RUN = UUID(int=7)
SLOTS = (Cell.COVERED, Cell.WOULD_BE, Cell.EMPTY, Cell.NOT_RUN, Cell.OVER, Cell.COVERED, Cell.WOULD_BE)


def plain(screen: Screen) -> str:
    return parse_html(screen.html).text


def labels(screen: Screen) -> list[str]:
    return [button.text for row in screen.keyboard for button in row]


def card(routes: int = 1, name: str = "R{}", **more: Any) -> RosterCard:
    place = WarehouseWeek(UUID(int=1), "Montréal-Est", tuple(RouteWeek(name.format(n), SLOTS) for n in range(routes)))
    given: dict[str, Any] = {
        "run_id": RUN,
        "week": WEEK,
        "cause": RosterCause.PREVIEW,
        "made_at": AT,
        "filled": 2 * routes,
        "proven": True,
        "warehouses": (place,),
        "certificate": None,
        "freezes_at": FREEZE,
    }
    return RosterCard(**given | more)


def test_r3_9_what_is_covered_would_be_and_stays_empty() -> None:
    said = plain(roster.card(card(), ENGLISH))
    assert "2 of 5 shifts ahead have a driver." in said
    assert "A roster made now would fill 2 of the 3 empty ones." in said
    assert "that is proven" in said and "Sunday night, Sun 29 Nov 23:59" in said
    assert labels(roster.card(card(), ENGLISH))[:2] == ["✅ Fill 2 empty shifts now", "❓ Why 1 stays empty"]
    french = plain(roster.card(card(), FRENCH))
    assert "Avec un chauffeur\u00a0: 2 sur 5 quarts à venir." in french
    assert "Un horaire fait maintenant comblerait 2 des 3 quarts vides." in french
    assert "dans la nuit de dimanche, le dim. 29 nov. 23 h 59" in french.replace("\u00a0", " ")


def test_the_picture_tells_the_same_in_the_readers_words() -> None:
    picture = roster.card(card(), FRENCH).picture
    assert isinstance(picture, HeatMap)
    assert picture.days[0] == ("lun.", "7") and picture.days[6] == ("dim.", "13")
    marks = (Mark.COVERED, Mark.WOULD_BE, Mark.EMPTY, Mark.NOT_RUN, Mark.OVER, Mark.COVERED, Mark.WOULD_BE)
    assert picture.sections[0].rows[0].marks == marks
    assert [mark for mark, _ in picture.legend] == [*marks[:5]]
    assert dict(picture.legend)[Mark.EMPTY] == "reste vide"


def test_what_is_not_in_the_picture_is_not_explained() -> None:
    place = WarehouseWeek(UUID(int=1), "North", (RouteWeek("R1", (Cell.COVERED,) * 7),))
    shown = roster.card(card(warehouses=(place,)), ENGLISH)
    assert isinstance(shown.picture, HeatMap) and [mark for mark, _ in shown.picture.legend] == [Mark.COVERED]
    assert "Every shift ahead has a driver." in plain(shown)
    assert not any("Fill" in label or "Why" in label for label in labels(shown))


@pytest.mark.parametrize(("page", "rows", "turns"), [(0, 40, [1]), (1, 40, [0, 2]), (2, 10, [1]), (9, 10, [1])])
def test_forty_routes_a_picture(page: int, rows: int, turns: list[int]) -> None:
    shown = roster.card(card(90), ENGLISH, page)
    assert isinstance(shown.picture, HeatMap) and sum(len(section.rows) for section in shown.picture.sections) == rows
    to = [button.to.page for row in shown.keyboard for button in row if isinstance(button.to, RosterMap)]
    assert to == turns


def test_a_roster_under_way_says_so_and_has_no_picture() -> None:
    shown = roster.card(card(made_at=None), ENGLISH)
    assert "Working it out" in plain(shown) and shown.picture is None


def test_r3_9_what_a_manager_had_filled() -> None:
    said = plain(roster.card(card(cause=RosterCause.MANAGER, filled=1), ENGLISH))
    assert "1 empty shift got its driver." in said and "would fill" not in said
    assert "More isn't possible with what drivers prefer: that is proven." in said
    said = plain(roster.card(card(cause=RosterCause.MANAGER, filled=0), ENGLISH))
    assert "Nothing was filled." in said and "✅" not in said


def test_r3_6_nothing_is_proven_of_what_was_lost_while_it_was_filled() -> None:
    said = plain(roster.card(card(cause=RosterCause.MANAGER, filled=1, proven=False), ENGLISH))
    assert "More was possible, but meanwhile some drivers or shifts were taken." in said and "proven" not in said


def test_r3_6_a_weeks_own_certificate() -> None:
    made = Certificate(AT, 420, 12, 400, 400)
    said = plain(roster.card(card(certificate=made, freezes_at=None), ENGLISH))
    assert "made Wed 25 Nov 07:00: 412 of 420 shifts of all warehouses, the proven maximum." in said
    lost = replace(made, filled=398)
    said = plain(roster.card(card(certificate=lost, freezes_at=None), ENGLISH))
    assert "410 of 420" in said and "412 could be filled, but some drivers were no longer free." in said


def test_the_weeks_to_choose_from() -> None:
    every = (
        WeekGlance(date(2026, 11, 23), 0, 0, None, None),
        WeekGlance(date(2026, 11, 30), 50, 48, Certificate(AT, 420, 0, 400, 400), None),
        WeekGlance(WEEK, 50, 0, None, FREEZE),
    )
    said = plain(roster.weeks(every, ENGLISH))
    assert "No routes run in what is left of this week." in said
    assert "48 of 50 shifts ahead have a driver.\nThe roster was made Wed 25 Nov 07:00." in said
    assert "0 of 50 shifts ahead have a driver.\nThe roster is made on Sunday night, Sun 29 Nov 23:59." in said


def gap(reason: GapReason, *drivers: KeptFrom, others: int = 0) -> GapLine:
    return GapLine("R12", "North", date(2026, 12, 11), reason, drivers, others, None)


ANA, BEN = KeptFrom("Ana Roy", "R3", None), KeptFrom("Ben Roy", None, 4)


@pytest.mark.parametrize(
    ("line", "english", "french"),
    [
        (
            gap(GapReason.NOBODY),
            "Nobody who can be given shifts prefers R12 on Fridays.",
            "Personne à qui des quarts peuvent être donnés ne préfère R12 le vendredi.",
        ),
        (
            gap(GapReason.TAKEN, ANA, BEN),
            "Preferred only by Ana Roy (drives R3 that day) and Ben Roy (at the cap of 4).",
            "Préférée seulement par Ana Roy (roule R3 ce jour-là) et Ben Roy (à sa limite de 4).",
        ),
        (
            gap(GapReason.TAKEN, KeptFrom("Ana Roy", None, None), others=9),
            "Preferred only by Ana Roy (drives that day) and 9 more.",
            "Préférée seulement par Ana Roy (roule ce jour-là) et 9 autres.",
        ),
        (
            gap(GapReason.TAKEN, others=2),
            "Preferred only by 2 drivers, who all drive already that day or are at the weekly cap.",
            "Préférée seulement par 2 chauffeurs, qui roulent tous déjà ce jour-là ou sont à leur limite.",
        ),
        (
            gap(GapReason.BIDS),
            "Drivers have bid for it, which decides.",
            "Des chauffeurs s’y sont portés candidats\u00a0: c’est ce qui décidera.",
        ),
        (
            gap(GapReason.LOST),
            "Somebody had it who was no longer free when it was published.",
            "Quelqu’un l’avait, qui n’était plus libre au moment de la publication.",
        ),
        (
            gap(GapReason.CAME),
            "It only came open while the roster was being made.",
            "Ce quart ne s’est ouvert que pendant la préparation de l’horaire.",
        ),
    ],
)
def test_r3_6_a_gap_says_why_in_words_and_names(line: GapLine, english: str, french: str) -> None:
    page = GapsPage(RUN, WEEK, (line,), 1, 0, 1)
    shown = roster_pages.gaps(page, FRENCH)
    assert english in plain(roster_pages.gaps(page, ENGLISH)) and french in plain(shown)
    assert "ven. 11 déc.\u00a0: R12, North" in plain(shown) and "💭 Et si…" in labels(shown)


def supposing(before: int, *closed: tuple[str, date], opened: tuple[tuple[str, date], ...] = ()) -> WhatIf:
    terms = Supposed(UUID(int=1), Preferences((0, 1, 5), (), any_home_route=True), 5)
    return WhatIf(terms, "Ana Roy", (Place(RUN, "R7", RUN, "North"),), before, closed, opened)


def test_r3_9_what_a_supposition_changes() -> None:
    friday = date(2026, 12, 11)
    said = plain(roster.card(card(what_if=supposing(1, ("R12", friday))), ENGLISH))
    assert "What if: Ana Roy\n📅 Days: Mon, Fri, Sun\n1. R7, North\nAny route of the home warehouses\n" in said
    assert "\nUp to 5 shifts a week\n" in said
    assert "With that, 4 of 5 shifts ahead would have a driver, instead of 3.\nNo longer empty: R12 Fri 11 Dec" in said
    said = plain(roster.card(card(what_if=supposing(2, opened=(("R1", friday),))), ENGLISH))
    assert (
        "With that, as many shifts ahead would have a driver as without it: 4 of 5.\nEmpty instead: R1 Fri 11 Dec"
        in said
    )
    taken_since = card(what_if=supposing(1, ("R12", friday)), filled=4)
    assert "With that, 4 of 5 shifts ahead would have a driver, instead of 3." in plain(
        roster.card(taken_since, ENGLISH)
    )
    labelled = labels(roster.card(card(what_if=supposing(1)), ENGLISH))
    assert not any("Fill" in label for label in labelled) and "💭 Change it" in labelled


def test_r3_9_what_follows_of_filling_and_that_nothing_is_left_to_fill() -> None:
    sure = roster.consequence(card(), ENGLISH)
    assert "2 shifts get their drivers at once" in plain(sure) and "✅ Yes, fill them now" in labels(sure)
    taken = WarehouseWeek(UUID(int=1), "North", (RouteWeek("R1", (Cell.COVERED, Cell.EMPTY) + (Cell.OVER,) * 5),))
    for facts in (card(warehouses=(taken,)), card(what_if=supposing(1))):
        shown = roster.consequence(facts, ENGLISH)
        assert "Nothing is left to fill" in plain(shown) and labels(shown) == ["‹ Roster"]


@pytest.mark.parametrize("sign", ["W", "É", "🚚", "&"])
@pytest.mark.parametrize("reader", [ENGLISH, FRENCH])
def test_what_is_said_below_a_picture_fits(sign: str, reader: Reader) -> None:
    """However long the names are."""
    name, on = sign * 2000, date(2026, 12, 11)
    routes = (Place(RUN, name, RUN, name),) * 3
    long = replace(supposing(1), driver=name, routes=routes, closed=((name, on),) * 300, opened=((name, on),) * 300)
    certificate = Certificate(AT, 84_000, 80_000, 3_000, 3_999)
    for facts in (card(50, name + "{}", what_if=long), card(50, name + "{}", certificate=certificate, freezes_at=None)):
        shown = roster.card(facts, reader)
        assert shown.picture is not None and units(plain(shown)) <= CAPTION_MOST
    assert what_if.difference(card(), long, reader)


def test_what_has_a_row_already_leads_to_filling_it_by_hand() -> None:
    lines = (replace(gap(GapReason.NOBODY), assignment_id=UUID(int=9)), gap(GapReason.BIDS))
    shown = roster_pages.gaps(GapsPage(RUN, WEEK, lines, 2, 0, 1), ENGLISH)
    assert [button.to for row in shown.keyboard for button in row][:1] == [FillSlot(UUID(int=9), 0)]
    assert sum(isinstance(button.to, FillSlot) for row in shown.keyboard for button in row) == 1
    assert "give it to a driver by hand" in plain(shown)
