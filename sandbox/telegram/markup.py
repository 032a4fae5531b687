"""Keyboards: read and judged as Telegram does, shown as the page wants them."""

from dataclasses import dataclass
from typing import Any

from sandbox.json_types import Json
from sandbox.telegram.errors import bad_request
from sandbox.telegram.params import Params

MOST_BUTTONS = 100
MOST_DATA_BYTES = 64
_ACTIONS = {
    "callback_data", "url", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
}  # fmt: skip


@dataclass(frozen=True)
class Markup:
    """What a message brings along: an inline keyboard, or a change of the keyboard below the chat."""

    inline: Json | None = None
    reply: Json | None = None
    removes_reply: bool = False


def read_markup(params: Params) -> Markup:
    """The `reply_markup` of a send."""
    given = params.nested("reply_markup", "reply keyboard markup")
    if given is None:
        return Markup()
    if not isinstance(given, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in given:
        return Markup(inline=_inline(given["inline_keyboard"]))
    if "keyboard" in given:
        return Markup(reply=_reply(given))
    return Markup(removes_reply=bool(given.get("remove_keyboard")))


def read_inline(params: Params) -> Json | None:
    """The `reply_markup` of an edit, which can only be an inline keyboard."""
    markup = read_markup(params)
    if markup.reply or markup.removes_reply:
        raise bad_request("inline keyboard expected")
    return markup.inline


def _rows(given: Any) -> list[list[Any]]:
    if not isinstance(given, list) or not all(isinstance(row, list) for row in given):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup should be an Array of Arrays')
    return [row for row in given if row]


def _inline(given: Any) -> Json | None:
    rows = _rows(given)
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for row in rows:
        for button in row:
            _judge(button)
    return {"inline_keyboard": rows} if rows else None


def _judge(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text") or "").strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not _ACTIONS & button.keys():
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= MOST_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not str(url).startswith(("https://", "http://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _reply(given: Json) -> Json:
    rows = [
        [each if isinstance(each, dict) else {"text": str(each)} for each in row] for row in _rows(given["keyboard"])
    ]
    if not all(str(each.get("text") or "").strip() for row in rows for each in row):
        raise bad_request('can\'t parse keyboard button: Field "text" must be of type String')
    return {**given, "keyboard": rows}


def view(inline: Json | None) -> list[list[Json]] | None:
    """An inline keyboard as the page draws it."""
    return [[_button(each) for each in row] for row in inline["inline_keyboard"]] if inline else None


def _button(button: Json) -> Json:
    data, url = button.get("callback_data"), button.get("url")
    return {"text": button["text"], "data": data, "url": url, "kind": "url" if url else "callback"}
