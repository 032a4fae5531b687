"""What can be appealed, and decided (R10.6). Pure."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from domain.notices.facts.appeals import Penalty, Stage
from domain.policy import Policy
from domain.reasons import bad_reason
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Subject:
    """What is held against a driver: an incident, or a flag, which is about no single shift.

    `at`: when it happened, or he was warned. `counts`: it is not excused, or the flag not ended. `appeal_id`: he has
    appealed it.
    """

    id: uuid.UUID
    driver_id: uuid.UUID
    what: Penalty
    at: datetime
    counts: bool
    assignment_id: uuid.UUID | None
    route_id: uuid.UUID | None
    warehouse_id: uuid.UUID | None
    route: str | None
    warehouse: str | None
    on: date | None
    appeal_id: uuid.UUID | None

    def appeal_until(self, policy: Policy) -> datetime:
        return self.at + policy.appeal_within


@dataclass(frozen=True, slots=True)
class Opens:
    """The appeal is to be decided by then."""

    decide_by: datetime


def decide_subject(subject: Subject | None, policy: Policy, now: datetime) -> Subject | Refused:
    """What can be appealed: what counts, within 30 days of it, once. None: it is not his."""
    if subject is None:
        return Refused(Refusal.NOT_FOUND)
    if subject.appeal_id is not None:
        return Refused(Refusal.APPEALED_ALREADY)
    if not subject.counts:
        return Refused(Refusal.NOTHING_COUNTS)
    return Refused(Refusal.TOO_LATE_TO_APPEAL) if now > subject.appeal_until(policy) else subject


def decide_opening(subject: Subject | None, reason: str, policy: Policy, now: datetime) -> Opens | Refused:
    """An appeal is about what can be appealed, and says why."""
    if isinstance(may := decide_subject(subject, policy, now), Refused):
        return may
    if not reason.strip():
        return Refused(Refusal.NO_REASON)
    if len(reason) > policy.appeal_most:
        return Refused(Refusal.NOTES_TOO_LONG)
    return Opens(now + policy.appeal_decided_within)


@dataclass(frozen=True, slots=True)
class Decided:
    """A manager has decided, for the driver or not."""

    granted: bool


def answer_refused(decided: bool, counts: bool) -> Refused | None:
    """An appeal is decided once, and only while there is something that would count."""
    if decided:
        return Refused(Refusal.DECIDED_ALREADY)
    return None if counts else Refused(Refusal.NOTHING_COUNTS)


def decide_answer(
    subject: Subject | None, decided: bool, granted: bool, answer: str, policy: Policy
) -> Decided | Refused:
    """What can still be answered, with a reason. `subject` None: it is not the manager's to decide."""
    if subject is None:
        return Refused(Refusal.NOT_FOUND)
    return answer_refused(decided, subject.counts) or bad_reason(answer, policy) or Decided(granted)


def stage_at(opened_at: datetime, decide_by: datetime, now: datetime) -> Stage:
    """Its managers are reminded when half of the time is over; at its end all of the warehouse are asked."""
    if now >= decide_by:
        return Stage.OVERDUE
    return Stage.REMINDED if now >= opened_at + (decide_by - opened_at) / 2 else Stage.OPENED
