"""The demo's past has its history: who got, confirmed, drove and lost a shift (R13)."""

from datetime import timedelta

import httpx
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.db.models import Assignment, AuditLog, Incident, Route
from domain.db.models.words import AssignmentStatus, IncidentKind
from tests.story.phones import Phone
from tests.story.test_by_hand import nadia_of
from tests.story.test_working_day import now


async def test_r13_every_shift_of_the_demo_tells_what_was_done_with_it(
    calls: httpx.AsyncClient, sessions: async_sessionmaker[AsyncSession]
) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    async with sessions() as session:
        told = exists().where(AuditLog.entity_type == "assignment", AuditLog.entity_id == Assignment.id)
        assert await session.scalar(select(func.count(Assignment.id)).where(~told)) == 0
        yesterday = (Assignment.on == today - timedelta(days=1), Assignment.status == AssignmentStatus.COMPLETED)
        north = select(Route.name).join(Assignment, Assignment.route_id == Route.id).where(*yesterday)
        driven = await session.scalar(north.order_by(func.length(Route.name), Route.name).limit(1))
        lost = await session.execute(
            select(Route.name, Assignment.on)
            .join(Assignment, Assignment.route_id == Route.id)
            .join(Incident, Incident.assignment_id == Assignment.id)
            .where(Incident.kind == IncidentKind.AUTO_DROP)
            .order_by(Assignment.on)
            .limit(1)
        )
        dropped, on = lost.one()
    slot = await nadia.writes(f"/audit {driven} yesterday", f"📜 {driven}, North", "finished: ", "brought back")
    steps = ("finished: ", " loaded ", "checked in.", "confirmed it.", "The roster gave it to ")
    places = [slot["text"].index(step) for step in steps]
    assert places == sorted(places), "the newest first"
    await nadia.writes(f"/audit {dropped} {on:%d %b}", "It wasn't confirmed in time, so Hana", "got it by a bid.")
    await nadia.writes("/audit R12 today", "The shift is there, without a driver.")
    elise = Phone(calls, "elise-fortin")
    await elise.writes(f"/audit {dropped} {on:%d %b}", "n’a pas été confirmé à temps")
