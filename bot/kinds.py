"""The one table of what Rollcall shows on a phone: each kind's facts, when it has a point, its screen and its SMS.

A message is always rendered from what is true when it is sent or redrawn, never from what was true when it was queued.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reader import Reader
from bot.screens import bidding as bidding_screens
from bot.screens import coverage as coverage_screens
from bot.screens import home as home_screens
from bot.screens import messages as message_screens
from bot.screens import notices as notice_screens
from bot.screens import shifts as shift_screens
from bot.screens import texts
from bot.screens.coverage import Cancelled, Missing
from bot.screens.home import DriverHome, ManagerHome
from bot.screens.screen import Screen
from bot.screens.shifts import Gone, ShiftNow, Waiting
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
from domain.notices.wording import DriverMissing, Notice, RouteCancelled, ShiftDropped, ShiftMissed, Written
from domain.people import queries as people
from domain.people.queries import Fallback
from domain.policy import Policy
from domain.shifts import queries as shifts
from domain.shifts import restoring
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
    sms: Callable[[Any, Reader, str | None, str], str] | None = None  # code, and what comes behind; None: never by SMS
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
        monday, sunday = week_of(today)
        first = min(monday, today - timedelta(days=1))  # a shift may still be active that began yesterday
        week = await shifts.own_shifts(session, user_id, first, sunday, policy)
        to_confirm = len(await shifts.unconfirmed(session, user_id, policy, now))
        open_ = await offers.open_offers(session, user_id, policy, now)
        return DriverHome(head.first_name, now, today, head.unread, week, to_confirm, open_)

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

    async def own(session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, now: datetime) -> ShiftNow | None:
        found = await shifts.own_shift(session, user_id, about, policy) if about else None
        return None if found is None else ShiftNow(found, now)

    async def cancelled(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> Cancelled | None:
        if about is None:
            return None
        told = await notices.told(session, user_id, kinds.Kind.ROUTE_CANCELLED, about)
        card = await coverage.window_card(session, user_id, about, policy)
        return Cancelled(told, card) if isinstance(told, RouteCancelled) else None

    async def waiting(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, now: datetime
    ) -> Waiting | None:
        shift = await shifts.own_shift(session, user_id, about, policy) if about else None
        return None if shift is None else Waiting(shift, await shifts.unconfirmed(session, user_id, policy, now))

    async def dropped(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> Gone | None:
        told = await notices.told(session, user_id, kinds.Kind.DROPPED, about) if about else None
        if about is None or not isinstance(told, ShiftDropped):
            return None
        return Gone(told, about, await restoring.is_wanted(session, user_id, about))

    async def missed(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> ShiftMissed | None:
        told = await notices.told(session, user_id, kinds.Kind.MISSED, about) if about else None
        return told if isinstance(told, ShiftMissed) else None

    async def missing(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> Missing | None:
        told = await notices.told(session, user_id, kinds.Kind.NO_SHOW, about) if about else None
        if about is None or not isinstance(told, DriverMissing):
            return None
        return Missing(told, await coverage.window_card(session, user_id, about, policy))

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
            sms=lambda facts, reader, code, _behind: texts.offer(facts, code, company, reader),
            coded=True,
        ),
        kinds.Kind.WON: Kind(
            shift,
            bidding_screens.won,
            has_point=lambda facts, _now: facts.status is not AssignmentStatus.COMPLETED,
            sms=lambda facts, reader, _code, behind: texts.won(facts, company, reader, behind),
        ),
        kinds.Kind.SHIFT: Kind(own, shift_screens.card),
        kinds.Kind.WINDOW: Kind(window, coverage_screens.window),
        kinds.Kind.ROUTE_CANCELLED: Kind(
            cancelled,
            coverage_screens.route_cancelled,
            sms=lambda facts, reader, _code, _behind: texts.route_cancelled(facts.notice, company, reader),
        ),
        kinds.Kind.REMINDER: Kind(
            own,
            shift_screens.reminder,
            has_point=lambda facts, _now: facts.shift.status is AssignmentStatus.SCHEDULED,
            sms=lambda facts, reader, _code, _behind: texts.of_the_day(facts.shift, company, reader),
        ),
        kinds.Kind.CONFIRM_REMINDER: Kind(
            waiting,
            shift_screens.remind_to_confirm,
            has_point=lambda facts, now: facts.is_open(now),
            sms=lambda facts, reader, code, _behind: texts.to_confirm(facts.shift, code, company, reader),
            coded=True,
        ),
        kinds.Kind.DROPPED: Kind(
            dropped,
            shift_screens.dropped,
            sms=lambda facts, reader, _code, _behind: texts.dropped(facts.notice, company, reader),
        ),
        kinds.Kind.MISSED: Kind(
            missed,
            shift_screens.missed,
            sms=lambda facts, reader, _code, _behind: texts.missed(facts, company, reader),
        ),
        kinds.Kind.NO_SHOW: Kind(
            missing,
            coverage_screens.no_show,
            sms=lambda facts, reader, _code, _behind: texts.missing(facts.notice, company, reader),
        ),
        kinds.Kind.ROUTE_UNFILLED: Kind(
            window,
            coverage_screens.route_unfilled,
            has_point=lambda facts, now: facts.unfilled and local_day(now, policy) <= facts.on,
            sms=lambda facts, reader, _code, _behind: texts.route_unfilled(facts, company, reader),
        ),
        kinds.Kind.MESSAGE: Kind(sending, message_screens.sending),
        kinds.Kind.MANUAL: Kind(
            received,
            message_screens.received,
            has_point=lambda facts, _now: facts.has_point,
            sms=lambda facts, reader, _code, behind: texts.written(
                Written(facts.author, facts.text), facts.linked, company, reader, behind
            ),
        ),
        kinds.Kind.FALLBACK_GONE: Kind(
            fallback,
            notice_screens.fallback_gone,
            has_point=lambda facts, _now: facts.gone,
            sms=lambda facts, reader, _code, _behind: texts.fallback_gone(facts, company, reader),
        ),
        kinds.Kind.ALERT: Kind(
            alert,
            notice_screens.alert,
            sms=lambda facts, reader, _code, behind: texts.alert(facts, company, reader, behind),
        ),
        kinds.Kind.DIGEST: Kind(
            digest,
            notice_screens.digest,
            sms=lambda facts, reader, _code, behind: texts.digest(facts, company, reader, behind),
        ),
    }
