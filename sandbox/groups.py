"""The groups of the sandbox: people with Telegram who write in one chat, with or without the bot."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.json_types import Json
from sandbox.people import People, Person
from sandbox.refusal import Refused

FIRST_CHAT_ID = -4001
SUPERGROUPS = -1_000_000_000_000  # a supergroup's id lies below this


@dataclass
class Group:
    """One group. `bot` is how the bot stands there, in Telegram's words; `was`: its ids before it was upgraded."""

    id: str
    title: str
    chat_id: int
    members: list[Person]
    bot: str = "left"  # left, member, administrator, kicked
    was: list[int] = field(default_factory=list)
    last_at: datetime | None = None

    @property
    def is_supergroup(self) -> bool:
        return self.chat_id < SUPERGROUPS

    @property
    def has_bot(self) -> bool:
        return self.bot in ("member", "administrator")

    @property
    def kind(self) -> str:
        """As Telegram calls it."""
        return "supergroup" if self.is_supergroup else "group"

    def chat(self) -> Json:
        """Telegram's Chat."""
        return {"id": self.chat_id, "title": self.title, "type": self.kind}

    def view(self) -> Json:
        """The group as the page sees it."""
        return {
            "id": self.id,
            "title": self.title,
            "chat_id": self.chat_id,
            "type": self.kind,
            "members": [each.id for each in self.members],
            "bot": self.bot,
            "last_at": self.last_at.isoformat() if self.last_at else None,
        }


class Groups:
    """All of them, found by their slug or by the id of their chat, also by one that they had."""

    def __init__(self) -> None:
        self.by_id: dict[str, Group] = {}
        self.by_chat_id: dict[int, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(self.by_id.values())

    def get(self, group_id: str) -> Group:
        """The group with this slug; refused (404) where there is none."""
        if group_id not in self.by_id:
            raise Refused(f"There is no group with the id {group_id}.", 404)
        return self.by_id[group_id]

    def add_from(self, body: Json, people: People) -> Group:
        """Takes in a group as told by the page: `title`, `members` by their ids, and whether it is a supergroup."""
        title = str(body.get("title") or "").strip()
        if not title:
            raise Refused("A group needs a title.")
        slug = str(body.get("id") or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "group")
        if slug in self.by_id:
            raise Refused("There is a group with that id already.", 409)
        chat_id = FIRST_CHAT_ID - len(self.by_id)
        group = Group(slug, title, chat_id, [member_from(people, each) for each in body.get("members") or []])
        if body.get("supergroup"):
            group.chat_id += SUPERGROUPS
        self.by_id[slug] = self.by_chat_id[group.chat_id] = group
        return group

    def upgrade(self, group: Group) -> None:
        """It gets another id, and keeps the ones that it had."""
        if group.is_supergroup:
            raise Refused(f"{group.title} is a supergroup already.", 409)
        group.was.append(group.chat_id)
        group.chat_id += SUPERGROUPS
        self.by_chat_id[group.chat_id] = group

    def clear(self) -> None:
        """Forgets all."""
        self.by_id.clear()
        self.by_chat_id.clear()


def member_from(people: People, person_id: object) -> Person:
    """Who is to be in a group; refused where he has no Telegram."""
    person = people.get(str(person_id))
    assert person.account is not None
    return person
