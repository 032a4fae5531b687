"""A driver's own shifts: their card, their reminders, and how he lost them."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import lost_shifts, texts, weeks
from bot.screens import shifts as screens
from bot.screens.lost_shifts import Gone, Held
from bot.screens.shifts import Given, ShiftNow
from bot.screens.weeks import Waiting
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.health import whys
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.offers import ShiftAssigned
from domain.notices.facts.shifts import ShiftDropped
from domain.policy import Policy
from domain.shifts import queries, restoring


async def held_for(
    session: AsyncSession,
    user_id: uuid.UUID,
    assignment_id: uuid.UUID,
    kind: IncidentKind,
    policy: Policy,
    now: datetime,
) -> Held | None:
    """What is held against him for this shift, if anything was."""
    found = await whys.happened_with(session, user_id, assignment_id, kind, policy)
    return None if found is None else Held(found.id, found.counts, found.may_appeal(policy, now))


def own_shift(policy: Policy) -> Callable[[AsyncSession, uuid.UUID, uuid.UUID, datetime], Awaitable[ShiftNow | None]]:
    """How a driver's own shift is loaded, as it stands; None where it is his no more."""

    async def load(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> ShiftNow | None:
        found = await queries.own_shift(session, user_id, id_, policy)
        return None if found is None else ShiftNow(found, now)

    return load


def kinds(policy: Policy, company: str) -> Kinds:
    own = own_shift(policy)

    async def waiting(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Waiting | None:
        shift = await queries.own_shift(session, user_id, id_, policy)
        if shift is None:
            return None
        last_call = now >= shift.confirm_by - policy.last_call_before
        return Waiting(shift, await queries.unconfirmed(session, user_id, policy, now), last_call)

    async def given(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Given | None:
        told = await notices.told(session, user_id, names.Kind.ASSIGNED, id_)
        if not isinstance(told, ShiftAssigned):
            return None
        return Given(told, await queries.own_shift(session, user_id, id_, policy), now)

    async def dropped(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Gone | None:
        told = await notices.told(session, user_id, names.Kind.DROPPED, id_)
        if not isinstance(told, ShiftDropped):
            return None
        held = await held_for(session, user_id, id_, IncidentKind.AUTO_DROP, policy, now)
        return Gone(told, id_, await restoring.still_open(session, user_id, id_, policy), held)

    return {
        names.Kind.SHIFT: Kind(about(own), screens.card),
        names.Kind.REMINDER: Kind(
            about(own),
            screens.reminder,
            has_point=lambda facts, _now: facts.shift.status is AssignmentStatus.SCHEDULED,
            sms=lambda facts, reader, _code, _behind: texts.of_the_day(facts.shift, company, reader),
        ),
        names.Kind.CONFIRM_REMINDER: Kind(
            about(waiting),
            weeks.remind_to_confirm,
            has_point=lambda facts, now: facts.is_open(now),
            sms=lambda facts, reader, code, _behind: texts.to_confirm(facts.shift, code, company, reader),
            coded=True,
            line=lambda facts, reader, code: texts.to_confirm_line(facts.shift, code, reader),
        ),
        names.Kind.ASSIGNED: Kind(
            about(given),
            screens.assigned,
            has_point=lambda facts, _now: facts.shift is not None and facts.shift.status is AssignmentStatus.SCHEDULED,
            sms=lambda facts, reader, code, behind: texts.assigned(
                facts.notice, facts.shift, code, company, reader, behind
            ),
            coded=True,
        ),
        names.Kind.DROPPED: Kind(
            about(dropped),
            lost_shifts.dropped,
            sms=lambda facts, reader, _code, _behind: texts.dropped(facts.notice, company, reader),
        ),
    }
