"""When a message may ring, how long it may stay unanswered, and how many SMS a person gets (R11.2 to R11.5). Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.db.models.words import Channel, Urgency, UserRole
from domain.notices.kinds import RULES, Kind, Night
from domain.policy import Policy
from domain.time import local_day, local_instant

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recipient:
    """What decides how somebody is reached. `free_today`, `free_tomorrow`: no shift of his on that local day."""

    role: UserRole
    quiet_from: time | None = None
    quiet_until: time | None = None
    wake_me: bool = False
    working: bool = False  # a shift of his is active
    free_today: bool = True
    free_tomorrow: bool = True


@dataclass(frozen=True, slots=True)
class Rings:
    pass


@dataclass(frozen=True, slots=True)
class Silent:
    """It comes without ringing."""


@dataclass(frozen=True, slots=True)
class Held:
    """It comes when the quiet hours, or his shift, are over, if it still has a point then."""

    until: datetime


Manner = Rings | Silent | Held


def manner(
    kind: str,
    urgency: Urgency,
    channel: Channel,
    to: Recipient,
    starts_at: datetime | None,
    expires_at: datetime | None,
    policy: Policy,
    now: datetime,
) -> Manner:
    """How a notice comes at this moment (R11.4). `starts_at`: the start of the shift that it is about, if it is.

    An SMS always rings, so what would come silently is held; what his shift holds is looked at again and again until
    that is over, or the quiet hours are that begin meanwhile. What would lose its point before the quiet hours end
    comes silently instead of being held; by SMS it is held all the same, and dropped then.
    """
    until = _night_until(kind, urgency, to, starts_at, policy, now)
    if until is None:
        if urgency is not Urgency.NORMAL or not to.working:
            return Rings()
        if channel is Channel.TELEGRAM:
            return Silent()
        later = now + policy.look_at_shift_every
        return Held(_night_until(kind, urgency, to, starts_at, policy, later) or later)
    if channel is Channel.SMS:
        return Held(until)
    would_be_late = expires_at is not None and expires_at <= until
    return Silent() if _night(kind, urgency) is Night.SILENT or would_be_late else Held(until)


def manner_in_group(policy: Policy, now: datetime) -> Silent | Rings:
    """A group sleeps by the rules' own quiet hours: what comes then does not ring, and whom it concerns is told."""
    asleep = quiet_until(Urgency.URGENT, Recipient(UserRole.MANAGER), policy, now) is not None
    return Silent() if asleep else Rings()


def _night_until(
    kind: str, urgency: Urgency, to: Recipient, starts_at: datetime | None, policy: Policy, now: datetime
) -> datetime | None:
    """When the quiet hours end that it would disturb now; None where it may ring."""
    return None if _always_rings(kind, urgency, to, starts_at, policy, now) else quiet_until(urgency, to, policy, now)


def _night(kind: str, urgency: Urgency) -> Night:
    by_level = Night.RINGS if urgency is Urgency.URGENT else Night.HELD
    rule = RULES.get(kind)
    return (rule.night if rule else None) or by_level


def _always_rings(
    kind: str, urgency: Urgency, to: Recipient, starts_at: datetime | None, policy: Policy, now: datetime
) -> bool:
    if _night(kind, urgency) is Night.RINGS:
        return True
    if urgency is Urgency.URGENT and to.wake_me:
        return True
    # About a start that is longer past, nothing can be done at night.
    soon = starts_at is not None and abs(starts_at - now) <= policy.managers_ring_within
    return to.role is UserRole.MANAGER and soon


def quiet_until(urgency: Urgency, to: Recipient, policy: Policy, now: datetime) -> datetime | None:
    """When the quiet hours that it is in end; None where it is not in any.

    21:00 to 06:00 unless he has chosen others; the rules' own last until 08:00 for what is not urgent, on days without
    a shift of his. From and until alike: no quiet hours.
    """
    own = to.quiet_from is not None and to.quiet_until is not None
    begins = to.quiet_from if own and to.quiet_from is not None else policy.quiet_from
    ends = to.quiet_until if own and to.quiet_until is not None else policy.quiet_until
    if begins == ends:
        return None
    today = local_day(now, policy)
    for night_of in (today - ONE_DAY, today):
        morning = night_of + ONE_DAY if ends <= begins else night_of
        until = ends if own else _morning(morning, today, urgency, to, policy)
        starts, stops = local_instant(night_of, begins, policy), local_instant(morning, until, policy)
        if starts <= now < stops:
            return stops
    return None


def _morning(on: date, today: date, urgency: Urgency, to: Recipient, policy: Policy) -> time:
    free = to.free_today if on == today else to.free_tomorrow
    return policy.quiet_until_when_free if free and urgency is not Urgency.URGENT else policy.quiet_until


def answer_within(urgency: Urgency, policy: Policy) -> timedelta | None:
    """How long it may stay unanswered, or unsent, before it goes by SMS (R11.2); None: it never does."""
    return {Urgency.URGENT: policy.urgent_within, Urgency.IMPORTANT: policy.important_within}.get(urgency)


def day_is_full(urgency: Urgency, role: UserRole, sent_today: int, policy: Policy) -> bool:
    """Whether so many SMS have gone to this driver today that this one may not (R11.5). Managers have no such limit."""
    most = policy.sms_a_day_urgent if urgency is Urgency.URGENT else policy.sms_a_day
    return role is UserRole.DRIVER and sent_today >= most


def next_morning(policy: Policy, now: datetime) -> datetime:
    """When an SMS may go that today, which is full, may not: the quiet hours are over, and nothing is counted yet."""
    return local_instant(local_day(now, policy) + ONE_DAY, policy.quiet_until, policy)


def budget_bars(kind: str, urgency: Urgency, used: int, policy: Policy) -> bool:
    """Whether the month's SMS are used up for this one (R11.8): not for what is urgent, nor for what tells of it."""
    budget = policy.sms_monthly_budget
    return budget is not None and used >= budget and urgency is not Urgency.URGENT and kind != Kind.ALERT
