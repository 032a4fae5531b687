"""/settings and /away over HTTP: what each press saves and shows, and what is refused (R11.2, R11.4, R11.4a, R12.4)."""

import asyncio
import uuid
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, insert, select, update

from bot.callbacks.settings import (
    BackAtHome,
    ChooseLanguage,
    ChooseQuietHours,
    ChooseSms,
    ChooseWakeMe,
    GoAway,
    OpenAway,
    OpenSettings,
)
from bot.web import PATH
from domain.db.models import (
    AuditLog,
    ChatLink,
    ContactSettings,
    SmsOptOut,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import UserRole
from domain.people.contact import AwayFor
from tests.bot.test_webhook import webhook_of
from tests.bot.town import Town
from tests.story.phones import Phone, until

TORONTO = ZoneInfo("America/Toronto")


async def settings_of(town: Town, phone: Phone) -> ContactSettings | None:
    chat_id = int(phone.person.split("-")[1])
    async with town.sessions() as session:
        his = select(ContactSettings).join(ChatLink, ChatLink.user_id == ContactSettings.user_id)
        return (await session.scalars(his.where(ChatLink.chat_id == chat_id))).one_or_none()


async def changes(town: Town) -> int:
    async with town.sessions() as session:
        count = select(func.count()).where(AuditLog.action == "contact_changed")
        return await session.scalar(count) or 0


async def manager(town: Town, name: str = "Mona Roy", *warehouses: str, language: str = "en") -> Phone:
    """A manager of these warehouses, which are made where there are none; else of the drivers' own."""
    phone = await town.driver(name, language=language)
    chat_id = int(phone.person.split("-")[1])
    async with town.sessions.begin() as session:
        user_id = (await session.scalars(select(ChatLink.user_id).where(ChatLink.chat_id == chat_id))).one()
        await session.execute(update(User).where(User.id == user_id).values(role=UserRole.MANAGER))
        for warehouse in warehouses or ("North",):
            id_ = await session.scalar(select(Warehouse.id).where(Warehouse.name == warehouse))
            if id_ is None:
                id_ = uuid.uuid4()
                await session.execute(insert(Warehouse).values(id=id_, name=warehouse, address="1 Elsewhere"))
            await session.execute(insert(WarehouseManager).values(warehouse_id=id_, user_id=user_id))
    return phone


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["keyboard"] for button in row]


def chosen(message: dict[str, Any]) -> list[str]:
    return [label.removeprefix("• ") for label in labels(message) if label.startswith("• ")]


# -- /settings


async def test_the_settings_as_they_stand_and_each_press_saved(town: Town) -> None:
    amara = await town.driver()
    async with town.serving(**town.sms()):
        await amara.send("/settings")
        card = await amara.sees("Settings", "SMS: on", "Quiet hours: 21:00 to 06:00", "till 08:00", "Wake me: off")
        assert chosen(card) == ["English", "SMS on", "🌙 21:00–06:00", "Let me sleep"]
        assert "+14165551001" in card["text"]
        assert await settings_of(town, amara) is None, "looking changes nothing"

        await amara.press(card, "SMS off")
        card = await amara.sees("SMS: off")
        await amara.press(card, "22:00–07:00")
        card = await amara.sees("Quiet hours: 22:00 to 07:00")
        assert "without a shift" not in card["text"]
        await amara.press(card, "Wake me")
        card = await amara.sees("Wake me: on")
        assert chosen(card) == ["English", "SMS off", "🌙 22:00–07:00", "Wake me"]
        saved = await settings_of(town, amara)
        assert saved is not None
        assert (saved.sms, saved.wake_me, saved.quiet_from, saved.quiet_until) == (False, True, time(22), time(7))

        await amara.press(card, "No quiet hours")
        card = await amara.sees("No quiet hours", "at night too")
        await amara.press(card, "21:00–06:00")
        card = await amara.sees("Quiet hours: 21:00 to 06:00")
        saved = await settings_of(town, amara)
        assert saved is not None and (saved.quiet_from, saved.quiet_until) == (None, None)
        assert await changes(town) == 5
        await amara.press(card, "Home")
        await amara.sees("Hello Amara")


async def test_the_new_language_at_once_on_the_card_at_home_and_in_the_menu(town: Town) -> None:
    amara = await town.driver()
    async with town.serving():
        await amara.send("/today")
        home = await amara.sees("Hello Amara")
        await amara.send("/settings")
        card = await amara.sees("Settings")
        await amara.press(card, "Français")
        french = await amara.sees("Réglages", "Heures de repos\u00a0: 21\u00a0h à 6\u00a0h")
        assert french["message_id"] == card["message_id"]
        assert chosen(french)[0] == "Français"
        assert (await amara.sees("Bonjour Amara"))["message_id"] == home["message_id"]

        async def menu() -> list[Any]:
            return [call["params"] for call in await town.requests("setMyCommands") if "1001" in str(call["params"])]

        (set_for,) = await until(menu, "the menu of his chat")
        assert "Langue, SMS, heures de repos" in str(set_for["commands"])

        await amara.press(french, "English")
        await amara.sees("Settings", "Quiet hours")
    assert await changes(town) == 2


async def test_r11_5_who_has_texted_stop_reads_how_to_get_sms_again(town: Town) -> None:
    amara, tariq = await town.driver(), await town.driver("Tariq Aziz", language="fr")
    async with town.sessions.begin() as session:
        await session.execute(insert(SmsOptOut).values(phone="+14165551001", since=town.now))
    async with town.serving(**town.sms()):
        await amara.send("/settings")
        card = await amara.sees("SMS: stopped", f"text START to {town.sandbox.settings.sms_number}")
        assert not [label for label in labels(card) if "SMS" in label], "a press would change nothing"
        await tariq.send("/settings")
        await tariq.sees("SMS\u00a0: oui", "+14165551002")


async def test_where_there_is_no_sms_it_says_so(town: Town) -> None:
    amara = await town.driver()
    async with town.serving():
        await amara.send("/settings")
        card = await amara.sees("not set up here yet")
        assert not [label for label in labels(card) if "SMS" in label], "a press would change nothing"


async def test_managers_are_not_woken_but_may_go_away(town: Town) -> None:
    mona = await manager(town)
    async with town.serving():
        await mona.send("/settings")
        card = await mona.sees("Settings")
        assert "Wake me" not in card["text"] and "Wake me" not in labels(card)
        answer = await mona.press_data(card, ChooseWakeMe(1).pack())
        assert (answer["text"], await settings_of(town, mona)) == ("That is for drivers.", None)
        await mona.press(card, "going away")
        await mona.sees("Going away?")


@pytest.mark.parametrize("manages", [False, True])
@pytest.mark.parametrize(
    ("language", "button", "page"),
    [
        ("en", "What is recorded about me", "What is recorded about you"),
        ("fr", "Ce qui est noté sur moi", "Ce qui est noté sur vous"),
    ],
)
async def test_r12_6_what_is_recorded_is_found_from_help_and_settings(
    town: Town, manages: bool, language: str, button: str, page: str
) -> None:
    who = await (manager(town, language=language) if manages else town.driver(language=language))
    async with town.serving():
        await who.send("/help")
        await who.sees("/privacy")
        await who.send("/settings")
        card = await who.sees("SMS", "🌙")
        await who.press(card, button)
        shown = await who.sees(page)
        assert shown["message_id"] == card["message_id"]


@pytest.mark.parametrize(
    "forged",
    [ChooseLanguage(2), ChooseLanguage(-1), ChooseSms(2), ChooseWakeMe(-1), ChooseQuietHours(5), ChooseQuietHours(-1)],
)
async def test_r12_4_choices_that_there_are_not_are_refused(town: Town, forged: Any) -> None:
    amara = await town.driver()
    async with town.core() as rollcall, webhook_of(rollcall) as hook:
        answer = (await hook.post(PATH, json=town.press(amara, forged.pack()))).json()
    assert "isn't one of the choices" in answer["text"] and answer["show_alert"]
    assert (await settings_of(town, amara), await changes(town)) == (None, 0)


@pytest.mark.parametrize("data", ["lang:", "lang:fr", "sms", "sms:on", "quiet:1:2", "set:1", "away:x", "back:1"])
async def test_what_no_button_has_is_not_understood(town: Town, data: str) -> None:
    amara = await town.driver()
    async with town.serving():
        await amara.send("/settings")
        await amara.press_data(await amara.sees("Settings"), data)
        await amara.sees("I didn't understand")
    assert await settings_of(town, amara) is None


async def test_strangers_have_no_settings(town: Town) -> None:
    stranger = await town.stranger()
    async with town.serving():
        for command in ("/settings", "/away"):
            seen = len(await stranger.chat(deleted=True))
            await stranger.send(command)
            welcome = await stranger.sees("invite link", after=seen)
        for forged in (OpenSettings(), ChooseSms(0), ChooseLanguage(1), OpenAway(), GoAway(1), BackAtHome()):
            assert (await stranger.press_data(welcome, forged.pack()))["answered"]
    async with town.sessions() as session:
        assert (await session.scalars(select(ContactSettings))).all() == []


async def test_r2_5_pressed_at_two_replicas_at_once_it_has_one_effect(town: Town) -> None:
    amara = await town.driver()
    presses = [ChooseSms(0), ChooseQuietHours(2), ChooseLanguage(1), ChooseWakeMe(1)]
    async with town.core() as one, town.core() as other, webhook_of(one) as hook, webhook_of(other) as other_hook:
        await asyncio.gather(
            *(
                replica.post(PATH, json=town.press(amara, press.pack()))
                for press in presses
                for replica in (hook, other_hook)
            )
        )
    assert set((await town.seen()).values()) == {None}, "none failed"
    saved = await settings_of(town, amara)
    assert saved is not None
    assert (saved.sms, saved.quiet_from, saved.language, saved.wake_me) == (False, time(22), "fr", True)
    assert await changes(town) == len(presses)


# -- /away


async def test_r11_4a_away_and_who_gets_his_notices(town: Town) -> None:
    mona = await manager(town, "Mona Roy", "North", "South", "West")
    await manager(town, "Omar Diaz", "North")
    gone = await manager(town, "Lise Gagnon", "South")
    async with town.serving():
        await gone.send("/away")
        await gone.press(await gone.sees("Going away?", "South: Mona Roy"), "For two weeks")
        await gone.sees("away until Wed 9 Dec 06:00")

        await mona.send("/today")
        home = await mona.sees("Hello Mona")
        await mona.send("/away")
        card = await mona.sees("Going away?", "North: Omar Diaz")
        assert "South: its other managers are away too" in card["text"]
        assert "West: it has no other manager" in card["text"]
        assert labels(card)[:3] == ["Until tomorrow 06:00", "Until Monday 06:00", "For two weeks"]

        await mona.press(card, "Until Monday")
        away = await mona.sees("You're away until Mon 30 Nov 06:00", "North: Omar Diaz")
        assert away["message_id"] == card["message_id"]
        saved = await settings_of(town, mona)
        assert saved is not None and saved.away_until == datetime(2026, 11, 30, 6, tzinfo=TORONTO)

        at_home = await mona.sees("Hello Mona", "You're away until Mon 30 Nov 06:00")
        assert at_home["message_id"] == home["message_id"]
        answer = await mona.press(at_home, "I'm back")
        assert "Welcome back" in answer["text"]

        async def there_again() -> bool:
            (message,) = [each for each in await mona.chat() if each["message_id"] == home["message_id"]]
            return "Hello Mona" in message["text"] and "away" not in message["text"]

        await until(there_again, "the home card of somebody who is there")
        saved = await settings_of(town, mona)
        assert saved is not None and saved.away_until is None

        await mona.press(away, "I'm back")  # the card still offers it: nothing more happens
        await mona.sees("Going away?")
    assert await changes(town) == 3


async def test_r11_4a_in_french(town: Town) -> None:
    marc = await manager(town, "Marc Roy", "North", language="fr")
    async with town.serving():
        await marc.send("/away")
        card = await marc.sees("Vous vous absentez?", "il n’y a pas d’autre gestionnaire")
        await marc.press(card, "Jusqu’à demain, 6\u00a0h")
        await marc.sees("Absence jusqu’au jeu. 26 nov. 6\u00a0h")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "That is for managers"), ("fr", "C’est pour les gestionnaires")]
)
async def test_r12_4_drivers_read_that_it_is_for_managers(town: Town, language: str, words: str) -> None:
    amara = await town.driver(language=language)
    async with town.serving():
        await amara.send("/away")
        card = await amara.sees(words)
        for forged in (GoAway(AwayFor.TOMORROW), OpenAway(), BackAtHome()):
            await amara.press_data(card, forged.pack())
    assert await settings_of(town, amara) is None


@pytest.mark.parametrize("choice", [-1, 4, 999_999])
async def test_r12_4_other_absences_are_refused(town: Town, choice: int) -> None:
    mona = await manager(town)
    async with town.core() as rollcall, webhook_of(rollcall) as hook:
        answer = (await hook.post(PATH, json=town.press(mona, GoAway(choice).pack()))).json()
    assert "isn't one of the choices" in answer["text"]
    assert await settings_of(town, mona) is None


async def test_a_manager_without_a_warehouse_and_one_with_many_strange_ones(town: Town) -> None:
    many = [f"<b>&{'😀' * 100}{n:03}" for n in range(60)]
    mona = await manager(town, "Mona Roy", *many)
    async with town.serving():
        await mona.send("/away")
        await mona.sees("Going away?", "… and 50 warehouses")
        async with town.sessions.begin() as session:
            await session.execute(delete(WarehouseManager))
        seen = len(await mona.chat(deleted=True))
        await mona.send("/away")
        await mona.sees("You have no warehouse yet", after=seen)


async def test_r11_4a_an_author_reads_who_gets_it_while_the_reader_is_away(town: Town) -> None:
    mona, lea, sam = [await manager(town, name) for name in ("Mona Roy", "Lea Bell", "Sam Cho")]
    async with town.serving():
        await lea.send("/away")
        await lea.press(await lea.sees("Going away?"), "tomorrow")
        await lea.sees("You're away until")
        await mona.send("/message Lea Bell: the yard is closed")
        card = await mona.sees("To Lea Bell", "Lea Bell is away until Thu 26 Nov 06:00. It goes to Sam Cho instead.")
        await mona.press(card, "Urgent")
        await mona.sees("Your urgent message", "Lea Bell is away, so it went to others.", "Sam Cho:")
        await sam.sees("Message from Mona Roy", "the yard is closed", "It was written to Lea Bell, who is away.")

        await sam.send("/away")
        await sam.press(await sam.sees("Going away?"), "tomorrow")
        await sam.sees("You're away until")
        await mona.send("/message Lea Bell: the gate is closed")
        card = await mona.sees("nobody else is there: it goes to Lea Bell all the same.")
        await mona.press(card, "Urgent")
        assert "written to" not in (await lea.sees("Message from Mona Roy", "the gate is closed"))["text"]
        assert "away" not in (await mona.sees("Your urgent message", "the gate is closed"))["text"]
