"""What managers see of their routes: the day's board, windows, and drivers who are not coming."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import board as board_screens
from bot.screens import cover as cover_screens
from bot.screens import coverage_map as map_screens
from bot.screens import left as left_screens
from bot.screens import texts
from bot.screens import windows as screens
from bot.screens.left import Cancelled, Missing
from domain.coverage import board as boards
from domain.coverage import maps, mornings, windows
from domain.coverage.board import Board
from domain.coverage.cover import Cover, cover_now
from domain.coverage.maps import CoverageMap
from domain.coverage.mornings import Digest
from domain.coverage.windows import WindowCard
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices.facts.arrivals import DriverMissing
from domain.notices.facts.routes import Morning, RouteCancelled, TomorrowCover
from domain.policy import Policy
from domain.shifts import reviewing
from domain.time import local_day


def kinds(policy: Policy, company: str) -> Kinds:
    async def board(session: AsyncSession, user_id: uuid.UUID, _about: uuid.UUID | None, now: datetime) -> Board | None:
        return await boards.board(session, user_id, policy, now)

    async def coverage_map(
        session: AsyncSession, user_id: uuid.UUID, _about: uuid.UUID | None, now: datetime
    ) -> CoverageMap | None:
        return await maps.coverage_map(session, user_id, policy, now)

    async def cover(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Cover | None:
        told = await notices.told(session, user_id, names.Kind.COVER, id_)
        return await cover_now(session, user_id, told, policy, now) if isinstance(told, TomorrowCover) else None

    async def digest(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Digest | None:
        told = await notices.told(session, user_id, names.Kind.MANAGER_DIGEST, id_)
        return await mornings.digest_now(session, user_id, told, policy, now) if isinstance(told, Morning) else None

    async def window(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> WindowCard | None:
        return await windows.window_card(session, user_id, id_, policy)

    async def cancelled(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> Cancelled | None:
        told = await notices.told(session, user_id, names.Kind.ROUTE_CANCELLED, id_)
        if not isinstance(told, RouteCancelled):
            return None
        card = await windows.window_card(session, user_id, id_, policy)
        return Cancelled(told, card, await reviewing.waits(session, told.shift))

    async def missing(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, _now: datetime) -> Missing | None:
        told = await notices.told(session, user_id, names.Kind.NO_SHOW, id_)
        if not isinstance(told, DriverMissing):
            return None
        return Missing(told, await windows.window_card(session, user_id, id_, policy))

    return {
        names.Kind.BOARD: Kind(
            board, lambda facts, reader: board_screens.board(facts, policy.emergency_bonus_percent, reader)
        ),
        names.Kind.COVERAGE: Kind(
            coverage_map,
            lambda facts, reader: map_screens.coverage_map(facts, policy.emergency_bonus_percent, reader),
        ),
        names.Kind.COVER: Kind(
            about(cover),
            cover_screens.cover,
            sms=lambda facts, reader, _code, behind: texts.cover(facts, company, reader, behind),
        ),
        names.Kind.MANAGER_DIGEST: Kind(about(digest), cover_screens.morning),
        names.Kind.WINDOW: Kind(about(window), screens.window),
        names.Kind.ROUTE_CANCELLED: Kind(
            about(cancelled),
            left_screens.route_cancelled,
            sms=lambda facts, reader, _code, _behind: texts.route_cancelled(facts.notice, company, reader),
        ),
        names.Kind.NO_SHOW: Kind(
            about(missing),
            left_screens.no_show,
            sms=lambda facts, reader, _code, _behind: texts.missing(facts.notice, company, reader),
        ),
        names.Kind.ROUTE_UNFILLED: Kind(
            about(window),
            screens.route_unfilled,
            has_point=lambda facts, now: facts.unfilled and local_day(now, policy) <= facts.on,
            sms=lambda facts, reader, _code, _behind: texts.route_unfilled(facts, company, reader),
        ),
    }
