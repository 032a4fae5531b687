"""What is read while drivers are awaited, on the phone and by SMS, in both languages (R8.2a to R8.6a)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from bot.callbacks.arrivals import AllHere, AnswerLate, HesHere, LeaveToOthers
from bot.callbacks.home import Home
from bot.callbacks.shifts import CannotCome, ComeLate, ImHere, RunLate
from bot.delivery.gsm7 import is_gsm7, segments
from bot.reader import LANGUAGES, Reader
from bot.screens import arrivals as screens
from bot.screens import driven, lost_shifts, shift_day, shift_texts
from bot.screens import shifts as shift_screens
from bot.screens.arrivals import HeldNow
from bot.screens.driven import DrivenNow
from bot.screens.lost_shifts import Missed
from bot.screens.screen import Screen
from bot.screens.shift_day import Answered, Returned
from bot.screens.shifts import ShiftNow
from bot.wording import Words
from domain.db.models.words import AssignmentStatus, CancelReason, HoldCause, IncidentKind
from domain.notices.facts.arrivals import (
    ArrivalsHeld,
    ArrivedLate,
    DriverLate,
    LateAnswered,
    MissingListed,
    NotCheckedIn,
    ShiftMissed,
)
from domain.notices.facts.shifts import ShiftReturned
from domain.notices.wording import Notice
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts.checking import Expected, HeldCard, MissingCard, Whereabouts
from domain.shifts.coming import LateComer, MissedShift
from domain.shifts.driven import Driven
from domain.shifts.late import LateCard
from domain.shifts.queries import OwnShift
from domain.shifts.rules import Late
from domain.shifts.rules_of_parcels import Count
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html

ZONE, POLICY = ZoneInfo("America/Toronto"), Policy()
COMPANY, WAREHOUSE = "Trillium Parcel", "Montréal-Est"
ON = date(2026, 2, 18)
START = datetime(2026, 2, 18, 7, tzinfo=ZONE)
NINE = START + timedelta(hours=2)
MINUTE = timedelta(minutes=1)
READERS = pytest.mark.parametrize("reader", [Reader(each, ZONE) for each in LANGUAGES], ids=LANGUAGES)
ME, PHONE = "Geneviève Bélanger", "+14165550142"


def a_shift(**values: Any) -> OwnShift:
    base: dict[str, Any] = dict.fromkeys(OwnShift.__dataclass_fields__)
    base |= {"assignment_id": uuid4(), "route": "R12", "warehouse": WAREHOUSE, "address": "1200 Steeles Ave W"}
    base |= {"on": ON, "starts_at": START, "arrive_by": NINE, "confirm_by": NINE, "confirmed": True}
    base |= {"status": AssignmentStatus.SCHEDULED, "late_until": NINE - 15 * MINUTE}
    return OwnShift(**base | values)


def expected(name: str = ME, where: Whereabouts = Whereabouts.AWAITED, **values: Any) -> Expected:
    base: dict[str, Any] = {"assignment_id": uuid4(), "driver": name, "phone": PHONE, "route": "R12"}
    return Expected(**base | {"arrive_by": NINE, "late": False, "whereabouts": where} | values)


def a_list(*people: Expected) -> MissingCard:
    return MissingCard(WAREHOUSE, ON, NINE, people or (expected(),))


def a_hold(*people: Expected, **values: Any) -> HeldCard:
    base: dict[str, Any] = {"hold_id": uuid4(), "warehouse": WAREHOUSE, "on": ON, "cause": HoldCause.MANY}
    return HeldCard(**base | {"until": NINE + 30 * MINUTE, "released_by": None, "people": people} | values)


def a_late_card(**values: Any) -> LateCard:
    base: dict[str, Any] = {"assignment_id": uuid4(), "route": "R12", "warehouse": WAREHOUSE, "on": ON, "driver": ME}
    base |= {"phone": PHONE, "status": AssignmentStatus.SCHEDULED, "due_at": NINE, "arrive_by": NINE + 30 * MINUTE}
    base |= {"arrived_at": None, "minutes": 40, "granted": 30 * MINUTE, "decided_by": None}
    return LateCard(**base | values)


ARRIVED = ArrivedLate("R12", WAREHOUSE, ON, START, ME, PHONE, NINE + 10 * MINUTE)
MISSED = ShiftMissed("R12", WAREHOUSE, ON, START, NINE, True)


def came(**values: Any) -> LateComer:
    base: dict[str, Any] = {"notice": ARRIVED, "assignment_id": uuid4(), "restored": False, "taken_by": None}
    return LateComer(**base | {"open": True} | values)


def read(screen: Screen) -> str:
    """What Telegram shows of it, within its limits."""
    text, _ = parse_html(screen.html)
    buttons = [button for row in screen.keyboard for button in row]
    assert 0 < units(text) <= 4096 and len(buttons) <= 100 and all(button.text for button in buttons)
    return text


def leads_to(screen: Screen) -> list[type]:
    return [type(button.to) for row in screen.keyboard for button in row]


# -- the driver's buttons


@READERS
def test_r8_5_running_late_is_offered_while_it_can_be_said(reader: Reader) -> None:
    shift = a_shift()

    def buttons(now: datetime, of: OwnShift = shift) -> list[type]:
        rows = shift_screens.steps(of, ON, now, reader)
        return [type(button.to) for row in rows for button in row if not isinstance(button.to, str)]

    assert buttons(NINE - 15 * MINUTE) == [ImHere, RunLate, CannotCome]
    assert buttons(NINE - 15 * MINUTE + timedelta(seconds=1)) == [ImHere, CannotCome]
    assert buttons(NINE) == [ComeLate]
    said = a_shift(late=Late(NINE, 30 * MINUTE, False), late_until=None, arrive_by=NINE + 30 * MINUTE)
    assert buttons(NINE - 20 * MINUTE, said) == [ImHere, CannotCome], "once for each shift"
    assert buttons(NINE - 20 * MINUTE, a_shift(confirmed=False))[1:] == [CannotCome]
    tomorrow = a_shift(on=ON + timedelta(days=1))
    assert buttons(NINE, tomorrow) == [CannotCome]
    assert reader.time(said.arrive_by) in shift_screens.lines(said, reader)


@READERS
def test_r8_2a_not_checked_in_becomes_the_next_step(reader: Reader) -> None:
    now = NINE - 30 * MINUTE
    asked = shift_day.not_checked_in(ShiftNow(a_shift(), now), reader)
    assert leads_to(asked)[:3] == [ImHere, RunLate, CannotCome] and reader.time(NINE) in read(asked)
    here = shift_day.not_checked_in(ShiftNow(a_shift(status=AssignmentStatus.ACTIVE), now), reader)
    assert read(here) != read(asked) and ImHere not in leads_to(here)


@READERS
@pytest.mark.parametrize("stands", MissedShift)
def test_r8_6_missed_offers_here_late_only_while_it_helps(reader: Reader, stands: MissedShift) -> None:
    screen = lost_shifts.missed(Missed(MISSED, uuid4(), stands), reader)
    assert WAREHOUSE in read(screen)
    assert leads_to(screen) == ([ComeLate] if stands is MissedShift.OPEN else [Home])


@READERS
def test_r8_5_r8_6_answers_show_what_comes_next(reader: Reader) -> None:
    for granted in (0, 60):
        facts = Answered(LateAnswered("R12", WAREHOUSE, ON, START, NINE, granted), a_shift(), NINE - MINUTE)
        assert ImHere in leads_to(shift_day.late_answered(facts, reader))
    again = Returned(ShiftReturned("R12", WAREHOUSE, ON, START, True), a_shift(status=AssignmentStatus.ACTIVE), NINE)
    assert leads_to(shift_day.returned(again, reader))
    assert read(shift_day.returned(Returned(ShiftReturned("R12", WAREHOUSE, ON, START, False), None, NINE), reader))


# -- the managers' lists


@READERS
def test_r8_2a_who_is_awaited_comes_first_with_a_button_and_a_phone(reader: Reader) -> None:
    here, gone = expected("Ana", Whereabouts.HERE), expected("Ben", Whereabouts.GONE)
    late = expected("Cleo", late=True, arrive_by=NINE + 30 * MINUTE)
    screen = screens.missing_list(a_list(here, gone, late), reader)
    text = read(screen)
    assert text.index("Cleo") < text.index("Ana") < text.index("Ben")
    assert text.count(PHONE) == 1 and reader.time(NINE + 30 * MINUTE) in text
    assert leads_to(screen)[0] is HesHere and leads_to(screen).count(HesHere) == 1
    nobody = screens.missing_list(a_list(here, gone), reader)
    assert HesHere not in leads_to(nobody) and "👍" in read(nobody)


@READERS
def test_however_many_are_missing_the_list_fits(reader: Reader) -> None:
    many = [expected("<b>&🚚é" * 60, route="<i>" * 99, assignment_id=UUID(int=n)) for n in range(300)]
    for screen in (
        screens.missing_list(a_list(*many), reader),
        screens.held_list(HeldNow(a_hold(*many), NINE), reader),
    ):
        read(screen)
    ordinary = [expected(f"{ME} {n}") for n in range(300)]
    text = read(screens.missing_list(a_list(*ordinary), reader))
    assert "270" in text, "how many more there are"


@READERS
def test_r8_6a_a_hold_is_ended_only_while_it_lasts(reader: Reader) -> None:
    on = screens.held_list(HeldNow(a_hold(expected()), NINE), reader)
    assert leads_to(on)[0] is AllHere and reader.time(NINE + 30 * MINUTE) in read(on)
    over = screens.held_list(HeldNow(a_hold(expected()), NINE + 30 * MINUTE), reader)
    assert AllHere not in leads_to(over) and HesHere in leads_to(over)
    ended = screens.held_list(HeldNow(a_hold(expected(), released_by="Mona Test"), NINE), reader)
    assert AllHere not in leads_to(ended) and "Mona Test" in read(ended)
    outage = screens.held_list(HeldNow(a_hold(expected(), cause=HoldCause.OUTAGE), NINE), reader)
    assert read(outage) != read(on)


@READERS
@pytest.mark.parametrize("cause", HoldCause)
def test_r8_6a_once_it_has_ended_the_list_is_of_who_was_missing(reader: Reader, cause: HoldCause) -> None:
    blame = {"en": "nobody is to blame yet", "fr": "personne n’est donc encore en faute"}[reader.language]
    here, gone = expected("Ana", Whereabouts.HERE), expected("Ben", Whereabouts.GONE)
    assert blame in read(screens.held_list(HeldNow(a_hold(expected(), cause=cause), NINE), reader))
    said = read(screens.held_list(HeldNow(a_hold(here, gone, released_by="Priya Raman", cause=cause), NINE), reader))
    were = {"en": "1 driver was missing at", "fr": "Il manquait 1 chauffeur à"}[reader.language]
    assert were in said and "Priya Raman" in said and "⚪ Ben" in said and blame not in said
    over = read(screens.held_list(HeldNow(a_hold(here, gone, cause=cause), NINE + 30 * MINUTE), reader))
    assert were in over and reader.time(NINE + 30 * MINUTE) in over and blame not in over
    for all_here in (a_hold(here, cause=cause), a_hold(here, released_by="Priya Raman", cause=cause)):
        there = read(screens.held_list(HeldNow(all_here, NINE), reader))
        assert "👍" in there and "✅ Ana" in there and "0" not in there.splitlines()[0] and blame not in there


@READERS
def test_r8_5_the_manager_refuses_or_gives_more(reader: Reader) -> None:
    def minutes(card: LateCard) -> list[int]:
        rows = screens.running_late(card, POLICY, reader).keyboard
        return [button.to.minutes for row in rows for button in row if isinstance(button.to, AnswerLate)]

    card = a_late_card()
    text = read(screens.running_late(card, POLICY, reader))
    assert PHONE in text and "40" in text and reader.time(NINE + 30 * MINUTE) in text
    assert minutes(card) == [60, 90, 0]
    assert minutes(replace(card, granted=60 * MINUTE, decided_by="Mona")) == [90, 0]
    refused = replace(card, granted=timedelta(), decided_by="Mona Test")
    assert minutes(refused) == [60, 90] and "Mona Test" in read(screens.running_late(refused, POLICY, reader))
    for over in (replace(card, arrived_at=NINE), replace(card, status=AssignmentStatus.CANCELLED)):
        assert minutes(over) == [] and read(screens.running_late(over, POLICY, reader))


@READERS
def test_r8_6_restoring_is_offered_while_nobody_has_accepted(reader: Reader) -> None:
    assert leads_to(screens.arrived_late(came(), reader))[:2] == [HesHere, LeaveToOthers]
    for over in (came(restored=True, open=False), came(taken_by="Ben Test", open=False), came(open=False)):
        assert HesHere not in leads_to(screens.arrived_late(over, reader))
    assert "Ben Test" in read(screens.arrived_late(came(taken_by="Ben Test"), reader))


@READERS
def test_every_refusal_fits_over_the_chat(reader: Reader) -> None:
    for why in Refusal:
        assert 0 < units(screens.refusal(Refused(why), reader)) <= 200
        assert 0 < units(shift_screens.refusal(Refused(why), reader)) <= 200


@READERS
@pytest.mark.parametrize(
    ("status", "incident", "at", "leads"),
    [
        (AssignmentStatus.SCHEDULED, None, NINE - MINUTE, ImHere),
        (AssignmentStatus.SCHEDULED, None, NINE, HesHere),
        (AssignmentStatus.CANCELLED, IncidentKind.NO_SHOW, NINE, HesHere),
        (AssignmentStatus.CANCELLED, IncidentKind.NO_SHOW, NINE + timedelta(days=1), None),
        (AssignmentStatus.CANCELLED, IncidentKind.LATE_CANCEL, NINE, None),
    ],
)
def test_r8_9_a_shift_s_card_says_that_he_is_here(
    reader: Reader, status: AssignmentStatus, incident: IncidentKind | None, at: datetime, leads: type | None
) -> None:
    shift = a_shift(status=status)
    facts = Driven(shift, uuid4(), ME, PHONE, None, None, None, incident, False, False, None)
    there = {ImHere, HesHere} & set(leads_to(driven.card(DrivenNow(facts, at, START - timedelta(hours=2)), reader)))
    assert there == ({leads} if leads else set())


@READERS
def test_r8_9_a_note_says_whose_words_it_is_in(reader: Reader) -> None:
    gone = a_shift(status=AssignmentStatus.CANCELLED)

    def shown(noted_by: str | None) -> str:
        facts = Driven(gone, uuid4(), ME, PHONE, CancelReason.OTHER, "told me", noted_by, None, False, False, None)
        return read(driven.card(DrivenNow(facts, NINE, START), reader))

    own = {"en": "In the driver's words: told me", "fr": "Dans les mots du chauffeur\u00a0: told me"}
    noted = {"en": "Noted by Mona Test, by phone: told me", "fr": "Noté par Mona Test, au téléphone\u00a0: told me"}
    assert own[reader.language] in shown(None) and "Mona" not in shown(None)
    assert noted[reader.language] in shown("Mona Test") and own[reader.language] not in shown("Mona Test")


# -- in the inbox, and by SMS

NOTICES: list[Notice] = [
    NotCheckedIn("R12", WAREHOUSE, ON, START, NINE),
    MissingListed(WAREHOUSE, ON, START, NINE, (ME,) * 7),
    ArrivalsHeld(WAREHOUSE, ON, START, NINE, (ME,)),
    DriverLate("R12", WAREHOUSE, ON, START, ME, PHONE, NINE, NINE, 15),
    LateAnswered("R12", WAREHOUSE, ON, START, NINE, 60),
    LateAnswered("R12", WAREHOUSE, ON, START, NINE, 0),
    ARRIVED,
    ShiftReturned("R12", WAREHOUSE, ON, START, True),
    ShiftReturned("R12", WAREHOUSE, ON, START, False),
]


def test_r11_1_worded_in_both_languages() -> None:
    for notice in NOTICES:
        english, french = (Words(ZONE)(notice, language) for language in ("en", "fr"))
        assert english.title != french.title and english.body != french.body and "{" not in f"{english}{french}"


Text = Callable[[Reader], str]
SMS: dict[str, Text] = {
    "not checked in": lambda reader: shift_texts.not_checked_in(a_shift(), COMPANY, reader),
    "missed": lambda reader: shift_texts.missed(MISSED, COMPANY, reader),
    "extended": lambda reader: shift_texts.late_answered(
        LateAnswered("R12", WAREHOUSE, ON, START, NINE, 60), a_shift(), COMPANY, reader
    ),
    "refused": lambda reader: shift_texts.late_answered(
        LateAnswered("R12", WAREHOUSE, ON, START, NINE, 0), a_shift(), COMPANY, reader
    ),
    "restored": lambda reader: shift_texts.returned(ShiftReturned("R12", WAREHOUSE, ON, START, True), COMPANY, reader),
    "not restored": lambda reader: shift_texts.returned(
        ShiftReturned("R12", WAREHOUSE, ON, START, False), COMPANY, reader
    ),
    "list of one": lambda reader: shift_texts.missing_list(a_list(), COMPANY, reader),
    "list": lambda reader: shift_texts.missing_list(a_list(*[expected() for _ in range(9)]), COMPANY, reader),
    "hold": lambda reader: shift_texts.held_list(a_hold(*[expected() for _ in range(9)]), COMPANY, reader),
    "late": lambda reader: shift_texts.running_late(a_late_card(), COMPANY, reader),
    "came": lambda reader: shift_texts.arrived_late(ARRIVED, COMPANY, reader),
    "noted": lambda reader: shift_texts.is_late(a_shift(), COMPANY, reader),
    "noted again": lambda reader: shift_texts.is_late(a_shift(), COMPANY, reader, again=True),
    "why": lambda reader: shift_texts.why(a_shift(), NINE, COMPANY, reader),
    "cancelled": lambda reader: shift_texts.cancelled(a_shift(), COMPANY, reader),
    "told": lambda reader: shift_texts.told_late(COMPANY, reader),
    "gone": lambda reader: shift_texts.gone_to_another(COMPANY, reader),
    "loaded": lambda reader: shift_texts.cant_be(a_shift(), Count.LOADED, POLICY, COMPANY, reader),
    "back": lambda reader: shift_texts.cant_be(a_shift(), Count.BROUGHT_BACK, POLICY, COMPANY, reader),
    "several": lambda reader: shift_texts.several_today(COMPANY, reader),
}
LONGER = {("why", "fr")}  # its seven reasons don't fit


@READERS
@pytest.mark.parametrize("name", SMS)
def test_r11_5_plain_the_company_named_one_segment_where_possible(reader: Reader, name: str) -> None:
    text = SMS[name](reader)
    assert is_gsm7(text) and COMPANY in text and "{" not in text
    assert segments(text) == (2 if (name, reader.language) in LONGER else 1), (len(text), text)


def test_r11_6_the_reasons_are_numbered_as_the_model_has_them() -> None:
    assert [reason.value for reason in shift_texts.REASONS] == [
        "vehicle_breakdown",
        "medical_emergency",
        "family_emergency",
        "traffic_accident",
        "weather_conditions",
        "personal_emergency",
        "other",
    ]
