"""R12.5: who manages more warehouses than fit below one message reaches each; and what he sees who leaves one."""

from typing import Any

from domain.people.queries import Person, linked_chat
from tests.bot.town import Town
from tests.domain.world import Fleet
from tests.story.phones import Phone, until
from tests.story.test_working_day import labels

MANY = 23


async def build(town: Town) -> Phone:
    """W01 to W23 are Mona's. R1 is of the first, which others manage, too."""
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        mona = await fleet.manager("Mona")
        first, *_ = [await fleet.warehouse(f"W{n:02}", mona) for n in range(1, MANY + 1)]
        await fleet.route("R1", first)
        for n in range(1, 13):
            await fleet.manager(f"Co{n:02}", first, linked=False)
        chat = await linked_chat(session, mona.id)
    return await phone_of(town, mona, chat)


async def phone_of(town: Town, who: Person, chat: int | None) -> Phone:
    account = {"user_id": chat, "started": True}
    body = {"id": "mona", "name": "Mona Test", "phone": who.phone, "language": "en", "telegram": account}
    (await town.calls.post("/sandbox/people", json=body)).raise_for_status()
    return Phone(town.calls, "mona")


async def reaches(phone: Phone, message: dict[str, Any], label: str) -> dict[str, Any]:
    """Turns the pages until this button is there."""
    turned = 0
    while label not in labels(message):
        before = labels(message)
        assert "More ›" in before and turned < MANY, before
        await phone.press(message, "More ›")
        message = await until(lambda: changed(phone, message["message_id"], before), "the next page")  # noqa: B023
        turned += 1
    assert turned, "all stood on one page"
    return message


async def changed(phone: Phone, message_id: Any, before: list[str]) -> dict[str, Any] | None:
    """The message once it has other buttons."""
    [it] = [message for message in await phone.chat() if message["message_id"] == message_id]
    return it if labels(it) != before else None


async def test_each_of_many_warehouses_is_reached(town: Town) -> None:
    mona = await build(town)
    async with town.serving():
        page = await reaches(mona, await mona.writes("/managers", "Whose managers?"), "🏭 W23")
        await mona.press(page, "W23")
        await mona.sees("Who manages W23")

        page = await mona.writes("/routes", "Your routes")
        assert "🏭 Warehouses" in labels(page)
        await mona.press(page, "Add a route")
        page = await reaches(mona, await mona.sees("Of which warehouse is the new route?"), "W23")
        await mona.press(page, "W23")
        await mona.sees("What is the new route called?")

        await mona.press(await mona.writes("/routes", "Your routes"), "W01: R1")
        await mona.press(await mona.sees("R1, W01"), "Move…")
        page = await reaches(mona, await mona.sees("From where will R1, W01 leave?"), "🏭 W23")
        await mona.press(page, "W23")
        await mona.sees("Move R1, W01 to W23")

        asked = await mona.writes("/invite Amara Osei 416 555 7001", "Invite Amara Osei?")
        await mona.press(await reaches(mona, asked, "✅ W23"), "✅ W23")
        await mona.sees("Amara Osei drives for W23 from today on")
        await mona.press_data(asked, asked["keyboard"][-2][0]["data"])  # [More ›]: she is invited already
        await mona.sees("Amara Osei", "+14165557001")


async def test_who_leaves_a_warehouse_sees_those_that_are_left_to_him(town: Town) -> None:
    mona = await build(town)
    async with town.serving():
        page = await mona.writes("/managers", "Whose managers?")
        await mona.press(page, "W01")
        page = await reaches(mona, await mona.sees("Who manages W01"), "➖ Remove Mona Test")
        await mona.press(page, "Remove Mona Test")
        answer = await mona.press(await mona.sees("You no longer manage W01?"), "Yes, remove")
        assert "no longer manages W01" in answer["text"]
        left = await mona.sees("Your warehouses")
        assert labels(left)[0] == "🏭 W02"
