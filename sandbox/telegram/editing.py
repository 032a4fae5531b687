"""Methods that change or take away what is in a chat."""

from datetime import timedelta
from typing import Any

from sandbox.json_types import Json
from sandbox.telegram.errors import bad_request
from sandbox.telegram.markup import read_inline
from sandbox.telegram.messages import Message
from sandbox.telegram.params import Params
from sandbox.telegram.sending import read_caption, read_photo, read_text
from sandbox.telegram.state import Telegram

DELETABLE = timedelta(hours=48)


def edit_text(telegram: Telegram, params: Params) -> Json:
    """editMessageText; without `reply_markup` the keyboard goes."""
    message = _editable(telegram, params)
    text = read_text(params)
    if message.photo or message.document:
        raise bad_request("there is no text in the message to edit")
    return _change(telegram, message, text=text.text, entities=text.entities, inline=read_inline(params))


def edit_caption(telegram: Telegram, params: Params) -> Json:
    """editMessageCaption; without `reply_markup` the keyboard goes."""
    message = _editable(telegram, params)
    caption = read_caption(params)
    if not message.photo and not message.document:
        raise bad_request("there is no caption in the message to edit")
    return _change(telegram, message, text=caption.text, entities=caption.entities, inline=read_inline(params))


def edit_markup(telegram: Telegram, params: Params) -> Json:
    """editMessageReplyMarkup; without `reply_markup` the keyboard goes."""
    message = _editable(telegram, params)
    return _change(telegram, message, inline=read_inline(params))


def edit_media(telegram: Telegram, params: Params) -> Json:
    """editMessageMedia: another photo in place of a photo, a file or a text."""
    message = _editable(telegram, params)
    media = params.nested("media", "input media")
    if not isinstance(media, dict) or media.get("type") != "photo":
        raise bad_request("wrong type of input media specified")  # Rollcall sends photos only
    caption = read_caption(Params(media))
    photo = read_photo(telegram, params, str(media.get("media") or ""), "media")
    content = {"kind": "photo", "photo": photo, "document": None, "text": caption.text, "entities": caption.entities}
    return _change(telegram, message, inline=read_inline(params), **content)


def delete_message(telegram: Telegram, params: Params) -> bool:
    """deleteMessage, within 48 hours."""
    chat = telegram.known_chat(params)
    message = chat.find(params.whole("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if telegram.clock.now() - message.at > DELETABLE:
        raise bad_request("message can't be deleted for everyone")
    message.deleted = True
    if message.message_id in chat.pins:
        chat.pins.remove(message.message_id)
    telegram.tell("deleted", message)
    return True


def pin_message(telegram: Telegram, params: Params) -> bool:
    """pinChatMessage: beside what is pinned already. The chat tells of it, and the bot gets that, too, as an update."""
    chat = telegram.open_chat(params)
    message = chat.find(params.whole("message_id"))
    if message is None:
        raise bad_request("message to pin not found")
    if message.message_id in chat.pins:
        return True
    chat.pins.append(message.message_id)
    said = telegram.add(
        chat,
        from_bot=True,
        kind="service",
        text=f"{telegram.settings.bot_name} pinned a message",
        silent=True,
        extra={"pinned_message": message.for_bot(telegram.bot)},
    )
    telegram.updates.put("message", said.for_bot(telegram.bot), ("messages", chat.id))
    telegram.tell_of(chat)
    return True


def unpin_message(telegram: Telegram, params: Params) -> bool:
    """unpinChatMessage; without `message_id` the last pinned one."""
    chat = telegram.open_chat(params)
    wanted = params.whole("message_id", chat.pinned or 0)
    if wanted not in chat.pins:
        raise bad_request("message to unpin not found")
    chat.pins.remove(wanted)
    telegram.tell_of(chat)
    return True


def _editable(telegram: Telegram, params: Params) -> Message:
    chat = telegram.open_chat(params)
    if "message_id" not in params:
        raise bad_request("message identifier is not specified")
    message = chat.find(params.whole("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot or message.had_reply_keyboard or message.kind == "service":
        raise bad_request("message can't be edited")
    return message


def _change(telegram: Telegram, message: Message, **content: Any) -> Json:
    telegram.count_send(message.chat)
    if all(getattr(message, name) == value for name, value in content.items()):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a current "
            "content and reply markup of the message"
        )
    for name, value in content.items():
        setattr(message, name, value)
    message.edited_at = telegram.clock.now()
    telegram.tell("edited", message)
    return message.for_bot(telegram.bot)
