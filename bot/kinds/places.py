"""What is told of who manages what, of where routes leave from, and of other phone numbers."""

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import places_told as screens
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.policy import Policy

KINDS = (names.Kind.ROUTE_MOVED, names.Kind.IN_CHARGE, names.Kind.NUMBER_CHANGED)


def _as_told(kind: names.Kind, company: str) -> Kind:
    return Kind(
        about(lambda session, user_id, id_, _now: notices.told(session, user_id, kind, id_)),
        screens.told,
        sms=lambda facts, reader, _code, _behind: screens.text(facts, company, reader),
    )


def kinds(policy: Policy, company: str) -> Kinds:
    return {kind: _as_told(kind, company) for kind in KINDS}
