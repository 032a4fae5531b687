"""What people do in groups, and what of it Telegram tells the bot: with privacy mode, only what is meant for it."""

from typing import Any

from sandbox.groups import Group
from sandbox.json_types import Json
from sandbox.people import Person
from sandbox.refusal import Refused
from sandbox.telegram import phone
from sandbox.telegram.entities import Formatted, units, with_found
from sandbox.telegram.messages import Message
from sandbox.telegram.sending import LONGEST_TEXT
from sandbox.telegram.state import Press, Telegram

_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip


def set_bot(telegram: Telegram, group: Group, by: Person, status: str) -> None:
    """Somebody takes the bot in (`member`, `administrator`) or puts it out (`kicked`); the bot is told."""
    if status not in ("member", "administrator", "kicked"):
        raise Refused("The bot can be made member, administrator or kicked.")
    _here(group, by)
    if group.bot == status:
        return
    if status == "kicked" and not group.has_bot:
        raise Refused(f"The bot is not in {group.title}.", 409)
    before, group.bot = group.bot, status
    entered = group.has_bot and before in ("left", "kicked")
    payload = {
        "chat": group.chat(),
        "from": by.user(),
        "date": int(telegram.clock.now().timestamp()),
        "old_chat_member": _member(telegram, before),
        "new_chat_member": _member(telegram, status),
    }
    telegram.updates.put("my_chat_member", payload, ("messages", group.chat_id))
    if entered:
        members = [telegram.bot]
        _service(telegram, group, by, f"{by.name} added {telegram.settings.bot_name}", {"new_chat_members": members})
    telegram.events.emit("group", group=group.id)


def enter(telegram: Telegram, group: Group, person: Person) -> None:
    """Somebody comes in."""
    if person in group.members:
        raise Refused(f"{person.name} is in {group.title} already.", 409)
    group.members.append(person)
    _service(telegram, group, person, f"{person.name} joined", {"new_chat_members": [person.user()]})


def leave(telegram: Telegram, group: Group, person: Person) -> None:
    """Somebody goes."""
    _here(group, person)
    group.members.remove(person)
    _service(telegram, group, person, f"{person.name} left", {"left_chat_member": person.user()})


def say(telegram: Telegram, group: Group, person: Person, text: str, reply_to: int | None = None) -> Message:
    """Somebody writes; the bot reads it where it is an administrator, or where it is meant for it."""
    _here(group, person)
    if not text.strip():
        raise Refused("A message needs a text.")
    if units(text) > LONGEST_TEXT:
        raise Refused(f"A message holds at most {LONGEST_TEXT} characters.")
    chat = telegram.chat_of(group)
    answered = chat.find(reply_to) if reply_to is not None else None
    if reply_to is not None and answered is None:
        raise Refused(f"{group.title} has no message {reply_to}.", 404)
    formatted = with_found(Formatted(text.strip(), []))
    last = next((each for each in reversed(chat.messages.values()) if each.kind != "service"), None)
    extra = {"reply_to_message": answered.for_bot(telegram.bot)} if answered else {}
    content: Json = {"text": formatted.text, "entities": formatted.entities, "extra": extra}
    message = telegram.add(chat, from_bot=False, sender=person, **content)
    meant = _is_meant(telegram, formatted, last is not None and last.from_bot) or (
        answered is not None and answered.from_bot
    )
    if group.bot == "administrator" or (group.has_bot and meant):
        _tell_bot(telegram, group, message)
    return message


def _is_meant(telegram: Telegram, formatted: Formatted, bot_spoke_last: bool) -> bool:
    """A command with the bot's name, or without any where the bot was the last to say something."""
    commands = [each for each in formatted.entities if each["type"] == "bot_command"]
    wide = formatted.text.encode("utf-16-le")
    said = [wide[2 * each["offset"] :][: 2 * each["length"]].decode("utf-16-le") for each in commands]
    ours = f"@{telegram.settings.bot_username}".lower()
    return any(each.lower().endswith(ours) or ("@" not in each and bot_spoke_last) for each in said)


def press(telegram: Telegram, group: Group, person: Person, message_id: int, data: str) -> Press:
    """Somebody presses a button under one of the bot's messages; any client may send any data."""
    _here(group, person)
    at = telegram.chat_of(group), group.chat()
    return phone.pressed(telegram, person, *at, message_id, data, heard=group.has_bot)


def upgrade(telegram: Telegram, group: Group, by: Person) -> None:
    """It becomes a supergroup: another chat, in which the bot's messages of before can't be changed."""
    _here(group, by)
    before = telegram.chat_of(group)
    was = group.chat_id
    telegram.groups.upgrade(group)
    now_here = telegram.chat_of(group)
    to, origin = {"migrate_to_chat_id": group.chat_id}, {"migrate_from_chat_id": was}
    old = telegram.add(before, from_bot=False, sender=by, kind="service", text="upgraded to a supergroup", extra=to)
    new = telegram.add(now_here, from_bot=False, sender=by, kind="service", text="upgraded", extra=origin)
    if group.has_bot:
        payload = old.for_bot(telegram.bot) | {"chat": {"id": was, "title": group.title, "type": "group"}}
        telegram.updates.put("message", payload, ("messages", was))
        _tell_bot(telegram, group, new)


def _member(telegram: Telegram, status: str) -> Json:
    more: Json = {"until_date": 0} if status == "kicked" else {}
    if status == "administrator":
        more = dict.fromkeys(_RIGHTS, False)
    return {"user": telegram.bot, "status": status, **more}


def _service(telegram: Telegram, group: Group, by: Person, text: str, extra: Json) -> None:
    """Telegram shows it in the group, and the bot, privacy mode or not."""
    chat: Any = telegram.chat_of(group)
    message = telegram.add(chat, from_bot=False, sender=by, kind="service", text=text, extra=extra)
    if group.has_bot:
        _tell_bot(telegram, group, message)


def _tell_bot(telegram: Telegram, group: Group, message: Message) -> None:
    telegram.updates.put("message", message.for_bot(telegram.bot), ("messages", group.chat_id))


def _here(group: Group, person: Person) -> None:
    if person not in group.members:
        raise Refused(f"{person.name} is not in {group.title}.", 409)
