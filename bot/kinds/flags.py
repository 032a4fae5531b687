"""What is told of flags and weekly caps."""

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import flags as screens
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.policy import Policy

TOLD = (names.Kind.FLAGGED, names.Kind.UNFLAGGED, names.Kind.CAP)


def _told(kind: names.Kind, company: str, *, to_manager: bool = False) -> Kind:
    """As it was told; each is told once for what it is about, or has its occasion in the text."""
    return Kind(
        about(lambda session, user_id, id_, _now: notices.told(session, user_id, kind, id_)),
        screens.stuck if to_manager else screens.told,
        sms=lambda facts, reader, _code, _behind: screens.text(facts, company, reader),
    )


def kinds(_policy: Policy, company: str) -> Kinds:
    return {
        **{kind: _told(kind, company) for kind in TOLD},
        names.Kind.FLAG_STUCK: _told(names.Kind.FLAG_STUCK, company, to_manager=True),
    }
