"""R11.5: every SMS names the company and is one segment of GSM-7, in both languages, with ordinary names."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import alerts
from bot.delivery.gsm7 import is_gsm7, segments
from bot.reader import LANGUAGES, Reader, catalogue
from bot.screens import sms_answers, texts
from bot.screens.alerts import sentence as what_to_do
from bot.screens.notices import alert as alert_screen
from bot.screens.plain import plain
from bot.screens.sms_answers import Takeable
from bot.sms.words import Word
from bot.wording import Words
from domain.bidding.offers import Offer
from domain.coverage.windows import WindowCard
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus
from domain.notices.digest import Digest, Told
from domain.notices.facts.offers import BidLost, Lost, ShiftAssigned
from domain.notices.facts.people import FallbackGone, OperatorAlert, Written
from domain.notices.facts.routes import Cause, RouteCancelled, ShiftCancelled
from domain.people.queries import Fallback
from domain.refusals import Refusal
from domain.shifts.queries import OwnShift

ZONE = ZoneInfo("America/Toronto")
COMPANY = "Trillium Parcel"
BOT = Path(__file__).parents[2] / "bot"
ON = date(2026, 2, 18)  # `mer. 18 févr.`: a long one, with an accent
STARTS = datetime(2026, 2, 18, 7, tzinfo=ZONE)
AIM = 136  # characters, so that the opt-out line has room in the first


def an_offer(**values: Any) -> Offer:
    base: dict[str, Any] = {
        "window_id": uuid4(),
        "assignment_id": uuid4(),
        "route": "R12",
        "warehouse": "Montréal-Est",
        "address": "1200 Steeles Ave W",
        "on": ON,
        "starts_at": STARTS,
        "is_today": True,
        "arrive_by": STARTS + timedelta(hours=2, minutes=30),
        "arrive_within": timedelta(minutes=90),
        "hurries": False,
        "closes_at": STARTS + timedelta(hours=6),
        "bonus_percent": 20,
        "open": True,
        "taken": False,
        "mine": False,
        "by_hand": False,
        "declined": False,
        "busy": False,
        "mode": BidWindowMode.EMERGENCY,
        "asked": True,
        "bid": None,
        "bids": 0,
    }
    return Offer(**(base | values))


def lost(reader: Reader, **how: Any) -> str:
    return sms_answers.not_taken(Refusal.TAKEN, an_offer(taken=True, **how), COMPANY, reader)


def an_assignment() -> ShiftAssigned:
    by = STARTS + timedelta(hours=2)
    return ShiftAssigned("R12", "Montréal-Est", ON, STARTS, by, by, False, "Geneviève Bélanger")


def a_shift(*, confirmed: bool = True) -> OwnShift:
    by = STARTS + timedelta(hours=2)
    place = ("R12", "Montréal-Est", "1200 Steeles Ave W")
    nothing_yet = (None, None, None, None, None)
    return OwnShift(uuid4(), *place, ON, STARTS, by, by, AssignmentStatus.SCHEDULED, confirmed, *nothing_yet)


def at_work(status: AssignmentStatus, *, editable_for: timedelta | None = None, **counts: Any) -> OwnShift:
    return replace(a_shift(), status=status, editable_until=STARTS + editable_for if editable_for else None, **counts)


DONE: dict[str, Any] = {"parcels_start": 142, "parcels_returned": 4}


def a_card() -> WindowCard:
    values: dict[str, Any] = dict.fromkeys(WindowCard.__dataclass_fields__)
    values |= {"route": "R12", "warehouse": "Montréal-Est", "on": ON, "status": BidWindowStatus.CLOSED}
    return WindowCard(**values)


def told(count: int, language: str) -> tuple[Told, ...]:
    words = Words(ZONE)(FallbackGone("Geneviève Bélanger", False), language)
    return (Told(words.title, words.body),) * count


def a_cancellation(mode: str | None) -> RouteCancelled:
    return RouteCancelled(
        "R12", "Montréal-Est", ON, STARTS, "Geneviève Bélanger", "other", "a note", True, mode, uuid4()
    )


Text = Callable[[Reader], str]
SMS: dict[str, Text] = {
    "offer": lambda reader: texts.offer(an_offer(), "K7Q", COMPANY, reader),
    "won": lambda reader: texts.won(an_offer(mine=True), COMPANY, reader),
    "won later": lambda reader: texts.won(a_shift(), COMPANY, reader),
    "won late": lambda reader: texts.won(a_shift(), COMPANY, reader, back_until=STARTS),
    "assigned": lambda reader: texts.assigned(an_assignment(), a_shift(confirmed=False), "K7Q", COMPANY, reader),
    "assigned, who had bid": lambda reader: texts.assigned(an_assignment(), a_shift(), "K7Q", COMPANY, reader),
    "assigned, and gone": lambda reader: texts.assigned(an_assignment(), None, "K7Q", COMPANY, reader),
    "route_unfilled": lambda reader: texts.route_unfilled(a_card(), COMPANY, reader),
    "route_cancelled": lambda reader: texts.route_cancelled(a_cancellation("instant"), COMPANY, reader),
    "route_cancelled, over": lambda reader: texts.route_cancelled(a_cancellation(None), COMPANY, reader),
    "fallback_gone": lambda reader: texts.fallback_gone(Fallback("Geneviève Bélanger", True, False), COMPANY, reader),
    "alert": lambda reader: texts.alert(OperatorAlert("twilio", "code 21606"), COMPANY, reader),
    "manual": lambda reader: texts.written(Written("Nadia Haddad", "Call me please."), False, COMPANY, reader),
    "digest of one": lambda reader: texts.digest(Digest(told(1, reader.language), True), COMPANY, reader),
    "digest": lambda reader: texts.digest(Digest(told(2, reader.language), False), COMPANY, reader),
    "don't travel": lambda reader: texts.dont_travel(
        ShiftCancelled("R12", "Montréal-Est", ON, STARTS, Cause.CLOSED), COMPANY, reader
    ),
    "bid lost": lambda reader: texts.bid_lost(BidLost("R12", "Montréal-Est", ON, STARTS, Lost.TAKEN), COMPANY, reader),
    "bid off": lambda reader: texts.bid_lost(BidLost("R12", "Montréal-Est", ON, STARTS, Lost.CLOSED), COMPANY, reader),
    "holiday": lambda reader: texts.holiday(date(2026, 10, 12), COMPANY, reader),
    "already": lambda reader: sms_answers.already_yours(an_offer(mine=True), COMPANY, reader),
    "none open": lambda reader: sms_answers.none_open(COMPANY, reader),
    "wrong code": lambda reader: sms_answers.wrong_code([], COMPANY, reader),
    "wrong code, one open": lambda reader: sms_answers.wrong_code([Takeable(an_offer(), "K7Q")], COMPANY, reader),
    **{
        name: partial(sms_answers.standing, shift, STARTS, COMPANY)
        for name, shift in {
            "there": at_work(AssignmentStatus.ACTIVE),
            "loaded": at_work(AssignmentStatus.ACTIVE, parcels_start=142),
            "done": at_work(AssignmentStatus.COMPLETED, editable_for=timedelta(hours=1), **DONE),
            "done long ago": at_work(AssignmentStatus.COMPLETED, editable_for=timedelta(seconds=-1), **DONE),
            "done by another program": at_work(AssignmentStatus.COMPLETED),
        }.items()
    },
    "ok": lambda reader: sms_answers.noted(COMPANY, reader),
    "help": lambda reader: sms_answers.help_(True, COMPANY, reader),
    "help for managers": lambda reader: sms_answers.help_(False, COMPANY, reader),
    "unknown": lambda reader: sms_answers.not_understood(True, COMPANY, reader),
    **{f"sentence with {word}": partial(sms_answers.not_understood, True, COMPANY, begun=word) for word in Word},
    "unknown from a manager": lambda reader: sms_answers.not_understood(False, COMPANY, reader),
    "opted out": lambda reader: sms_answers.opted_out(COMPANY, reader),
    "failed": lambda reader: sms_answers.failed("K3MWZ7QA", COMPANY, reader),
    **{f"not taken: {why}": partial(sms_answers.not_taken, why, None, COMPANY) for why in Refusal},
    "taken by bids": lambda reader: lost(reader, mode=BidWindowMode.COMPETITIVE),
    "given by hand": lambda reader: lost(reader, by_hand=True),
    "taken by who was quicker": lambda reader: lost(reader),
}
FIRST = (
    "don't travel",
    "offer",
    "won later",
    "route_unfilled",
    "fallback_gone",
    "manual",
)  # what may be a person's first SMS
LONG = "The yard is closed until noon, " * 9
CUT: dict[str, Callable[[Reader, str], str]] = {  # to what one segment holds, together with what comes behind
    "won": lambda reader, behind: texts.won(
        an_offer(address="12000 boulevard de la Côte-Vertu Ouest, bureau 1400, Saint-Laurent"), COMPANY, reader, behind
    ),
    "alert": lambda reader, behind: texts.alert(OperatorAlert("twilio", LONG), COMPANY, reader, behind),
    "manual": lambda reader, behind: texts.written(Written("Nadia Haddad", LONG), True, COMPANY, reader, behind),
    "digest of one": lambda reader, behind: texts.digest(Digest((Told(LONG, LONG),), True), COMPANY, reader, behind),
    "digest": lambda reader, behind: texts.digest(Digest(told(9, reader.language), True), COMPANY, reader, behind),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", SMS.values(), ids=SMS.keys())
def test_r11_5_one_segment_of_gsm_7_that_names_the_company(text: Text, language: str) -> None:
    said = text(Reader(language, ZONE))
    assert is_gsm7(said), set(filter(lambda sign: not is_gsm7(sign), said))
    assert segments(said) == 1, (len(said), said)
    assert said.startswith(COMPANY)
    assert "{" not in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FIRST)
def test_r11_5_the_first_one_has_room_for_the_opt_out_line(name: str, language: str) -> None:
    reader = Reader(language, ZONE)
    said = SMS[name](reader)
    assert len(said) <= AIM, said
    assert segments(f"{said} {reader.gettext('Reply STOP to opt out.')}") == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CUT)
def test_r11_5_what_is_cut_leaves_room_for_the_opt_out_line(name: str, language: str) -> None:
    reader = Reader(language, ZONE)
    opt_out = " " + reader.gettext("Reply STOP to opt out.")
    first, later = CUT[name](reader, opt_out), CUT[name](reader, "")
    assert (segments(first + opt_out), segments(later)) == (1, 1)
    assert len(first) <= len(later)


def test_r11_5_a_short_address_is_given_whole_and_a_long_one_as_far_as_it_leads_there() -> None:
    reader, long = Reader("en", ZONE), "12000 boulevard de la Côte-Vertu Ouest, bureau 1400, Saint-Laurent, Québec"
    assert "Be at 1200 Steeles Ave W by" in texts.won(an_offer(mine=True), COMPANY, reader)
    cut = texts.won(an_offer(address=long), COMPANY, reader, " Reply STOP to opt out.")
    assert re.search(r"Be at 12000 boulevard de la Cote-Vertu.*\.\.\. by 09:30", cut)
    crowded = an_offer(address=long, route="R" * 40, warehouse="W" * 40)
    assert plain(long) in texts.won(crowded, COMPANY, reader), "with names of that length it takes two anyway"


ALERTS = (
    *("telegram", "twilio", "twilio for some numbers", "carriers take no SMS"),
    *("sms budget at 80 %", "sms budget used up", "no manager to tell", "roster not made"),
    "an owner's number",
)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_in_the_owners_language_what_to_do(name: str) -> None:
    facts, said = OperatorAlert(name, "code 21606"), set[str]()
    for language in LANGUAGES:
        reader = Reader(language, ZONE)
        sentence = what_to_do(name, reader)
        said.add(sentence)
        assert sentence.endswith(".") and sentence != name
        assert sentence in unescape(alert_screen(facts, reader).html)
        assert Words(ZONE)(facts, language).body == f"{sentence} (code 21606)"
        assert plain(sentence) in texts.alert(facts, "Rollcall", reader)
    assert len(said) == len(LANGUAGES)


def test_every_alert_that_is_raised_has_its_words() -> None:
    """By the names in the code, up to what is filled in."""
    code = "".join(path.read_text() for path in BOT.rglob("*.py"))
    literal = re.findall(r'raise_alert\(mail, f"([^:{]+)', code)
    constant = [getattr(alerts, name) for name in re.findall(r"raise_\w+\(\w+, alerts\.(\w+)", code)]
    raised = {*literal, *constant, alerts.NO_MANAGER, alerts.NO_ROSTER, alerts.OWNERS}
    assert len(raised) == len(ALERTS)
    assert all(any(known.startswith(name.strip()) for known in ALERTS) for name in raised)


def test_r11_5_french_texts_are_french() -> None:
    english, french = (Reader(language, ZONE) for language in ("en", "fr"))
    for name, text in SMS.items():
        if not name.startswith("digest"):
            assert text(english) != text(french), name
        assert " :" not in text(french), "a colon stands by its word, as there is no no-break space to keep it there"
    offer = texts.offer(an_offer(), "K7Q", COMPANY, french)
    assert "Répondez PRENDRE K7Q." in offer
    assert "mer. 18 févr. 7 h, +20 %" in offer
    assert catalogue("fr").gettext("TAKE") == "PRENDRE"


def test_r11_6_the_offer_tells_how_to_take_it() -> None:
    offer = texts.offer(an_offer(), "K7Q", COMPANY, Reader("en", ZONE))
    assert offer == ("Trillium Parcel: R12 at Montréal-Est needs a driver, Wed 18 Feb 07:00, +20%. Reply TAKE K7Q.")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Forêt de l’Île", "Foret de l'Ile"),
        ("E\u0302tre", "Etre"),
        ("cœur", "coeur"),
        ("7\u00a0h", "7 h"),
        ("En retard\u00a0: R12", "En retard: R12"),
        ("a\n\tb\x00c", "a bc"),
        ("🚚 R12 ✅", "R12"),
        ("“x” – y…", '"x" - y...'),
        ("Žižek", "Zizek"),
        ("été à Noël, où?", "été à Noel, où?"),
        ("[€]", "[€]"),
        ("\u202eR12", "R12"),
        ("Łódź, Đorđe, Ħal", "Lodz, Dorde, Hal"),
        ("Þór ðı ŋ", "Thor di n"),
        ("Straße Øre Æble", "Straße Øre Æble"),  # these it has
        ("„a‹b›” − c·d × 2", "\"a'b'\" - c-d x 2"),
        ("王", "王"),
    ],
)
def test_r11_5_other_signs_are_put_plainly(text: str, sent: str) -> None:
    assert plain(text) == sent


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_r11_5_names_may_be_anything(name: str, text: str, language: str) -> None:
    """Twilio takes at most 1600 characters."""
    reader = Reader(language, ZONE)
    offer = an_offer(route=name, warehouse=text, address=name, mine=True)
    for said in (
        texts.offer(offer, "K7Q", COMPANY, reader),
        texts.won(offer, COMPANY, reader),
        texts.written(Written(name, text), True, COMPANY, reader),
        texts.alert(OperatorAlert(name, text), COMPANY, reader),
        texts.digest(Digest((Told(name, text),) * 3, True), COMPANY, reader),
        sms_answers.several_open([Takeable(offer, "K7Q", name)] * 30, COMPANY, reader),
    ):
        assert 0 < len(said) <= 1600
        assert not {"\n", "\r", "\x00", "\u00a0"} & set(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_r11_5_a_long_message_is_cut_for_who_can_read_it_in_telegram_only(language: str) -> None:
    reader, long = Reader(language, ZONE), "The yard is closed until noon, " * 20
    cut = texts.written(Written("Nadia Haddad", long), True, COMPANY, reader)
    assert segments(cut) == 1
    assert "...  " not in cut and "... " in cut and "Telegram" in cut
    assert long.strip() in texts.written(Written("Nadia Haddad", long), False, COMPANY, reader)


def test_r11_4a_a_digest_names_as_many_as_fit() -> None:
    reader = Reader("en", ZONE)
    notices = tuple(Told(f"Notice number {n} of the day", "Its body.") for n in range(9))
    said = texts.digest(Digest(notices, True), COMPANY, reader)
    assert segments(said) == 1
    assert said.startswith("Trillium Parcel: 9 messages for you: Notice number 0 of the day; ")
    shown = said.count("Notice number")
    assert f" and {9 - shown} more. Open our Telegram bot" in said
    head, rest = said.split(f" and {9 - shown} more")
    assert segments(f"{head}; {notices[shown].title} and {8 - shown} more{rest}") > 1, "one more would have fitted"
    one = texts.digest(Digest(notices[:1], False), COMPANY, reader)
    assert one == "Trillium Parcel: Notice number 0 of the day. Its body."
    long = Told("A title", "a body, " * 40)
    said = texts.digest(Digest((long,), False), COMPANY, reader)
    assert said == "Trillium Parcel: 1 message for you: A title. Ask your manager for Telegram to read all."


def test_r6_4_what_was_won_late_tells_how_to_hand_it_back() -> None:
    back_until, reader = STARTS.replace(hour=9), Reader("en", ZONE)
    said = texts.won(a_shift(), COMPANY, reader, back_until=back_until)
    assert said.endswith("Can't you? Call by 09:00.") and segments(said) == 1
    assert "Call" not in texts.won(a_shift(), COMPANY, reader)


def test_a_shared_phone_sees_whose_it_is() -> None:
    said = sms_answers.several_open(
        [Takeable(an_offer(), "K7Q", "Amara"), Takeable(an_offer(), "M4T", "Kwame")], COMPANY, Reader("en", ZONE)
    )
    assert "K7Q (Amara) R12" in said and "M4T (Kwame) R12" in said
    assert isinstance(an_offer().window_id, UUID)
