"""The shift day while drivers are awaited: for themselves, and for their managers (R8.2a to R8.6a)."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.kinds.shifts import held_for, own_shift
from bot.screens import arrivals as screens
from bot.screens import lost_shifts, shift_day, shift_texts
from bot.screens.arrivals import HeldNow
from bot.screens.lost_shifts import Missed
from bot.screens.shift_day import Answered, Returned
from bot.screens.shifts import ShiftNow
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.arrivals import LateAnswered, ShiftMissed
from domain.notices.facts.shifts import ShiftReturned
from domain.policy import Policy
from domain.shifts import checking, coming, late, queries, restoring
from domain.shifts.checking import MissingCard
from domain.shifts.coming import LateComer, MissedShift
from domain.shifts.late import LateCard


def kinds(policy: Policy, company: str) -> Kinds:
    def expected(facts: ShiftNow, now: datetime) -> bool:
        """Due in so little time, and not there."""
        due = facts.shift.arrive_by
        return facts.shift.status is AssignmentStatus.SCHEDULED and due - policy.check_before <= now < due

    async def answered(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Answered | None:
        told = await notices.told(session, user_id, names.Kind.LATE_ANSWER, id_)
        shift = await queries.own_shift(session, user_id, id_, policy)
        return Answered(told, shift, now) if isinstance(told, LateAnswered) and shift is not None else None

    async def missed(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Missed | None:
        told = await notices.told(session, user_id, names.Kind.MISSED, id_)
        if not isinstance(told, ShiftMissed):
            return None
        stands = await coming.missed_shift(session, user_id, id_, told.on, policy, now)
        held = await held_for(session, user_id, id_, IncidentKind.NO_SHOW, policy, now)
        return Missed(told, id_, stands, held)

    async def returned(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Returned | None:
        told = await notices.told(session, user_id, names.Kind.RESTORED, id_)
        if not isinstance(told, ShiftReturned):
            return None
        slot = await restoring.slot_of_missed(session, id_) if told.restored else None
        shift = await queries.own_shift(session, user_id, slot.assignment_id, policy) if slot else None
        return Returned(told, shift, now)

    async def missing(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> MissingCard | None:
        return await checking.missing_card(session, user_id, id_, policy)

    async def held(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> HeldNow | None:
        card = await checking.held_card(session, user_id, id_, policy, now)
        return None if card is None else HeldNow(card, now)

    async def is_late(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> LateCard | None:
        return await late.late_card(session, user_id, id_, policy)

    async def came(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> LateComer | None:
        return await coming.late_comer(session, user_id, id_, policy, now)

    return {
        names.Kind.NOT_CHECKED_IN: Kind(
            about(own_shift(policy)),
            shift_day.not_checked_in,
            has_point=expected,
            sms=lambda facts, reader, _code, _behind: shift_texts.not_checked_in(facts.shift, company, reader),
        ),
        names.Kind.LATE_ANSWER: Kind(
            about(answered),
            shift_day.late_answered,
            has_point=lambda facts, _now: facts.shift.status is AssignmentStatus.SCHEDULED,
            sms=lambda facts, reader, _code, _behind: shift_texts.late_answered(
                facts.notice, facts.shift, company, reader
            ),
        ),
        names.Kind.MISSED: Kind(
            about(missed),
            lost_shifts.missed,
            has_point=lambda facts, _now: facts.stands is not MissedShift.RESTORED,
            sms=lambda facts, reader, _code, _behind: shift_texts.missed(facts.notice, company, reader),
        ),
        names.Kind.RESTORED: Kind(
            about(returned),
            shift_day.returned,
            sms=lambda facts, reader, _code, _behind: shift_texts.returned(facts.notice, company, reader),
        ),
        names.Kind.MISSING_LIST: Kind(
            about(missing),
            screens.missing_list,
            has_point=lambda facts, _now: bool(facts.awaited),
            sms=lambda facts, reader, _code, behind: shift_texts.missing_list(facts, company, reader, behind),
        ),
        names.Kind.HELD_LIST: Kind(
            about(held),
            screens.held_list,
            has_point=lambda facts, now: facts.card.is_on(now) and bool(facts.card.awaited),
            sms=lambda facts, reader, _code, behind: shift_texts.held_list(facts.card, company, reader, behind),
        ),
        names.Kind.RUNNING_LATE: Kind(
            about(is_late),
            lambda facts, reader: screens.running_late(facts, policy, reader),
            has_point=lambda facts, _now: facts.status is AssignmentStatus.SCHEDULED,
            sms=lambda facts, reader, _code, _behind: shift_texts.running_late(facts, company, reader),
        ),
        names.Kind.ARRIVED_LATE: Kind(
            about(came),
            screens.arrived_late,
            has_point=lambda facts, _now: facts.open,
            sms=lambda facts, reader, _code, _behind: shift_texts.arrived_late(facts.notice, company, reader),
        ),
    }
