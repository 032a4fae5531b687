"""What a driver sees of his health: the words, and the picture that tells the same (R10.1, R10.4)."""

import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.callbacks.appeals import Whys
from bot.callbacks.bidding import OpenShifts
from bot.callbacks.callback import Callback
from bot.callbacks.shifts import Schedule, ToConfirm
from bot.delivery.pictures import CAPTION_MOST
from bot.pictures.drawing import draw
from bot.pictures.health_card import HealthCard
from bot.pictures.health_card_sheet import WIDTH, health_card_sheet
from bot.pictures.sheet import FINE
from bot.reader import Reader
from bot.screens.health import health, no_health_yet
from bot.screens.screen import Screen
from domain.health.scoring import Record, score_of
from domain.health.seeing import Mishap, OwnHealth
from domain.notices.facts.appeals import Penalty
from domain.policy import TORONTO, Policy
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html

POLICY, TODAY = Policy(), date(2026, 11, 25)
ENGLISH, FRENCH = Reader("en", TORONTO), Reader("fr", TORONTO)
UNTIL = datetime(2026, 12, 20, 17, tzinfo=UTC)


def facts(record: Record, *mishaps: Mishap, until: datetime | None = None, streak: int = 2) -> OwnHealth:
    return OwnHealth(
        score=score_of(record, POLICY),
        record=record,
        today=TODAY,
        before=((TODAY - timedelta(days=29), 85), (TODAY - timedelta(days=1), 92)),
        mishaps=mishaps,
        capped_until=until,
        driven=12,
        last_driven=date(2026, 11, 24),
        streak=streak,
        star_week=date(2026, 11, 16),
        held=3,
        free=True,
    )


def late(route: str = "R12", warehouse: str = "North") -> Mishap:
    return Mishap(Penalty.LATE_CANCEL, route, warehouse, date(2026, 11, 20), UNTIL)


ONE_LATE = facts(Record(20, 19, 0.9, 0, 1), late())  # 47.5 + 27 + 15


def plain(shown: Screen) -> str:
    return parse_html(shown.html).text


def card(shown: Screen) -> HealthCard:
    assert isinstance(shown.picture, HealthCard)
    return shown.picture


def test_r10_1_the_score_its_parts_and_what_hurt_with_its_day() -> None:
    assert ONE_LATE.score.score == 90
    said = plain(health(ONE_LATE, 0, POLICY, ENGLISH))
    for line in (
        "Your score: 90 of 100",
        "🏅 80 or more is elite: you're there!",
        "📈 Since Tue 27 Oct: up 5 points.",
        "Attendance: 19 of 20 shifts driven",
        "+27 Deliveries: 90% delivered",
        "+15 Reliability",
        "· 12 shifts driven in 30 days, the last on Tue 24 Nov",
        "−3 Deliveries",
        "−5 Reliability: 5 less for each no-show or late cancellation",
        "· Late cancellation: R12, North, Fri 20 Nov (until Sun 20 Dec)",
        "⭐ 2 of 4 stars, the last for the week of 16-22 Nov",
        "Next star: a week with all shifts driven, 95% delivered.",
    ):
        assert line in said


def test_r10_1_the_picture_tells_the_same() -> None:
    picture = card(health(ONE_LATE, 0, POLICY, FRENCH))
    assert (picture.title, picture.score, picture.most, picture.mark, picture.verdict) == (
        "Votre score",
        90,
        100,
        80,
        "élite",
    )
    assert picture.days == ((29, 85), (1, 92), (0, 90)) and (picture.stars, picture.stars_most) == (2, 4)
    assert sum(int(part.helped) for part in picture.parts) == 90
    assert sum(int(part.hurt.replace("−", "-")) for part in picture.parts) == -10


def test_r10_2_a_score_that_is_held_down_says_until_when() -> None:
    held = facts(Record(20, 19, 1.0, 1, 0), late(), until=UNTIL, streak=0)
    shown = health(held, 0, POLICY, ENGLISH)
    assert "⛔ Until Sun 20 Dec it is 49 at the most" in plain(shown) and "elite" not in plain(shown)
    assert card(shown).verdict == "until Sun 20 Dec"
    assert "0 of 4 stars\n" in plain(shown), "no week is named by which a star was lost"


def test_r10_4_with_all_stars_the_bonus_is_no_promise() -> None:
    shown = health(replace(ONE_LATE, streak=9), 0, POLICY, ENGLISH)
    assert "4 of 4 stars" in plain(shown) and "a bonus of 10% is in sight, though not promised" in plain(shown)
    assert card(shown).stars == 4


def test_nothing_lost_is_nothing_hurt() -> None:
    said = plain(health(facts(Record(5, 5, 1.0, 0, 0)), 0, POLICY, ENGLISH))
    assert "Hurt" not in said and "+20 Reliability: no no-show or late cancellation in 30 days" in said


@pytest.mark.parametrize(("reader", "says"), [(ENGLISH, "no no-show or late"), (FRENCH, "aucune absence sans avis ni")])
def test_r10_1_what_was_not_confirmed_does_not_contradict_reliability(reader: Reader, says: str) -> None:
    """It costs attendance, and reliability nothing: that is not said to be nothing at all."""
    dropped = Mishap(Penalty.AUTO_DROP, "R12", "North", date(2026, 11, 20), None)
    said = plain(health(facts(Record(20, 19, 1.0, 0, 0), dropped), 0, POLICY, reader))
    assert says in said and "R12, North" in said
    assert "nothing against you" not in said and "rien contre vous" not in said


@pytest.mark.parametrize(("reader", "elite"), [(ENGLISH, "elite"), (FRENCH, "lite")])
def test_r9_2_nobody_is_congratulated_who_gets_no_new_shifts(reader: Reader, elite: str) -> None:
    shown = health(replace(ONE_LATE, free=False), 0, POLICY, reader)
    assert elite not in plain(shown) and "⛔" in plain(shown) and elite not in card(shown).verdict
    low = plain(health(replace(facts(Record(20, 10, 0.5, 0, 0)), free=False), 0, POLICY, reader))
    assert elite in low and "⛔" in low, "how far it is stands there"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ((), "Your line of days begins today."),
        (((TODAY - timedelta(days=3), 90),), "Since Sun 22 Nov: as it was."),
        (((TODAY - timedelta(days=3), 91),), "Since Sun 22 Nov: down 1 point."),
    ],
)
def test_the_trend_in_words(before: tuple[tuple[date, int], ...], words: str) -> None:
    assert words in plain(health(replace(ONE_LATE, before=before), 0, POLICY, ENGLISH))


@pytest.mark.parametrize(
    ("free", "to_confirm", "held", "to"),
    [
        (False, 2, 0, Whys(0)),
        (True, 2, 3, ToConfirm()),
        (True, 0, 0, OpenShifts(0)),
        (True, 0, 3, Schedule(0)),
    ],
)
def test_the_next_step_is_a_button(free: bool, to_confirm: int, held: int, to: Callback) -> None:
    shown = health(replace(ONE_LATE, free=free, held=held), to_confirm, POLICY, ENGLISH)
    assert shown.keyboard[0][0].to == to


def test_before_the_first_shift_there_is_no_picture() -> None:
    for reader, words in ((ENGLISH, "begins with your first shift"), (FRENCH, "commence avec votre premier quart")):
        shown = no_health_yet(reader)
        assert words in plain(shown) and shown.picture is None


@pytest.mark.parametrize("reader", [ENGLISH, FRENCH], ids=["en", "fr"])
@pytest.mark.parametrize("sign", ["W", "<&", "🚚"])
def test_what_is_said_below_the_picture_fits(reader: Reader, sign: str) -> None:
    many = facts(Record(1000, 100, 0.333, 9, 9), *[late(sign * 99, sign * 99)] * 18, until=UNTIL)
    many = replace(many, free=False)
    assert units(plain(health(many, 0, POLICY, reader))) <= CAPTION_MOST


# -- how it looks


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("reader", [ENGLISH, FRENCH], ids=["en", "fr"])
def test_it_fits_a_phone(reader: Reader) -> None:
    png = draw(card(health(ONE_LATE, 0, POLICY, reader)))
    width, height = size(png)
    assert png.startswith(b"\x89PNG") and width == WIDTH * FINE and 0.5 * width < height < 1.5 * width
    assert len(png) < 300_000


@pytest.mark.parametrize("reader", [ENGLISH, FRENCH], ids=["en", "fr"])
@pytest.mark.parametrize("record", [Record(20, 19, 0.9, 0, 1), Record(20, 0, 0.0, 2, 2), Record(5, 5, 1.0, 0, 0)])
@pytest.mark.parametrize("free", [True, False])
def test_all_of_it_can_be_read(reader: Reader, record: Record, free: bool) -> None:
    given = replace(facts(record, until=UNTIL if record.no_shows else None), free=free)
    picture = card(health(given, 0, POLICY, reader))
    sheet = health_card_sheet(picture)
    written = [text.get_text() for text in sheet.axes.texts]
    wanted = {picture.title, picture.verdict, str(picture.score), picture.next, picture.first, picture.last, "80"}
    assert wanted | {part.name for part in picture.parts} <= set(written), "no word is cut"
    assert all(float(text.get_fontsize()) >= 13 for text in sheet.axes.texts), "and none is small"


def test_one_day_alone_is_a_point() -> None:
    assert draw(card(health(replace(ONE_LATE, before=()), 0, POLICY, ENGLISH))).startswith(b"\x89PNG")
