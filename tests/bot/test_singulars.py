"""One parcel is no parcels; in French nothing and one are singular."""

import re
import uuid
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.callbacks.home import Home
from bot.reader import LANGUAGES, Reader
from bot.screens import arrivals, driven, parcels, sms_answers, weeks
from bot.screens import shifts as shift_screens
from bot.screens.driven import DrivenNow
from bot.screens.screen import Button
from bot.screens.weeks import Week
from bot.wording import Words
from domain.coverage.board import Mark
from domain.db.models.words import AssignmentStatus
from domain.notices.facts.weeks import WeekReported
from domain.policy import Policy
from domain.shifts.driven import Driven
from domain.shifts.rules_of_parcels import Count
from tests.bot import test_board_screens as boards
from tests.bot.test_arrival_screens import a_list
from tests.bot.test_shift_screens import START, a_shift

ZONE = ZoneInfo("America/Toronto")
READERS = pytest.mark.parametrize("reader", [Reader(each, ZONE) for each in LANGUAGES], ids=LANGUAGES)
HOME = Button("‹", Home())
WRONG = {
    "en": r"\b1 (parcels|shifts|drivers)\b",
    "fr": r"\b[01] (colis )?(livrés|chargés|rapportés|conduits|quarts|chauffeurs|reviennent)\b|attendus",
}


@READERS
@pytest.mark.parametrize("back", [0, 1])
def test_of_one_parcel_everything_is_singular(reader: Reader, back: int) -> None:
    loaded = a_shift(status=AssignmentStatus.ACTIVE, parcels_start=1, arrived_at=START)
    done = replace(loaded, status=AssignmentStatus.COMPLETED, parcels_returned=back)
    kept = Driven(loaded, uuid.uuid4(), "Dana Diaz", "+14165550142", None, None, None, None, False, False, None)
    texts = [
        shift_screens.lines(loaded, reader),
        shift_screens.lines(done, reader),
        driven.card(DrivenNow(kept, START, START), reader).html,
        driven.card(DrivenNow(replace(kept, shift=done), START, START), reader).html,
        parcels.cant_be(loaded, tuple(Count), Policy(), HOME, reader).html,
        parcels.which_it_is(done, 1, tuple(Count), HOME, reader).html,
        parcels.keypad(loaded, Count.BROUGHT_BACK, 0, 1, HOME, reader).html,
        parcels.keypad(loaded, Count.BROUGHT_BACK, 0, 1, HOME, reader, who="Dana Diaz").html,
        parcels.ask_why_corrected(1, 500, HOME, reader).html,
        weeks.week(Week(date(2026, 11, 23), 0, (done,), 0), date(2026, 11, 25), HOME, reader).html,
        sms_answers.standing(loaded, START, "Trillium", reader),
        sms_answers.standing(done, START, "Trillium", reader),
        sms_answers.standing(replace(done, editable_until=START), START, "Trillium", reader),
        boards.shown(boards.of(boards.stands(Mark.LOADED, loaded=1)), reader).html,
        boards.shown(boards.of(boards.stands(Mark.DONE, loaded=1, back=back)), reader).html,
        arrivals.missing_list(a_list(), reader).html,
        Words(ZONE)(WeekReported(date(2026, 11, 16), 1, back, 0), reader.language).body,
    ]
    for text in texts:
        assert not re.search(WRONG[reader.language], text.replace("\u00a0", " ")), text
