"""Calls about SMS."""

from sandbox.api.calls import Call
from sandbox.json_types import Json
from sandbox.refusal import Refused


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


def send(call: Call) -> Json:
    """Texts the company's number."""
    return call.network.incoming.send(call.person, str(call.needed("body"))).view()


def webhook(call: Call) -> Json:
    """Where Twilio brings what people text."""
    return call.network.incoming.webhook()


def set_webhook(call: Call) -> Json:
    """Enters that address at Twilio, or takes it out."""
    if "url" not in call.body:
        raise Refused("The body needs url.")
    url = call.body["url"]
    call.network.incoming.set_webhook(None if url is None else str(url))
    return webhook(call)
