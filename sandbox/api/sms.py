"""Calls about SMS."""

from sandbox.api.calls import Call
from sandbox.json_types import Json


def of_person(call: Call) -> Json:
    """A person's SMS."""
    return {"messages": [text.view() for text in call.network.sms.of(call.person)]}


def everything(call: Call) -> Json:
    """Everyone's SMS."""
    return {"messages": [text.view() for text in call.network.sms.texts.values()]}


def receive(call: Call) -> Json:
    """Puts an SMS into a phone that did not come through Twilio."""
    sender = str(call.body.get("from") or call.network.settings.sms_number)
    return call.network.sms.receive(call.person, str(call.needed("body")), sender).view()
