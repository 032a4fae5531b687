"""R9, R10: what a manager reads of how a driver stands: whole, in both languages, whatever people are called."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.callbacks.appeals import AppealShown
from bot.callbacks.callback import Callback
from bot.callbacks.his_standing import ChooseCap, Drivers, Excuse, HisCap, Incidents, Unflag, WriteHim
from bot.callbacks.stops import KeepOut, Reinstate
from bot.reader import Reader
from bot.screens import attention, driver_card, his_standing
from bot.screens.screen import Screen
from domain.db.models.words import IncidentKind
from domain.health.attention import Listed, Need, Page
from domain.health.his_standing import HisIncident, HisIncidents, HisStanding
from domain.health.own_standing import OwnCap, OwnFlag, OwnStanding, OwnStop
from domain.health.scoring import Record, score_of
from domain.health.seeing import OwnHealth
from domain.health.whys import Happened, Lately, OwnAppeal
from domain.people.drivers import DriverCard
from domain.policy import TORONTO, Policy
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html

POLICY, AT = Policy(), datetime(2026, 11, 25, 17, tzinfo=UTC)
READERS = [Reader("en", TORONTO), Reader("fr", TORONTO)]
NO_PENALTY = (IncidentKind.EARLY_CANCEL, IncidentKind.REMOVED_BY_MANAGER)
NAME = "<b>Ed</b> & " + "x" * 90
APPEAL = OwnAppeal(uuid.uuid4(), AT, None, None)
CARD = DriverCard(uuid.uuid4(), NAME, "+14165550123", "en", True, (), False, None, False, (), (), 0, True, False)
FLAG = OwnFlag(uuid.uuid4(), AT, 5, 3, None, None, APPEAL)
STOP = OwnStop(uuid.uuid4(), AT, None, None)
CAP = OwnCap(4, 4, False, False, False, None)
RECORD = Record(10, 9, 0.9, 1, 0)
HEALTH = OwnHealth(
    score=score_of(RECORD, POLICY),
    record=RECORD,
    today=date(2026, 11, 25),
    before=(),
    mishaps=(),
    capped_until=AT + timedelta(days=20),
    driven=3,
    last_driven=None,
    streak=6,
    star_week=None,
    held=0,
    free=False,
)
WHOLE = HisStanding(CARD, HEALTH, OwnStanding(FLAG, STOP, replace(CAP, chosen=True, reason="&" * 500), False), 12)


def to(screen: Screen) -> list[type[Callback] | type[str]]:
    return [type(button.to) for row in screen.keyboard for button in row]


def whole(screen: Screen) -> str:
    """As a phone shows it; Telegram would take it."""
    text = parse_html(screen.html).text
    assert units(text) <= 4096 and "{" not in text and "None" not in text, text
    assert all("{" not in button.text for row in screen.keyboard for button in row)
    return text


@pytest.mark.parametrize("reader", READERS, ids=["en", "fr"])
def test_r10_3_the_card_tells_all_and_leads_to_each_decision(reader: Reader) -> None:
    screen = driver_card.card(WHOLE, POLICY, reader, done=his_standing.done(reader))
    text = whole(screen)
    assert "<b>Ed</b> & xx" in text and "49" in text and "⭐ 4" in text
    for decision in (Reinstate, KeepOut, Unflag, AppealShown, Incidents, HisCap, WriteHim, Drivers):
        assert decision in to(screen)
    caps = his_standing.caps(WHOLE, POLICY, reader)
    chosen = [button.to.cap for row in caps.keyboard for button in row if isinstance(button.to, ChooseCap)]
    assert whole(caps) and chosen == [1, 2, 3, 4, 5, 6, 0]
    for n in (0, 1, 6):
        assert whole(his_standing.why_cap(CARD, n, POLICY, reader))


@pytest.mark.parametrize("reader", READERS, ids=["en", "fr"])
def test_r12_3_who_may_only_look_gets_no_decision(reader: Reader) -> None:
    screen = driver_card.card(replace(WHOLE, card=replace(CARD, own=False)), POLICY, reader)
    assert whole(screen)
    assert set(to(screen)) & {Reinstate, KeepOut, Unflag, AppealShown, HisCap, WriteHim} == set()
    assert Incidents in to(screen)


@pytest.mark.parametrize("reader", READERS, ids=["en", "fr"])
@pytest.mark.parametrize(
    ("stop", "out"),
    [(STOP, True), (replace(STOP, back_at=AT), True), (replace(STOP, reason="again"), False), (None, True)],
    ids=["undecided", "back", "kept out", "by another program"],
)
def test_r10_3_who_is_kept_out_can_still_be_reinstated(stop: OwnStop | None, out: bool, reader: Reader) -> None:
    holds = OwnStanding(None, stop, replace(CAP, cut=True), False)
    screen = driver_card.card(HisStanding(CARD, None, holds, 0), POLICY, reader)
    assert whole(screen)
    assert Reinstate in to(screen) and (KeepOut in to(screen)) is out and Unflag not in to(screen)


@pytest.mark.parametrize("reader", READERS, ids=["en", "fr"])
@pytest.mark.parametrize("kind", [kind for kind in IncidentKind if kind not in NO_PENALTY])
def test_r10_6_an_incident_can_be_excused_by_whose_it_is(kind: IncidentKind, reader: Reader) -> None:
    it = Happened(uuid.uuid4(), kind, AT, "R" * 90, "N" * 90, AT.date(), AT, AT, AT, None, None, False, APPEAL)
    may = his_standing.incident(HisIncident(CARD.id, NAME, it, True), reader)
    assert whole(may) and Excuse in to(may) and (AppealShown in to(may)) is it.counts
    for other in (it, replace(it, excuse="practice"), replace(it, excuse="Ice"), replace(it, excuse="")):
        only_look = his_standing.incident(HisIncident(CARD.id, NAME, other, False), reader)
        assert whole(only_look) and Excuse not in to(only_look) and AppealShown not in to(only_look)
    listed = HisIncidents(CARD.id, NAME, Lately((it, replace(it, excuse="Ice")), 12, 0, 2))
    assert whole(his_standing.incidents(listed, POLICY, reader))


@pytest.mark.parametrize("reader", READERS, ids=["en", "fr"])
def test_r10_2_each_need_has_its_words_in_the_list(reader: Reader) -> None:
    listed = tuple(Listed(uuid.uuid4(), NAME, "+14165550123", need, 49, 7) for need in Need)
    screen = attention.drivers(Page(listed, 30, 5, 1, 3), reader)
    assert whole(screen)
    labels = [row[0].text for row in screen.keyboard[: len(Need)]]
    assert len({label.replace("(…0123) · 49", "") for label in labels}) == len(Need)
    assert [button.to for button in screen.keyboard[-2]] == [Drivers(0), Drivers(2)]
    assert whole(attention.drivers(Page((), 0, 0, 0, 1), reader))
