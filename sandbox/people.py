"""The people of the sandbox: each has a phone, which takes SMS and mostly has Telegram."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.json_types import Json
from sandbox.refusal import Refused

FIRST_USER_ID = 1001


@dataclass
class TelegramAccount:
    """A person's account with Telegram."""

    user_id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    started: bool = False
    blocked: bool = False

    def names(self) -> Json:
        """The fields that User and Chat share; Telegram leaves out what is empty."""
        given = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {name: value for name, value in given.items() if value}


@dataclass
class Person:
    """Someone with a phone. `role` and `label` are for show only."""

    id: str
    name: str
    phone: str
    label: str = ""
    role: str | None = None
    language: str = "en"
    telegram: TelegramAccount | None = None
    sms_opted_out: bool = False
    unread_chat: int = 0
    unread_sms: int = 0
    last_at: datetime | None = None

    @property
    def account(self) -> TelegramAccount:
        """The Telegram account; refused where there is none."""
        if self.telegram is None:
            raise Refused(f"{self.name} has no Telegram.", 409)
        return self.telegram

    def user(self) -> Json:
        """The person as Telegram's User."""
        account = self.account
        return {"id": account.user_id, "is_bot": False, **account.names(), "language_code": self.language}

    @property
    def chat_id(self) -> int:
        """Of the chat with the bot."""
        return self.account.user_id

    def chat(self) -> Json:
        """The chat with the bot as Telegram's Chat."""
        return {"id": self.account.user_id, **self.account.names(), "type": "private"}

    def view(self) -> Json:
        """The person as the page sees him."""
        return {
            "id": self.id,
            "name": self.name,
            "label": self.label,
            "role": self.role,
            "phone": self.phone,
            "language": self.language,
            "telegram": dict(vars(self.telegram)) if self.telegram else None,
            "sms_opted_out": self.sms_opted_out,
            "unread": {"chat": self.unread_chat, "sms": self.unread_sms},
            "last_at": self.last_at.isoformat() if self.last_at else None,
        }


class People:
    """Everyone, in the order of coming, found by id, by Telegram's user id or by telephone number."""

    def __init__(self) -> None:
        self.by_id: dict[str, Person] = {}
        self.by_user_id: dict[int, Person] = {}
        self.by_phone: dict[str, Person] = {}

    def __iter__(self) -> Iterator[Person]:
        return iter(self.by_id.values())

    def get(self, person_id: str) -> Person:
        """The person with this id; refused (404) where there is none."""
        if person_id not in self.by_id:
            raise Refused(f"There is nobody with the id {person_id}.", 404)
        return self.by_id[person_id]

    def add(self, person: Person) -> Person:
        """Takes in a person; id, telephone number and user id must be new (409)."""
        user_id = person.telegram.user_id if person.telegram else None
        if person.id in self.by_id or person.phone in self.by_phone or user_id in self.by_user_id:
            raise Refused("Somebody has that id, telephone number or user id already.", 409)
        self.by_id[person.id] = self.by_phone[person.phone] = person
        if user_id is not None:
            self.by_user_id[user_id] = person
        return person

    def add_from(self, body: Json) -> Person:
        """Takes in a person as told by the page; only `name` and `phone` are needed."""
        name, phone = str(body.get("name") or "").strip(), str(body.get("phone") or "")
        if not name:
            raise Refused("A person needs a name.")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", phone):
            raise Refused("A person needs a telephone number like +14165550101.")
        return self.add(
            Person(
                id=str(body.get("id") or _slug(name)),
                name=name,
                phone=phone,
                label=str(body.get("label") or ""),
                role=body.get("role"),
                language=str(body.get("language") or "en"),
                telegram=self._account(name, body.get("telegram", {})),
                sms_opted_out=bool(body.get("sms_opted_out", False)),
            )
        )

    def clear(self) -> None:
        """Forgets everyone."""
        for index in (self.by_id, self.by_user_id, self.by_phone):
            index.clear()

    def _account(self, name: str, given: Json | None) -> TelegramAccount | None:
        if given is None:
            return None
        first, _, last = name.partition(" ")
        return TelegramAccount(
            user_id=int(given.get("user_id") or max(self.by_user_id, default=FIRST_USER_ID - 1) + 1),
            first_name=given.get("first_name") or first,
            last_name=given.get("last_name", last or None),
            username=given.get("username"),
            started=bool(given.get("started", False)),
            blocked=bool(given.get("blocked", False)),
        )


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "person"
