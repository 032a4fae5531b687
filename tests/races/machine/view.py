"""What is to be seen of the company in PostgreSQL, in the words of its model."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.races.machine.model import Bound
from tests.races.machine.state import SLOTS

COUNTERS: Final = ["bid_pickups", "total_assigned", "confirmed_shifts", "late_cancellations"]
# A row that is given away is made in the same moment as the other ends.
_VIEW = text(
    """
    WITH slots AS (
        SELECT r.name AS slot, p.first_name AS driver, a.*,
               row_number() OVER (PARTITION BY r.id ORDER BY a.created_at, a.status <> 'cancelled') AS number
        FROM assignments a JOIN routes r ON r.id = a.route_id LEFT JOIN users p ON p.id = a.user_id
    )
    SELECT
        (SELECT json_agg(json_build_array(slot, id, status, driver, confirmed_at IS NOT NULL, assigned_by)
                         ORDER BY number) FROM slots) AS rows,
        (SELECT json_agg(json_build_array(slot, w.id, mode, w.status, closes_at, winner.first_name,
                    (SELECT coalesce(json_agg(first_name ORDER BY first_name), '[]') FROM window_asks ask
                     JOIN users ON users.id = ask.user_id WHERE window_id = w.id)) ORDER BY number, opens_at)
         FROM bid_windows w JOIN slots ON slots.id = w.assignment_id
         LEFT JOIN users winner ON winner.id = w.winner_id) AS windows,
        (SELECT json_agg(json_build_array(slot, who.first_name, b.status))
         FROM bids b JOIN slots ON slots.id = b.assignment_id JOIN users who ON who.id = b.user_id) AS bids,
        (SELECT json_agg(json_build_array(slot, g.id, giver.first_name, taker.first_name) ORDER BY offered_at)
         FROM give_aways g JOIN slots ON slots.id = g.assignment_id JOIN users giver ON giver.id = g.giver_id
         LEFT JOIN users taker ON taker.id = g.taker_id) AS given,
        (SELECT json_agg(json_build_array(first_name, date)) FROM day_declines d
         JOIN users who ON who.id = d.user_id) AS declined,
        (SELECT json_agg(first_name) FROM driver_health_state s JOIN users who ON who.id = s.user_id
         WHERE NOT assignment_pool_eligible) AS stopped,
        (SELECT json_agg(json_build_array(first_name, weekly_cap, is_flagged)) FROM users
         WHERE role = 'driver') AS drivers,
        (SELECT json_agg(json_build_array(first_name, name, value)) FROM driver_metrics m
         JOIN users who ON who.id = m.user_id, json_each(row_to_json(m)) AS counter (name, value)
         WHERE name = ANY (:counters)) AS counted,
        (SELECT json_agg(json_build_array(first_name, data ->> 'kind')) FROM notifications n
         JOIN users who ON who.id = n.user_id
         WHERE data ->> 'kind' IN ('offer', 'won', 'bid_lost', 'assigned', 'shift_cancelled', 'route_cancelled',
                                   'route_unfilled')) AS told,
        (SELECT count(*) FROM deliveries d JOIN bid_windows w ON w.id = d.about
         WHERE d.kind = 'offer' AND d.state = 'pending' AND w.status <> 'open') AS pointless
    """
)


@dataclass
class Ids:
    """By slot, in the order in which they came."""

    rows: dict[str, list[uuid.UUID]] = field(default_factory=dict)
    windows: dict[str, list[uuid.UUID]] = field(default_factory=dict)
    given: dict[str, list[uuid.UUID]] = field(default_factory=dict)

    def of(self, it: Bound) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
        """The row, window and give-away that somebody presses on; some id where there is none."""
        slot, row = it.act.slot, self.rows[it.act.slot][it.row]
        window = row if it.window is None else self.windows[slot][it.window]
        return row, window, row if it.given is None else self.given[slot][it.given]


async def look(session: AsyncSession) -> tuple[dict[str, Any], Ids]:
    """As `State.view`, and what is what."""
    found = (await session.execute(_VIEW, {"counters": COUNTERS})).one()
    assert found.pointless == 0, "offers of windows that are over would still go out"
    rows, windows, given = _by_slot(found.rows), _by_slot(found.windows), _by_slot(found.given)
    seen = {
        "rows": {slot: [tuple(row) for _, *row in of] for slot, of in rows.items()},
        "windows": {slot: [_window(*window) for _, *window in of] for slot, of in windows.items()},
        "bids": Counter(tuple(bid) for bid in found.bids or ()),
        "given": {slot: [tuple(each) for _, *each in of] for slot, of in given.items()},
        "declined": {(driver, date.fromisoformat(on)) for driver, on in found.declined or ()},
        "stopped": set(found.stopped or ()),
        "caps": {driver: cap for driver, cap, _ in found.drivers},
        "flagged": {driver for driver, _, flagged in found.drivers if flagged},
        "counted": +Counter({(who, name): n for who, name, n in found.counted}),
        "told": Counter((who, kind) for who, kind in found.told or ()),
    }
    return seen, Ids(
        *({slot: [uuid.UUID(each[0]) for each in of[slot]] for slot in of} for of in (rows, windows, given))
    )


def _by_slot(found: list[list[Any]] | None) -> dict[str, list[list[Any]]]:
    by: dict[str, list[list[Any]]] = {slot: [] for slot in SLOTS}
    for slot, *rest in found or ():
        by[slot].append(rest)
    return by


def _window(mode: str, status: str, closes_at: str, winner: str | None, asked: list[str]) -> tuple[Any, ...]:
    return mode, status, datetime.fromisoformat(closes_at), winner, asked
