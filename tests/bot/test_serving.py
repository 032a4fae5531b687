"""The whole bot in one process, against the whole network."""

import socket

from bot.run import serving
from tests.bot.town import Town
from tests.story.phones import until


async def test_by_webhook_updates_come_and_answers_go(town: Town) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    driver = await town.driver()
    async with town.serving(public_url=f"http://127.0.0.1:{port}", port=port):
        await driver.send("/today")
        home = await driver.sees("Hello Amara")
        await driver.send("/help")
        help_ = await driver.sees("What you can do here")
        assert (await driver.press(help_, "Home"))["answered"]

        async def in_place() -> bool:
            shown = {message["message_id"]: message["text"] for message in await driver.chat()}
            return "Hello Amara" in shown[help_["message_id"]] and home["message_id"] not in shown

        await until(in_place, "home stands where help stood, and the earlier home card is gone")


async def test_menus_are_set_in_both_languages(town: Town) -> None:
    async with town.serving():
        menus = {each["params"].get("language_code"): each["params"] for each in await town.requests("setMyCommands")}
    assert set(menus) == {None, "fr"}
    assert "Ma journée" in str(menus["fr"]["commands"])


async def test_two_of_all_parts_in_one_place_do_everything_once(town: Town) -> None:
    """As many processes as wanted: what one does, the other does not."""
    driver = await town.driver()
    async with town.serving(), serving(town.settings(), lambda: town.now):
        await driver.send("/today")
        await driver.sees("Hello Amara")
        await driver.send("/help")
        await driver.sees("What you can do here")
    assert [message["from"] for message in await driver.chat()] == ["person", "bot", "person", "bot"]
