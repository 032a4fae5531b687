"""The deadlines of shifts in SQL, for what finds many at once; a test holds them against `domain.time` (R1.3a, R1.4).

To be put into statements about `assignments a` with `assignment_terms t` joined to it on the left, whose parameters
`given` provides.
"""

from typing import Any, Final

from sqlalchemy import Interval, Text, Time
from sqlalchemy.types import TypeEngine

from domain.policy import Policy

START: Final = "((a.date + :shift_starts) AT TIME ZONE :zone)"
ARRIVE_BY: Final = """
    coalesce(t.arrive_by, greatest((a.date + :arrive_at) AT TIME ZONE :zone, a.assigned_at + :arrive_within))
"""
CONFIRM_BY: Final = f"""
    coalesce(t.confirm_by, CASE WHEN a.assigned_at IS NULL THEN {START} - :confirm_before ELSE greatest(
        {START} - :confirm_before,
        least(a.assigned_at + :confirm_within, {START} - :confirm_lead),
        least(a.assigned_at + :confirm_least, {ARRIVE_BY})
    ) END)
"""
# In the words of an index for those who look at everybody's shifts. By a plain IS NULL, PostgreSQL, which thinks such
# rows much rarer than they are, would take it for a single driver's shifts as well, and go through all of them.
UNCONFIRMED: Final = "(a.confirmed_at IS NULL) IS TRUE"
TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "shift_starts": Time(),
    "arrive_at": Time(),
    "zone": Text(),
    "arrive_within": Interval(),
    "confirm_before": Interval(),
    "confirm_within": Interval(),
    "confirm_lead": Interval(),
    "confirm_least": Interval(),
}


def given(policy: Policy) -> dict[str, Any]:
    """The parameters of the three."""
    return {
        "shift_starts": policy.shift_starts,
        "arrive_at": policy.arrive_by,
        "zone": policy.zone.key,
        "arrive_within": policy.arrive_within,
        "confirm_before": policy.confirm_before,
        "confirm_within": policy.confirm_within,
        "confirm_lead": policy.confirm_lead,
        "confirm_least": policy.confirm_least,
    }


def given_to(statement: str, policy: Policy) -> dict[str, Any]:
    """Those parameters that a statement has."""
    its = used(statement)
    return {name: value for name, value in given(policy).items() if name in its}


def used(statement: str) -> dict[str, TypeEngine[Any]]:
    """The types of those parameters that a statement has."""
    return {name: kind for name, kind in TYPES.items() if f":{name}" in statement}
