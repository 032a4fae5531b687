"""Calls about people."""

from sandbox.api.calls import Call
from sandbox.json_types import Json
from sandbox.telegram import phone


def everyone(call: Call) -> Json:
    """All, in the order in which they were added."""
    return {"people": [person.view() for person in call.network.people]}


def add(call: Call) -> Json:
    """Adds a person."""
    person = call.network.people.add_from(call.body)
    call.network.events.emit("person", person=person.id)
    return person.view()


def one(call: Call) -> Json:
    """One person."""
    return call.person.view()


def change(call: Call) -> Json:
    """Changes any of name, language, blocked, started, sms_opted_out."""
    person, body = call.person, call.body
    person.name = str(body.get("name", person.name))
    person.language = str(body.get("language", person.language))
    person.sms_opted_out = bool(body.get("sms_opted_out", person.sms_opted_out))
    if "started" in body:
        person.account.started = bool(body["started"])
    if "blocked" in body:
        phone.block(call.network.telegram, person, bool(body["blocked"]))
    call.network.events.emit("person", person=person.id)
    return person.view()


def read(call: Call) -> None:
    """Marks chat or SMS as read."""
    person = call.person
    if call.body.get("chat"):
        person.unread_chat = 0
    if call.body.get("sms"):
        person.unread_sms = 0
    call.network.events.emit("person", person=person.id)
