"""Methods that put something into a chat."""

import struct
import time
from typing import Any

from sandbox.json_types import Json
from sandbox.telegram.entities import Formatted, in_order, trimmed, units, with_found
from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.formatting import parse_html
from sandbox.telegram.markup import Markup, read_markup
from sandbox.telegram.messages import TYPING_SECONDS, Chat, Document, Message, Photo
from sandbox.telegram.params import Params
from sandbox.telegram.state import Telegram

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LARGEST_DOCUMENT = 50_000_000
_MAGIC = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


def send_message(telegram: Telegram, params: Params) -> Json:
    """sendMessage."""
    chat = telegram.open_chat(params)
    text = read_text(params)
    markup = read_markup(params)
    return _put(telegram, chat, params, markup, text=text.text, entities=text.entities)


def send_photo(telegram: Telegram, params: Params) -> Json:
    """sendPhoto: an upload, or the file_id of an earlier one."""
    chat = telegram.open_chat(params)
    caption = read_caption(params)
    markup = read_markup(params)
    photo = read_photo(telegram, params, params.text("photo"), "photo")
    content = {"kind": "photo", "photo": photo, "text": caption.text, "entities": caption.entities}
    return _put(telegram, chat, params, markup, **content)


def send_document(telegram: Telegram, params: Params) -> Json:
    """sendDocument: an upload, or the file_id of an earlier one."""
    chat = telegram.open_chat(params)
    caption = read_caption(params)
    markup = read_markup(params)
    document = _document(telegram, params, params.text("document"))
    content = {"kind": "document", "document": document, "text": caption.text, "entities": caption.entities}
    return _put(telegram, chat, params, markup, **content)


def send_chat_action(telegram: Telegram, params: Params) -> bool:
    """sendChatAction: shown for five seconds, or until the bot sends."""
    chat = telegram.open_chat(params)
    if params.text("action") not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.typing_until = time.monotonic() + TYPING_SECONDS
    return True


def read_text(params: Params, name: str = "text", entities: str = "entities") -> Formatted:
    """The text of a message, formatted; refused where it is empty or too long after that."""
    if not params.text(name):
        raise bad_request("message text is empty")
    formatted = _formatted(params, name, entities)
    if not formatted.text:
        raise bad_request("message text is empty")
    if units(formatted.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return formatted


def read_caption(params: Params) -> Formatted:
    """The caption of a photo or a file, formatted; refused where it is too long after that."""
    formatted = _formatted(params, "caption", "caption_entities")
    if units(formatted.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return formatted


def _formatted(params: Params, name: str, entities: str) -> Formatted:
    text, mode = params.text(name), params.text("parse_mode").lower()
    if mode == "html":
        formatted = parse_html(text)
    elif mode in ("", "none"):
        formatted = Formatted(text, in_order(_given(params.nested(entities, "entities") or [])))
    else:
        raise bad_request("unsupported parse_mode")  # Telegram knows Markdown; Rollcall writes HTML only
    return with_found(trimmed(formatted))


def _given(entities: Any) -> list[Json]:
    needed = {"type", "offset", "length"}
    if isinstance(entities, list) and all(isinstance(each, dict) and needed <= each.keys() for each in entities):
        return entities
    raise bad_request("can't parse entities: expected an Array of MessageEntity")


def read_photo(telegram: Telegram, params: Params, given: str, field: str) -> Photo:
    """The picture that `given` means: an uploaded part of the request, or a file_id."""
    part = given.removeprefix("attach://") if given.startswith("attach://") else field
    if part in params.files:
        photo = _judged(params.files[part])
        telegram.photos[photo.file_id] = photo
        return photo
    if not given:
        raise bad_request("there is no photo in the request")
    if given not in telegram.photos:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return telegram.photos[given]


def _document(telegram: Telegram, params: Params, given: str) -> Document:
    part = given.removeprefix("attach://") if given.startswith("attach://") else "document"
    if part in params.files:
        data = params.files[part]
        if not data:
            raise bad_request("file must be non-empty")
        if len(data) > LARGEST_DOCUMENT:
            raise ApiError(413)
        document = Document(params.file_names.get(part, "file"), data)
        telegram.documents[document.file_id] = document
        return document
    if not given:
        raise bad_request("there is no document in the request")
    if given not in telegram.documents:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return telegram.documents[given]


def _judged(data: bytes) -> Photo:
    if not data:
        raise bad_request("file must be non-empty")
    if len(data) > 10_000_000:
        raise bad_request("PHOTO_SAVE_FILE_INVALID")
    media_type = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)
    if media_type is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = struct.unpack(">II", data[16:24]) if media_type == "image/png" and len(data) > 24 else (1280, 720)
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return Photo(width, height, data, media_type)


def _put(telegram: Telegram, chat: Chat, params: Params, markup: Markup, **content: Any) -> Json:
    extra = _reply(chat, params, telegram.bot)
    telegram.count_send(chat)
    if markup.reply or markup.removes_reply:
        chat.reply_keyboard = markup.reply
    message: Message = telegram.add(
        chat,
        from_bot=True,
        inline=markup.inline,
        silent=params.flag("disable_notification"),
        had_reply_keyboard=markup.reply is not None or markup.removes_reply,
        extra=extra,
        **content,
    )
    return message.for_bot(telegram.bot)


def _reply(chat: Chat, params: Params, bot: Json) -> Json:
    wanted = params.nested("reply_parameters", "reply parameters")
    if not wanted:
        return {}
    if not isinstance(wanted, dict):
        raise bad_request("object expected as reply parameters")
    message = chat.find(int(wanted.get("message_id", 0)))
    if message:
        return {"reply_to_message": {k: v for k, v in message.for_bot(bot).items() if k != "reply_to_message"}}
    if wanted.get("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")
