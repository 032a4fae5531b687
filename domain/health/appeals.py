"""Appeals: a driver asks that what is held against him be looked at again, and a manager decides (R10.6)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Date, DateTime, Integer, Text, Uuid, insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import Appeal
from domain.db.sql import Find, sql
from domain.health import excusing, pool
from domain.health.rules_of_appeals import (
    Decided,
    Opens,
    Subject,
    decide_answer,
    decide_opening,
    decide_subject,
    stage_at,
)
from domain.health.subjects import APPEALED, COLUMNS, DECIDES, MAY_DECIDE, SUBJECTS, subject, subject_from
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.appeals import Appealed, Penalty, PenaltyDecided, Stage
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_of_driver, managers_to_tell, person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Opened:
    """The appeal waits for a manager; so many `told`."""

    appeal_id: uuid.UUID
    decide_by: datetime
    told: int


async def to_appeal(
    session: AsyncSession, driver_id: uuid.UUID, about: uuid.UUID, policy: Policy, now: datetime
) -> Subject | Refused:
    """What the driver is about to appeal, an incident or a flag by its id; or why he can't."""
    return decide_subject(await _his(session, driver_id, about), policy, now)


async def _his(session: AsyncSession, driver_id: uuid.UUID, about: uuid.UUID) -> Subject | None:
    found = await subject(session, about)
    return found if found is not None and found.driver_id == driver_id else None


async def open_appeal(
    session: AsyncSession,
    driver: Person,
    about: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Opened | Refused:
    """The driver appeals an incident or a flag, by its id, in his own words; its managers are to decide within 72 h.

    Whoever was stopped is back in the pool until then (R10.2). Refused where it is not his or does not count (any
    more), is older than 30 days, or was appealed before; and who has just been made nobody in particular (R12.6).
    """
    await lock_people(session, [driver.id])
    if (who := await person(session, driver.id)) is None or who.is_nobody:
        return Refused(Refusal.NOT_FOUND)
    his = await _his(session, driver.id, about)
    decision = decide_opening(his, reason, policy, now)
    if his is None or not isinstance(decision, Opens):
        return decision if isinstance(decision, Refused) else Refused(Refusal.NOT_FOUND)
    appeal_id = uuid.uuid4()
    about_what = {"flag_id": his.id} if his.what is Penalty.FLAG else {"incident_id": his.id}
    when = {"opened_at": now, "decide_by": decision.decide_by}
    await session.execute(insert(Appeal).values(id=appeal_id, user_id=driver.id, reason=reason, **about_what, **when))
    after = {"about": str(his.id), "what": his.what, "reason": reason, "decide_by": decision.decide_by.isoformat()}
    await audit.record(session, driver.id, now, audit.Entry("appeal", appeal_id, "opened", after=after))
    told = await _tell_managers(session, his, driver, appeal_id, decision.decide_by, Stage.OPENED, say, policy, now)
    await excusing.follow(session, his, now)
    await pool.follow_appeal(session, driver.id, driver.id, policy, now)
    await following.follow_homes(session, now, of=[driver.id], first=driver.id)
    return Opened(appeal_id, decision.decide_by, told)


# Everybody who may decide on it, those who are away, too.
_DECIDERS = sql(
    f"""
    SELECT DISTINCT manager.user_id FROM {SUBJECTS} AS s, warehouse_managers manager
    JOIN users boss ON boss.id = manager.user_id AND boss.role = 'manager'
    WHERE s.id = :id AND ({DECIDES})
    ORDER BY manager.user_id
    """,  # noqa: S608 - our own text
    id=Uuid(),
    today=Date(),
)


async def _tell_managers(
    session: AsyncSession,
    of: Subject,
    driver: Person,
    appeal_id: uuid.UUID,
    decide_by: datetime,
    stage: Stage,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> int:
    """Those who are responsible for the route, or for the driver; once the time is over, all of the warehouse."""
    today = local_day(now, policy)
    if stage is Stage.OVERDUE:
        who = set(await session.scalars(_DECIDERS, {"id": of.id, "today": today}))
    elif of.warehouse_id is not None and of.route_id is not None:
        who = set(await session.scalars(managers_to_tell(of.warehouse_id, of.route_id, now)))
    else:
        who = await managers_of_driver(session, of.driver_id, today, now)
    name = f"{driver.first_name} {driver.last_name}"
    notice = Appealed(of.what, of.route, of.warehouse, of.on, name, decide_by, stage)
    again = None if stage is Stage.OPENED else now
    envelope = notices.Envelope(Kind.APPEALED, appeal_id, warehouse_id=of.warehouse_id, occasion=again)
    return await notices.tell(session, sorted(who), notice, envelope, say, policy, now)


_OF_APPEAL = sql(
    f"""
    SELECT {COLUMNS}, p.id AS appeal_id, p.decided_at IS NOT NULL AS decided
    FROM appeals p CROSS JOIN {APPEALED} AS s
    WHERE p.id = :id AND {MAY_DECIDE}
    """,  # noqa: S608 - our own text
    id=Uuid(),
    manager=Uuid(),
    today=Date(),
)
_DECIDE = sql(
    """
    UPDATE appeals SET decided_at = :now, decided_by = :by, granted = :granted, answer = :answer WHERE id = :id
    """,
    id=Uuid(),
    by=Uuid(),
    answer=Text(),
)


async def decide_appeal(
    session: AsyncSession,
    manager: Person,
    appeal_id: uuid.UUID,
    granted: bool,
    answer: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Decided | Refused:
    """A manager decides, with a reason that the driver reads. Granted, the incident is excused with all that it has
    caused, or the flag taken back; refused, whoever was stopped is out again until that is decided (R10.2).

    Refused where it is not his to decide, has been decided, or there is nothing (any more) that would count.
    """
    given = {"id": appeal_id, "manager": manager.id, "today": local_day(now, policy)}
    found = (await session.execute(_OF_APPEAL, given)).one_or_none()
    if found is None:
        return Refused(Refusal.NOT_FOUND)
    await lock_people(session, [found.driver_id])
    row = (await session.execute(_OF_APPEAL, given)).one_or_none()
    of = None if row is None else subject_from(row)
    decision = decide_answer(of, row is not None and row.decided, granted, answer, policy)
    if of is None or not isinstance(decision, Decided):
        return decision
    end = {"id": appeal_id, "by": manager.id, "granted": granted, "answer": answer, "now": now}
    await session.execute(_DECIDE, end)
    after = {"granted": granted, "reason": answer}
    await audit.record(session, manager.id, now, audit.Entry("appeal", appeal_id, "decided", after=after))
    if granted:
        await excusing.grant(session, of, manager.id, answer, say, policy, now)
    else:
        await excusing.follow(session, of, now)
        await pool.follow_appeal(session, of.driver_id, manager.id, policy, now)
    free = await excusing.is_free(session, of.driver_id)
    notice = PenaltyDecided(of.what, of.route, of.warehouse, of.on, granted, answer, free)
    await notices.tell(
        session, [of.driver_id], notice, notices.Envelope(Kind.APPEAL_DECIDED, appeal_id), say, policy, now
    )
    await following.follow_homes(session, now, of=[of.driver_id])
    return decision


_WAITING = sql(
    """
    SELECT p.id, p.user_id, coalesce(p.incident_id, p.flag_id) AS about, p.opened_at, p.decide_by FROM appeals p
    WHERE p.decided_at IS NULL
      AND (p.widened_at IS NULL AND p.decide_by <= :now
           OR p.reminded_at IS NULL AND p.opened_at + (p.decide_by - p.opened_at) / 2 <= :now AND p.decide_by > :now)
      AND NOT EXISTS (SELECT FROM flag_episodes f WHERE f.id = p.flag_id AND f.ended_at IS NOT NULL)
    ORDER BY p.decide_by, p.id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF p SKIP LOCKED
    """,
    now=DateTime(timezone=True),
    pass_by=Integer(),
)
_TOLD_AGAIN = sql(
    """
    UPDATE appeals SET reminded_at = coalesce(reminded_at, :now),
                       widened_at = CASE WHEN :widened THEN CAST(:now AS timestamptz) ELSE widened_at END
    WHERE id = :id
    """,
    id=Uuid(),
)


@dataclass(frozen=True, slots=True)
class ToldAgain:
    """The managers of an appeal were told once more; so many."""

    appeal_id: uuid.UUID
    stage: Stage
    told: int


def due_appeal(now: datetime, pass_by: int = 0) -> Find:
    """One that nobody has decided, at half of its time or at its end."""
    return _WAITING, {"now": now, "pass_by": pass_by}


async def remind_of_due_appeal(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> ToldAgain | None:
    """An appeal that nobody has decided: its managers are reminded when half of its time is over, and at its end all of
    the warehouse are asked; None where there is none.

    What others hold is passed by, and so are the first `pass_by` of what is due.
    """
    row = (await session.execute(*due_appeal(now, pass_by))).one_or_none()
    if row is None:
        return None
    of, driver = await subject(session, row.about), await person(session, row.user_id)
    stage = stage_at(row.opened_at, row.decide_by, now)
    assert of is not None and driver is not None, "an appeal is somebody's, and about something"
    told = await _tell_managers(session, of, driver, row.id, row.decide_by, stage, say, policy, now)
    await session.execute(_TOLD_AGAIN, {"id": row.id, "widened": stage is Stage.OVERDUE, "now": now})
    return ToldAgain(row.id, stage, told)
