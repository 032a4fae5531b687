"""A town for the edge's tests: the sandbox's networks, a database, and people in both."""

import itertools
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot.acting import Acting, Context, acting
from bot.callbacks.home import Home
from bot.run import Rollcall, core, serving
from bot.screens.screen import Button, Screen
from bot.settings import MadeSettings, Settings
from domain.audit import Entry, record
from domain.db.models import AuditLog, ChatLink, Employment, SeenUpdate, User, Warehouse
from sandbox.server import Running
from tests.story.phones import Phone
from tests.waits import somebody_waits

EFFECT = "effect of a test"


@dataclass(frozen=True)
class Town:
    """`settings` and `rollcall` are those of the bot that is tested; its people are known to both sides."""

    sandbox: Running
    calls: httpx.AsyncClient
    sessions: async_sessionmaker[AsyncSession]
    database_url: str
    now: datetime
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))
    _updates: "itertools.count[int]" = field(default_factory=lambda: itertools.count(500))

    def settings(self, **more: Any) -> Settings:
        base: dict[str, Any] = {
            "database_url": SecretStr(self.database_url),
            "telegram_bot_token": SecretStr(self.sandbox.settings.token),
            "telegram_api_url": self.sandbox.url,
            "port": 0,
        }
        return MadeSettings.model_validate(base | more)

    def sms(self) -> dict[str, Any]:
        """The settings for SMS."""
        told = self.sandbox.settings
        sender = {"twilio_from_number": told.sms_number, "twilio_api_url": self.sandbox.url}
        return sender | {"twilio_account_sid": told.account_sid, "twilio_auth_token": SecretStr(told.auth_token)}

    def environment(self, **more: Any) -> dict[str, Any]:
        """The same for another process."""
        told = {"telegram_bot_token": self.sandbox.settings.token, "telegram_api_url": self.sandbox.url}
        return told | {"database_url": self.database_url, "port": 0} | more

    def core(self, **more: Any) -> AbstractAsyncContextManager[Rollcall]:
        return core(self.settings(**more), lambda: self.now)

    def serving(self, **more: Any) -> AbstractAsyncContextManager[Rollcall]:
        return serving(self.settings(**more), lambda: self.now)

    async def driver(self, name: str = "Amara Osei", language: str = "en") -> Phone:
        """Somebody with a linked chat."""
        first, last = name.split()
        number = next(self._ids)
        phone = await self.stranger(name, language=language, number=number)
        user_id = uuid.uuid4()
        async with self.sessions.begin() as session:
            warehouse_id = await session.scalar(select(Warehouse.id))
            if warehouse_id is None:
                warehouse_id = uuid.uuid4()
                await session.execute(insert(Warehouse).values(id=warehouse_id, name="North", address="1 Steeles Ave"))
            person = {"first_name": first, "last_name": last, "phone": f"+1416555{number}", "password_hash": "!"}
            await session.execute(insert(User).values(id=user_id, email=f"{user_id}@no-email.invalid", **person))
            home = {"warehouse_id": warehouse_id, "starts_on": date(2026, 1, 1)}
            await session.execute(insert(Employment).values(user_id=user_id, **home))
            await session.execute(insert(ChatLink).values(user_id=user_id, chat_id=number, linked_at=self.now))
        return phone

    async def stranger(self, name: str = "Zoe Park", language: str = "en", number: int | None = None) -> Phone:
        """Somebody with Telegram whom the bot does not know."""
        number = number or next(self._ids)
        first, last = name.split()
        account = {"user_id": number, "first_name": first, "last_name": last, "username": None, "started": True}
        person_id = f"{first}-{number}".lower()
        person = {
            "id": person_id,
            "name": name,
            "label": "",
            "role": None,
            "phone": f"+1416555{number}",
            "language": language,
            "telegram": account | {"blocked": False},
        }
        (await self.calls.post("/sandbox/people", json=person)).raise_for_status()
        return Phone(self.calls, person_id)

    def message(self, phone: Phone, text: str, update_id: int | None = None) -> dict[str, Any]:
        """An update as Telegram sends it, for what is to be brought by hand."""
        command = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}] if text[0] == "/" else []
        return self._update(update_id) | {"message": self._written(phone) | {"text": text, "entities": command}}

    def press(self, phone: Phone, data: str, update_id: int | None = None) -> dict[str, Any]:
        query = {"id": str(next(self._updates)), "chat_instance": "1", "data": data, "from": self._user(phone)}
        return self._update(update_id) | {"callback_query": query | {"message": self._written(phone)}}

    async def effects(self) -> int:
        async with self.sessions() as session:
            return len((await session.scalars(select(AuditLog.id).where(AuditLog.action == EFFECT))).all())

    async def seen(self) -> dict[int, str | None]:
        """The updates recorded, with the fault's id where they failed."""
        async with self.sessions() as session:
            return {row.update_id: row.fault_id for row in await session.scalars(select(SeenUpdate))}

    async def somebody_waits(self) -> None:
        """Returns when a transaction waits for another one's end."""
        async with self.sessions() as session:
            await somebody_waits(session)

    async def requests(self, method: str) -> list[dict[str, Any]]:
        answer = await self.calls.get("/sandbox/requests", params={"method": method})
        return list(answer.raise_for_status().json()["requests"])

    async def fault(self, kind: str, **more: Any) -> None:
        body = {"network": "telegram", "kind": kind} | more
        (await self.calls.post("/sandbox/faults", json=body)).raise_for_status()

    async def no_faults(self) -> None:
        (await self.calls.delete("/sandbox/faults")).raise_for_status()

    def _update(self, update_id: int | None) -> dict[str, Any]:
        return {"update_id": update_id or next(self._updates)}

    def _user(self, phone: Phone) -> dict[str, Any]:
        user_id = int(phone.person.split("-")[1])
        return {"id": user_id, "is_bot": False, "first_name": phone.person, "language_code": "en"}

    def _written(self, phone: Phone) -> dict[str, Any]:
        chat = {"id": self._user(phone)["id"], "type": "private", "first_name": phone.person}
        return {"message_id": 1, "date": int(self.now.timestamp()), "chat": chat, "from": self._user(phone)}


def command(rollcall: Rollcall, name: str, does: Callable[[Acting], Any], button: bool = False) -> None:
    """Teaches the bot a command (or a button, by its data) of this test's own; `does` runs in the transaction."""

    async def on_it(update: Update, context: Context) -> None:
        async with acting(update, context) as act:
            await does(act)

    rollcall.app.handlers[0].insert(
        0, CallbackQueryHandler(on_it, lambda data: data == name) if button else CommandHandler(name, on_it)
    )


async def take_effect(act: Acting) -> None:
    """Something that can be counted, and an answer with a button."""
    await record(act.session, None, act.now, Entry("test", uuid.uuid4(), EFFECT))
    await act.say(Screen("Done.", ((Button("Home", Home()),),)), toast="Done")
