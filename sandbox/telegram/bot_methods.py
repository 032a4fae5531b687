"""Methods about the bot itself, its updates and the presses that it answers."""

import re
from typing import Any

from sandbox.json_types import Json
from sandbox.people import Person
from sandbox.telegram.entities import units
from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.messages import Chat
from sandbox.telegram.params import Params
from sandbox.telegram.state import Scope, Telegram
from sandbox.telegram.webhook import DEFAULT_CONNECTIONS, MOST_CONNECTIONS, Target

LONGEST_ANSWER = 200
LARGEST_FETCHED = 20_000_000
MOST_COMMANDS = 100


def get_me(telegram: Telegram, params: Params) -> Json:
    """getMe."""
    return {
        **telegram.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(telegram: Telegram, params: Params) -> Json:
    """getChat."""
    chat = telegram.known_chat(params)
    full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _no_gifts()}
    pinned = chat.find(chat.pinned) if chat.pinned else None
    shown = {"pinned_message": pinned.for_bot(telegram.bot)} if pinned else {}
    return {**chat.of.chat(), **full, **shown}


def _no_gifts() -> Json:
    kinds = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return dict.fromkeys(kinds, False)


def get_file(telegram: Telegram, params: Params) -> Json:
    """getFile: where a file that somebody has sent can be fetched, `/file/bot<token>/<file_path>`."""
    document = telegram.documents.get(params.text("file_id"))
    if document is None:
        raise bad_request("invalid file_id")
    if len(document.data) > LARGEST_FETCHED:
        raise bad_request("file is too big")
    shown = document.for_bot()
    return {name: shown[name] for name in ("file_id", "file_unique_id", "file_size")} | {"file_path": document.path}


async def get_updates(telegram: Telegram, params: Params) -> list[Json]:
    """getUpdates."""
    if telegram.webhook.target:
        words = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        raise ApiError(409, words)
    _remember_allowed(telegram, params)
    return await telegram.updates.poll(params.whole("offset"), params.whole("limit", 100), params.whole("timeout"))


def set_webhook(telegram: Telegram, params: Params) -> bool:
    """setWebhook. Plain http is taken as well, unlike Telegram: the sandbox is local."""
    if not params.text("url"):
        return delete_webhook(telegram, params)
    if not re.match(r"https?://[^/\s]", params.text("url")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = params.text("secret_token")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    _remember_allowed(telegram, params)
    if params.flag("drop_pending_updates"):
        telegram.updates.clear()
    telegram.updates.end_poll("terminated by setWebhook request")
    connections = min(max(params.whole("max_connections", DEFAULT_CONNECTIONS), 1), MOST_CONNECTIONS)
    telegram.webhook.set(Target(params.text("url"), secret, connections))
    return True


def delete_webhook(telegram: Telegram, params: Params) -> bool:
    """deleteWebhook."""
    telegram.webhook.stop()
    if params.flag("drop_pending_updates"):
        telegram.updates.clear()
    return True


def get_webhook_info(telegram: Telegram, params: Params) -> Json:
    """getWebhookInfo."""
    return telegram.webhook.info()


def _remember_allowed(telegram: Telegram, params: Params) -> None:
    allowed = params.nested("allowed_updates", "allowed updates")
    if allowed is not None:  # where it is omitted, the former choice goes on
        telegram.updates.allowed = [str(each) for each in allowed]


def answer_press(telegram: Telegram, params: Params) -> bool:
    """answerCallbackQuery, once for each press."""
    press = telegram.open_press(params.text("callback_query_id"))
    text, url = params.text("text"), params.text("url")
    if units(text) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not re.match(rf"(https://)?(t|telegram)\.me/{telegram.settings.bot_username}\?start=", url):
        raise bad_request("URL_INVALID")
    press.answer = {"text": text or None, "show_alert": params.flag("show_alert"), "url": url or None}
    press.answered.set()
    told = {"callback_query_id": press.id, "text": text or None, "show_alert": press.answer["show_alert"]}
    telegram.events.emit("answer", person=press.person.id, answer=told)
    return True


def set_commands(telegram: Telegram, params: Params) -> bool:
    """setMyCommands, for everyone, for all private chats or for one chat, in all languages or one."""
    commands = params.nested("commands", "commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept = [_command(each) for each in commands]
    scope = _scope(telegram, params)
    telegram.commands[scope, params.text("language_code")] = kept
    _tell_commands(telegram, scope)
    return True


def get_commands(telegram: Telegram, params: Params) -> list[Json]:
    """getMyCommands: of exactly this scope and language."""
    return telegram.commands.get((_scope(telegram, params), params.text("language_code")), [])


def delete_commands(telegram: Telegram, params: Params) -> bool:
    """deleteMyCommands: the wider scope then shows through."""
    scope = _scope(telegram, params)
    telegram.commands.pop((scope, params.text("language_code")), None)
    _tell_commands(telegram, scope)
    return True


def commands_for(telegram: Telegram, chat: Chat) -> list[Json]:
    """The commands that a person sees, or who is in a group: the narrowest scope wins, then his language."""
    private = isinstance(chat.of, Person)
    language_code = chat.of.language if isinstance(chat.of, Person) else ""
    of_all = "all_private_chats" if private else "all_group_chats"
    for scope in (("chat", chat.id), (of_all, 0), ("default", 0)):
        for language in (language_code, ""):
            if commands := telegram.commands.get((scope, language)):
                return commands
    return []


def _tell_commands(telegram: Telegram, scope: Scope) -> None:
    person = telegram.people.by_user_id.get(scope[1])
    telegram.events.emit("person", person=person.id if person else None)


def _scope(telegram: Telegram, params: Params) -> Scope:
    given = params.nested("scope", "bot command scope") or {"type": "default"}
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "chat":
        return "chat", telegram.known_chat(Params(given)).id
    if kind not in ("default", "all_private_chats", "all_group_chats"):
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    return str(kind), 0


def _command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    command = str(given.get("command", "")).removeprefix("/").lower()
    description = str(given.get("description", ""))
    if not re.fullmatch(r"[a-z0-9_]{1,32}", command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


def set_description(telegram: Telegram, params: Params) -> bool:
    """setMyDescription."""
    return _describe(telegram, params, "description", 512)


def set_short_description(telegram: Telegram, params: Params) -> bool:
    """setMyShortDescription."""
    return _describe(telegram, params, "short_description", 120)


def _describe(telegram: Telegram, params: Params, name: str, longest: int) -> bool:
    if len(params.text(name)) > longest:
        raise bad_request(f"{name.replace('_', ' ')} is too long")
    telegram.descriptions[name, params.text("language_code")] = params.text(name)
    return True
