"""What was held against a driver is taken back, with all that it has caused (R8.6, R10.6)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.queries import lock_people
from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health import caps, days, flags, metrics, weeks
from domain.health.rules_of_appeals import Subject
from domain.health.subjects import subject
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.appeals import Penalty, PenaltyDecided
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, warehouses_of
from domain.policy import Policy
from domain.reasons import bad_reason
from domain.refusals import Refusal, Refused
from domain.shifts import ledger


@dataclass(frozen=True, slots=True)
class Excused:
    """The incident counts no longer."""

    incident_id: uuid.UUID


async def excuse_incident(
    session: AsyncSession,
    manager: Person,
    incident_id: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Excused | Refused:
    """A manager of the shift's warehouse excuses an incident by himself, with a reason, and its driver is told.

    Refused where it is none that counts against anybody in his warehouses. An appeal that waits is granted by it.
    """
    of = await subject(session, incident_id)
    if of is None:
        return Refused(Refusal.NOT_FOUND)
    await lock_people(session, [of.driver_id])
    of = await subject(session, incident_id)
    # Looked at now, since he may have been removed from there meanwhile (R12.5).
    if of is None or of.warehouse_id not in await warehouses_of(session, manager.id):
        return Refused(Refusal.NOT_FOUND)
    if not of.counts:
        return Refused(Refusal.NOTHING_COUNTS)
    if (refused := bad_reason(reason, policy)) is not None:
        return refused
    await grant(session, of, manager.id, reason, say, policy, now)
    free = await is_free(session, of.driver_id)
    notice = PenaltyDecided(of.what, of.route, of.warehouse, of.on, True, reason, free)
    await notices.tell(session, [of.driver_id], notice, notices.Envelope(Kind.EXCUSED, of.id), say, policy, now)
    await following.follow_homes(session, now, of=[of.driver_id])
    return Excused(of.id)


async def take_back(
    session: AsyncSession,
    assignment_id: uuid.UUID,
    kind: IncidentKind,
    by: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """The incident of this kind is excused, and what has followed from it is undone, under the driver's lock: his
    figures, flag and cap, the score of today, a hard stop that nothing else holds, the star of its week. Nothing where
    there is none that counts.

    Its cards are redrawn; the driver is told of it by who calls this, and of what has followed here.
    """
    gone = await ledger.excuse(session, assignment_id, kind, by, reason, policy, now)
    if gone is None:
        return
    await metrics.rebuild(session, now, [gone.driver_id])
    await weeks.judge_again(session, gone.driver_id, [gone.at], policy, now)
    await days.evaluate(session, policy, now, [gone.driver_id])
    await flags.relieve(session, gone.driver_id, say, policy, now)


async def grant(
    session: AsyncSession, of: Subject, by: uuid.UUID, reason: str, say: Wording, policy: Policy, now: datetime
) -> None:
    """The incident is excused, or the flag ended, with all that has followed from it; what shows it is redrawn."""
    if of.what is Penalty.FLAG:
        await caps.take_flag_back(session, of.driver_id, of.id, by, reason, say, policy, now)
    else:
        assert of.assignment_id is not None, "an incident has one"
        await take_back(session, of.assignment_id, IncidentKind(of.what.value), by, reason, say, policy, now)
    await follow(session, of, now)


async def follow(session: AsyncSession, of: Subject, now: datetime) -> None:
    """What shows the appeal, or what it is about, is redrawn. Before any home card, as everybody locks them."""
    appeal = [] if of.appeal_id is None else [of.appeal_id]
    if of.assignment_id is not None:
        await following.follow(session, of.assignment_id, now, over=False, also=[*appeal, of.id])
    elif of.appeal_id is not None:
        await following.follow(session, of.appeal_id, now, over=False, also=[of.id])


_FREE = sql(
    """
    SELECT NOT u.is_flagged AND coalesce(s.assignment_pool_eligible, true)
    FROM users u LEFT JOIN driver_health_state s ON s.user_id = u.id
    WHERE u.id = :driver
    """,
    driver=Uuid(),
)


async def is_free(session: AsyncSession, driver_id: uuid.UUID) -> bool:
    """Whether he can get new shifts: neither flagged nor stopped."""
    return bool(await session.scalar(_FREE, {"driver": driver_id}))
