"""What is read of appeals, and of why: it fits, whatever people typed, and each SMS is one segment (R10.6, R11.5)."""

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.delivery.gsm7 import is_gsm7, segments
from bot.reader import Reader
from bot.screens import appeal_texts, appeals, his_standing, whys, whys_of_standing
from bot.screens.appeals import AppealNow
from bot.screens.deeds import sentence
from bot.screens.screen import Screen
from domain.db.models.words import IncidentKind
from domain.health.appeal_cards import AppealCard
from domain.health.his_standing import HisIncident
from domain.health.own_standing import OwnCap, OwnFlag, OwnStanding, OwnStop
from domain.health.rules import Cap, DriverFacts, Due
from domain.health.whys import Happened, Lately, OwnAppeal
from domain.history.deeds import Deed, Facts
from domain.notices.facts.appeals import Penalty, PenaltyDecided
from domain.policy import TORONTO, Policy
from domain.shifts.ledger import Excuse
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html

POLICY = Policy()
ON, NOW = date(2026, 2, 18), datetime(2026, 2, 18, 12, tzinfo=TORONTO)  # `mer. 18 févr.`: a long one
READERS = pytest.mark.parametrize("reader", [Reader("en", TORONTO), Reader("fr", TORONTO)], ids=["en", "fr"])
LONG = "<b>&🚚é" * 120
APPEAL = OwnAppeal(uuid.uuid4(), NOW, False, LONG)


def fits(screen: Screen) -> str:
    text = parse_html(screen.html).text
    assert 0 < units(text) <= 4096 and screen.markup() is not None
    assert all(
        len(button.to.pack()) <= 64 for row in screen.keyboard for button in row if not isinstance(button.to, str)
    )
    return text


def a_card(what: Penalty, route: str, warehouse: str, driver: str) -> AppealCard:
    flag = what is Penalty.FLAG
    return AppealCard(
        id=uuid.uuid4(),
        what=what,
        at=NOW,
        route=None if flag else route,
        warehouse=None if flag else warehouse,
        on=None if flag else ON,
        due=12 if flag else None,
        completed=7 if flag else None,
        driver=driver,
        phone="+14165550100",
        reason=LONG,
        opened_at=NOW,
        decide_by=NOW + timedelta(days=3),
        counts=True,
        granted=None,
        answer=None,
        by=None,
    )


def happened(kind: IncidentKind, **more: Any) -> Happened:
    facts = Happened(uuid.uuid4(), kind, NOW, LONG, LONG, ON, NOW, NOW, NOW, None, None, False, None)
    return replace(facts, **more)


@READERS
@pytest.mark.parametrize("what", Penalty)
def test_r11_5_one_segment_with_ordinary_names(reader: Reader, what: Penalty) -> None:
    card = a_card(what, "R12", "Montréal-Est", "Geneviève Bélanger")
    of = (what, card.route, card.warehouse, card.on)
    texts = [appeal_texts.appealed(card, "Trillium Parcel", reader)]
    for excused in (True, False):
        texts.append(appeal_texts.decided(PenaltyDecided(*of, excused, LONG, True), "Trillium Parcel", reader))
    for text in texts:
        assert text.startswith("Trillium Parcel") and segments(text) == 1
    assert is_gsm7(texts[0])


@READERS
@pytest.mark.parametrize("what", Penalty)
def test_r10_6_the_card_fits_and_says_how_it_ended(reader: Reader, what: Penalty) -> None:
    card = a_card(what, LONG, LONG, LONG)
    for now in (NOW, NOW + timedelta(days=2), NOW + timedelta(days=9)):
        fits(appeals.card(AppealNow(card, now), POLICY, reader))
    for ended in (replace(card, granted=True, answer=LONG, by=LONG), replace(card, counts=False)):
        screen = appeals.card(AppealNow(ended, NOW), POLICY, reader)
        fits(screen)
        assert len(screen.keyboard) == 1, "nothing is left to decide"
    fits(appeals.waiting((card,) * appeals.LISTED_MOST, 40, reader))
    fits(appeals.decided(PenaltyDecided(what, card.route, card.warehouse, card.on, True, LONG, False), reader))


@READERS
@pytest.mark.parametrize("why", [Excuse.WANTED_BACK, Excuse.RESTORED])
def test_r10_6_what_the_rules_excuse_is_said_in_the_readers_words(reader: Reader, why: Excuse) -> None:
    card = replace(a_card(Penalty.NO_SHOW, "R12", "North", "Dana"), granted=True, counts=False, answer=why, by="Mona")
    said = {Excuse.WANTED_BACK: ("wanted back in time", "redemandé"), Excuse.RESTORED: ("late, but", "en retard, mais")}
    of = happened(IncidentKind.NO_SHOW, excuse=why, appeal=replace(APPEAL, granted=True, answer=why))
    his = HisIncident(uuid.uuid4(), "Dana", of, False)
    for screen in (
        appeals.card(AppealNow(card, NOW), POLICY, reader),
        whys.incident(of, 0, POLICY, NOW, reader),
        his_standing.incident(his, reader),
    ):
        assert said[why][reader.language == "fr"] in fits(screen)


@READERS
@pytest.mark.parametrize(
    "facts",
    [
        *(happened(kind) for kind in (IncidentKind.NO_SHOW, IncidentKind.LATE_CANCEL, IncidentKind.AUTO_DROP)),
        happened(IncidentKind.LATE_CANCEL, not_accepted=LONG, appeal=APPEAL),
        happened(IncidentKind.NO_SHOW, excuse="practice"),
        happened(IncidentKind.NO_SHOW, excuse=LONG, appeal=replace(APPEAL, granted=True)),
        happened(IncidentKind.PROTECTED_ABSENCE, in_review=True),
        happened(IncidentKind.PROTECTED_ABSENCE),
    ],
)
def test_r10_6_whatever_happened_is_explained(reader: Reader, facts: Happened) -> None:
    policy = replace(POLICY, penalties_from=NOW + timedelta(days=5))
    for now in (NOW, NOW + timedelta(days=31)):
        fits(whys.incident(facts, 0, policy, now, reader))


@READERS
def test_r10_6_what_holds_is_explained(reader: Reader) -> None:
    flag = OwnFlag(uuid.uuid4(), NOW, 12, 7, None, None, None)
    stop = OwnStop(uuid.uuid4(), NOW, None, None)
    cap = OwnCap(3, 4, False, True, False, None)
    lately = Lately((happened(IncidentKind.NO_SHOW),) * 8, 30, 1, 4)
    fits(whys.whys(whys.Whole(OwnStanding(flag, stop, cap, False), lately, ()), POLICY, reader))
    fits(whys.whys(whys.Whole(OwnStanding(None, None, cap, True), Lately((), 0, 0, 1), ()), POLICY, reader))
    for recent, live in ((Due(12, 7), 2), (Due(12, 7), 0), (Due(12, 9), 0)):
        fits(whys_of_standing.flag(flag, DriverFacts(uuid.uuid4(), recent, recent, live, Cap(4)), POLICY, NOW, reader))
    fits(
        whys_of_standing.flag(
            replace(flag, cut_at=NOW, appeal=APPEAL),
            DriverFacts(uuid.uuid4(), Due(12, 7), Due(12, 7), 0, Cap(4)),
            POLICY,
            NOW,
            reader,
        )
    )
    for each in (stop, replace(stop, back_at=NOW), replace(stop, reason=LONG), replace(stop, adopted=True)):
        fits(whys_of_standing.stop(each, (happened(IncidentKind.NO_SHOW),) * 3, POLICY, reader))
    for held in (cap, replace(cap, chosen=True, reason=LONG), replace(cap, rewarded=True, cap=6)):
        fits(whys_of_standing.cap(held, POLICY, reader))


@READERS
def test_a_managers_card_quotes_as_its_reader_does(reader: Reader) -> None:
    """And its deadline has its article in French."""
    of = replace(a_card(Penalty.LATE_CANCEL, "R12", "North", "Dana Test"), reason="The gate was locked")
    said = fits(appeals.card(AppealNow(of, NOW), POLICY, reader))
    quoted, by = {
        "en": ("“The gate was locked”", "Decide by Sat 21 Feb"),
        "fr": ("«\u00a0The gate was locked\u00a0»", "À décider avant le sam. 21 févr."),
    }[reader.language]
    assert quoted in said and by in said


@READERS
def test_a_reason_in_the_history_is_quoted_as_its_reader_does(reader: Reader) -> None:
    deed = Deed(NOW, "user", "unflagged", "Mona Roy", "Dana Test", None, False, Facts(), Facts(reason="A hard month"))
    quoted = {"en": "“A hard month”", "fr": "«\u00a0A hard month\u00a0»"}[reader.language]
    assert quoted in sentence(deed, reader)
