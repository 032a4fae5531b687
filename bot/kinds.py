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
from bot.screens.home import DriverHome, ManagerHome
from bot.screens.screen import Screen
from domain.bidding import offers
from domain.bidding.offers import Offer
from domain.coverage import queries as coverage
from domain.coverage.queries import WindowCard
from domain.db.models.words import UserRole
from domain.notices import kinds
from domain.people import queries as people
from domain.policy import Policy
from domain.shifts import queries as shifts
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
    sms: Callable[[Any, Reader], str] | None = None  # None: never by SMS


Kinds = Mapping[str, Kind]


def _plain(text: str) -> str:
    """GSM-7 has no no-break space: one would double the price of an SMS (R11.5)."""
    return text.replace("\u00a0", " ")


def table_of_kinds(policy: Policy, company: str) -> Kinds:
    """The table, for a company: its policy, and its name for the SMS."""

    async def home(
        session: AsyncSession, user_id: uuid.UUID, _about: uuid.UUID | None, now: datetime
    ) -> DriverHome | ManagerHome | None:
        reader = await people.person(session, user_id)
        if reader is None:
            return None
        today = local_day(now, policy)
        if reader.role is UserRole.MANAGER:
            return ManagerHome(reader.first_name, today, await coverage.warehouses_today(session, user_id, today))
        week = await shifts.own_shifts(session, user_id, *week_of(today), policy)
        return DriverHome(reader.first_name, today, week, await offers.open_offers(session, user_id, policy, now))

    async def offer(session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, now: datetime) -> Offer | None:
        return await offers.offer(session, user_id, about, policy, now) if about else None

    async def window(
        session: AsyncSession, user_id: uuid.UUID, about: uuid.UUID | None, _now: datetime
    ) -> WindowCard | None:
        return await coverage.window_card(session, user_id, about, policy) if about else None

    async def nothing(_session: AsyncSession, _user_id: uuid.UUID, _about: uuid.UUID | None, _now: datetime) -> object:
        return object()

    return {
        kinds.Kind.HOME: Kind(home, home_screens.home),
        kinds.Kind.LINK_MOVED: Kind(nothing, home_screens.link_moved),
        kinds.Kind.OFFER: Kind(
            offer,
            bidding_screens.offer,
            has_point=lambda facts, _now: facts.open and not facts.declined and not facts.busy,
            sms=lambda facts, reader: _plain(bidding_screens.offer_sms(facts, company, reader)),
        ),
        kinds.Kind.WINDOW: Kind(window, coverage_screens.window),
        kinds.Kind.ROUTE_UNFILLED: Kind(
            window,
            coverage_screens.route_unfilled,
            sms=lambda facts, reader: _plain(coverage_screens.route_unfilled_sms(facts, company, reader)),
        ),
    }
