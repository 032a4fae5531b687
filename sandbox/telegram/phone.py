"""What people do in Telegram on their phones."""

import re
from typing import Any

from sandbox.json_types import Json
from sandbox.people import Person
from sandbox.refusal import Refused
from sandbox.telegram.entities import Formatted, units, with_found
from sandbox.telegram.messages import Chat, Document, Message, Photo
from sandbox.telegram.sending import LARGEST_DOCUMENT, LONGEST_CAPTION, LONGEST_TEXT
from sandbox.telegram.state import Press, Telegram
from sandbox.telegram.updates import PRESS_LIFE

STICKER = {
    "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👍",
    "file_id": "CAACAgIAAxkBAAEthumb", "file_unique_id": "AgADthumb",
}  # fmt: skip


def send_text(telegram: Telegram, person: Person, text: str) -> Message:
    """The person sends a text. `/start` is what the START button sends."""
    if not text.strip():
        raise Refused("A message needs a text.")
    if units(text) > LONGEST_TEXT:
        raise Refused(f"A message holds at most {LONGEST_TEXT} characters.")
    if text.split()[0] == "/start":
        person.account.started = True
    formatted = with_found(Formatted(text.strip(), []))
    return _say(telegram, person, text=formatted.text, entities=formatted.entities)


def start(telegram: Telegram, person: Person, payload: str = "") -> Message:
    """The person opens a link to the bot and presses START; a block is lifted."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", payload):
        raise Refused("A link's payload has at most 64 of A-Z, a-z, 0-9, _ and -.")
    if person.account.blocked:
        block(telegram, person, False)
    return send_text(telegram, person, f"/start {payload}".strip())


def share_contact(telegram: Telegram, person: Person, phone: str, *, known: bool = True) -> Message:
    """The person shares a contact, his own or another one of his telephone's book.

    Telegram itself names the account that the number belongs to, whoever shares it; none where there is no such
    account, or where it does not tell (`known`).
    """
    digits = re.sub(r"[\s().-]", "", phone)
    if not re.fullmatch(r"\+?\d{5,15}", digits):
        raise Refused("A contact needs a telephone number like +14165550101; the + may be left out.")
    owner = telegram.people.by_phone.get(f"+{digits.removeprefix('+')}")
    account = owner.telegram if owner else None
    shown = account.names() if account else {"first_name": owner.name if owner else phone}
    names = {name: shown[name] for name in ("first_name", "last_name") if name in shown}
    user_id = {"user_id": account.user_id} if account and known else {}
    return _say(
        telegram, person, kind="contact", text=phone, extra={"contact": {"phone_number": phone, **names, **user_id}}
    )


def send_sticker(telegram: Telegram, person: Person) -> Message:
    """The person sends a sticker."""
    return _say(telegram, person, kind="sticker", text=STICKER["emoji"], extra={"sticker": STICKER})


def send_photo(telegram: Telegram, person: Person) -> Message:
    """The person sends a photo, of which the sandbox keeps no picture."""
    return _say(telegram, person, kind="photo", photo=Photo(1280, 960))


def send_document(telegram: Telegram, person: Person, name: str, data: bytes, caption: str = "") -> Message:
    """The person sends a file."""
    if not name.strip() or not data:
        raise Refused("A file has a name and is not empty.")
    if len(data) > LARGEST_DOCUMENT:
        raise Refused(f"The sandbox takes files of at most {LARGEST_DOCUMENT} bytes.")
    if units(caption) > LONGEST_CAPTION:
        raise Refused(f"A caption holds at most {LONGEST_CAPTION} characters.")
    document = Document(name.strip(), data)
    telegram.documents[document.file_id] = document
    return _say(telegram, person, kind="document", document=document, text=caption.strip())


def press(telegram: Telegram, person: Person, message_id: int, data: str) -> Press:
    """The person presses a button under one of the bot's messages; any client may send any data."""
    return pressed(telegram, person, _talking(telegram, person), person.chat(), message_id, data)


def pressed(
    telegram: Telegram, person: Person, chat: Chat, shown: Json, message_id: int, data: str, *, heard: bool = True
) -> Press:
    """The same in any chat, `shown` as Telegram shows it; without the bot in it nobody has `heard`."""
    message = chat.messages.get(message_id)
    if message is None or not message.from_bot:
        raise Refused(f"The bot sent no message {message_id} there.", 404)
    press = telegram.press(person)
    gone: Json = {"chat": shown, "message_id": message_id, "date": 0}
    payload = {
        "id": press.id,
        "from": person.user(),
        "message": gone if message.deleted else message.for_bot(telegram.bot),
        "chat_instance": chat.instance,
        "data": data,
    }
    if heard:
        telegram.updates.put("callback_query", payload, ("presses", person.account.user_id), PRESS_LIFE)
    return press


def block(telegram: Telegram, person: Person, blocked: bool) -> None:
    """The person blocks the bot, or lets it in again; the bot is told."""
    account = person.account
    if account.blocked == blocked:
        return
    account.blocked = blocked
    member, kicked = (
        {"user": telegram.bot, "status": "member"},
        {"user": telegram.bot, "status": "kicked", "until_date": 0},
    )
    payload = {
        "chat": person.chat(),
        "from": person.user(),
        "date": int(telegram.clock.now().timestamp()),
        "old_chat_member": member if blocked else kicked,
        "new_chat_member": kicked if blocked else member,
    }
    telegram.updates.put("my_chat_member", payload, ("messages", account.user_id))
    telegram.events.emit("person", person=person.id)


def _say(telegram: Telegram, person: Person, **content: Any) -> Message:
    chat = _talking(telegram, person)
    if chat.reply_keyboard and chat.reply_keyboard.get("one_time_keyboard"):
        chat.reply_keyboard = None
    message = telegram.add(chat, from_bot=False, **content)
    telegram.updates.put("message", message.for_bot(telegram.bot), ("messages", person.account.user_id))
    return message


def _talking(telegram: Telegram, person: Person) -> Chat:
    if not person.account.started:
        raise Refused(f"{person.name} has not pressed START yet.", 409)
    if person.account.blocked:
        raise Refused(f"{person.name} has blocked the bot.", 409)
    return telegram.chat_of(person)
