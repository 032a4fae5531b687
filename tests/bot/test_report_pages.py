"""R12.5, R14: /report as a manager reads it, with its picture and its file, and on Monday. In English and French."""

import csv
import io
import struct
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.callbacks.callback import Callback
from bot.callbacks.reports import ReportFile, ReportOf
from bot.delivery.pictures import CAPTION_MOST
from bot.jobs import Duty, run_due, table_of_duties, told
from bot.pictures.drawing import draw
from bot.pictures.report_card import ReportCard
from bot.reader import Reader
from bot.screens import reports as screens
from domain.db.models import ContactSettings
from domain.db.models.words import AssignmentStatus
from domain.people.queries import linked_chat
from domain.policy import TORONTO
from domain.reporting.queries import Figures, Filled, Left, Report, Way
from domain.reporting.telling import tell_week
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html
from tests.bot.test_people_pages import labels
from tests.bot.test_stop_pages import _phone
from tests.bot.town import Town
from tests.domain.world import POLICY, SAY, Fleet
from tests.story.phones import Phone

MONDAY, BEFORE = date(2026, 11, 16), date(2026, 11, 9)
ENGLISH, FRENCH = Reader("en", TORONTO), Reader("fr", TORONTO)
NORTH = Figures(
    "North",
    slots=210,
    driven=205,
    closed=3,
    no_shows=2,
    late=4,
    excused=1,
    left=(Left("weather_conditions", 3), Left("medical_emergency", 2)),
    dropped=2,
    filled=(
        Filled(Way.COMPETITIVE, 12, timedelta(hours=26, seconds=30)),
        Filled(Way.EMERGENCY, 4, timedelta(minutes=6)),
    ),
    windows=14,
    bids=37,
    bonus_shifts=4,
    bonus_points=90,
    sms=120,
)
NEVER = (
    *("My vehicle has broken down", "A family emergency", "A traffic accident", "Something personal"),
    *("Another reason", "Time off", "Leaves the company"),
)


def of(*warehouses: Figures, earlier: bool = True, later: bool = True, week: date = MONDAY) -> Report:
    today = MONDAY + timedelta(days=9)
    return Report(week, warehouses, replace(NORTH, warehouse=None), earlier, later, today)


@pytest.mark.parametrize(
    ("reader", "says"), [(ENGLISH, "Week 30 Dec 2019-5 Jan 2020"), (FRENCH, "30 déc. 2019 au 5 janv. 2020")]
)
def test_r14_a_week_of_another_year_shows_its_year(reader: Reader, says: str) -> None:
    old = of(NORTH, week=date(2019, 12, 30))
    assert says in screens.report(old, 0, reader).html and says in screens.file(old, reader).html


def picture(facts: Report, page: int = 0, reader: Reader = ENGLISH) -> ReportCard:
    shown = screens.report(facts, page, reader).picture
    assert isinstance(shown, ReportCard)
    return shown


def rows(facts: Report, reader: Reader) -> list[dict[str, str]]:
    text = screens.as_csv(facts, reader).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";" if reader is FRENCH else ","))


# -- what it says


def test_every_figure_is_in_the_picture() -> None:
    [bar] = picture(of(NORTH)).bars
    assert (bar.name, bar.written, round(bar.share, 3)) == ("North", "98%", 0.976)
    assert dict(bar.lines) == {
        "Shifts driven": "205 of 210, 3 closed",
        "No-shows": "2",
        "Late cancellations": "4",
        "Excused": "1",
        "Given up": "5",
        "· The weather": "3",
        "· I'm ill or hurt": "2",
        "Not confirmed in time": "2",
        "Filled by bids": "12, half within 26\u00a0h",
        "In an emergency": "4, half within 6\u00a0min",
        "Bids": "2.64 a shift, 37 in all",
        "Bonus": "4 shifts, 22% on average",
        "SMS": "120 segments",
    }


def test_every_figure_is_in_the_file_a_column_each() -> None:
    one, total = rows(of(NORTH), ENGLISH)
    assert one == {
        "Week from": "2026-11-16",
        "Warehouse": "North",
        "Shifts": "210",
        "Driven": "205",
        "Closed": "3",
        "No-shows": "2",
        "Late cancellations": "4",
        "Excused": "1",
        "Not confirmed in time": "2",
        **dict.fromkeys((f"Given up: {why}" for why in NEVER), "0"),
        "Given up: The weather": "3",
        "Given up: I'm ill or hurt": "2",
        "Filled by bids": "12",
        "Filled by bids: median minutes": "1560.5",
        "First who accepted": "0",
        "First who accepted: median minutes": "",
        "In an emergency": "4",
        "In an emergency: median minutes": "6.0",
        "By a manager": "0",
        "By a manager: median minutes": "",
        "Shifts open for bids": "14",
        "Bids": "37",
        "Shifts with a bonus": "4",
        "Bonus, percent added up": "90",
        "SMS segments": "120",
    }
    assert (total["Warehouse"], total["Driven"]) == ("All warehouses", "205")


def test_a_spreadsheet_of_either_language_reads_it_and_runs_nothing() -> None:
    strange = [replace(NORTH, warehouse=name) for name in ('=HYPERLINK("x")', "+1", "-1", "@x", "a;b,c\n“é”", "Nord")]
    for reader, column in ((ENGLISH, "Warehouse"), (FRENCH, "Entrepôt")):
        names = [row[column] for row in rows(of(*strange), reader)]
        assert names[:4] == ['\'=HYPERLINK("x")', "'+1", "'-1", "'@x"]
        assert names[4:6] == ["a;b,c\n“é”", "Nord"]


def test_its_numbers_are_numbers_to_a_spreadsheet_of_either_language() -> None:
    english, french = rows(of(NORTH), ENGLISH)[0], rows(of(NORTH), FRENCH)[0]
    assert english["Filled by bids: median minutes"] == "1560.5"
    assert french["Par candidature\u00a0: minutes (médiane)"] == "1560,5"


def test_what_was_given_up_is_the_same_number_above_and_in_the_picture() -> None:
    said = screens.report(of(NORTH), 0, ENGLISH).html
    lines = dict(picture(of(NORTH)).bars[0].lines)
    assert f"given up: {lines['Given up']}, not confirmed in time: {lines['Not confirmed in time']}" in said


def test_sms_that_are_not_kept_any_more_are_not_none() -> None:
    old = replace(NORTH, sms=None)
    assert dict(picture(of(old)).bars[0].lines)["SMS"] == "not kept any more"
    assert rows(of(old), ENGLISH)[0]["SMS segments"] == ""


def test_where_there_was_nothing_nothing_is_said_of_it() -> None:
    none = Figures("North", 0, 0, 0, 0, 0, 0, (), 0, (), 0, 0, 0, 0, 0)
    [bar] = picture(of(none)).bars
    assert dict(bar.lines) == {"Shifts driven": "0 of 0", "No-shows": "0", "Late cancellations": "0"}


def test_several_warehouses_are_paged_and_what_they_come_to_is_the_first() -> None:
    many = of(*(replace(NORTH, warehouse=f"W{number}") for number in range(4)))
    assert [[bar.name for bar in picture(many, page).bars] for page in (0, 1, 2, -1)] == [
        ["All warehouses", "W0", "W1"],
        ["W2", "W3"],
        ["W2", "W3"],
        ["All warehouses", "W0", "W1"],
    ]
    assert [bar.name for bar in picture(of(NORTH)).bars] == ["North"]
    first = [key.text for row in screens.report(many, 0, ENGLISH).keyboard for key in row]
    assert first == ["More warehouses ›", "‹ Week before", "Week after ›", "📎 As a file (CSV)", "🏠 Home"]
    only = [
        key.text for row in screens.report(of(NORTH, earlier=False, later=False), 0, ENGLISH).keyboard for key in row
    ]
    assert only == ["📎 As a file (CSV)", "🏠 Home"]


@pytest.mark.parametrize("reader", [ENGLISH, FRENCH], ids=["en", "fr"])
@pytest.mark.parametrize("name", ["W" * 2000, "<b>&🚚" * 200, "$x_1$ %"])
def test_it_fits_and_is_drawn_whatever_the_warehouses_are_called(reader: Reader, name: str) -> None:
    longest = replace(NORTH, left=tuple(Left(each, 400) for each in screens.REASONS), warehouse=name)
    shown = screens.report(of(longest, longest, longest), 0, reader)
    assert units(parse_html(shown.html).text) <= CAPTION_MOST
    assert shown.picture is not None
    png = draw(shown.picture)
    width, height = struct.unpack(">II", png[16:24])
    assert width + height <= 10_000 and height / width <= 20, "Telegram takes it"


# -- as it is used


class Place:
    """North and South of Mona; Sue has South. Last week: of North two driven and one not, of South one driven."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.phones: dict[str, Phone] = {}

    async def settle(self, language: str) -> None:
        async with self.town.sessions.begin() as session:
            fleet = Fleet(session, self.town.now)
            mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
            north, south = await fleet.warehouse("North", mona), await fleet.warehouse("South", mona, sue)
            dana = await fleet.driver("Dana", home=north)
            done = AssignmentStatus.COMPLETED
            for on, where in (
                (MONDAY, north),
                (date(2026, 11, 22), north),
                (date(2026, 11, 18), south),
                (BEFORE, north),
            ):
                await fleet.shift(await fleet.route(f"R{on.day}", where), dana, on, done)
            await fleet.slot(await fleet.route("R9", north), MONDAY)
            people = (mona, sue, dana)
            await fleet.put(ContactSettings, *({"user_id": who.id, "language": language} for who in people))
            chats = [await linked_chat(session, who.id) for who in people]
        for who, chat in zip(people, chats, strict=True):
            self.phones[who.first_name] = await _phone(self.town, who, chat, language)


@pytest.fixture
async def place(town: Town) -> Place:
    place = Place(town)
    await place.settle("en")
    return place


async def the_file(town: Town, message: dict[str, Any]) -> str:
    answer = await town.calls.get(message["document"]["at"])
    return answer.raise_for_status().content.decode("utf-8-sig")


async def test_r12_5_last_week_and_any_other_with_picture_and_file(town: Town, place: Place) -> None:
    mona = place.phones["Mona"]
    async with town.serving():
        shown = await mona.writes("/report", "Week 16-22 Nov", "All warehouses", "3 of 4 driven (75%)")
        assert "North" in shown["text"] and "2 of 3 driven (67%)" in shown["text"]
        assert shown["photo"], "and the picture"
        assert labels(shown) == ["‹ Week before", "📎 As a file (CSV)", "🏠 Home"]
        await mona.press(shown, "As a file")
        sent = await mona.sees("a row for each warehouse")
        assert sent["document"]["name"] == "rollcall-2026-11-16.csv"
        written = list(csv.reader(io.StringIO(await the_file(town, sent))))
        assert [row[1:4] for row in written] == [
            ["Warehouse", "Shifts", "Driven"],
            ["North", "3", "2"],
            ["South", "1", "1"],
            ["All warehouses", "4", "3"],
        ]
        await mona.press(shown, "‹ Week before")
        before = await mona.sees("Week 9-15 Nov", "1 of 1 driven (100%)")
        assert labels(before)[0] == "Week after ›"
        for written_day in ("11 nov", "9 nov 2026", "2026-11-15"):
            await mona.writes(f"/report {written_day}", "Week 9-15 Nov")
        for written_week in ("last week", "semaine dernière", "week of 16 nov"):
            await mona.writes(f"/report {written_week}", "Week 16-22 Nov")
        now = await mona.writes("/report today", "There is no report of that week")
        await mona.press(now, "Week 16-22 Nov")
        await mona.sees("Week 16-22 Nov", "3 of 4 driven")
        for nonsense in ("nonsense", "31 feb", "<b>"):
            assert (await mona.writes(f"/report {nonsense}", "That is no week."))["keyboard"]


async def test_r12_5_in_french(town: Town) -> None:
    place = Place(town)
    await place.settle("fr")
    mona = place.phones["Mona"]
    async with town.serving():
        shown = await mona.writes("/report", "Semaine du 16 au 22 nov.", "3 conduits sur 4 (75\u00a0%)")
        assert shown["photo"]
        await mona.press(shown, "En fichier")
        sent = await mona.sees("une ligne par entrepôt")
        text = await the_file(town, sent)
        assert text.splitlines()[0].startswith("Semaine du;Entrepôt;Quarts;Conduits")
        await mona.writes("/report demain", "elle n’est pas finie")
        await mona.writes("/help", "/report montre")


async def test_r14_on_monday_each_manager_has_it_in_his_chat(town: Town, place: Place) -> None:
    mona, sue = place.phones["Mona"], place.phones["Sue"]
    async with town.sessions.begin() as session:
        assert await tell_week(session, SAY, POLICY, town.now) == {"told": 2}
    noon = replace(town, now=town.now + timedelta(hours=5))  # after the quiet hours
    async with noon.serving():
        shown = await mona.sees("Week 16-22 Nov", "3 of 4 driven")
        assert shown["photo"]
        await sue.sees("Week 16-22 Nov", "South", "1 of 1 driven (100%)")
        assert not [each for each in await sue.chat() if "North" in each["text"]]
        inbox = await mona.writes("/inbox", "Your week 16-22 Nov", "3 of 4 shifts were driven (75%). 0 no-shows.")
        assert inbox["keyboard"]


async def test_r14_the_duty_tells_each_once_however_often_it_is_run(town: Town, place: Place) -> None:
    duty = table_of_duties(SAY, POLICY)["report"]
    assert isinstance(duty, Duty) and duty.at == "0 9 * * mon"
    for run, told_by in enumerate((2, 0, 0)):
        done = await run_due(duty, town.sessions, town.now + timedelta(hours=run))
        assert told(done) == {"done": 1, "told": told_by}


async def test_who_has_no_warehouse_is_told_so(town: Town) -> None:
    async with town.sessions.begin() as session:
        nora = await Fleet(session, town.now).manager("Nora")
        chat = await linked_chat(session, nora.id)
    phone = await _phone(town, nora, chat, "en")
    async with town.serving():
        for written in ("/report", "/report last week", "/report nonsense"):
            await phone.writes(written, "You have no warehouse yet.")


async def test_r12_3_forged_buttons_show_nothing_of_others(town: Town, place: Place) -> None:
    sue, dana = place.phones["Sue"], place.phones["Dana"]
    week = MONDAY.toordinal()
    ahead = town.now.date().toordinal()
    async with town.serving():
        shown = await sue.writes("/report", "Week 16-22 Nov", "1 of 1 driven (100%)")
        for page_of in (ReportOf(week, 7), ReportOf(week, -1), ReportOf(week + 3, 0)):
            assert (await sue.press_data(shown, page_of.pack()))["answered"]
        forged: list[Callback] = [ReportOf(ahead, 0), ReportFile(ahead), ReportOf(999_999, 0), ReportFile(999_999)]
        for callback in forged:
            assert (await sue.press_data(shown, callback.pack()))["text"] == "There is no such report."
        await sue.press_data(shown, ReportOf(-1, 0).pack())
        assert not [each for each in await sue.chat() if "North" in each["text"]]
        card = await dana.writes("/report", "That is for managers")
        for mine in (ReportOf(week, 0).pack(), ReportFile(week).pack()):
            await dana.press_data(card, mine)
        assert not [each for each in await dana.chat() if each.get("photo") or each.get("document")]
