"""Messages and chats, as the bot sees them and as the page does."""

import mimetypes
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.groups import Group
from sandbox.json_types import Json
from sandbox.people import Person
from sandbox.telegram import markup
from sandbox.telegram.rendering import render_html

TYPING_SECONDS = 5


@dataclass(frozen=True)
class Photo:
    """A picture; without `data` it is only the sign of one."""

    width: int
    height: int
    data: bytes | None = None
    media_type: str = "image/png"
    file_id: str = field(default_factory=lambda: f"AgAC{secrets.token_urlsafe(24)}")

    def sizes(self) -> list[Json]:
        """Telegram's PhotoSizes; the sandbox keeps one."""
        size = {
            "file_id": self.file_id,
            "file_unique_id": self.file_id[-12:],
            "width": self.width,
            "height": self.height,
        }
        return [{**size, "file_size": len(self.data)} if self.data else size]


@dataclass(frozen=True)
class Document:
    """A file that the bot or a person has sent."""

    name: str
    data: bytes
    file_id: str = field(default_factory=lambda: f"BQAC{secrets.token_urlsafe(24)}")

    @property
    def path(self) -> str:
        """Under which the bot can fetch it."""
        return f"documents/file_{self.file_id[-8:]}"

    @property
    def media_type(self) -> str:
        """As Telegram tells it from the name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    def for_bot(self) -> Json:
        """Telegram's Document."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_id[-12:],
            "file_name": self.name,
            "mime_type": self.media_type,
            "file_size": len(self.data),
        }


@dataclass
class Message:
    """One message. `text` is the caption where there is a photo or a file; `extra`: fields that only this kind has."""

    message_id: int
    chat: "Chat"
    from_bot: bool
    at: datetime
    kind: str = "text"
    text: str = ""
    entities: list[Json] = field(default_factory=list)
    inline: Json | None = None
    photo: Photo | None = None
    document: Document | None = None
    extra: Json = field(default_factory=dict)
    edited_at: datetime | None = None
    silent: bool = False
    deleted: bool = False
    had_reply_keyboard: bool = False
    sender: Person | None = None  # who wrote it in a group

    @property
    def by(self) -> Person | None:
        """Who wrote it; None: the bot."""
        return None if self.from_bot else self.sender or self.chat.person

    def for_bot(self, bot: Json) -> Json:
        """Telegram's Message."""
        out: Json = {
            "message_id": self.message_id,
            "from": self.by.user() if self.by else bot,
            "chat": self.chat.of.chat(),
            "date": int(self.at.timestamp()),
        }
        if self.edited_at:
            out["edit_date"] = int(self.edited_at.timestamp())
        words = ("caption", "caption_entities") if self.photo or self.document else ("text", "entities")
        if self.text and self.kind in ("text", "photo", "document"):
            out[words[0]] = self.text
            if self.entities:
                out[words[1]] = self.entities
        if self.photo:
            out["photo"] = self.photo.sizes()
        if self.document:
            out["document"] = self.document.for_bot()
        if self.inline:
            out["reply_markup"] = self.inline
        return {**out, **self.extra}

    def view(self) -> Json:
        """The message as the page draws it."""
        return {
            "message_id": self.message_id,
            "from": "bot" if self.from_bot else "person",
            "by": self.sender.id if self.sender else None,
            "at": self.at.isoformat(),
            "edited_at": self.edited_at.isoformat() if self.edited_at else None,
            "text": self.text,
            "entities": self.entities,
            "html": render_html(self.text, self.entities),
            "keyboard": markup.view(self.inline),
            "photo": f"/sandbox/files/{self.photo.file_id}" if self.photo and self.photo.data else None,
            "document": {"name": self.document.name, "at": f"/sandbox/files/{self.document.file_id}"}
            if self.document
            else None,
            "kind": self.kind,
            "silent": self.silent,
            "deleted": self.deleted,
        }


@dataclass
class Chat:
    """The chat of one person with the bot, or of a group."""

    of: Person | Group
    messages: dict[int, Message] = field(default_factory=dict)
    reply_keyboard: Json | None = None
    pins: list[int] = field(default_factory=list)  # the latest last
    typing_until: float = 0.0
    instance: str = field(default_factory=lambda: str(secrets.randbits(62)))

    @property
    def id(self) -> int:
        """As Telegram numbers it."""
        return self.of.chat_id

    @property
    def person(self) -> Person:
        """Whose it is; a group's is nobody's."""
        assert isinstance(self.of, Person), "a group's chat"
        return self.of

    @property
    def about(self) -> dict[str, str]:
        """Whose it is, as events and requests say it."""
        return {"person" if isinstance(self.of, Person) else "group": self.of.id}

    @property
    def typing(self) -> bool:
        """Whether the bot seems to be typing just now."""
        return time.monotonic() < self.typing_until

    @property
    def pinned(self) -> int | None:
        """What stands at the top of the chat: the latest of what is pinned."""
        return self.pins[-1] if self.pins else None

    def find(self, message_id: int) -> Message | None:
        """The message, unless it was deleted."""
        message = self.messages.get(message_id)
        return None if message is None or message.deleted else message
