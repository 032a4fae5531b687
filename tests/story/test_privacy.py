"""/privacy, the file with one's own data, and what is left of who has left, over HTTP (R12.6)."""

import json
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.drivers import DriverCard
from bot.callbacks.privacy import ForgetDriverNow
from domain.db.models import Assignment, Employment, User
from domain.db.models.words import AssignmentStatus
from tests.story.phones import Phone
from tests.story.test_writing import clock, labels
from tests.story.test_writing import nadia as nadia

Sessions = async_sessionmaker[AsyncSession]


async def user(sessions: Sessions, first_name: str) -> User:
    async with sessions() as session:
        return (await session.scalars(select(User).where(User.first_name == first_name))).one()


async def file_of(calls: httpx.AsyncClient, message: dict[str, Any]) -> dict[str, Any]:
    assert message["document"]["name"].endswith(".json")
    return dict(json.loads((await calls.get(message["document"]["at"])).raise_for_status().content))


async def test_r12_6_everybody_reads_what_is_recorded_and_gets_his_own(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    amara, luc = Phone(calls, "amara-osei"), Phone(calls, "luc-tremblay")
    page = await amara.writes("/privacy", "What is recorded about you", "(SMS): 90 days", "When you leave")
    assert labels(page) == ["📎 My data", "🏠 Home"]
    await amara.press(page, "My data")
    sent = await amara.sees("All that is recorded about you, as a file")
    whole = await file_of(calls, sent)
    her, his = await user(sessions, "Amara"), await user(sessions, "Luc")
    assert [row["phone"] for row in whole["records"]["users"]] == [her.phone] and whole["records"]["assignments"]
    for theirs in (his.phone, f"{his.first_name} {his.last_name}", str(his.id)):
        assert theirs not in json.dumps(whole, ensure_ascii=False)
    assert (await amara.sees("What is recorded about you"))["message_id"] == page["message_id"]  # it stays
    page = await luc.writes("/privacy", "Ce qui est noté sur vous")
    await luc.press(page, "Mes données")
    assert (await file_of(calls, await luc.sees("en fichier")))["records"]["users"][0]["first_name"] == "Luc"
    page = await nadia.writes("/privacy", "What is recorded about you", "your warehouses")
    await nadia.press(page, "My data")
    hers = await file_of(calls, await nadia.sees("as a file"))
    assert her.phone not in json.dumps(hers) and hers["records"]["warehouse_managers"]


async def test_r12_6_a_manager_makes_who_has_left_anonymous(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    her = await user(sessions, "Amara")
    home = await nadia.writes("/today", "Nadia")
    await nadia.press_data(home, ForgetDriverNow(her.id).pack())
    assert (await user(sessions, "Amara")).phone == her.phone  # she is employed
    async with sessions.begin() as session:
        yesterday = (await clock(calls)).date() - timedelta(days=1)
        await session.execute(update(Employment).where(Employment.user_id == her.id).values(ends_on=yesterday))
        live = Assignment.status.in_((AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE))
        done = {"status": AssignmentStatus.COMPLETED}
        await session.execute(update(Assignment).where(Assignment.user_id == her.id, live).values(done))
    card = await nadia.writes("/driver Amara Osei", "Amara Osei", "No home warehouse any more")
    await nadia.press(card, "Remove personal data")
    asked = await nadia.sees("Remove the personal data of Amara Osei?")
    assert (await nadia.press(asked, "Yes, remove it"))["text"] == "Removed."
    former = await user(sessions, "Former")
    assert (former.id, former.last_name, former.phone) == (her.id, "driver", "")
    home = await nadia.writes("/today", "Nadia")
    await nadia.press_data(home, DriverCard(her.id).pack())
    assert not any("Remove" in label for label in labels(await nadia.sees("Former driver")))
