"""A manager closes a day and puts it back; drivers are told not to travel, each in his language (R2.0, PRODUCT)."""

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.calendar import CloseDay, DontTravel, RunAfterAll
from domain.db.models import Assignment, BidWindow, Delivery, Notification, Warehouse
from domain.db.models.words import AssignmentStatus, BidWindowStatus, Channel, DeliveryState, NotificationType
from domain.notices.kinds import Kind
from sandbox.fleet import INVITE
from tests.story.phones import Phone, until
from tests.story.test_working_day import Working, becomes, labels, new_incidents, now, now_is, working

Sessions = async_sessionmaker[AsyncSession]
AHEAD = 2  # days


async def answered(sessions: Sessions, it: Working) -> bool:
    async with sessions() as session:
        his = select(Delivery).where(Delivery.about == it.assignment_id, Delivery.kind == Kind.SHIFT_CANCELLED)
        row = (await session.scalars(his.where(Delivery.channel == Channel.TELEGRAM))).one()
        return row.state is DeliveryState.ACKNOWLEDGED and row.answered_at is not None


async def without_button(phone: Phone, told: dict[str, Any]) -> bool:
    same = {message["message_id"]: message for message in await phone.chat()}[told["message_id"]]
    return labels(same) == ["🗓 My shifts", "🏠 Home"]


async def test_r2_0_north_is_closed_and_runs_after_all(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    english = [await working(calls, sessions, "en", ahead=AHEAD, nth=n) for n in (0, 1)]
    french = await working(calls, sessions, "fr", ahead=AHEAD)
    day = (await now(calls)).date()
    on = day.fromordinal(day.toordinal() + AHEAD)
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")

    assert "⛔ Close North" in labels(await nadia.writes("/close", "Nothing is closed ahead"))
    for text, shows in (
        ("/close Nowhere tomorrow", "is called “Nowhere”"),
        ("/close North 31 feb", "That day doesn't exist"),
        ("/close North 2020-01-01", "That day is over"),
        ("/close South tomorrow", "is called “South”"),  # not hers
    ):
        await nadia.writes(text, shows)
    asked = await nadia.writes(f"/close north {on:%A}", "Close North on", "drivers are told not to travel")
    async with sessions() as session:
        assert await session.scalar(select(func.count()).where(Notification.type == "shift_cancelled")) == 0
    await nadia.press(asked, "Close it")
    closed = await nadia.sees("North is closed on", "drivers are being told")
    assert closed["message_id"] == asked["message_id"]

    # Each displaced driver is told once, in his language; his own button or his home card answers it.
    first, second = english
    told = await first.phone.sees("Don't travel", f"{first.route}, North", "Nothing is held against you")
    assert not await answered(sessions, first)
    await first.phone.press(told, "OK, I won't travel")
    await until(lambda: answered(sessions, first), "the press is recorded")
    await until(lambda: without_button(first.phone, told), "the message has no more to ask")
    await second.phone.sees("Don't travel", f"{second.route}, North")
    await second.phone.send("hello")  # anything else does not
    await second.phone.sees("I didn't understand")
    await now_is(calls, await now(calls) + timedelta(minutes=5))
    await second.phone.reads("don't travel", second.route)
    assert not await answered(sessions, second)
    await second.phone.writes("/today", "Hello", f"Don't travel: {second.route}, North")
    await until(lambda: answered(sessions, second), "the home card shows it")
    await french.phone.sees("Ne vous déplacez pas", f"{french.route}, North", "Rien ne vous est reproché")
    async with sessions() as session:
        north = select(Warehouse.id).where(Warehouse.name == "North").scalar_subquery()
        of_day = select(Assignment.status).where(Assignment.on == on, Assignment.warehouse_id == north)
        assert set(await session.scalars(of_day)) == {AssignmentStatus.CANCELLED}
        assert (await session.scalars(new_incidents())).all() == []
        gone = select(Notification.user_id).where(Notification.type == NotificationType.SHIFT_CANCELLED)
        whose = list(await session.scalars(gone))
        assert len(whose) == len(set(whose)) >= 3

    await nadia.writes(f"/close North {on.isoformat()}", "It is closed that day already")
    # Others can neither close nor open it.
    strange = (CloseDay(_place(closed), on.toordinal()), RunAfterAll(_place(closed), on.toordinal(), 0))
    for press in strange:
        await first.phone.press_data(told, press.pack())
        await first.phone.sees("That is for managers")
    await second.phone.press_data(await second.phone.sees("Hello"), DontTravel(first.assignment_id).pack())

    listed = await nadia.writes("/close", "Closed ahead", "North (Nadia Haddad)")
    answer = await nadia.press(listed, "Run North on")
    assert "shifts are open again" in answer["text"]
    await becomes(nadia, listed, "Nothing is closed ahead")
    async with sessions() as session:
        live = select(Assignment.status, BidWindow.status).outerjoin(
            BidWindow, (BidWindow.assignment_id == Assignment.id) & (BidWindow.status == BidWindowStatus.OPEN)
        )
        rows = (await session.execute(live.where(Assignment.on == on, Assignment.warehouse_id == north))).all()
        fresh = {tuple(row) for row in rows if row[0] is not AssignmentStatus.CANCELLED}
        assert fresh == {(AssignmentStatus.UNFILLED, BidWindowStatus.OPEN)}


def _place(closed: dict[str, Any]) -> Any:
    """The place that a screen's [Run after all] is about."""
    return RunAfterAll.parse(closed["keyboard"][0][0]["data"]).place_id


async def test_r2_0_a_manager_closes_a_route_in_french(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en", ahead=1)
    elise = Phone(calls, "elise-fortin")
    await elise.sees("Bonjour Élise")
    asked = await elise.writes(f"/close {it.route.lower()} demain", f"Fermer {it.route}, North", "1 quart est annulé")
    await elise.press(asked, "Fermer")
    await elise.sees(f"{it.route}, North est fermé", "1 chauffeur est prévenu")
    await it.phone.sees("Don't travel", f"{it.route}, North")
    page = await elise.writes("/routes", "Vos routes")
    if (label := f"North\u00a0: {it.route}") not in labels(page):

        async def turned() -> dict[str, Any] | None:
            new = await elise.sees("Vos routes")
            return new if label in labels(new) else None

        await elise.press(page, "Suite")
        page = await until(turned, label)
    await elise.press(page, label)
    route = await elise.sees(f"{it.route}, North", "Roule", "Fermé")
    await elise.press(route, "quand même")
    await elise.sees(f"{it.route}, North", "Roule")
    english = ("shift", "closed", "runs", "travel")
    assert [m["text"] for m in await elise.chat() if m["from"] == "bot" and any(w in m["text"] for w in english)] == []
