"""SMS from a claim to its end: sent at its turn, looked up where nobody knows, moved on by reports (R11.5, R11.7)."""

import asyncio
import uuid
from functools import partial
from typing import Final

import structlog

from bot import metrics
from bot.delivery import alerts, sms_claims, sms_queue, sms_reports
from bot.delivery import sms as network
from bot.delivery.carrying import (
    fault_in,
    insist,
    is_expired,
    kind_and_facts,
    manner,
    reader_of,
    show_author,
    told,
)
from bot.delivery.claims import Claimed
from bot.delivery.flight import Flight, Leaving
from bot.delivery.gsm7 import segments
from bot.delivery.mail import Mail
from bot.delivery.outcomes import (
    BadNumber,
    DayFull,
    Expired,
    Halted,
    LookupFailed,
    Lost,
    LostPoint,
    Misconfigured,
    NoSms,
    NotFound,
    OptedOut,
    Outcome,
    Unsure,
)
from bot.delivery.sms import FOR_OPERATORS, RANKS, Found, Sms
from bot.delivery.sms_claims import SmsInHand, Tried
from bot.delivery.sms_queue import Begun
from bot.delivery.steps import Step, next_step
from bot.kinds import Kind
from bot.kinds.digest import Lines
from domain.db.models.words import Channel, DeliveryState, Failure
from domain.notices.codes import code_for
from domain.notices.digest import Told
from domain.notices.rules import Held, budget_bars, day_is_full, next_morning
from domain.people.consent import opt_out
from domain.people.phones import e164
from domain.time import local_day

log = structlog.get_logger(__name__)

SENDING_MOST: Final = 8  # requests to Twilio at once, of a process
LOOKING_MOST: Final = 4
IDLE_FOR: Final = 1.0  # seconds; also where the database wakes us, for what becomes due by the clock alone
CROWDED_FOR: Final = 0.5  # the number's next turn is not soon, or Twilio must rest
LISTED_AFTER: Final = 30  # seconds; what Twilio's list does not have by then, Twilio never got


async def send_round(mail: Mail, flight: Flight) -> float:
    """Makes the most urgent SMS ready and lets it go at its number's turn; returns the seconds to rest.

    Its answer is not waited for, so that one that hangs does not hold up the urgent ones behind it.
    """
    return await flight.let_go(partial(_ready, mail))


async def look_up_round(mail: Mail, flight: Flight) -> float:
    """Asks Twilio about the most urgent SMS of which nobody knows how it fares; returns the seconds to rest."""
    return await flight.let_go(partial(_to_look_up, mail))


async def carry_one(mail: Mail) -> Step | None:
    """Takes the next step of the most urgent SMS, a send before a look-up; None where there is none, or no turn."""
    for ready in (_ready, _to_look_up):
        left = await ready(mail)
        if not isinstance(left, float):
            return await left.sending if isinstance(left, Leaving) else left
    return None


# -- sending


async def _ready(mail: Mail) -> Leaving[Step] | Step | float:
    """The most urgent SMS, begun at its turn; or what came of it before that; or how long to rest."""
    sms = await sms_claims.claim_send(mail.db, mail.now(), _pace_key(mail), mail.policy)
    if sms is None:
        return IDLE_FOR
    to = e164(sms.row.phone or "")
    text = await _text_for(mail, sms, to)
    if not isinstance(text, str):
        return await _settle(mail, sms, text)
    assert mail.sms is not None and to is not None, "there was a text"
    if not await mail.pace.sms_turn(mail.sms.pace_key, segments(text)):
        await sms_queue.release(mail.db, sms)
        return CROWDED_FOR
    begun = await sms_queue.begin(mail.db, sms, to, text, segments(text), mail.policy, mail.now())
    if begun is None:
        await sms_queue.release(mail.db, sms)
        return CROWDED_FOR
    return Leaving(_send(mail, mail.sms, begun, to, text), sms.row.tags)


async def _send(mail: Mail, way: Sms, begun: Begun, to: str, text: str) -> Step:
    sms = begun.sms
    try:
        async with asyncio.timeout(sms.row.seconds_left):
            outcome = await network.send(way, to, text, begun.attempt_id, sms.row.expires_at, mail.now())
    except TimeoutError:
        outcome = Unsure("stopped before the lease ended")
    if isinstance(outcome, OptedOut):  # at Twilio: in step with it (R11.5)
        await insist(lambda: _opted_out(mail, to))
    step = await _settle(mail, sms, outcome)
    await _watch_budget(mail, begun.month_segments)
    return step


async def _opted_out(mail: Mail, to: str) -> None:
    async with mail.sessions.begin() as session:
        await opt_out(session, to, mail.words, mail.policy, mail.now())


async def _text_for(mail: Mail, sms: SmsInHand, to: str | None) -> str | Outcome:
    """What it says now, or why it is not to be sent (now). The first one tells how to opt out (R11.5)."""
    row = sms.row
    if is_expired(mail, row):
        return Expired()
    if sms.answered:
        return LostPoint()
    try:
        kind, facts = await kind_and_facts(mail, row)
        if facts is None or not kind.has_point(facts, mail.now()):
            return LostPoint()
        if (barred := await _barred(mail, sms, kind, to)) is not None:
            return barred
        if isinstance(how := manner(mail, row), Held):
            return how
        if to is None:
            return BadNumber("it is no phone that can be texted")
        assert kind.sms is not None, "it is barred otherwise"
        reader = reader_of(mail, row)
        behind = " " + reader.gettext("Reply STOP to opt out.") if sms.first else ""
        if isinstance(facts, Lines):
            facts = await facts.coded(lambda told: _code(mail, row, to, told))
        return kind.sms(facts, reader, await _code(mail, row, to, row) if kind.coded else None, behind) + behind
    except Exception as fault:
        return fault_in(row, fault)


async def _barred(mail: Mail, sms: SmsInHand, kind: Kind, to: str | None) -> NoSms | DayFull | None:
    """Why it can't go by SMS at all, or not today; None where it can (R11.5, R11.8)."""
    row = sms.row
    assert row.to is not None, "a claim brings him along"
    if kind.sms is None or mail.sms is None:
        return NoSms(Failure.NO_SMS, "it never goes by SMS" if kind.sms is None else "SMS is not set up")
    if not (row.phone or "").strip():
        return NoSms(Failure.NO_PHONE, "there is no phone number")
    if not sms.wanted:
        return NoSms(Failure.SMS_OFF, "SMS are turned off")
    if sms.opted_out or (to is not None and to != row.phone and await sms_queue.has_opted_out(mail.db, to)):
        return NoSms(Failure.OPTED_OUT, "STOP was texted")
    if day_is_full(row.of_level, row.to.role, sms.sent_today, mail.policy):
        return DayFull(next_morning(mail.policy, mail.now()), f"{sms.sent_today} SMS have gone there today")
    if budget_bars(row.kind, row.of_level, sms.month_segments, mail.policy):
        return NoSms(Failure.BUDGET, "the month's SMS are used up")
    return None


async def _code(mail: Mail, row: Claimed, to: str, of: Claimed | Told) -> str | None:
    """For what the SMS is `of`, or one of its lines."""
    if of.about is None:
        return None
    until = of.expires_at or mail.now() + mail.policy.code_good_for
    async with mail.db.connect() as connection:
        return await code_for(connection, to, row.whose, of.kind, of.about, until)


async def _watch_budget(mail: Mail, used: int) -> None:
    """An alert at 80 % of the month's budget and one at its end, once each (R11.8)."""
    budget, percent = mail.policy.sms_monthly_budget, mail.policy.budget_alert_percent
    if budget is None or used * 100 < budget * percent:
        return
    month = f"{sms_claims.month_of(mail.now(), mail.policy):%Y-%m}"
    if used >= budget:
        rest = f"all {budget} segments of {month} are used: only urgent SMS still go"
        await alerts.raise_alert(mail, f"sms budget used up:{month}", rest)
    else:
        rest = f"{used} of {budget} segments of {month} are used; then only urgent SMS still go"
        await alerts.raise_alert(mail, f"sms budget at {percent} %:{month}", rest)


# -- looking up


async def _to_look_up(mail: Mail) -> Leaving[Step] | Step | float:
    sms = await sms_claims.claim_look_up(mail.db, mail.now(), _pace_key(mail), mail.policy)
    if sms is None:
        return IDLE_FOR
    if sms.row.state is DeliveryState.SENDING:
        return await _settle(mail, sms, Unsure("its sender died before it had an answer"))
    return Leaving(_look_up(mail, sms), sms.row.tags)


async def _look_up(mail: Mail, sms: SmsInHand) -> Step:
    try:
        async with asyncio.timeout(sms.row.seconds_left):
            found = await _asked(mail, sms.last)
    except TimeoutError:
        found = LookupFailed("stopped before the lease ended")
    if not isinstance(found, Found):
        return await _settle(mail, sms, found)
    return await _settle(mail, sms, network.word_of(found.status, found.error_code), found)


async def _asked(mail: Mail, last: Tried | None) -> Found | NotFound | LookupFailed:
    """How an SMS fares, and first whether Twilio has it at all; what has only just left may not be listed yet."""
    if last is None:
        return NotFound()
    if mail.sms is None:
        return LookupFailed("SMS is not set up")
    if last.sid is not None:
        return await network.fetch(mail.sms, last.sid)
    others = await sms_queue.sids_of_others(mail.db, last)
    found = await network.find(mail.sms, last.to, last.body, last.begun_at, others)
    if isinstance(found, NotFound) and last.age.total_seconds() < LISTED_AFTER:
        return LookupFailed("it may not be listed yet")
    return found


# -- what came of it


async def _settle(mail: Mail, sms: SmsInHand, outcome: Outcome, found: Found | None = None) -> Step:
    """Records what came of it. Insists while the database is away: what was sent must not be sent again."""
    step = next_step(sms.step_row(mail.policy, mail.now()), outcome, mail.now())
    await insist(lambda: _write(mail, sms, step, outcome, found))
    metrics.settled(Channel.SMS, sms.row.of_level, sms.row.state, outcome, step)
    told(sms.row, outcome, step)
    if isinstance(outcome, Misconfigured):
        await _alert(mail, outcome)
    if isinstance(outcome, Lost):
        await _after_loss(mail, sms.last.to if sms.last else None, outcome, found)
    if step.state is not sms.row.state:
        await insist(lambda: show_author(mail, sms.row))
    return step


async def _write(mail: Mail, sms: SmsInHand, step: Step, outcome: Outcome, found: Found | None) -> None:
    if isinstance(outcome, Halted):
        await mail.pace.halt(_pace_key(mail), outcome.retry_after)
    written = await sms_queue.record(mail.db, sms, step, outcome, found, alerts.TWILIO, mail.policy, mail.now())
    if not written:
        log.info("a report came first", outcome=type(outcome).__name__, **sms.row.tags)


async def _alert(mail: Mail, outcome: Misconfigured) -> None:
    """Of what concerns single numbers once a day, since others that get theirs don't end it."""
    if outcome.for_one:
        day = local_day(mail.now(), mail.policy)
        await alerts.raise_alert(mail, f"twilio for some numbers:{outcome.why}:{day}", outcome.why)
    else:
        await alerts.raise_alert(mail, alerts.TWILIO, outcome.why)


async def _after_loss(mail: Mail, to: str | None, lost: Lost, found: Found | None) -> None:
    if lost.failure is Failure.OPTED_OUT and to is not None:
        await insist(lambda: _opted_out(mail, to))
    if found is not None and found.error_code in FOR_OPERATORS:
        day = local_day(mail.now(), mail.policy)
        await alerts.raise_alert(mail, f"carriers take no SMS:{found.error_code}:{day}", lost.why)


# -- reports


async def on_report(mail: Mail, attempt_id: uuid.UUID, report: Found) -> Step | None:
    """Twilio reports on an attempt: early, twice, or in any order; it only moves forward (R11.7).

    None where nothing comes of it: there is no such attempt, it is nothing new, or it is a word that we don't know. A
    database that is away raises.
    """
    if report.status not in RANKS:
        return None
    word, now = network.word_of(report.status, report.error_code), mail.now()
    async with mail.sessions.begin() as session:
        about = await sms_reports.reported_on(session, attempt_id, now)
        if about is None or not await sms_reports.take_report(session, attempt_id, report):
            return None
        if isinstance(word, Lost) and not about.latest:
            return None  # a later attempt is on its way
        step = next_step(about.step_row(mail.policy), word, now)
        if step.state is about.row.state and step.due_at is None:
            return None
        await sms_reports.move(session, about.row, step, mail.policy, now)
    metrics.settled(Channel.SMS, about.row.of_level, about.row.state, word, step)
    told(about.row, word, step)
    if isinstance(word, Lost):
        await _after_loss(mail, about.number, word, report)
    await show_author(mail, about.row)
    return step


def _pace_key(mail: Mail) -> str:
    return mail.sms.pace_key if mail.sms else ""
