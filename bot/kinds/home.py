"""The home card, and what concerns the chat itself."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds
from bot.screens import home as screens
from bot.screens import linking as linking_screens
from bot.screens.home import DriverHome, ManagerHome
from domain.bidding import open_shifts
from domain.coverage import queries as coverage
from domain.db.models.words import UserRole
from domain.giving import queries as giving
from domain.notices import kinds as names
from domain.people import queries as people
from domain.policy import Policy
from domain.shifts import displaced, reviewing
from domain.shifts import queries as shifts
from domain.time import local_day, week_of


def kinds(policy: Policy, _company: str) -> Kinds:
    async def home(
        session: AsyncSession, user_id: uuid.UUID, _about: uuid.UUID | None, now: datetime
    ) -> DriverHome | ManagerHome | None:
        today = local_day(now, policy)
        head = await people.at_home(session, user_id, today, now)
        if head is None:
            return None
        if head.role is UserRole.MANAGER:
            here = await coverage.warehouses_today(session, user_id, today)
            _, to_review = await reviewing.to_review(session, user_id, 1, policy)
            return ManagerHome(head.first_name, today, head.unread, head.away_until, here, to_review)
        monday, sunday = week_of(today)
        first = min(monday, today - timedelta(days=1))  # a shift may still be active that began yesterday
        week, to_confirm = await shifts.at_home(session, user_id, first, sunday, policy, now)
        open_ = await open_shifts.asked_and_open(session, user_id, policy, now) if head.asked else ()
        off = await displaced.not_to_travel(session, user_id, today) if head.called_off else ()
        given = await giving.open_to(session, user_id, policy, now, of_all=False) if head.offered else ()
        return DriverHome(head.first_name, now, today, head.unread, week, to_confirm, open_, off, given, head.free)

    async def nothing(_session: AsyncSession, _user_id: uuid.UUID, _about: uuid.UUID | None, _now: datetime) -> object:
        return object()

    return {
        names.Kind.HOME: Kind(home, screens.home),
        names.Kind.LINK_MOVED: Kind(nothing, linking_screens.link_moved),
    }
