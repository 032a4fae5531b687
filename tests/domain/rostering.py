"""A company whose rosters are made: what drivers prefer, freezes, and what came of them; really committed."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.rosters import carry_out
from domain.db.models import Assignment, PreferenceVersion, RosterGap, RosterRun, Route, User
from domain.db.models.words import GapReason, RosterCause
from domain.people.queries import Person
from domain.roster import runs
from domain.roster.freezing import freeze
from domain.roster.making import Made
from domain.time import local_instant
from tests.domain.world import POLICY, SAY, Fleet

Result = TypeVar("Result")
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
WEEK = date(2026, 12, 7)
FROZEN = local_instant(date(2026, 11, 29), time(23, 59, 59), POLICY)  # the Sunday eight days before
EVERY_DAY = range(7)
Sessions = async_sessionmaker[AsyncSession]


class Rostering:
    """Through sessions that commit. Days are of the week that is frozen first: 0 is its Monday."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    async def build(self, make: Callable[[Fleet], Awaitable[Result]], now: datetime = FROZEN - DAY) -> Result:
        async with self.sessions.begin() as session:
            return await make(Fleet(session, now))

    async def place(self, name: str = "North", *routes: str) -> tuple[uuid.UUID, dict[str, uuid.UUID]]:
        """A warehouse and its routes, by name; they run on every day."""

        async def make(fleet: Fleet) -> tuple[uuid.UUID, dict[str, uuid.UUID]]:
            warehouse = await fleet.warehouse(name)
            return warehouse, {route: await fleet.route(route, warehouse) for route in routes}

        return await self.build(make)

    async def driver(
        self,
        name: str,
        days: Iterable[int] = EVERY_DAY,
        routes: Sequence[uuid.UUID] = (),
        *,
        any_home_route: bool = False,
        saved_at: datetime = FROZEN - DAY,
        **more: Any,
    ) -> Person:
        """Who prefers these weekdays (0 = Sunday) and routes."""

        async def make(fleet: Fleet) -> Person:
            driver = await fleet.driver(name, **more)
            await self.prefer(fleet.session, driver, days, routes, any_home_route, saved_at)
            return driver

        return await self.build(make)

    async def prefer(
        self,
        session: AsyncSession,
        driver: Person,
        days: Iterable[int],
        routes: Sequence[uuid.UUID],
        any_home_route: bool,
        saved_at: datetime,
    ) -> None:
        wishes = {"days": list(days), "routes": list(routes), "any_home_route": any_home_route}
        await session.execute(insert(PreferenceVersion).values(user_id=driver.id, saved_at=saved_at, **wishes))

    async def freeze(self, now: datetime = FROZEN) -> None:
        """All that has become due since the day before."""
        async with self.sessions.begin() as session:
            await freeze(session, POLICY, FROZEN - DAY)
            await freeze(session, POLICY, now)

    async def ask(self, cause: RosterCause, now: datetime, week: date = WEEK, **more: Any) -> uuid.UUID:
        """A run for which a manager has asked."""
        async with self.sessions.begin() as session:
            asked = {"week": week, "cause": cause, "requested_at": now, "as_of": now} | more
            return await Fleet(session, now).add(RosterRun, **asked)

    async def make_all(self, now: datetime = FROZEN) -> list[Made | None]:
        """Whatever is in the queue."""
        made: list[Made | None] = []
        while True:
            async with self.sessions.begin() as session:
                claimed = await runs.claim(session)
            if claimed is None:
                return made
            made.append(await carry_out(SAY, POLICY, self.sessions, claimed.run_id, now))

    async def frozen_and_made(self, now: datetime = FROZEN) -> list[Made | None]:
        await self.freeze(now)
        return await self.make_all(now)

    async def rows(self, statement: Select[Any]) -> list[Any]:
        async with self.sessions() as session:
            return [tuple(row) for row in await session.execute(statement)]

    async def roster(self, week: date = WEEK) -> dict[tuple[str, int], str | None]:
        """Who drives what, by route and day of the week (0 = its Monday); None: nobody, but there is a row."""
        of_week = (
            select(Route.name, Assignment.on, User.first_name)
            .join(Route, Route.id == Assignment.route_id)
            .outerjoin(User, User.id == Assignment.user_id)
            .where(Assignment.on.between(week, week + 6 * DAY), Assignment.status != "cancelled")
        )
        return {(route, (on - week).days): driver for route, on, driver in await self.rows(of_week)}

    async def gaps(self) -> dict[tuple[str, int], GapReason]:
        found = select(Route.name, RosterGap.on, RosterGap.reason).join(Route, Route.id == RosterGap.route_id)
        return {(route, (on - WEEK).days): reason for route, on, reason in await self.rows(found)}

    async def run(self) -> RosterRun:
        """The only one."""
        async with self.sessions() as session:
            return (await session.scalars(select(RosterRun))).one()
