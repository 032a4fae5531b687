"""The one table of what Rollcall shows on a phone: each kind's facts, when it has a point, its screen and its SMS.

A message is always rendered from what is true when it is sent or redrawn, never from what was true when it was queued.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reader import Reader
from bot.screens import bidding as bidding_screens
from bot.screens import coverage as coverage_screens
from bot.screens import home as home_screens
from bot.screens import messages as message_screens
from bot.screens import notices as notice_screens
from bot.screens import texts
from bot.screens.home import DriverHome, ManagerHome
from bot.screens.screen import Screen
from domain.bidding import offers
from domain.bidding.offers import Offer
from domain.coverage import queries as coverage
from domain.coverage.queries import WindowCard
from domain.db.models.words import AssignmentStatus, UserRole
from domain.notices import digest as digests
from domain.notices import kinds, messages, standings
from domain.notices import queries as notices
from domain.notices.digest import Digest
from domain.notices.messages import Received
from domain.notices.standings import Sending
from domain.notices.wording import Notice, Written
from domain.people import queries as people
from domain.people.queries import Fallback
from domain.policy import Policy
from domain.shifts import queries as shifts
from domain.shifts.queries import OwnShift
from domain.time import local_day, week_of

Load = Callable[[AsyncSession, uuid.UUID, uuid.UUID | None, datetime], Awaitable[Any | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table. What `load` returns, the others take.

    `load(session, user_id, about, now)` returns None where there is nothing (any more) to show: what is unsent is
    cancelled, what was sent is deleted from the chat.
    """

    load: Load
    screen: Callable[[Any, Reader], Screen]
    has_point: Callable[[Any, datetime], bool] = lambda _facts, _now: True  # checked before the first send (R11.3)
    sms: Callable[[Any, Reader, str | None], str] | None = None  # None: never by SMS; the last is the code
    coded: bool = False  # the SMS offers something that can be taken by a short code (R11.6)


Kinds = Mapping[str, Kind]


def table_of_kinds(policy: Policy, company: str) -> Kinds:
    """The table, for a company: its policy, and its name for the SMS."""

    async def home(
        session: AsyncSession, user_id: uuid.UUID, _about: uuid.UUID | None, now: datetime
    ) -> DriverHome | ManagerHome | None:
        head = await people.at_home(session, user_id, now)
        if head is None:
            return None
        today = local_day(now, policy)
        if head.role is UserRole.MANAGER:
            here = await coverage.warehouses_today(session, user_id, today)
            return ManagerHome(head.first_name, today, head.unread, head.away_until, here)
        week = await shifts.own_shifts(session, user_id, *week_of(today), policy)
        open_ = await offers.open_offers(session, user_id, policy, now)
        return DriverHome(head.first_name, today, head.unread, week, open_)

    async def offer(session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, now: datetime) -> Offer | None:
        return await offers.offer(session, user_id, about, policy, now) if about else None

    async def window(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> WindowCard | None:
        return await coverage.window_card(session, user_id, about, policy) if about else None

    async def shift(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> OwnShift | None:
        return await shifts.own_shift(session, user_id, about, policy) if about else None

    async def fallback(
        session: AsyncSession, _user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> Fallback | None:
        return await people.fallback(session, about) if about else None

    async def alert(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> Notice | None:
        return await notices.told(session, user_id, kinds.Kind.ALERT, about) if about else None

    async def digest(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> Digest | None:
        return await digests.digest(session, user_id, about) if about else None

    async def received(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> Received | None:
        return await messages.received(session, user_id, about) if about else None

    async def sending(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, now: datetime
    ) -> Sending | None:
        return await standings.sending(session, user_id, about, policy, now) if about else None

    async def nothing(_session: AsyncSession, _user_id: uuid.UUID, _about: uuid.UUID | None, _now: datetime) -> object:
        return object()

    return {
        kinds.Kind.HOME: Kind(home, home_screens.home),
        kinds.Kind.LINK_MOVED: Kind(nothing, home_screens.link_moved),
        kinds.Kind.OFFER: Kind(
            offer,
            bidding_screens.offer,
            has_point=lambda facts, _now: facts.open and not facts.declined and not facts.busy,
            sms=lambda facts, reader, code: texts.offer(facts, code, company, reader),
            coded=True,
        ),
        kinds.Kind.WON: Kind(
            shift,
            bidding_screens.won,
            has_point=lambda facts, _now: facts.status is not AssignmentStatus.COMPLETED,
            sms=lambda facts, reader, _code: texts.won(facts, company, reader),
        ),
        kinds.Kind.WINDOW: Kind(window, coverage_screens.window),
        kinds.Kind.ROUTE_UNFILLED: Kind(
            window,
            coverage_screens.route_unfilled,
            sms=lambda facts, reader, _code: texts.route_unfilled(facts, company, reader),
        ),
        kinds.Kind.MESSAGE: Kind(sending, message_screens.sending),
        kinds.Kind.MANUAL: Kind(
            received,
            message_screens.received,
            has_point=lambda facts, _now: facts.has_point,
            sms=lambda facts, reader, _code: texts.written(
                Written(facts.author, facts.text), facts.linked, company, reader
            ),
        ),
        kinds.Kind.FALLBACK_GONE: Kind(
            fallback,
            notice_screens.fallback_gone,
            has_point=lambda facts, _now: facts.gone,
            sms=lambda facts, reader, _code: texts.fallback_gone(facts, company, reader),
        ),
        kinds.Kind.ALERT: Kind(
            alert, notice_screens.alert, sms=lambda facts, reader, _code: texts.alert(facts, company, reader)
        ),
        kinds.Kind.DIGEST: Kind(
            digest, notice_screens.digest, sms=lambda facts, reader, _code: texts.digest(facts, company, reader)
        ),
    }
