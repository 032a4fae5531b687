"""The /sandbox calls: everything that the page does (docs/sandbox.md)."""

from starlette.routing import Route

from sandbox.api import chats, control, groups, people, sms
from sandbox.api.calls import routed

ROUTES: list[Route] = [
    *routed("/people", GET=people.everyone, POST=people.add),
    *routed("/people/{id}", GET=people.one, PATCH=people.change),
    *routed("/people/{id}/read", POST=people.read),
    *routed("/people/{id}/chat", GET=chats.chat),
    *routed("/people/{id}/send", POST=chats.send),
    *routed("/people/{id}/start", POST=chats.start),
    *routed("/people/{id}/press", POST=chats.press),
    *routed("/people/{id}/contact", POST=chats.contact),
    *routed("/people/{id}/sticker", POST=chats.sticker),
    *routed("/people/{id}/photo", POST=chats.photo),
    *routed("/people/{id}/document", POST=chats.document),
    *routed("/people/{id}/sms", GET=sms.of_person),
    *routed("/people/{id}/receive-sms", POST=sms.receive),
    *routed("/people/{id}/send-sms", POST=sms.send),
    *routed("/groups", GET=groups.everything, POST=groups.add),
    *routed("/groups/{id}", GET=groups.one),
    *routed("/groups/{id}/chat", GET=groups.chat),
    *routed("/groups/{id}/enter", POST=groups.enter),
    *routed("/groups/{id}/leave", POST=groups.leave),
    *routed("/groups/{id}/bot", POST=groups.bot),
    *routed("/groups/{id}/send", POST=groups.send),
    *routed("/groups/{id}/press", POST=groups.press),
    *routed("/groups/{id}/upgrade", POST=groups.upgrade),
    *routed("/sms", GET=sms.everything),
    *routed("/sms/webhook", GET=sms.webhook, POST=sms.set_webhook),
    *routed("/clock", GET=control.clock, POST=control.set_clock),
    *routed("/faults", GET=control.faults, POST=control.add_fault, DELETE=control.clear_faults),
    *routed("/faults/{id}", DELETE=control.remove_fault),
    *routed("/requests", GET=control.requests),
    *routed("/updates", GET=control.updates),
    *routed("/reset", POST=control.reset),
    Route("/sandbox/events", control.events),
    Route("/sandbox/files/{id}", control.file),
]
