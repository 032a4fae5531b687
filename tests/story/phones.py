"""The sandbox's documented calls, in a test's words."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

PATIENCE_FOR = 60.0  # seconds; a condition that takes longer is a fault


async def until(condition: Callable[[], Awaitable[T | None]], what: str, every: float = 0.02) -> T:
    """Waits for something to come true, looking `every` so many seconds; no test sleeps for a time and hopes."""
    try:
        async with asyncio.timeout(PATIENCE_FOR):
            while not (found := await condition()):  # noqa: ASYNC110 - the condition is at the other end of HTTP
                await asyncio.sleep(every)
            return found
    except TimeoutError:
        raise AssertionError(f"never came: {what}") from None


@dataclass(frozen=True)
class Phone:
    """One person's phone, by his id in the sandbox."""

    calls: httpx.AsyncClient
    person: str

    async def chat(self, *, deleted: bool = False) -> list[dict[str, Any]]:
        answer = (await self.calls.get(f"/sandbox/people/{self.person}/chat")).raise_for_status()
        return [message for message in answer.json()["messages"] if deleted or not message["deleted"]]

    async def sms(self) -> list[dict[str, Any]]:
        answer = (await self.calls.get(f"/sandbox/people/{self.person}/sms")).raise_for_status()
        return list(answer.json()["messages"])

    async def start(self, payload: str | None = None) -> None:
        await self._post("start", {"payload": payload} if payload else {})

    async def send(self, text: str) -> None:
        await self._post("send", {"text": text})

    async def writes(self, text: str, *shows: str) -> dict[str, Any]:
        """The answer to what he writes, once it shows all of `shows`."""
        seen = len(await self.chat(deleted=True))
        await self.send(text)
        return await self.sees(*shows, after=seen)

    async def drops(self, name: str, text: str | bytes, *shows: str) -> dict[str, Any]:
        """The answer to a file that he sends, once it shows all of `shows`."""
        seen = len(await self.chat(deleted=True))
        content = text.encode() if isinstance(text, str) else text
        await self._post("document", {"name": name, "base64": base64.b64encode(content).decode()})
        return await self.sees(*shows, after=seen)

    async def shares(self, phone: str | None = None) -> None:
        """His own contact, or the one with another number."""
        await self._post("contact", {"phone": phone} if phone else {})

    async def below(self) -> list[str]:
        """The buttons below the text field."""
        answer = (await self.calls.get(f"/sandbox/people/{self.person}/chat")).raise_for_status()
        keyboard = answer.json()["reply_keyboard"]
        return [key["text"] for row in keyboard["keyboard"] for key in row] if keyboard else []

    async def text(self, body: str) -> None:
        """By SMS, to the company's number."""
        await self._post("send-sms", {"body": body})

    async def reads(self, *texts: str) -> dict[str, Any]:
        """The latest SMS that shows all of `texts`, once it has arrived."""

        async def arrived() -> dict[str, Any] | None:
            fitting = [sms for sms in await self.sms() if sms["from"] == "company" and sms["status"] == "delivered"]
            return next((sms for sms in reversed(fitting) if all(text in sms["body"] for text in texts)), None)

        return await until(arrived, f"{self.person} reads {texts} in an SMS")

    async def press(self, message: dict[str, Any], label: str) -> dict[str, Any]:
        """Presses the button whose text contains `label`; returns the answer to the press."""
        for row in message["keyboard"] or []:
            for button in row:
                if label in button["text"]:
                    return await self.press_data(message, button["data"])
        raise AssertionError(f"no button {label!r} on {message['text']!r}: {message['keyboard']}")

    async def press_data(self, message: dict[str, Any], data: str) -> dict[str, Any]:
        return await self._post("press?wait=15", {"message_id": message["message_id"], "data": data})

    async def turns(self, message: dict[str, Any], data: str, shows: str) -> None:
        """A press turns this message to what shows that, though it may have shown it before."""
        seen = len(await self._edits(message))
        await self.press_data(message, data)

        async def turned() -> bool:
            return any(shows in text for text in (await self._edits(message))[seen:])

        await until(turned, f"{data} turns {message['text']!r} to {shows!r}")

    async def _edits(self, message: dict[str, Any]) -> list[str]:
        """What the bot has asked Telegram for; that it is so already makes no difference."""
        answer = await self.calls.get("/sandbox/requests", params={"method": "editMessageText"})
        edits = [each["params"] for each in answer.raise_for_status().json()["requests"]]
        return [each["text"] for each in edits if str(each["message_id"]) == str(message["message_id"])]

    async def sees(self, *texts: str, after: int = 0) -> dict[str, Any]:
        """The latest message from the bot that shows all of `texts`, once it is there; not among the first `after`."""

        async def shown() -> dict[str, Any] | None:
            messages = (await self.chat(deleted=True))[after:]
            live = (m for m in messages if m["from"] == "bot" and not m["deleted"])
            fitting = (m for m in live if all(t in m["text"] for t in texts))
            return max(fitting, key=lambda message: int(message["message_id"]), default=None)

        return await until(shown, f"{self.person} sees {texts}")

    async def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.calls.post(f"/sandbox/people/{self.person}/{what}", json=body)
        return dict(answer.raise_for_status().json())


@dataclass(frozen=True)
class Group:
    """A group in Telegram, by its id in the sandbox."""

    calls: httpx.AsyncClient
    id: str

    @classmethod
    async def of(cls, calls: httpx.AsyncClient, title: str, *members: Phone) -> "Group":
        """A new one, in which these people are."""
        body = {"title": title, "members": [each.person for each in members]}
        return cls(calls, (await calls.post("/sandbox/groups", json=body)).raise_for_status().json()["id"])

    async def bot(self, by: Phone, status: str = "member") -> None:
        """Somebody takes the bot in, or puts it out."""
        await self._post("bot", {"person": by.person, "status": status})

    async def send(self, by: Phone, text: str, reply_to: int | None = None) -> None:
        await self._post("send", {"person": by.person, "text": text, "reply_to": reply_to})

    async def upgrade(self, by: Phone) -> None:
        await self._post("upgrade", {"person": by.person})

    async def press(self, by: Phone, message: dict[str, Any], label: str) -> dict[str, Any]:
        """Somebody presses the button whose text contains `label`; returns the answer to the press."""
        keys = [key for row in message["keyboard"] or [] for key in row if label in key["text"]]
        assert keys, f"no button {label!r} on {message['text']!r}: {message['keyboard']}"
        return await self.press_data(by, message, keys[0]["data"])

    async def press_data(self, by: Phone, message: dict[str, Any], data: str) -> dict[str, Any]:
        return await self._post(
            "press?wait=15", {"person": by.person, "message_id": message["message_id"], "data": data}
        )

    async def chat(self) -> list[dict[str, Any]]:
        answer = (await self.calls.get(f"/sandbox/groups/{self.id}/chat")).raise_for_status()
        return [message for message in answer.json()["messages"] if not message["deleted"]]

    async def says(self) -> list[str]:
        """What the bot has said there, as it stands."""
        return [message["text"] for message in await self.chat() if message["from"] == "bot"]

    async def sees(self, *texts: str, after: int = 0) -> dict[str, Any]:
        """The latest message of the bot's that shows all of `texts`, once it is there; not among the first `after`."""

        async def shown() -> dict[str, Any] | None:
            ours = [message for message in await self.chat() if message["from"] == "bot"][after:]
            return next((each for each in reversed(ours) if all(text in each["text"] for text in texts)), None)

        return await until(shown, f"{self.id} sees {texts}")

    async def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.calls.post(f"/sandbox/groups/{self.id}/{what}", json=body)
        return dict(answer.raise_for_status().json())
