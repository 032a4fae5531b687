"""A manager's card of a driver's shift; shifts that were stopped, or not finished; and what was decided."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.kinds.shifts import held_for, own_shift
from bot.screens import driven as screens
from bot.screens import stopping, texts
from bot.screens.driven import DrivenNow
from bot.screens.stopping import HasStopped, Reviewed
from domain.coverage import windows
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.shifts import DriverStopped, ReviewDecided
from domain.policy import Policy
from domain.shifts import driven, reviewing
from domain.time import local_instant


def kinds(policy: Policy, company: str) -> Kinds:
    async def card(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> DrivenNow | None:
        found = await driven.driven(session, user_id, id_, policy)
        if found is None:
            return None
        return DrivenNow(found, now, local_instant(found.shift.on, policy.check_in_from, policy))

    async def stopped(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> HasStopped | None:
        told = await notices.told(session, user_id, names.Kind.STOPPED, id_)
        if not isinstance(told, DriverStopped):
            return None
        window = await windows.window_card(session, user_id, id_, policy)
        return HasStopped(told, window, await reviewing.waits(session, told.shift))

    async def reviewed(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Reviewed | None:
        told = await notices.told(session, user_id, names.Kind.DECIDED, id_)
        if not isinstance(told, ReviewDecided):
            return None
        return Reviewed(told, await held_for(session, user_id, id_, IncidentKind.LATE_CANCEL, policy, now))

    return {
        names.Kind.DRIVEN: Kind(about(card), screens.card),
        names.Kind.OVERDUE: Kind(
            about(own_shift(policy)),
            stopping.overdue,
            has_point=lambda facts, _now: facts.shift.status is AssignmentStatus.ACTIVE,
            sms=lambda facts, reader, _code, _behind: texts.overdue(facts.shift, company, reader),
        ),
        names.Kind.STILL_OUT: Kind(
            about(card),
            screens.still_out,
            has_point=lambda facts, _now: facts.driven.shift.status is AssignmentStatus.ACTIVE,
            sms=lambda facts, reader, _code, _behind: texts.still_out(facts.driven, company, reader),
        ),
        names.Kind.STOPPED: Kind(
            about(stopped),
            stopping.stopped,
            sms=lambda facts, reader, _code, _behind: texts.stopped(facts.notice, company, reader),
        ),
        names.Kind.DECIDED: Kind(
            about(reviewed),
            stopping.decided,
            sms=lambda facts, reader, _code, _behind: texts.decided(facts.notice, company, reader),
        ),
    }
