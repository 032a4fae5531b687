"""How people behave, by dice: one table. A new behaviour is a row here and a function in `hands`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from random import Random
from typing import Final

from domain.policy import Policy
from domain.time import local_day, local_instant
from sandbox.simulate import appealing, bidding, hands, managing, quirks
from sandbox.simulate.hands import Does, HisShift

POLICY: Final = Policy()
CASUAL: Final = timedelta(minutes=15)  # what needs no exact instant is done at the next full quarter


class Occasion(Enum):
    """When somebody makes up his mind."""

    TO_CONFIRM = "a shift is his that is to be confirmed"
    TO_KEEP = "a shift is his"
    TO_ARRIVE = "a shift of his is confirmed, or will be"
    AT_WORK = "he has arrived"
    REMINDED = "he is reminded of today's shift"
    OFFERED = "an offer comes"
    TO_BID = "a shift is open for bids"
    TOLD_RESULT = "he reads what has become of his bid"
    WON_LATELY = "he has won a shift that is soon, and could still hand it back"
    TEXTED_OFFER = "an offer comes by SMS"
    GIVEN_LATE = "a manager has given him a shift that is soon"
    OFFERED_BY_COLLEAGUE = "a colleague gives a shift away"
    DROPPED = "he reads that he has lost a shift for want of a confirmation"
    ASKED_TO_ANSWER = "a manager's message comes"
    MISSED = "he reads that he was not there in time"
    ASKED_TO_DECIDE = "a manager is asked to decide something"
    A_DAY = "a day begins, for a driver"
    A_MANAGERS_LOOK = "a manager looks at his warehouse"
    A_MANAGERS_DAY = "a day begins, for a manager"


When = Callable[[HisShift | None, datetime, Random], datetime | None]  # None: never


@dataclass(frozen=True, slots=True)
class Habit:
    """One row: on so many of all such occasions (the numbers of one occasion are held against their sum).

    The first row of an occasion is what is usual; an unruly company has more of the others.
    """

    on: Occasion
    share: float
    words: str
    when: When
    does: Does


# -- instants


def _casual(at: datetime) -> datetime:
    over = (at - datetime.min.replace(tzinfo=at.tzinfo)) % CASUAL
    return at if not over else at + CASUAL - over


def never(_shift: HisShift | None, _now: datetime, _dice: Random) -> datetime | None:
    return None


def within(*, minutes: float = 0, hours: float = 0, least: float = 1) -> When:
    """Some time from now, in minutes or hours."""
    most = minutes + 60 * hours
    return lambda _shift, now, dice: _casual(now + timedelta(minutes=dice.uniform(least, most)))


def at_once(_shift: HisShift | None, now: datetime, dice: Random) -> datetime | None:
    """Before others are asked, too."""
    return now + timedelta(seconds=dice.uniform(10, 50))


def before_arrival(least: float, most: float) -> When:
    """So many minutes before arriving is due, or a bit more, from five in the morning on."""

    def when(shift: HisShift | None, _now: datetime, dice: Random) -> datetime | None:
        assert shift is not None
        at = _casual(shift.arrive_by - timedelta(minutes=dice.uniform(least, most)) - CASUAL)
        return max(at, local_instant(shift.on, POLICY.check_in_from, POLICY))

    return when


def from_arrival(seconds: float = 0, minutes: float = 0) -> When:
    """To the second, from when arriving is due."""
    by = timedelta(seconds=seconds, minutes=minutes)
    return lambda shift, _now, _dice: shift.arrive_by + by if shift else None


def from_confirm_by(seconds: float) -> When:
    """To the second."""
    return lambda shift, _now, _dice: shift.confirm_by + timedelta(seconds=seconds) if shift else None


def days_before(days: int, at: time, within_hours: float) -> When:
    """At an hour of a day before the shift, or some time after it."""

    def when(shift: HisShift | None, _now: datetime, dice: Random) -> datetime | None:
        assert shift is not None
        begins = local_instant(shift.on - timedelta(days=days), at, POLICY)
        return _casual(begins + timedelta(minutes=dice.uniform(1, 60 * within_hours)))

    return when


def early(shift: HisShift | None, now: datetime, dice: Random) -> datetime | None:
    """More than 48 hours before the start, if there is so much time left."""
    assert shift is not None
    last = shift.starts_at - POLICY.confirm_before - timedelta(minutes=30)
    return _casual(now + dice.random() * (last - now)) if last > now else None


def late(shift: HisShift | None, now: datetime, dice: Random) -> datetime | None:
    """Less, and before the start."""
    assert shift is not None
    first = max(now, shift.starts_at - POLICY.confirm_before)
    return _casual(first + dice.random() * (shift.starts_at - first)) if shift.starts_at > first else None


def by_day(first: int, last: int) -> When:
    """Some time of this day between two hours."""

    def when(_shift: HisShift | None, now: datetime, dice: Random) -> datetime | None:
        begins = local_instant(local_day(now, POLICY), time(first), POLICY)
        return _casual(begins + timedelta(hours=dice.uniform(0, last - first)))

    return when


# -- the table

# Of a hundred shifts four are cancelled or missed, as in a fleet that runs well; one or two are dropped, or given away.
# What a minute or a second decides is rarer than that; of each a run of weeks has some.
HABITS: Final = (
    Habit(Occasion.TO_CONFIRM, 46, "confirms his week soon", within(hours=48), hands.confirm_week),
    Habit(Occasion.TO_CONFIRM, 12, "confirms the one, soon", within(hours=60), hands.confirm_one),
    Habit(Occasion.TO_CONFIRM, 26, "confirms when reminded", days_before(3, time(8), 5), hands.confirm_one),
    Habit(Occasion.TO_CONFIRM, 8, "confirms at the last call", days_before(3, time(18), 3), hands.confirm_one),
    Habit(Occasion.TO_CONFIRM, 3, "confirms twice", within(hours=30), hands.confirm_twice),
    Habit(Occasion.TO_CONFIRM, 3, "confirms at the last instant", from_confirm_by(0), hands.confirm_one),
    Habit(Occasion.TO_CONFIRM, 0.7, "confirms a second too late", from_confirm_by(1), hands.confirm_one),
    Habit(Occasion.TO_CONFIRM, 1.2, "never confirms", never, hands.nothing),
    Habit(Occasion.TO_KEEP, 958, "keeps it", never, hands.nothing),
    Habit(Occasion.TO_KEEP, 9, "cancels early", early, hands.cancel),
    Habit(Occasion.TO_KEEP, 4, "cancels late", late, hands.cancel),
    Habit(Occasion.TO_KEEP, 5, "cancels late, with cause", late, hands.cancel_with_cause),
    Habit(Occasion.TO_KEEP, 2, "cancels after the start", from_arrival(minutes=-95), hands.cancel),
    Habit(Occasion.TO_KEEP, 2, "texts that he can't make it", from_arrival(minutes=-70), hands.cancel_by_text),
    Habit(Occasion.TO_KEEP, 1, "texts it at the last minute", from_arrival(seconds=-60), hands.cancel_by_text),
    Habit(Occasion.TO_KEEP, 1, "cancels at the last second", from_arrival(seconds=-1), hands.cancel_with_cause),
    Habit(Occasion.TO_KEEP, 1, "cancels when it is too late", from_arrival(seconds=0), hands.cancel),
    Habit(Occasion.TO_KEEP, 4, "gives it away by a link, early", early, bidding.give_by_link),
    Habit(Occasion.TO_KEEP, 3, "gives it away by a link, late", late, bidding.give_by_link),
    Habit(Occasion.TO_KEEP, 4, "gives it away to all, early", early, bidding.give_to_all),
    Habit(Occasion.TO_KEEP, 3, "gives it away to all, late", late, bidding.give_to_all),
    Habit(Occasion.TO_KEEP, 3, "gives it away, and takes it back", early, bidding.give_to_all_for_hours),
    Habit(Occasion.TO_KEEP, 20, "thinks better of cancelling", late, hands.think_better),
    Habit(Occasion.TO_ARRIVE, 660, "comes early", before_arrival(20, 150), hands.arrive),
    Habit(Occasion.TO_ARRIVE, 230, "comes in time", before_arrival(3, 25), hands.arrive),
    Habit(Occasion.TO_ARRIVE, 30, "comes, and presses twice", before_arrival(10, 90), hands.arrive_twice),
    Habit(Occasion.TO_ARRIVE, 30, "comes, and texts it", before_arrival(10, 90), hands.arrive_by_text),
    Habit(Occasion.TO_ARRIVE, 25, "comes at the last second", from_arrival(seconds=-1), hands.arrive),
    Habit(Occasion.TO_ARRIVE, 20, "says that he runs late", before_arrival(16, 80), hands.run_late),
    Habit(Occasion.TO_ARRIVE, 3, "says so too late", from_arrival(minutes=-7), hands.run_late),
    Habit(Occasion.TO_ARRIVE, 2, "comes a second too late", from_arrival(seconds=0), hands.arrive),
    Habit(Occasion.TO_ARRIVE, 4, "comes late", from_arrival(minutes=20), hands.arrive),
    Habit(Occasion.TO_ARRIVE, 15, "checks in too early", days_before(0, time(4, 30), 0.4), hands.arrive_too_early),
    Habit(Occasion.TO_ARRIVE, 4, "never comes", never, hands.nothing),
    Habit(Occasion.AT_WORK, 800, "loads, types it, and is back in the afternoon", within(minutes=30), hands.load),
    Habit(Occasion.AT_WORK, 60, "uses the keypad", within(minutes=40), hands.load_by_keypad),
    Habit(Occasion.AT_WORK, 8, "must stop before he has loaded", within(minutes=20), hands.stop),
    Habit(Occasion.AT_WORK, 30, "types wrong numbers", within(minutes=40), hands.load_wrongly),
    Habit(Occasion.REMINDED, 5, "has a look at his day", within(minutes=25), quirks.look_at_day),
    Habit(Occasion.REMINDED, 5, "just reads it", never, hands.nothing),
    Habit(Occasion.OFFERED, 75, "lets it pass", never, hands.nothing),
    Habit(Occasion.OFFERED, 9, "takes it at once", at_once, hands.press_it),
    Habit(Occasion.OFFERED, 3, "takes it, pressing twice", at_once, hands.press_it_twice),
    Habit(Occasion.OFFERED, 5, "takes it hours later", within(hours=4), hands.press_it),
    Habit(Occasion.OFFERED, 8, "not that day", within(minutes=40), hands.decline),
    Habit(Occasion.TEXTED_OFFER, 7, "lets it pass", never, hands.nothing),
    Habit(Occasion.TEXTED_OFFER, 3, "takes it by SMS", within(minutes=30), hands.take_by_text),
    Habit(Occasion.TO_BID, 300, "lets bids to others", never, hands.nothing),
    Habit(Occasion.TO_BID, 14, "bids soon", within(minutes=40), hands.press_it),
    Habit(Occasion.TO_BID, 10, "bids hours later", within(hours=20), hands.press_it),
    Habit(Occasion.TO_BID, 3, "bids, pressing twice", within(minutes=40), hands.press_it_twice),
    Habit(Occasion.TO_BID, 3, "bids, and thinks better of it", within(hours=4), bidding.bid_for_hours),
    Habit(Occasion.TO_BID, 2, "bids, withdraws, bids again", within(hours=4), bidding.bid_anew),
    Habit(Occasion.TO_BID, 6, "does not bid for that day", within(hours=3), hands.decline),
    Habit(Occasion.TOLD_RESULT, 7, "takes the result as it is", never, hands.nothing),
    Habit(Occasion.TOLD_RESULT, 3, "asks why", within(hours=2), bidding.ask_why),
    Habit(Occasion.WON_LATELY, 8, "is glad of it", never, hands.nothing),
    Habit(Occasion.WON_LATELY, 1.5, "hands it back", within(minutes=55), bidding.hand_back),
    Habit(Occasion.WON_LATELY, 0.5, "hands it back too late", within(minutes=90, least=62), bidding.hand_back),
    Habit(Occasion.GIVEN_LATE, 6, "agrees to drive", within(minutes=50), bidding.agree),
    Habit(Occasion.GIVEN_LATE, 2, "declines to drive", within(minutes=50), hands.press_it),
    Habit(Occasion.GIVEN_LATE, 2, "does not answer", never, hands.nothing),
    Habit(Occasion.OFFERED_BY_COLLEAGUE, 6, "leaves it to the colleague", never, hands.nothing),
    Habit(Occasion.OFFERED_BY_COLLEAGUE, 3, "takes it over", within(hours=2), hands.press_it),
    Habit(Occasion.OFFERED_BY_COLLEAGUE, 1, "takes it over, pressing twice", within(hours=6), hands.press_it_twice),
    Habit(
        Occasion.OFFERED_BY_COLLEAGUE,
        0.5,
        "takes it over, and can't after all",
        within(hours=2),
        bidding.take_over_and_think_better,
    ),
    Habit(Occasion.DROPPED, 5, "leaves it at that", never, hands.nothing),
    Habit(Occasion.DROPPED, 3, "wants it back soon", within(minutes=110), hands.press_it),
    Habit(Occasion.DROPPED, 2, "wants it back much later", within(hours=20, least=125), hands.press_it_twice),
    Habit(Occasion.ASKED_TO_ANSWER, 7, "answers", within(hours=2), hands.press_it),
    Habit(Occasion.ASKED_TO_ANSWER, 3, "does not", never, hands.nothing),
    Habit(Occasion.MISSED, 5, "leaves it at that", never, hands.nothing),
    Habit(Occasion.MISSED, 4, "is here, late", within(minutes=50), hands.press_it),
    Habit(Occasion.MISSED, 1, "is here, late, pressing twice", within(hours=5), hands.press_it_twice),
    Habit(Occasion.MISSED, 2, "asks why, and appeals", within(hours=30), appealing.appeal),
    Habit(Occasion.ASKED_TO_DECIDE, 6, "decides", within(minutes=25), managing.decide),
    Habit(Occasion.ASKED_TO_DECIDE, 2, "decides much later", within(hours=5), managing.decide),
    Habit(Occasion.ASKED_TO_DECIDE, 2, "does not decide", never, hands.nothing),
    Habit(Occasion.A_DAY, 960, "has other things to do", never, hands.nothing),
    Habit(Occasion.A_DAY, 12, "looks around", by_day(6, 22), quirks.look_around),
    Habit(Occasion.A_DAY, 25, "looks for shifts", by_day(7, 22), bidding.look_for_shifts),
    Habit(Occasion.A_DAY, 8, "looks at his bids", by_day(7, 22), bidding.look_at_bids),
    Habit(Occasion.A_DAY, 6, "asks how he stands", by_day(7, 22), appealing.ask_why),
    Habit(Occasion.A_DAY, 8, "appeals what he can", by_day(7, 22), appealing.appeal),
    Habit(Occasion.A_DAY, 8, "talks nonsense", by_day(6, 23), quirks.talk_nonsense),
    Habit(Occasion.A_DAY, 3, "sends a sticker", by_day(8, 21), quirks.send_sticker),
    Habit(Occasion.A_DAY, 8, "presses an old button", by_day(6, 22), quirks.press_old_button),
    Habit(Occasion.A_DAY, 4, "forges", by_day(0, 23), quirks.forge),
    Habit(Occasion.A_DAY, 3, "falls ill", by_day(5, 22), quirks.fall_ill),
    Habit(Occasion.A_DAY, 2, "blocks the bot", by_day(9, 23), quirks.block_for_days),
    Habit(Occasion.A_DAY, 1, "texts STOP", by_day(9, 20), quirks.stop_texts),
    Habit(Occasion.A_DAY, 2, "texts OK", by_day(9, 20), quirks.say_ok),
    Habit(Occasion.A_MANAGERS_LOOK, 9, "covers what is uncovered", within(minutes=9), managing.cover),
    Habit(Occasion.A_MANAGERS_LOOK, 1, "is busy", never, hands.nothing),
    Habit(Occasion.A_MANAGERS_LOOK, 1, "fills a slot from the list", within(minutes=20), managing.fill),
    Habit(Occasion.A_MANAGERS_LOOK, 1, "fills a slot in one line", within(minutes=20), managing.fill_in_line),
    Habit(Occasion.A_MANAGERS_LOOK, 1.5, "handles a window", within(minutes=25), managing.handle_window),
    Habit(Occasion.A_MANAGERS_LOOK, 0.2, "takes a shift off somebody", within(minutes=15), managing.take_off),
    Habit(Occasion.A_MANAGERS_DAY, 8, "is there", by_day(6, 20), managing.look_after),
    Habit(Occasion.A_MANAGERS_DAY, 3, "decides on an absence", by_day(9, 18), managing.review),
    Habit(Occasion.A_MANAGERS_DAY, 3, "decides on an appeal", by_day(9, 18), appealing.decide_an_appeal),
    Habit(Occasion.A_MANAGERS_DAY, 2, "looks at one of his drivers", by_day(8, 19), appealing.look_at_a_driver),
    Habit(Occasion.A_MANAGERS_DAY, 1, "presses an old button", by_day(6, 20), quirks.press_old_button),
    Habit(Occasion.A_MANAGERS_DAY, 0.5, "closes a route for a day", by_day(7, 20), managing.close_a_route),
    Habit(Occasion.A_MANAGERS_DAY, 0.3, "has it run after all", by_day(7, 20), managing.run_after_all),
    Habit(Occasion.A_MANAGERS_DAY, 0.4, "wants another way with give-aways", by_day(8, 18), managing.want_a_word),
    Habit(Occasion.A_MANAGERS_DAY, 1, "is away", by_day(8, 17), managing.be_away),
)

# What he does after loading: also a table, since it is another decision.
RETURNS: Final[tuple[tuple[float, str, tuple[float, float], Does, Does | None], ...]] = (
    (900, "brings back what is left", (4, 9), hands.bring_back, None),
    (50, "brings back, and corrects a number", (4, 9), hands.bring_back, hands.correct),
    (20, "says that he brings back too many", (4, 9), hands.bring_back_too_many, None),
    (15, "must stop on the way", (1, 4), hands.stop, hands.bring_back),
    (30, "forgets it until tomorrow", (20, 27), hands.bring_back, None),
)


def chosen(occasion: Occasion, unruly: float, dice: Random) -> Habit:
    """What the dice say; `unruly`: how much more often than the table has it something unusual happens."""
    rows = [row for row in HABITS if row.on is occasion]
    weights = [row.share * (unruly if place else 1) for place, row in enumerate(rows)]
    return dice.choices(rows, weights)[0]
