"""/inbox over HTTP: pages, what is new, the cards behind it, and what people may not (R11.1, R12.4)."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.callbacks.home import Inbox, OpenNotice, ReadAll
from bot.web import PATH
from domain.coverage.opening import Opened
from domain.db.models import BidWindow, ChatLink, Notification, User, Warehouse, WindowAsk
from domain.db.models.words import BidWindowStatus, NotificationType
from domain.notices.kinds import Kind
from tests.bot.test_webhook import webhook_of
from tests.bot.town import Town
from tests.domain.world import Fleet, open_emergency
from tests.story.phones import Phone, until

MINUTE = timedelta(minutes=1)


async def user_of(town: Town, phone: Phone) -> uuid.UUID:
    chat_id = int(phone.person.split("-")[1])
    async with town.sessions() as session:
        return (await session.scalars(select(ChatLink.user_id).where(ChatLink.chat_id == chat_id))).one()


async def told(town: Town, phone: Phone, *titles: str, body: str = "Soon.", **more: Any) -> list[uuid.UUID]:
    """Entries of his inbox, the oldest first; five minutes lie between them, and the last is of now."""
    user_id, ids = await user_of(town, phone), [uuid.uuid4() for _ in titles]
    async with town.sessions.begin() as session:
        for number, (id_, title) in enumerate(zip(ids, titles, strict=True)):
            at = town.now - 5 * MINUTE * (len(titles) - 1 - number)
            row = {"type": NotificationType.MANUAL, "title": title, "body": body, "created_at": at} | more
            session.add(Notification(id=id_, user_id=user_id, **row))
    return ids


async def has_unread(town: Town, phone: Phone, count: int) -> bool:
    """A page is read once it was shown, a moment after that."""
    return await unread(town, phone) == count


async def unread(town: Town, phone: Phone) -> int:
    count = select(func.count()).where(Notification.user_id == await user_of(town, phone), ~Notification.read)
    async with town.sessions() as session:
        return await session.scalar(count) or 0


def titles_of(message: dict[str, Any]) -> list[str]:
    """The entries shown, from the top, with their marks."""
    return [line for line in message["text"].splitlines() if "Nr " in line]


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["keyboard"] for button in row]


async def test_r11_1_newest_first_five_a_page_and_what_was_shown_is_read(town: Town) -> None:
    amara = await town.driver()
    await told(town, amara, *(f"Nr {n}" for n in range(1, 8)))
    async with town.serving():
        await amara.send("/inbox")
        first = await amara.sees("Inbox", "7 messages, 7 new")
        assert titles_of(first) == [f"🔵 Nr {n}" for n in (7, 6, 5, 4, 3)]
        assert "Wed 25 Nov 07:20" in first["text"] and "Soon." in first["text"]
        assert labels(first) == ["Older ›", "✔️ Mark all read", "🏠 Home"]
        await until(lambda: has_unread(town, amara, 2), "what was shown is read")

        await amara.press(first, "Older")
        second = await amara.sees("7 messages, 2 new")
        assert second["message_id"] == first["message_id"]
        assert titles_of(second) == ["🔵 Nr 2", "🔵 Nr 1"]
        assert labels(second) == ["‹ Newer", "🏠 Home"]
        await until(lambda: has_unread(town, amara, 0), "so are the others")

        await amara.press(second, "Newer")
        again = await amara.sees("7 messages\n")
        assert titles_of(again) == [f"Nr {n}" for n in (7, 6, 5, 4, 3)]
        assert labels(again) == ["Older ›", "🏠 Home"]
        await amara.press(again, "Home")
        await amara.sees("Hello Amara")


async def test_r11_1_what_telegram_never_took_is_not_read(town: Town) -> None:
    amara = await town.driver()
    await told(town, amara, "Nr 1", "Nr 2")
    async with town.core() as rollcall, webhook_of(rollcall) as hook:
        await town.fault("429", method="sendMessage", times=1, retry_after=30)
        await hook.post(PATH, json=town.message(amara, "/inbox"))
        assert len(await town.requests("sendMessage")) == 1
        assert await unread(town, amara) == 2
    assert set((await town.seen()).values()) == {None}


async def test_mark_all_read_but_not_what_came_after_he_looked(town: Town) -> None:
    amara = await town.driver()
    await told(town, amara, *(f"Nr {n}" for n in range(1, 13)))
    async with town.serving():
        await amara.send("/inbox")
        page = await amara.sees("12 messages, 12 new")
        await told(town, amara, "Nr 13", created_at=town.now + MINUTE)
        await amara.press(page, "Mark all read")
        shown = await amara.sees("13 messages, 1 new")
        assert titles_of(shown) == ["🔵 Nr 13", *(f"Nr {n}" for n in (12, 11, 10, 9))]
        await until(lambda: has_unread(town, amara, 0), "now he has seen that one, too")


async def test_the_frame_is_in_the_readers_language_and_the_rest_as_it_was_written(town: Town) -> None:
    tariq = await town.driver("Tariq Aziz", language="fr")
    await told(town, tariq, "Nr 1: written in English")
    async with town.serving():
        await tariq.send("/inbox")
        page = await tariq.sees("Messages", "1 message, 1 nouveau")
        assert "Nr 1: written in English" in page["text"]
        assert "mer. 25 nov. 7\u00a0h\u00a020" in page["text"]
        assert labels(page) == ["🏠 Accueil"]


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing here yet"), ("fr", "Rien ici pour l’instant")])
async def test_an_empty_inbox_says_so(town: Town, language: str, words: str) -> None:
    phone = await town.driver(language=language)
    async with town.serving():
        await phone.send("/inbox")
        assert (await phone.sees(words))["keyboard"]


@pytest.mark.parametrize("sign", ["&", "<b>", "😀", "é\n", "</i>"])
async def test_telegram_takes_whatever_was_written(town: Town, sign: str) -> None:
    """At most 4096 of Telegram's characters, and HTML that holds: the sandbox refuses what Telegram would."""
    amara = await town.driver()
    await told(town, amara, *(f"Nr {n}: {sign * 500}" for n in range(5)), body=sign * 3000)
    async with town.serving():
        await amara.send("/inbox")
        page = await amara.sees("5 messages, 5 new")
        assert len(titles_of(page)) == 5
        assert page["text"].count("…") >= 5


async def test_the_card_behind_an_entry_is_opened_as_a_message_of_its_own(town: Town) -> None:
    amara = await town.driver()
    window = await offer(town)
    async with town.serving():
        sent = await amara.sees("R12, North needs a driver", "Whoever accepts first")
        await amara.send("/inbox")
        page = await amara.sees("1 message")
        seen = len(await amara.chat(deleted=True))
        await amara.press(page, "🔎 R12, North needs a driver")
        card = await amara.sees("R12, North needs a driver", "Be at", after=seen)
        assert card["message_id"] > page["message_id"] > sent["message_id"]
        answer = await amara.press(card, "Accept")
        assert "It's yours" in answer["text"]

        async def both_say_so() -> bool:
            shown = {message["message_id"]: message["text"] for message in await amara.chat()}
            return all("It's yours" in shown[each["message_id"]] for each in (sent, card))

        await until(both_say_so, "both cards follow")
    async with town.sessions() as session:
        assert await session.scalar(select(BidWindow.winner_id).where(BidWindow.id == window))


async def offer(town: Town) -> uuid.UUID:
    """R12 of the drivers' warehouse needs somebody, and all who are linked there are asked."""
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        north = (await session.scalars(select(Warehouse.id))).one()
        manager = await fleet.manager("Mona", north, linked=False)
        route = await fleet.route("R12", north)
        opened = await open_emergency(session, manager, await fleet.slot(route), fleet.now)
    assert isinstance(opened, Opened)
    return opened.window_id


async def test_what_is_gone_cannot_be_opened(town: Town) -> None:
    amara = await town.driver()
    await offer(town)
    async with town.core() as rollcall, webhook_of(rollcall) as hook:
        async with town.sessions.begin() as session:
            entry = (await session.scalars(select(Notification.id))).one()
            await session.execute(update(WindowAsk).values(user_id=await any_other(town, session)))
            await session.execute(update(BidWindow).values(status=BidWindowStatus.CLOSED))
        answer = (await hook.post(PATH, json=town.press(amara, OpenNotice(entry).pack()))).json()
        assert (answer["text"], answer["show_alert"]) == ("There is nothing more to see of this one.", True)
        assert await town.requests("sendMessage") == []


async def any_other(town: Town, session: Any) -> uuid.UUID:
    other = await Fleet(session, town.now).driver("Else")
    return other.id


async def test_r12_4_what_is_not_his_is_not_opened_and_not_marked(town: Town) -> None:
    amara, kwame = await town.driver("Amara Osei"), await town.driver("Kwame Mensah")
    await offer(town)
    async with town.sessions() as session:
        about = await session.scalar(select(BidWindow.id))
    data = {"kind": Kind.OFFER, "about": str(about)}
    (hers,) = await told(town, kwame, "Nr 1", data=data)
    async with town.core() as rollcall, webhook_of(rollcall) as hook:
        for forged in (OpenNotice(hers), OpenNotice(uuid.uuid4())):
            answer = (await hook.post(PATH, json=town.press(amara, forged.pack()))).json()
            assert answer["text"] == "There is nothing more to see of this one."
        assert await town.requests("sendMessage") == []
        before = await unread(town, kwame)
        await hook.post(PATH, json=town.press(amara, ReadAll(hers).pack()))
        assert await unread(town, kwame) == before


async def test_forged_and_old_page_numbers(town: Town) -> None:
    amara = await town.driver()
    await told(town, amara, "Nr 1", "Nr 2")
    async with town.serving():
        await amara.send("/inbox")
        page = await amara.sees("2 messages")
        await until(lambda: has_unread(town, amara, 0), "what was shown is read")
        for data in (Inbox(-9).pack(), Inbox(7).pack(), Inbox(999_999).pack()):
            await amara.press_data(page, data)
            assert titles_of(await amara.sees("2 messages\n")) == ["Nr 2", "Nr 1"]
        for data in ("inbox:9999999", "inbox:x", "inbox", "inbox:1:2", "open:1", "read:"):
            seen = len(await amara.chat(deleted=True))
            await amara.press_data(page, data)
            await amara.sees("I didn't understand", after=seen)


async def test_strangers_learn_nothing(town: Town) -> None:
    stranger = await town.stranger()
    (hers,) = await told(town, await town.driver(), "Nr 1")
    async with town.serving():
        await stranger.send("/inbox")
        welcome = await stranger.sees("invite link")
        for forged in (Inbox(0), OpenNotice(hers), ReadAll(hers)):
            await stranger.press_data(welcome, forged.pack())
        assert not [message for message in await stranger.chat() if "Nr 1" in message["text"]]
    async with town.sessions() as session:
        assert await session.scalar(select(Notification.read)) is False


async def test_the_home_card_counts_and_follows(town: Town) -> None:
    amara = await town.driver()
    await told(town, amara, *(f"Nr {n}" for n in range(1, 8)))
    async with town.serving():
        await amara.send("/today")
        home = await amara.sees("Hello Amara")
        assert "📥 Inbox (7)" in labels(home)
        await amara.send("/inbox")
        await amara.sees("7 messages, 7 new")

        async def follows() -> bool:
            (card,) = [message for message in await amara.chat() if message["message_id"] == home["message_id"]]
            return "📥 Inbox (2)" in labels(card)

        await until(follows, "the home card counts anew")
        await amara.press(home, "Inbox")
        assert (await amara.sees("7 messages, 2 new"))["message_id"] == home["message_id"]


async def test_pressed_at_two_replicas_at_once(town: Town) -> None:
    """Pages and [Mark all read], crosswise: nothing is waited for in a circle, and all of it is read in the end."""
    amara = await town.driver()
    ids = await told(town, amara, *(f"Nr {n}" for n in range(1, 31)))
    async with town.core() as one, town.core() as other, webhook_of(one) as hook, webhook_of(other) as other_hook:
        presses = [Inbox(0), ReadAll(ids[-1]), Inbox(5), ReadAll(ids[10]), Inbox(2), ReadAll(ids[-1])]
        answers = await asyncio.gather(
            *(
                replica.post(PATH, json=town.press(amara, press.pack()))
                for press in presses
                for replica in (hook, other_hook)
            )
        )
        assert {answer.status_code for answer in answers} == {200}
    assert await unread(town, amara) == 0
    assert set((await town.seen()).values()) == {None}, "none failed"


async def test_both_roles_find_it_in_the_menu(town: Town) -> None:
    manager = await town.driver("Mona Roy")
    async with town.sessions.begin() as session:
        await session.execute(update(User).values(role="manager"))
    await told(town, manager, "Nr 1")
    async with town.serving():
        await manager.send("/today")
        home = await manager.sees("Hello Mona")
        await manager.press(home, "📥 Inbox (1)")
        assert titles_of(await manager.sees("1 message, 1 new")) == ["🔵 Nr 1"]
        await manager.send("/help")
        assert "/inbox" in (await manager.sees("/away"))["text"]
