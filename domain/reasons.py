"""A manager's reason (R13). Pure."""

from domain.policy import Policy
from domain.refusals import Refusal, Refused


def bad_reason(reason: str | None, policy: Policy) -> Refused | None:
    """What goes beside the rules' own course takes a reason, of so many characters at most; others read it."""
    if reason is None or not reason.strip():
        return Refused(Refusal.NO_REASON)
    return Refused(Refusal.NOTES_TOO_LONG) if len(reason) > policy.reasons_most else None
