"""What was held against a driver is taken back, with all that it has caused (R8.6, R10.6)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health import caps, days, flags, metrics, stops, weeks
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
    if of is None or of.warehouse_id not in await warehouses_of(session, manager.id):
        return Refused(Refusal.NOT_FOUND)
    await lock_people(session, [of.driver_id])
    of = await subject(session, incident_id)
    if of is None or not of.counts:
        return Refused(Refusal.NOTHING_COUNTS)
    if (refused := bad_reason(reason, policy)) is not None:
        return refused
    await take_back(session, of, manager.id, reason, say, policy, now)
    free = await is_free(session, of.driver_id)
    notice = PenaltyDecided(of.what, of.route, of.warehouse, of.on, True, reason, free)
    await notices.tell(session, [of.driver_id], notice, notices.Envelope(Kind.EXCUSED, of.id), say, policy, now)
    await following.follow_homes(session, now, of=[of.driver_id])
    return Excused(of.id)


async def take_back(
    session: AsyncSession,
    of: Subject,
    by: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """The incident is excused, or the flag ended, and what has followed from it is undone, under the driver's lock: his
    figures, flag and cap, the score of today, a hard stop that nothing else holds, the star of its week.

    What shows it is redrawn; the driver is told of it by who calls this, and of what has followed here.
    """
    driver = of.driver_id
    if of.what is Penalty.FLAG:
        await caps.end_flag(session, driver, of.id, by, reason, now)
        await follow(session, of, now)
        return
    assert of.assignment_id is not None, "an incident has one"
    await ledger.excuse(session, of.assignment_id, IncidentKind(of.what.value), by, reason, policy, now)
    await follow(session, of, now)
    await metrics.rebuild(session, now, [driver])
    await days.evaluate(session, policy, now, [driver])
    await weeks.judge_again(session, driver, [of.at], policy, now)
    await follow_appeal(session, driver, by, policy, now)
    await flags.judge_some(session, [driver], say, policy, now)


async def follow(session: AsyncSession, of: Subject, now: datetime) -> None:
    """What shows the appeal, or what it is about, is redrawn. Before any home card, as everybody locks them."""
    appeal = [] if of.appeal_id is None else [of.appeal_id]
    if of.assignment_id is not None:
        await following.follow(session, of.assignment_id, now, over=False, also=[*appeal, of.id])
    elif of.appeal_id is not None:
        await following.follow(session, of.appeal_id, now, over=False, also=[of.id])


# -- the pool (R10.2)


# Back is who waits for the decision on an appeal of what has stopped him, or on whom nobody has decided in time.
_FOLLOW = sql(
    """
    UPDATE hard_stops s SET back_at = CASE WHEN is_.back THEN CAST(:now AS timestamptz) END
    FROM (SELECT id, EXISTS (SELECT FROM appeals p JOIN incidents i ON i.id = p.incident_id
                             WHERE p.user_id = :driver AND p.decided_at IS NULL
                               AND i.kind IN ('no_show', 'late_cancel'))
                     OR reinstated IS NULL AND stopped_at <= :undecided_since AS back
          FROM hard_stops WHERE user_id = :driver AND ended_at IS NULL) AS is_
    WHERE s.id = is_.id AND is_.back <> (s.back_at IS NOT NULL)
    RETURNING is_.back
    """,
    driver=Uuid(),
    undecided_since=DateTime(timezone=True),
)


async def follow_appeal(
    session: AsyncSession, driver_id: uuid.UUID, by: uuid.UUID, policy: Policy, now: datetime
) -> None:
    """Whoever is stopped is back in the pool while an appeal of it waits, and out again once it is refused."""
    given = {"driver": driver_id, "undecided_since": now - policy.stop_back_after, "now": now}
    if (back := await session.scalar(_FOLLOW, given)) is not None:
        stands = (await session.execute(stops.FOLLOW_POOL, {"driver": driver_id, "now": now})).one()
        action, after = "back_for_now" if back else "out_again", stops.pool(stands.eligible, stands.requires)
        await audit.record(session, by, now, audit.Entry("user", driver_id, action, after=after))


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
