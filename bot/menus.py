"""Sets the menus of commands that Telegram shows: one for everybody, and managers' own in their chats."""

from zoneinfo import ZoneInfo

import structlog
from telegram import Bot, BotCommandScopeAllGroupChats, BotCommandScopeChat
from telegram.error import TelegramError

from bot.reader import LANGUAGES, Reader
from bot.screens import commands
from domain.db.models.words import UserRole

log = structlog.get_logger(__name__)


async def set_for_all(bot: Bot, zone: ZoneInfo) -> None:
    """In each language that we speak, English for the rest; groups have their own. Without it all works the same."""
    try:
        for language in LANGUAGES:
            code = None if language == "en" else language
            reader = Reader(language, zone)
            await bot.set_my_commands(commands.menu(None, reader), language_code=code)
            groups = BotCommandScopeAllGroupChats()
            await bot.set_my_commands(commands.menu_of_groups(reader), scope=groups, language_code=code)
    except TelegramError as fault:
        log.warning("menu of commands not set", fault=str(fault))


async def set_for_one(bot: Bot, chat_id: int, role: UserRole, reader: Reader) -> None:
    """For the chat of somebody who has just been linked."""
    try:
        await bot.set_my_commands(commands.menu(role, reader), scope=BotCommandScopeChat(chat_id))
    except TelegramError as fault:
        log.warning("menu of commands not set", chat_id=chat_id, fault=str(fault))
