"""A driver's calendar as another program reads it: an independent parser, the two changes of clock, odd names."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from bot import ical
from bot.reader import Reader
from domain.policy import TORONTO
from domain.shifts.feed import FeedShift
from domain.time import local_instant, shift_start
from tests.domain.world import POLICY

EN, FR = Reader("en", TORONTO), Reader("fr", TORONTO)
CHANGED = datetime(2026, 11, 20, 15, 4, 5, 678901, tzinfo=UTC)


def shift(on: date = date(2026, 11, 27), **more: Any) -> FeedShift:
    made = FeedShift(
        assignment_id=uuid.uuid5(uuid.NAMESPACE_OID, str(on)),
        route="R12",
        warehouse="North",
        address="1200 Steeles Ave W, Toronto",
        on=on,
        starts_at=shift_start(on, POLICY),
        over_at=local_instant(on, time(13), POLICY),
        confirmed=True,
        cancelled=False,
        changed_at=CHANGED,
    )
    return replace(made, **more)


def read(shifts: Iterable[FeedShift], reader: Reader = EN) -> tuple[Any, list[Any]]:
    """As vobject reads it, with its own opinion on what must be there."""
    parsed = vobject.readOne(ical.calendar(tuple(shifts), "Acme", reader).decode())
    assert parsed.name == "VCALENDAR" and parsed.validate(raiseException=True)
    return parsed, list(getattr(parsed, "vevent_list", []))


def test_an_event_says_what_where_and_when() -> None:
    calendar, [event] = read([shift()])
    assert calendar.contents["x-wr-calname"][0].value == "Acme: my shifts"
    assert calendar.contents["refresh-interval"][0].params == {"VALUE": ["DURATION"]}
    assert event.summary.value == "R12, North"
    assert event.location.value == "North, 1200 Steeles Ave W, Toronto"
    assert event.dtstart.value == datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert event.dtend.value == datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert event.dtstamp.value == event.last_modified.value == CHANGED.replace(microsecond=0)
    assert event.description.value == "Starts at 07:00. When it is over depends on the day."
    assert (event.status.value, event.sequence.value, event.transp.value) == ("CONFIRMED", "1", "OPAQUE")


def test_an_event_that_changes_is_the_same_with_a_higher_sequence() -> None:
    first = shift(confirmed=False)
    [to_confirm], [confirmed], [cancelled] = (
        read([each])[1] for each in (first, replace(first, confirmed=True), replace(first, cancelled=True))
    )
    assert to_confirm.uid.value == confirmed.uid.value == cancelled.uid.value
    assert [each.status.value for each in (to_confirm, confirmed, cancelled)] == ["TENTATIVE", "CONFIRMED", "CANCELLED"]
    sequences = [int(each.sequence.value) for each in (to_confirm, confirmed, cancelled)]
    assert sequences == sorted(set(sequences))
    assert to_confirm.summary.value == "R12, North (to confirm)" and "/confirm" in to_confirm.description.value
    assert cancelled.summary.value == "Cancelled: R12, North" and cancelled.transp.value == "TRANSPARENT"
    [once_more] = read([replace(first, confirmed=True, cancelled=True)])[1]
    assert once_more.status.value == "CANCELLED"


def test_in_french() -> None:
    calendar, [event] = read([shift(cancelled=True, warehouse="Québec, Côte-d’Abraham")], FR)
    assert calendar.contents["x-wr-calname"][0].value == FR.said("Acme", "mes quarts")
    assert event.summary.value == FR.said("Annulé", "R12, Québec, Côte-d’Abraham")
    [event] = read([shift(confirmed=False)], FR)[1]
    assert event.description.value.startswith("Début à 7\u00a0h.")


@pytest.mark.parametrize(
    ("on", "hour"),
    [
        (date(2026, 10, 31), 11),  # summer time
        (date(2026, 11, 1), 12),  # ends that night
        (date(2027, 3, 13), 12),
        (date(2027, 3, 14), 11),  # begins that night
    ],
)
def test_r1_3_it_is_seven_by_the_companys_clock_whatever_the_season(on: date, hour: int) -> None:
    [event] = read([shift(on)])[1]
    assert event.dtstart.value == datetime.combine(on, time(hour), UTC)
    assert event.dtstart.value.astimezone(TORONTO).time() == time(7)
    assert event.dtend.value - event.dtstart.value == timedelta(hours=6)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=90).map(str.strip).filter(bool)


@given(NAMES, NAMES, NAMES)
def test_whatever_people_have_typed_comes_out_as_it_was(route: str, warehouse: str, address: str) -> None:
    odd = shift(route=route, warehouse=warehouse, address=address)
    [event] = read([odd])[1]
    assert event.summary.value == f"{route}, {warehouse}"
    assert event.location.value == f"{warehouse}, {address}"
    lines = ical.calendar([odd], "Acme", EN).split(b"\r\n")
    assert max(map(len, lines)) <= 75, "octets, RFC 5545"
    for line in lines:
        line.decode()  # no letter is cut in two


def test_line_breaks_commas_semicolons_and_backslashes() -> None:
    [event] = read([shift(route="a\\n;b,c", warehouse="d\ne", address='"f"')])[1]
    assert event.summary.value == "a\\n;b,c, d\ne"


def test_nothing_is_a_calendar_too_and_the_same_is_the_same_bytes() -> None:
    assert read([])[1] == []
    two = [shift(), shift(date(2026, 11, 28))]
    assert ical.calendar(two, "Acme", EN) == ical.calendar(two, "Acme", EN)
    assert len(read(two)[1]) == 2
