"""What a hard stop stands on, in one place: for who lifts it, shows it, or follows an appeal of it (R10.2, R10.6)."""

from typing import Any, Final

from sqlalchemy import Integer, Interval
from sqlalchemy.types import TypeEngine

from domain.policy import Policy

# What a manager has reinstated him after never latches again (R10.3). That an excuse has lifted a stop, or that nobody
# has decided, is no such word: whatever else there was still counts.
REINSTATED: Final = """
    coalesce((SELECT max(ended_at) FROM hard_stops past
              WHERE past.user_id = {driver} AND past.reinstated {before}), '-infinity')
"""
TYPES: Final[dict[str, TypeEngine[Any]]] = {"no_shows": Integer(), "late_cancels": Integer(), "within": Interval()}

# The incidents within the days before it, and those since, as long as it lasted. There must be enough of a kind within
# the days before the last of them; where one is enough, that is the last itself. A stop that came when nobody had
# decided on the one before stands on a last one that is later than that (`after`). Of what another program had against
# him nothing is known.
_GROUNDS: Final = """(
    SELECT stop.id AS stop_id, i.id AS incident_id
    FROM (
        SELECT s.id, s.user_id, coalesce(s.ended_at, 'infinity') AS until,
               greatest(s.stopped_at - :within, {reinstated}) AS since,
               coalesce((SELECT max(past.stopped_at) FROM hard_stops past
                         WHERE past.user_id = s.user_id AND past.ended_at <= s.stopped_at AND NOT past.lifted
                           AND past.reinstated IS NOT TRUE), '-infinity') AS after
        FROM hard_stops s WHERE NOT s.adopted AND {which}
    ) AS stop
    CROSS JOIN (VALUES ('no_show', :no_shows), ('late_cancel', :late_cancels)) AS rule (kind, enough)
    JOIN incidents i ON i.user_id = stop.user_id AND i.kind = rule.kind AND i.excused_at IS NULL
         AND i.occurred_at > stop.since
    WHERE EXISTS (
        SELECT FROM incidents last
        WHERE last.user_id = i.user_id AND last.kind = i.kind AND last.excused_at IS NULL
          AND last.occurred_at > greatest(stop.since, stop.after) AND last.occurred_at < stop.until
          AND (last.id = i.id OR rule.enough > 1)
          AND i.occurred_at <= last.occurred_at AND i.occurred_at > last.occurred_at - :within
          AND (SELECT count(*) FROM incidents each
               WHERE each.user_id = i.user_id AND each.kind = i.kind AND each.excused_at IS NULL
                 AND each.occurred_at > stop.since AND each.occurred_at <= last.occurred_at
                 AND each.occurred_at > last.occurred_at - :within) >= rule.enough)
)"""


def grounds(which: str) -> str:
    """`(stop_id, incident_id)` of those stops, `s`, of which `which` is true; with the parameters of `TYPES`."""
    reinstated = REINSTATED.format(driver="s.user_id", before="AND past.ended_at <= s.stopped_at")
    return _GROUNDS.format(reinstated=reinstated, which=which)


def given(policy: Policy) -> dict[str, Any]:
    """What the rule says of those parameters."""
    return {
        "no_shows": policy.hard_stop_no_shows,
        "late_cancels": policy.hard_stop_late_cancels,
        "within": policy.hard_stop_within,
    }
