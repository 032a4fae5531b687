"""Shifts that drivers are offered, and what became of them."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.kinds.shifts import own_shift
from bot.screens import bidding as screens
from bot.screens import texts
from bot.screens.bidding import NotHis
from bot.screens.shifts import Given, ShiftNow
from domain.bidding import offers
from domain.bidding.offers import Offer
from domain.db.models.words import AssignmentStatus
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.offers import BidLost, ShiftAssigned
from domain.policy import Policy
from domain.shifts import queries as shifts


def kinds(policy: Policy, company: str) -> Kinds:
    won = own_shift(policy)

    async def offered(
        session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime
    ) -> Offer | ShiftNow | Given | None:
        found = await offers.offer(session, user_id, id_, policy, now)
        if found is None or not found.mine:
            return found
        by_hand = await notices.told(session, user_id, names.Kind.ASSIGNED, found.assignment_id)
        if isinstance(by_hand, ShiftAssigned):
            return Given(by_hand, await shifts.own_shift(session, user_id, found.assignment_id, policy), now)
        return await won(session, user_id, found.assignment_id, now)

    async def lost(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> NotHis | None:
        told = await notices.told(session, user_id, names.Kind.BID_LOST, id_)
        return NotHis(told, id_) if isinstance(told, BidLost) else None

    return {
        names.Kind.OFFER: Kind(
            about(offered),
            screens.offer,
            has_point=lambda facts, _now: (
                isinstance(facts, Offer) and facts.open and not facts.declined and not facts.busy
            ),
            sms=lambda facts, reader, code, _behind: texts.offer(facts, code, company, reader),
            coded=True,
            line=texts.offer_line,
        ),
        names.Kind.WON: Kind(
            about(won),
            screens.awarded,
            has_point=lambda facts, _now: facts.shift.status is not AssignmentStatus.COMPLETED,
            sms=lambda facts, reader, _code, behind: texts.won(facts.shift, company, reader, behind, facts.back_until),
        ),
        names.Kind.BID_LOST: Kind(
            about(lost),
            screens.bid_lost,
            sms=lambda facts, reader, _code, _behind: texts.bid_lost(facts.notice, company, reader),
            line=lambda facts, reader, _code: texts.bid_lost_line(facts.notice, reader),
        ),
    }
