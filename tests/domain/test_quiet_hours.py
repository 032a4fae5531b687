"""R11.4: when a message rings, comes silently, or waits for the quiet hours' end; R11.2, R11.5: how long, how many.

The day of most examples is Wednesday 25 November 2026 in Toronto.
"""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.db.models.words import Channel, Urgency, UserRole
from domain.notices.kinds import RULES, Kind
from domain.notices.rules import (
    Held,
    Manner,
    Recipient,
    Rings,
    Silent,
    answer_within,
    day_is_full,
    manner,
    quiet_until,
)
from domain.policy import Policy

POLICY = Policy()
TORONTO = ZoneInfo("America/Toronto")
DAY = date(2026, 11, 25)
FALL_BACK = date(2026, 11, 1)  # 02:00 EDT becomes 01:00 EST
SPRING_FORWARD = date(2027, 3, 14)  # 02:00 EST becomes 03:00 EDT
SECOND, MINUTE, HOUR, ONE_DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

U, I, N = Urgency.URGENT, Urgency.IMPORTANT, Urgency.NORMAL  # noqa: E741 - as the rules call them
TELEGRAM, SMS = Channel.TELEGRAM, Channel.SMS
FREE = Recipient(UserRole.DRIVER)
AT_WORK = replace(FREE, free_today=False, free_tomorrow=False)  # a shift of his on both days
MANAGER = Recipient(UserRole.MANAGER)


def local(hour: int, minute: int = 0, second: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=TORONTO)


def tomorrow(hour: int) -> datetime:
    return local(hour, day=DAY + ONE_DAY)


def comes(
    now: datetime,
    urgency: Urgency = I,
    to: Recipient = FREE,
    *,
    kind: str = Kind.MANUAL,
    channel: Channel = TELEGRAM,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Manner:
    return manner(kind, urgency, channel, to, starts_at, expires_at, POLICY, now)


# -- 21:00 to 06:00, to 08:00 for what is not urgent on days without a shift


@pytest.mark.parametrize("urgency", [I, N])
@pytest.mark.parametrize(
    ("now", "to", "expected"),
    [
        (local(20, 59, 59), FREE, Rings()),
        (local(21), FREE, Held(tomorrow(8))),
        (local(21), replace(FREE, free_tomorrow=False), Held(tomorrow(6))),
        (local(21), replace(FREE, free_today=False), Held(tomorrow(8))),
        (local(23, 59, 59), FREE, Held(tomorrow(8))),
        (local(0), FREE, Held(local(8))),
        (local(5, 59, 59), FREE, Held(local(8))),
        (local(5, 59, 59), AT_WORK, Held(local(6))),
        (local(5, 59, 59), replace(FREE, free_today=False), Held(local(6))),
        (local(6), AT_WORK, Rings()),
        (local(6), replace(FREE, free_tomorrow=False), Held(local(8))),
        (local(7, 59, 59), FREE, Held(local(8))),
        (local(7, 59, 59), AT_WORK, Rings()),
        (local(8), FREE, Rings()),
        (local(12), FREE, Rings()),
    ],
)
def test_r11_4_held_until_six_or_until_eight_on_free_days(
    urgency: Urgency, now: datetime, to: Recipient, expected: Manner
) -> None:
    assert comes(now, urgency, to) == expected
    assert comes(now.astimezone(ZoneInfo("Asia/Tokyo")), urgency, to) == expected


def test_r11_4_managers_have_no_shifts_and_sleep_till_eight() -> None:
    assert comes(local(21), I, MANAGER) == Held(tomorrow(8))
    assert comes(local(6), N, MANAGER) == Held(local(8))


def test_r11_4_urgent_rings_at_night() -> None:
    for now in (local(21), local(3), local(7)):
        assert comes(now, U) == Rings()
        assert comes(now, U, channel=SMS) == Rings()


@pytest.mark.parametrize("kind", [Kind.LINK_MOVED, Kind.ALERT])
def test_what_its_row_says_rings_at_night(kind: Kind) -> None:
    assert comes(local(3), I, kind=kind) == Rings()


def test_r11_4_the_urgent_quiet_hours_end_at_six_whatever_the_day() -> None:
    """An offer at 06:30 rings, though his free day's quiet hours go on for the rest."""
    assert comes(local(6, 30), U, FREE, kind=Kind.OFFER) == Rings()
    assert comes(local(6), U, FREE, kind=Kind.OFFER, channel=SMS) == Rings()
    assert comes(local(5, 59, 59), U, FREE, kind=Kind.OFFER) == Silent()


# -- offers


def test_r11_4_emergency_offers_come_silently_and_without_sms() -> None:
    assert comes(local(23), U, kind=Kind.OFFER) == Silent()
    assert comes(local(23), U, kind=Kind.OFFER, channel=SMS) == Held(tomorrow(6))
    assert comes(local(20, 59, 59), U, kind=Kind.OFFER) == Rings()


def test_r11_4_unless_he_chose_wake_me() -> None:
    awake = replace(FREE, wake_me=True)
    assert comes(local(23), U, awake, kind=Kind.OFFER) == Rings()
    assert comes(local(23), U, awake, kind=Kind.OFFER, channel=SMS) == Rings()
    assert comes(local(23), I, awake) == Held(tomorrow(8)), "wake me is for emergency offers"
    assert comes(local(23), N, awake) == Held(tomorrow(8))


# -- what can't wait


def test_r11_4_what_would_expire_before_the_end_comes_silently() -> None:
    for urgency in (I, N):
        assert comes(local(23), urgency, expires_at=tomorrow(7)) == Silent()
        assert comes(local(23), urgency, expires_at=tomorrow(8)) == Silent(), "at eight it would be too late"
        assert comes(local(23), urgency, expires_at=tomorrow(8) + SECOND) == Held(tomorrow(8))
        assert comes(local(23), urgency, AT_WORK, expires_at=tomorrow(7)) == Held(tomorrow(6))


def test_r11_4_an_sms_has_no_silence_and_is_held_whatever_becomes_of_it() -> None:
    assert comes(local(23), I, channel=SMS, expires_at=tomorrow(7)) == Held(tomorrow(8))
    assert comes(local(12), N, channel=SMS) == Rings(), "by day the digest may ring"


@pytest.mark.parametrize("urgency", [I, N])
def test_r11_4_to_managers_about_a_start_within_twelve_hours_rings(urgency: Urgency) -> None:
    start = local(7, day=DAY + ONE_DAY)
    assert comes(start - 12 * HOUR + 2 * HOUR, urgency, MANAGER, starts_at=start) == Rings()  # 21:00
    assert comes(local(6), urgency, MANAGER, starts_at=local(18)) == Rings()
    assert comes(local(6), urgency, MANAGER, starts_at=local(18) + SECOND) == Held(local(8))
    assert comes(local(23), urgency, MANAGER, starts_at=start, channel=SMS) == Rings()
    assert comes(local(23), urgency, FREE, starts_at=start) == Held(tomorrow(8)), "to managers, not to drivers"


def test_r11_4_about_a_start_that_is_long_past_it_does_not_ring() -> None:
    """Nobody took this morning's route: at night nothing can be done about it any more."""
    assert comes(local(22), I, MANAGER, kind=Kind.ROUTE_UNFILLED, starts_at=local(7)) == Held(tomorrow(8))
    assert comes(local(7, 30), I, MANAGER, kind=Kind.ROUTE_UNFILLED, starts_at=local(7)) == Rings()


# -- at work


def test_r11_4_while_his_shift_is_active_normal_messages_come_silently() -> None:
    driving = replace(AT_WORK, working=True)
    assert comes(local(12), N, driving) == Silent()
    assert comes(local(12), I, driving) == Rings()
    assert comes(local(12), U, driving) == Rings()
    assert comes(local(12), N, AT_WORK) == Rings()
    assert comes(local(5, 30), N, driving) == Held(local(6))


def test_r11_4_while_his_shift_is_active_a_normal_sms_waits_and_is_looked_at_again() -> None:
    driving = replace(AT_WORK, working=True)
    assert comes(local(12), N, driving, channel=SMS) == Held(local(12, 15))
    assert comes(local(12), N, AT_WORK, channel=SMS) == Rings()
    assert comes(local(20, 50), N, driving, channel=SMS) == Held(tomorrow(6)), "held once, not till nine and again"
    for urgency in (U, I):
        assert comes(local(12), urgency, driving, channel=SMS) == Rings()


# -- hours of his own


@pytest.mark.parametrize(
    ("begins", "ends", "now", "until"),
    [
        (time(22), time(7), local(21, 59, 59), None),
        (time(22), time(7), local(22), tomorrow(7)),
        (time(22), time(7), local(6, 59, 59), local(7)),
        (time(22), time(7), local(7), None),  # chosen by himself: no later on free days
        (time(13), time(15), local(12, 59, 59), None),  # not over midnight
        (time(13), time(15), local(13), local(15)),
        (time(13), time(15), local(15), None),
        (time(13), time(15), local(23), None),
        (time(0), time(6), local(0), local(6)),
        (time(0), time(6), local(23, 59, 59), None),
        (time(22), time(0), local(23, 59, 59), tomorrow(0)),
        (time(22), time(0), local(0), None),
        (time(20), time(6), local(20, 30), tomorrow(6)),
        (time(0), time(0), local(3), None),  # alike: none
        (time(21), time(21), local(21), None),
    ],
)
def test_r11_4_unless_the_person_has_chosen_others(
    begins: time, ends: time, now: datetime, until: datetime | None
) -> None:
    his = replace(FREE, quiet_from=begins, quiet_until=ends)
    for urgency in (U, I, N):
        assert quiet_until(urgency, his, POLICY, now) == until
    assert comes(now, I, his) == (Rings() if until is None else Held(until))


def test_r11_4_half_a_choice_is_none() -> None:
    for his in (replace(FREE, quiet_from=time(13)), replace(FREE, quiet_until=time(15))):
        assert quiet_until(I, his, POLICY, local(14)) is None
        assert quiet_until(I, his, POLICY, local(22)) == tomorrow(8)


def test_r11_4_none_at_all_means_that_nothing_is_held_or_silenced() -> None:
    his = replace(FREE, quiet_from=time(0), quiet_until=time(0))
    for now in (local(0), local(3), local(22)):
        assert comes(now, N, his) == Rings()
        assert comes(now, U, his, kind=Kind.OFFER) == Rings()


# -- the nights on which the clocks change


@pytest.mark.parametrize("day", [FALL_BACK, SPRING_FORWARD])
def test_r11_4_the_wall_clock_counts_when_the_clocks_change(day: date) -> None:
    evening = local(21, day=day - ONE_DAY)
    assert comes(evening - SECOND) == Rings()
    assert comes(evening) == Held(local(8, day=day))
    assert comes(evening, to=AT_WORK) == Held(local(6, day=day))
    assert comes(local(7, 59, 59, day=day)) == Held(local(8, day=day))
    assert comes(local(8, day=day)) == Rings()
    assert comes(local(20, 59, 59, day=day)) == Rings()
    assert comes(local(21, day=day)) == Held(local(8, day=day + ONE_DAY))


def test_r11_4_a_night_of_ten_and_one_of_eight_hours() -> None:
    for day, long in ((FALL_BACK, 10 * HOUR), (DAY, 9 * HOUR), (SPRING_FORWARD, 8 * HOUR)):
        evening = local(21, day=day - ONE_DAY).astimezone(UTC)
        held = comes(evening, to=AT_WORK)
        assert held == Held(evening + long)


# -- for any person, message and instant

AROUND = st.one_of(
    st.datetimes(datetime(2026, 10, 30), datetime(2026, 11, 4), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2027, 3, 12), datetime(2027, 3, 17), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0))
USUAL = st.builds(
    Recipient,
    role=st.sampled_from(UserRole),
    wake_me=st.booleans(),
    working=st.booleans(),
    free_today=st.booleans(),
    free_tomorrow=st.booleans(),
)
OWN = st.builds(lambda to, begins, ends: replace(to, quiet_from=begins, quiet_until=ends), USUAL, CLOCK, CLOCK)
ANYBODY = st.one_of(USUAL, OWN)
LEVELS = st.sampled_from((U, I, N))
KINDS = st.sampled_from(sorted(RULES))
SOON = st.one_of(st.none(), st.timedeltas(-timedelta(days=1), timedelta(days=2)))


def at_that_time(to: Recipient, now: datetime, then: datetime) -> Recipient:
    """The same person later: what was tomorrow may be today, and his shift is over."""
    days = (then.astimezone(TORONTO).date() - now.astimezone(TORONTO).date()).days
    return replace(to, free_today=to.free_tomorrow if days else to.free_today, working=False)


@given(now=AROUND, to=USUAL, urgency=LEVELS)
def test_r11_4_the_usual_hours_are_what_the_wall_clock_says(now: datetime, to: Recipient, urgency: Urgency) -> None:
    at = now.astimezone(TORONTO)
    wall, today = at.time(), at.date()
    if wall >= time(21):
        morning, free = today + ONE_DAY, to.free_tomorrow
    else:
        morning, free = today, to.free_today
    ends = time(8) if free and urgency is not U else time(6)
    quiet = wall >= time(21) or wall < ends
    expected = datetime.combine(morning, ends, TORONTO) if quiet else None
    assert quiet_until(urgency, to, POLICY, now) == expected


@given(now=AROUND, to=OWN, urgency=LEVELS)
def test_r11_4_hours_of_ones_own_are_what_the_wall_clock_says(now: datetime, to: Recipient, urgency: Urgency) -> None:
    begins, ends = to.quiet_from, to.quiet_until
    assert begins is not None and ends is not None
    wall = now.astimezone(TORONTO).time()
    # A limit between one and three is on one night of the year twice there, and on one not at all.
    assume(not any(time(1) <= limit < time(3) for limit in (begins, ends)))
    quiet = begins <= wall < ends if begins < ends else begins != ends and (wall >= begins or wall < ends)
    until = quiet_until(urgency, to, POLICY, now)
    assert (until is not None) is quiet
    if until is not None:
        assert until.astimezone(TORONTO).time() == ends


@given(AROUND, ANYBODY, LEVELS, KINDS, st.sampled_from(Channel), SOON, SOON)
def test_r11_4_nothing_is_held_for_long_in_vain_or_twice(
    now: datetime,
    to: Recipient,
    urgency: Urgency,
    kind: str,
    channel: Channel,
    to_start: timedelta | None,
    to_end: timedelta | None,
) -> None:
    starts_at = None if to_start is None else now + to_start
    expires_at = None if to_end is None else now + to_end
    how = manner(kind, urgency, channel, to, starts_at, expires_at, POLICY, now)
    if not isinstance(how, Held):
        return
    longest = ONE_DAY + max(_offset(now) - _offset(how.until), timedelta(0))  # the night with an hour more
    assert now < how.until <= now + longest
    if channel is TELEGRAM:
        assert expires_at is None or expires_at > how.until, "it would have expired by then"
    then = at_that_time(to, now, how.until)
    again = manner(kind, urgency, channel, then, starts_at, None, POLICY, how.until)
    assert not isinstance(again, Held), "held once"


def _offset(at: datetime) -> timedelta:
    offset = at.astimezone(TORONTO).utcoffset()
    assert offset is not None
    return offset


@given(AROUND, ANYBODY, LEVELS, KINDS, SOON, SOON)
def test_r11_4_what_comes_how(
    now: datetime,
    to: Recipient,
    urgency: Urgency,
    kind: str,
    to_start: timedelta | None,
    to_end: timedelta | None,
) -> None:
    starts_at = None if to_start is None else now + to_start
    expires_at = None if to_end is None else now + to_end
    chat = manner(kind, urgency, TELEGRAM, to, starts_at, expires_at, POLICY, now)
    sms = manner(kind, urgency, SMS, to, starts_at, expires_at, POLICY, now)
    assert not isinstance(sms, Silent), "an SMS rings"
    if isinstance(chat, Held):
        assert sms == chat
    if urgency is U:
        assert not isinstance(chat, Held), "urgent is never held"
        assert kind in (Kind.OFFER, Kind.GIVE_AWAY) or chat == Rings(), "only offers come silently"
        assert not to.wake_me or chat == Rings()
    if kind == Kind.OFFER and not isinstance(sms, Held) and urgency is U:
        assert chat == Rings()
    if urgency is N and to.working and kind not in (Kind.LINK_MOVED, Kind.ALERT):
        assert chat != Rings(), "nothing normal rings at work"
    if quiet_until(urgency, to, POLICY, now) is None:
        assert not isinstance(chat, Held)
        assert isinstance(sms, Held) is (urgency is N and to.working), "only a shift holds what is to ring by day"


# -- wherever the host stands


def _under(zone: str) -> str:
    """What the rules say in a process whose host is in `zone`."""
    asked = """
from datetime import UTC, datetime, time, timedelta
from domain.db.models.words import Channel, Urgency, UserRole
from domain.notices.rules import Recipient, manner
from domain.policy import Policy
people = (Recipient(UserRole.DRIVER), Recipient(UserRole.DRIVER, time(22), time(7)), Recipient(UserRole.MANAGER))
for start in (datetime(2026, 10, 31, 12, tzinfo=UTC), datetime(2027, 3, 13, 12, tzinfo=UTC)):
    for minutes in range(0, 48 * 60, 30):
        now = start + timedelta(minutes=minutes)
        for to in people:
            for urgency in (Urgency.URGENT, Urgency.IMPORTANT):
                print(manner("offer", urgency, Channel.TELEGRAM, to, now, None, Policy(), now))
                print(manner("manual", urgency, Channel.SMS, to, None, now + timedelta(hours=3), Policy(), now))
"""
    ran = subprocess.run(
        [sys.executable, "-c", asked], env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_r1_5_the_hosts_zone_never_matters() -> None:
    said = {_under(zone) for zone in ("UTC", "America/Toronto", "Asia/Tokyo")}
    assert len(said) == 1
    assert "Held" in said.pop()


# -- how long it may stay unanswered, and how many SMS a day


def test_r11_2_four_minutes_for_urgent_thirty_for_important_and_never_for_normal() -> None:
    assert answer_within(U, POLICY) == 4 * MINUTE
    assert answer_within(I, POLICY) == 30 * MINUTE
    assert answer_within(N, POLICY) is None


@pytest.mark.parametrize(
    ("urgency", "most"),
    [(U, 20), (I, 10), (N, 10)],
)
def test_r11_5_ten_sms_a_day_to_a_driver_and_twenty_with_the_urgent(urgency: Urgency, most: int) -> None:
    assert not day_is_full(urgency, UserRole.DRIVER, most - 1, POLICY)
    assert day_is_full(urgency, UserRole.DRIVER, most, POLICY)
    assert not day_is_full(urgency, UserRole.MANAGER, 10 * most, POLICY)
