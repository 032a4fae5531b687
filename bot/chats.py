"""Where an update comes from, and where it is answered: what somebody asks in a group is his affair, and goes to him.

A person's own chat has his account's id. Telegram shows us of a group what is meant for us, unless we are made an
administrator there: then all of it, of which nothing else is read.
"""

from typing import Final

from telegram import Message, Update
from telegram.constants import ChatType, MessageEntityType

from bot.callbacks.groups import IN_GROUPS

GROUPS: Final = (ChatType.GROUP, ChatType.SUPERGROUP)


def is_group(update: Update) -> bool:
    return update.effective_chat is not None and update.effective_chat.type in GROUPS


def is_ours(update: Update) -> bool:
    """Everything in somebody's own chat; of a group commands, our buttons, and what becomes of us or it there."""
    if update.effective_user is None or not is_group(update):
        return update.effective_chat is not None and update.effective_chat.type == ChatType.PRIVATE
    if update.callback_query is not None:
        return any(button.fits(update.callback_query.data) for button in IN_GROUPS)
    return update.my_chat_member is not None or (update.message is not None and _is_for_us(update.message))


def _is_for_us(message: Message) -> bool:
    moved = message.migrate_to_chat_id or message.migrate_from_chat_id
    first = message.entities[0] if message.entities else None
    is_command = first is not None and first.type == MessageEntityType.BOT_COMMAND and first.offset == 0
    return is_command or moved is not None


def asks(update: Update) -> bool:
    """Somebody wants something, by a command or a button."""
    pressed, message = update.callback_query is not None, update.message
    return pressed or (message is not None and bool(message.entities))


def answered_in(update: Update) -> int:
    """The chat of whoever it comes from; 0 where there is none."""
    if is_group(update):
        return update.effective_user.id if update.effective_user else 0
    return update.effective_chat.id if update.effective_chat else 0
