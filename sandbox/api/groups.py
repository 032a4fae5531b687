"""Calls about groups."""

from sandbox.api.calls import Call
from sandbox.api.chats import answered
from sandbox.groups import Group
from sandbox.json_types import Json
from sandbox.people import Person
from sandbox.telegram import gathering
from sandbox.telegram.bot_methods import commands_for


def everything(call: Call) -> Json:
    """All, in the order in which they were made."""
    return {"groups": [each.view() for each in call.network.telegram.groups]}


def add(call: Call) -> Json:
    """Makes a group."""
    group = call.network.telegram.groups.add_from(call.body, call.network.people)
    call.network.events.emit("group", group=group.id)
    return group.view()


def one(call: Call) -> Json:
    """One group."""
    return _group(call).view()


def chat(call: Call) -> Json:
    """What stands in it, or what came after a message."""
    telegram, group = call.network.telegram, _group(call)
    after = int(call.query.get("after", 0))
    chats = [telegram.chats[each] for each in (*group.was, group.chat_id) if each in telegram.chats]
    messages = [each.view() for found in chats for each in found.messages.values() if each.message_id > after]
    return {"messages": messages, "commands": commands_for(telegram, telegram.chat_of(group))}


def enter(call: Call) -> Json:
    """Somebody comes in."""
    gathering.enter(call.network.telegram, _group(call), _person(call))
    return _group(call).view()


def leave(call: Call) -> Json:
    """Somebody goes."""
    gathering.leave(call.network.telegram, _group(call), _person(call))
    return _group(call).view()


def bot(call: Call) -> Json:
    """The bot is taken in, or put out."""
    gathering.set_bot(call.network.telegram, _group(call), _person(call), str(call.needed("status")))
    return _group(call).view()


def send(call: Call) -> Json:
    """Somebody writes, perhaps in reply to a message."""
    reply_to = call.body.get("reply_to")
    telegram, text = call.network.telegram, str(call.needed("text"))
    return gathering.say(
        telegram, _group(call), _person(call), text, None if reply_to is None else int(reply_to)
    ).view()


async def press(call: Call) -> Json:
    """Somebody presses a button, as in a chat of his own."""
    message_id, data = int(call.needed("message_id")), str(call.needed("data"))
    pressed = gathering.press(call.network.telegram, _group(call), _person(call), message_id, data)
    return await answered(pressed, call.query.get("wait"))


def upgrade(call: Call) -> Json:
    """It becomes a supergroup."""
    gathering.upgrade(call.network.telegram, _group(call), _person(call))
    return _group(call).view()


def _group(call: Call) -> Group:
    return call.network.telegram.groups.get(call.id)


def _person(call: Call) -> Person:
    return call.network.people.get(str(call.needed("person")))
