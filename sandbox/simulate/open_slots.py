"""What breaks a rule about open slots, and who gets them how (R5.5, R6, R7): statements as those of `findings`."""

from typing import Final

from domain.shifts.deadlines import START
from sandbox.simulate.findings import AUDIT, HOUR_BEGINS, NAMED, SHIFT, STEPS

# -- windows (R6.1, R6.2, R6.7)

ONE_WINDOW_A_SLOT: Final = f"""
    SELECT min({SHIFT}) FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id {NAMED}
    WHERE w.status = 'open' GROUP BY a.route_id, a.date HAVING count(*) > 1
"""  # noqa: S608 - our own texts, here and below
WINDOWS_ARE_FOR_OPEN_SLOTS: Final = f"""
    SELECT {SHIFT} || ': a window is open, and the slot is ' || a.status
    FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id {NAMED}
    WHERE w.status = 'open' AND a.status <> 'unfilled'
"""  # noqa: S608
# The duty that ends windows may have been late, or killed, some times in a row.
WINDOWS_ENDED: Final = f"""
    SELECT {SHIFT} || ': open until ' || w.closes_at FROM bid_windows w
    JOIN assignments a ON a.id = w.assignment_id {NAMED}
    WHERE w.status = 'open' AND w.closes_at <= :ticked
"""  # noqa: S608
# A window is resolved for exactly one winner, who had the slot through it.
ONE_WINNER: Final = f"""
    SELECT {SHIFT} || ': ' || w.status || ' without its winner' FROM bid_windows w
    JOIN assignments a ON a.id = w.assignment_id {NAMED}
    WHERE a.updated_at >= :since AND (
        (w.status = 'resolved') <> (w.winner_id IS NOT NULL)
        OR w.status = 'resolved' AND w.winner_id IS DISTINCT FROM a.user_id
    )
"""  # noqa: S608

# -- bids (R6.4, R6.5, R6.6, R6.9, R6.10)

BIDS_WAIT_FOR_AN_AWARD: Final = f"""
    SELECT {SHIFT} || ': a bid waits for nothing' FROM bids b JOIN assignments a ON a.id = b.assignment_id {NAMED}
    WHERE b.status = 'pending'
      AND NOT EXISTS (SELECT FROM bid_windows w
                      WHERE w.assignment_id = a.id AND w.status = 'open' AND w.mode = 'competitive')
"""  # noqa: S608
# A bid, or an acceptance that is recorded as one; a manager's hand only where the driver had bid.
ONE_BID_AN_AWARD: Final = f"""
    SELECT {SHIFT} || ': ' || won || ' bids have won, of ' || awards || ' awards' FROM assignments a {NAMED}
    CROSS JOIN LATERAL (SELECT count(*) AS won, count(*) FILTER (WHERE b.user_id <> a.user_id) AS of_others
                        FROM bids b WHERE b.assignment_id = a.id AND b.status = 'won') AS bids
    CROSS JOIN LATERAL (
        SELECT count(*) AS awards FROM {STEPS}
          AND (log.action IN ('bid_assign', 'instant_assign')
               OR log.action = 'manual_assign' AND log.changes -> 'after' ? 'confirmed_at')) AS log
    WHERE a.updated_at >= :since AND (won <> awards OR of_others > 0)
"""  # noqa: S608
# Each bidder is told once what came of it, unless it goes on: then he may still accept.
ONE_OUTCOME_A_BID: Final = f"""
    SELECT {SHIFT} || ': ' || bidder.first_name || ' ' || bidder.last_name || ' has ' || b.status
           || ' a bid, and was told of ' || lost || ' lost and ' || won || ' won'
    FROM bids b JOIN users bidder ON bidder.id = b.user_id JOIN assignments a ON a.id = b.assignment_id {NAMED}
    JOIN bid_windows w ON w.assignment_id = a.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS of_it, bool_or(log.changes -> 'after' ->> 'mode' = 'instant') AS goes_on
        FROM audit_logs log WHERE log.entity_type = 'bid_window' AND log.entity_id = w.id
          AND log.created_at = b.resolved_at AND log.action IN ('resolved', 'closed', 'mode_changed')) AS outcome
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE n.data ->> 'dedupe' LIKE 'bid_lost:' || w.id || ':%') AS lost,
               count(*) FILTER (WHERE n.data ->> 'dedupe' LIKE 'won:' || a.id || ':%'
                                   OR n.data ->> 'dedupe' LIKE 'assigned:' || a.id || ':%') AS won
        FROM notifications n WHERE n.user_id = b.user_id AND n.created_at = b.resolved_at) AS told
    WHERE b.resolved_at >= :since AND of_it > 0
      AND (lost, won) <> CASE WHEN b.status = 'won' THEN (0::bigint, 1::bigint)
                              WHEN goes_on THEN (0::bigint, 0::bigint) ELSE (1::bigint, 0::bigint) END
"""  # noqa: S608
HANDED_BACK_IN_TIME: Final = f"""
    SELECT {SHIFT} || ': awarded at ' || a.assigned_at || ', handed back at ' || log.created_at
    FROM assignments a {NAMED} JOIN {AUDIT}
    WHERE a.updated_at >= :since AND log.action = 'handed_back'
      AND (log.created_at > {HOUR_BEGINS} + :hand_back_within OR a.assigned_by <> 'bid'
           OR {START} - a.assigned_at >= :hand_back_below)
"""  # noqa: S608

# -- who may have them (R6.3, R7.1)

# Held shifts of a week, but those for which a manager let him over his cap, and what he had before he came late and has
# again (R8.6). It is the cap at which the last of them was given that counts: a lower one takes none away (R9.3).
NOBODY_OVER_HIS_CAP: Final = """
    SELECT who.first_name || ' ' || who.last_name || ': ' || count(*) || ' shifts in the week of '
           || to_char(min(date_trunc('week', a.date)), 'YYYY-MM-DD')
    FROM assignments a JOIN users who ON who.id = a.user_id
    WHERE a.status IN ('scheduled', 'active', 'completed')
      AND (a.user_id, date_trunc('week', a.date)) IN (
          SELECT user_id, date_trunc('week', date) FROM assignments WHERE updated_at >= :since)
      AND NOT EXISTS (SELECT FROM cap_overrides o JOIN bid_windows w ON w.id = o.window_id
                      WHERE o.user_id = a.user_id AND w.assignment_id = a.id)
      AND NOT EXISTS (SELECT FROM audit_logs log WHERE log.entity_type = 'user' AND log.entity_id = a.user_id
                      AND log.action = 'cap_override' AND log.changes -> 'after' ->> 'assignment_id' = a.id::text)
      AND NOT EXISTS (SELECT FROM audit_logs log WHERE log.entity_type = 'assignment' AND log.entity_id = a.id
                      AND log.action = 'restored' AND log.changes -> 'after' ->> 'status' = 'active')
    GROUP BY who.id, date_trunc('week', a.date)
    HAVING count(*) > greatest(who.weekly_cap, (
        SELECT max((log.changes -> 'before' ->> 'weekly_cap')::int) FROM audit_logs log
        WHERE log.entity_type = 'user' AND log.entity_id = who.id AND log.action = 'cap_changed'
          AND log.created_at >= max(a.assigned_at)))
"""

# -- without blame (R4.4, R5.5, R6.4, R6.9)

LEFT_WITHOUT_BLAME: Final = f"""
    SELECT {SHIFT} || ': ' || log.action || ', and ' || i.kind FROM assignments a {NAMED}
    JOIN incidents i ON i.assignment_id = a.id JOIN {AUDIT}
    WHERE a.updated_at >= :since
      AND (log.action IN ('unanswered', 'declined', 'given_away', 'handed_back')
           OR log.action = 'removed' AND i.kind <> 'removed_by_manager')
"""  # noqa: S608
# Who gives a shift away leaves it to one other: the one has it no more at the instant at which the other has it.
GIVEN_IS_TAKEN: Final = f"""
    SELECT {SHIFT} || ': given away, and ' || takers || ' have it' FROM assignments a {NAMED} JOIN {AUDIT}
    CROSS JOIN LATERAL (
        SELECT count(*) AS takers FROM audit_logs taken JOIN assignments his ON his.id = taken.entity_id
        WHERE taken.entity_type = 'assignment' AND taken.action = 'taken_over' AND taken.created_at = log.created_at
          AND taken.changes -> 'after' ->> 'instead_of' = a.id::text AND his.user_id <> a.user_id
          AND (his.route_id, his.date) = (a.route_id, a.date)) AS takers
    WHERE a.updated_at >= :since AND log.action = 'given_away' AND (takers <> 1 OR a.status <> 'cancelled')
"""  # noqa: S608
GIVE_AWAYS_ENDED: Final = f"""
    SELECT {SHIFT} || ': still given away' FROM give_aways g JOIN assignments a ON a.id = g.assignment_id {NAMED}
    WHERE g.ended_at IS NULL AND {START} < :now
"""  # noqa: S608
