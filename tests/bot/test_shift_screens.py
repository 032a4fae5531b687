"""What a driver reads of his shifts: the next step is the first button, and the hours are right (R4, R8, PRODUCT)."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.callbacks.home import Home
from bot.callbacks.shifts import ComeLate, ConfirmAll, EnterParcels, ImHere, Keypad, MustStop, Schedule
from bot.reader import Reader
from bot.screens import cancelling, parcels, weeks
from bot.screens import home as home_screens
from bot.screens import shifts as screens
from bot.screens.home import DriverHome
from bot.screens.left import Cancelled, route_cancelled
from bot.screens.screen import Button, Screen
from bot.screens.shifts import ShiftNow
from bot.screens.weeks import Week
from domain.db.models.words import AssignmentStatus, BidWindowMode, CancelReason, IncidentKind
from domain.notices.facts.health import PoolLost
from domain.notices.facts.routes import RouteCancelled
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from domain.shifts.leaving import Consequence
from domain.shifts.queries import OwnShift
from domain.shifts.rules_of_parcels import Count
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html

ON, START = date(2026, 11, 25), datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR, SHIFT = timedelta(hours=1), uuid.uuid4()
EN, FR = Reader("en", TORONTO), Reader("fr", TORONTO)
READERS = pytest.mark.parametrize("reader", [EN, FR], ids=["en", "fr"])
HOME = Button("🏠", Home())
LONG = "<b>&🚚é" * 60
LATE_AND_STOPS = Consequence(IncidentKind.LATE_CANCEL, stops=PoolLost(2, 30))
ACTIVE, COMPLETED = AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED


def a_shift(**values: Any) -> OwnShift:
    base: dict[str, Any] = {
        "assignment_id": uuid.uuid4(),
        "route": "R12",
        "warehouse": "North",
        "address": "1 Steeles Ave",
        "on": ON,
        "starts_at": START,
        "arrive_by": START + 2 * HOUR,
        "confirm_by": START - 48 * HOUR,
        "status": AssignmentStatus.SCHEDULED,
        "confirmed": True,
        "arrived_at": None,
        "parcels_start": None,
        "parcels_returned": None,
        "completed_at": None,
        "editable_until": None,
    }
    return OwnShift(**base | values)


def done(**values: Any) -> OwnShift:
    numbers = {"parcels_start": 120, "parcels_returned": 6, "editable_until": START + 9 * HOUR}
    return a_shift(status=COMPLETED, **numbers | values)


def read(screen: Screen) -> str:
    text = parse_html(screen.html).text
    assert units(text) <= 4096
    return text


def labels(screen: Screen) -> list[str]:
    return [button.text for row in screen.keyboard for button in row]


@pytest.mark.parametrize(
    ("shift", "says", "first"),
    [
        (a_shift(confirmed=False), "Next: confirm by Mon 23 Nov 07:00", "✅ Confirm Wed 25 Nov"),
        (a_shift(), "Next: be at 1 Steeles Ave by 09:00", "✅ I'm here"),
        (a_shift(on=date(2026, 11, 26)), "Next: be at", "I can't make it"),
        (a_shift(status=ACTIVE), "how many parcels have you loaded?", "📦 Parcels loaded"),
        (a_shift(status=ACTIVE, parcels_start=120), "120 parcels loaded", "↩️ Parcels brought back"),
        (done(), "114 of 120 parcels delivered", "✏️ Fix the numbers"),
        (done(editable_until=START - HOUR), "114 of 120 parcels delivered", "‹ My shifts"),
    ],
)
def test_the_next_step_is_the_first_button(shift: OwnShift, says: str, first: str) -> None:
    card = screens.card(ShiftNow(shift, START), EN)
    assert says in read(card)
    assert labels(card)[0] == first


@READERS
def test_on_the_home_card_the_step_of_today_comes_before_all_else(reader: Reader) -> None:
    today = a_shift(status=ACTIVE)
    facts = DriverHome("Dana", START, ON, 0, (today, a_shift(on=date(2026, 11, 26))), 2, ())
    shown = home_screens.home(facts, reader)
    assert labels(shown)[0].startswith("📦")
    assert "R12" in read(shown)


THURSDAY, TOMORROW = date(2026, 11, 26), START + 24 * HOUR


@READERS
@pytest.mark.parametrize("hour", [-7, -1, 3], ids=["after midnight", "at 6", "at 10"])
@pytest.mark.parametrize("loaded", [None, 120])
def test_a_shift_that_was_never_finished_does_not_hide_todays(reader: Reader, hour: int, loaded: int | None) -> None:
    """Today's comes first, with its step; yesterday's stands below it, with its date and the way to finish it."""
    yesterday = a_shift(status=ACTIVE, parcels_start=loaded)
    terms = {"starts_at": TOMORROW, "arrive_by": TOMORROW + 2 * HOUR}
    today = a_shift(on=THURSDAY, route="R7", **terms)
    now = TOMORROW + hour * HOUR
    shown = home_screens.home(DriverHome("Dana", now, THURSDAY, 0, (yesterday, today), 0, ()), reader)
    text, first = read(shown), shown.keyboard[0][0]
    assert first.to == (ComeLate if hour > 2 else ImHere)(today.assignment_id)
    assert text.index("R7") < text.index(f": {reader.day(ON)}") < text.index("R12")
    [finish] = [row for row in shown.keyboard if reader.day(ON) in row[0].text]
    count = Count.LOADED if loaded is None else Count.BROUGHT_BACK
    assert [button.to for button in finish] == [Keypad(yesterday.assignment_id, count, 0)]
    labels_ = labels(shown)
    assert len(labels_) == len(set(labels_)), "each says of which shift it is"


@READERS
def test_without_one_today_what_was_not_finished_is_the_next_step(reader: Reader) -> None:
    yesterday = a_shift(status=ACTIVE, parcels_start=120)
    shown = home_screens.home(DriverHome("Dana", TOMORROW, THURSDAY, 0, (yesterday,), 0, ()), reader)
    assert f": {reader.day(ON)}" in read(shown)
    assert shown.keyboard[0][0].to == Keypad(yesterday.assignment_id, Count.BROUGHT_BACK, 0)
    assert MustStop(yesterday.assignment_id) in [button.to for row in shown.keyboard for button in row]


def test_the_way_back_leads_to_the_week_of_the_shift() -> None:
    for on, number in ((date(2026, 11, 22), -1), (date(2026, 11, 23), 0), (date(2026, 11, 29), 0), (ON, 0)):
        [back] = screens.card(ShiftNow(a_shift(on=on), START), EN).keyboard[-1]
        assert back.to == Schedule(number)
    later = screens.card(ShiftNow(a_shift(on=date(2026, 12, 7)), START), EN)
    assert later.keyboard[-1][0].to == Schedule(2)


# -- weeks


@READERS
def test_a_week_says_of_each_shift_how_it_stands(reader: Reader) -> None:
    shifts = (done(), a_shift(confirmed=False, on=date(2026, 11, 27)), a_shift(on=date(2026, 11, 28)))
    [title, *listed] = read(weeks.week(Week(date(2026, 11, 23), 0, shifts, 1), ON, HOME, reader)).splitlines()
    assert "23" in title and "29" in title
    assert [line[0] for line in listed] == ["🏁", "❔", "✓"]
    assert "114" in listed[0] and "120" in listed[0]
    assert "(" in listed[1] and "(" not in listed[2]


@READERS
def test_a_week_of_another_year_says_which(reader: Reader) -> None:
    def title(monday: date) -> str:
        return read(weeks.week(Week(monday, 0, (), 0), ON, HOME, reader)).splitlines()[0]

    assert title(date(2025, 12, 1)).count("2025") == 2
    assert "2026" not in title(date(2026, 11, 23))
    assert "2026" not in title(date(2026, 12, 28)) and title(date(2026, 12, 28)).count("2027") == 1


def test_r4_1_only_what_can_be_confirmed_asks_for_it() -> None:
    """Another program may have completed a shift that was never confirmed."""
    shown = read(
        weeks.week(Week(date(2026, 11, 23), 0, (a_shift(status=COMPLETED, confirmed=False),), 0), ON, HOME, EN)
    )
    assert "confirm" not in shown
    whole = weeks.week(Week(date(2026, 11, 23), 0, (a_shift(confirmed=False),), 1), ON, HOME, EN)
    monday, sunday = date(2026, 11, 23), date(2026, 11, 29)
    assert whole.keyboard[0][0].to == ConfirmAll(monday.toordinal(), sunday.toordinal())


@READERS
def test_r4_1_however_many_wait_they_can_be_confirmed_at_once(reader: Reader) -> None:
    names = {"route": LONG, "warehouse": LONG, "address": LONG}
    days = [ON + timedelta(days=number) for number in range(60)]
    shifts = tuple(a_shift(on=on, confirmed=False, **names) for on in days)
    shown = weeks.to_confirm(shifts, HOME, reader)
    assert "45" in read(shown).splitlines()[-1]
    assert shown.keyboard[0][0].to == ConfirmAll(days[0].toordinal(), days[-1].toordinal())
    assert "60" in labels(shown)[0]
    assert len(shown.keyboard) == 17
    markup = shown.markup()
    assert markup is not None and len(markup.to_json()) <= 10_000


@READERS
def test_names_may_be_long_wherever_they_stand(reader: Reader) -> None:
    names = {"route": LONG, "warehouse": LONG, "address": LONG}
    week = tuple(a_shift(on=date(2026, 11, 23) + timedelta(days=day), confirmed=False, **names) for day in range(7))
    keep = cancelling.keep(week[0], reader)
    shown = [
        weeks.week(Week(date(2026, 11, 23), 0, week, 7), ON, HOME, reader),
        home_screens.home(DriverHome(LONG, START, ON, 99, week, 7, ()), reader),
        screens.card(ShiftNow(week[0], START), reader),
        parcels.keypad(replace(week[0], parcels_start=120), Count.BROUGHT_BACK, 0, 999, HOME, reader),
        cancelling.reasons(week[0], keep, reader),
        cancelling.consequence(week[0], CancelReason.OTHER, LATE_AND_STOPS, "🚚" * 500, keep, START, reader),
        route_cancelled(
            Cancelled(
                RouteCancelled(LONG, LONG, ON, START, LONG, CancelReason.OTHER, "🚚" * 500, True, None, SHIFT), None
            ),
            reader,
        ),
    ]
    for screen in shown:
        assert read(screen).strip()
        markup = screen.markup()
        assert markup is not None and len(markup.to_json()) <= 10_000


# -- the keypad


def presses(screen: Screen) -> dict[str, object]:
    return {button.text: button.to for row in screen.keyboard for button in row}


def test_r8_3_the_keypad_types_no_number_above_999() -> None:
    shift = a_shift(status=ACTIVE)
    keys = presses(parcels.keypad(shift, Count.LOADED, 12, 999, HOME, EN))
    assert keys["0"] == Keypad(shift.assignment_id, Count.LOADED, 120)
    assert keys["9"] == Keypad(shift.assignment_id, Count.LOADED, 129)
    assert keys["⌫"] == Keypad(shift.assignment_id, Count.LOADED, 1)
    assert keys["✓ 12"] == EnterParcels(shift.assignment_id, Count.LOADED, 12)
    full = presses(parcels.keypad(shift, Count.LOADED, 999, 999, HOME, EN))
    assert full["5"] == Keypad(shift.assignment_id, Count.LOADED, 999)
    assert {str(digit) for digit in range(10)} <= set(full)


def test_r8_3_everything_delivered_is_one_press_and_nothing_loaded_is_none() -> None:
    shift = a_shift(status=ACTIVE, parcels_start=120)
    back = parcels.keypad(shift, Count.BROUGHT_BACK, 0, 999, HOME, EN)
    assert back.keyboard[0][0].to == EnterParcels(shift.assignment_id, Count.BROUGHT_BACK, 0)
    assert "120" in read(back)
    loaded = presses(parcels.keypad(shift, Count.LOADED, 0, 999, HOME, EN))
    assert "All delivered: 0 brought back" not in loaded


# -- cancelling


@READERS
def test_r5_1_each_consequence_reads_differently(reader: Reader) -> None:
    kinds = (IncidentKind.EARLY_CANCEL, IncidentKind.LATE_CANCEL, IncidentKind.PROTECTED_ABSENCE)
    shift = a_shift()
    keep = cancelling.keep(shift, reader)
    before = START - timedelta(seconds=1)
    texts = {
        read(cancelling.consequence(shift, CancelReason.OTHER, Consequence(kind), None, keep, before, reader))
        for kind in kinds
    }
    assert len(texts) == 3
    assert all("48" in text for text in texts)
    late = Consequence(IncidentKind.LATE_CANCEL)
    noted = read(cancelling.consequence(shift, CancelReason.OTHER, late, "<i>flat</i> tyre", keep, before, reader))
    assert "<i>flat</i> tyre" in noted


@READERS
@pytest.mark.parametrize("who", [None, "Dana Test"])
@pytest.mark.parametrize("kind", [IncidentKind.LATE_CANCEL, IncidentKind.PROTECTED_ABSENCE])
def test_r5_2_what_has_begun_is_not_said_to_be_ahead(reader: Reader, kind: IncidentKind, who: str | None) -> None:
    shift = a_shift()
    keep = cancelling.keep(shift, reader, who)
    costs = Consequence(kind)
    text = read(cancelling.consequence(shift, CancelReason.WEATHER_CONDITIONS, costs, None, keep, START, reader, who))
    assert "48" not in text and ("It has begun" if reader is EN else "Le quart a commencé") in text
    assert who is None or kind is IncidentKind.LATE_CANCEL or who in text


STOPS = {
    (EN, None): "With it you get no new shifts until your manager has decided: 2 late cancellations within 30 days.",
    (EN, "Dana"): "With it Dana gets no new shifts until a manager has decided: 2 late cancellations within 30 days.",
    (
        FR,
        None,
    ): "Avec celle-ci, pas de nouveaux quarts avant la décision de votre gestionnaire\xa0: 2 annulations tardives en",
    (
        FR,
        "Dana",
    ): "Avec celle-ci, Dana n’aura pas de nouveaux quarts avant la décision d’un gestionnaire\xa0: 2 annulations",
}
PRACTICE = {
    (EN, None): "it costs you nothing: before Wed 9 Dec late cancellations are practice",
    (EN, "Dana"): "it costs Dana nothing: before Wed 9 Dec late cancellations are practice",
    (FR, None): "cela ne vous coûte rien\xa0: avant le mer. 9 déc., une annulation tardive sert à s’exercer",
    (FR, "Dana"): "cela ne coûte rien à Dana\xa0: avant le mer. 9 déc., une annulation tardive sert à s’exercer",
}


@pytest.mark.parametrize("now", [START - HOUR, START], ids=["ahead", "begun"])
@pytest.mark.parametrize("who", [None, "Dana"])
@READERS
def test_r5_1_what_a_late_cancellation_costs_is_said_before_the_last_button(
    reader: Reader, who: str | None, now: datetime
) -> None:
    """That this one stops him (R10.2), and that it does not count yet (R9.7)."""

    def says(costs: Consequence) -> str:
        return read(cancelling.consequence(a_shift(), CancelReason.OTHER, costs, None, HOME, now, reader, who))

    once = says(Consequence(IncidentKind.LATE_CANCEL))
    assert STOPS[reader, who] not in once and STOPS[reader, who] in says(LATE_AND_STOPS)
    begin = datetime(2026, 12, 9, tzinfo=TORONTO)
    practice = says(Consequence(IncidentKind.LATE_CANCEL, practice_until=begin))
    assert PRACTICE[reader, who] in practice
    assert "counts" not in practice and "compte" not in practice


@READERS
def test_r5_1_seven_reasons_and_a_way_out(reader: Reader) -> None:
    shift = a_shift()
    shown = labels(cancelling.reasons(shift, cancelling.keep(shift, reader), reader))
    assert len(set(shown)) == len(CancelReason) + 1 == 8


@READERS
@pytest.mark.parametrize("mode", [None, *BidWindowMode])
def test_r5_4_the_manager_reads_why(reader: Reader, mode: BidWindowMode | None) -> None:
    for reason in CancelReason:
        notice = RouteCancelled("R12", "North", ON, START, "Dana Test", reason, "<b>note</b>", True, mode, SHIFT)
        text = read(route_cancelled(Cancelled(notice, None), reader))
        assert "Dana Test" in text and "R12, North" in text and "<b>note</b>" in text
        assert reader.said(cancelling.reason(reason, reader), "<b>note</b>") in text


# -- refusals

OF_SHIFTS = (
    Refusal.NOT_FOUND,
    Refusal.NOT_CONFIRMABLE_YET,
    Refusal.TOO_LATE_TO_CONFIRM,
    Refusal.NOT_CONFIRMED,
    Refusal.NOT_TODAY,
    Refusal.TOO_EARLY,
    Refusal.ARRIVED_TOO_LATE,
    Refusal.NOT_ARRIVED,
    Refusal.ARRIVED_ALREADY,
    Refusal.NOT_LOADED,
    Refusal.COMPLETED_ALREADY,
    Refusal.NO_LONGER_EDITABLE,
    Refusal.BAD_PARCELS,
    Refusal.BAD_MINUTES,
    Refusal.SHIFT_GONE,
)


@READERS
def test_every_refusal_fits_over_the_chat(reader: Reader) -> None:
    texts = {why: screens.refusal(Refused(why), reader) for why in OF_SHIFTS}
    assert all(0 < units(text) <= 200 for text in texts.values())
    assert len(set(texts.values())) == len(OF_SHIFTS) - 1, "not found and gone read the same (R12.3)"
    assert texts[Refusal.NOT_FOUND] == texts[Refusal.SHIFT_GONE]


@READERS
def test_r8_8_what_a_refusal_tells_him_to_press_is_there(reader: Reader) -> None:
    """The text names the button: it is the first one below it."""
    shift = a_shift(status=ACTIVE)
    for why in (Refusal.ARRIVED_ALREADY, Refusal.BAD_MINUTES, Refusal.ARRIVED_TOO_LATE, Refusal.TOO_LATE_TO_SAY):
        shown = screens.not_done(Refused(why), shift, HOME, reader)
        named = [button.text.split(" ", 1)[-1] for button in shown.keyboard[0]]
        assert shown.keyboard[0][0].to != HOME.to and shown.keyboard[-1] == (HOME,)
        assert why is Refusal.BAD_MINUTES or named[0] in read(shown)
    assert screens.not_done(Refused(Refusal.NOT_LOADED), shift, HOME, reader).keyboard == ((HOME,),)


def test_french_is_not_english() -> None:
    for why in OF_SHIFTS:
        assert screens.refusal(Refused(why), EN) != screens.refusal(Refused(why), FR)
    for state in (a_shift(), a_shift(confirmed=False), a_shift(status=ACTIVE), done()):
        assert screens.lines(state, EN) != screens.lines(state, FR)


@pytest.mark.parametrize(("reader", "title"), [(EN, "Last call"), (FR, "Dernier rappel")])
def test_r4_2_a_last_call_says_that_it_is_one_and_what_follows(reader: Reader, title: str) -> None:
    shift = a_shift(confirmed=False)
    last, first = (weeks.remind_to_confirm(weeks.Waiting(shift, (shift,), each), reader) for each in (True, False))
    assert title in last.html and title not in first.html
    assert labels(last) == labels(first)
