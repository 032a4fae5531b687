"""What breaks a rule, as statements in SQL: each returns a line of words for each violation.

Most look at what has changed `:since` alone; the parameters are those of `invariants`.
"""

from typing import Final

from domain.shifts.deadlines import ARRIVE_BY, CONFIRM_BY, START

# A shift in words, for whatever is found wrong with it.
SHIFT: Final = (
    "to_char(a.date, 'YYYY-MM-DD') || ' ' || route.name || coalesce(', ' || who.first_name || ' ' || who.last_name, '')"
)
NAMED: Final = "JOIN routes route ON route.id = a.route_id LEFT JOIN users who ON who.id = a.user_id"
TERMS: Final = "LEFT JOIN assignment_terms t ON t.assignment_id = a.id"
AUDIT: Final = "audit_logs log ON log.entity_type = 'assignment' AND log.entity_id = a.id"
STEPS: Final = AUDIT.replace(" ON ", " WHERE ")

# -- slots (R2); open ones and how they are filled: `open_slots`

ONE_ROW_A_SLOT: Final = f"""
    SELECT min({SHIFT}) FROM assignments a {NAMED}
    WHERE a.status <> 'cancelled'
      AND (a.route_id, a.date) IN (SELECT route_id, date FROM assignments WHERE updated_at >= :since)
    GROUP BY a.route_id, a.date HAVING count(*) > 1
"""  # noqa: S608 - our own texts, here and below
ONE_SHIFT_A_DAY: Final = f"""
    SELECT min({SHIFT}) FROM assignments a {NAMED}
    WHERE a.status <> 'cancelled'
      AND (a.user_id, a.date) IN (SELECT user_id, date FROM assignments WHERE updated_at >= :since)
    GROUP BY a.user_id, a.date HAVING count(*) > 1
"""  # noqa: S608
HELD_BY_SOMEBODY: Final = f"""
    SELECT {SHIFT} || ': ' || a.status FROM assignments a {NAMED}
    WHERE a.updated_at >= :since AND a.status <> 'cancelled' AND (a.status = 'unfilled') <> (a.user_id IS NULL)
"""  # noqa: S608
# Whoever leaves a shift before its slot is over leaves a fresh row behind.
LOST_HAS_SUCCESSOR: Final = f"""
    SELECT {SHIFT} || ': nobody was looked for' FROM assignments a {NAMED} JOIN {AUDIT}
    WHERE a.updated_at >= :since AND a.status = 'cancelled' AND a.user_id IS NOT NULL
      AND log.action IN ('cancelled', 'declined', 'handed_back', 'auto_dropped', 'unanswered', 'no_show', 'stopped',
                         'removed')
      AND log.changes -> 'after' ->> 'status' = 'cancelled'
      AND log.created_at < (a.date + time '13:00') AT TIME ZONE :zone
      AND NOT EXISTS (SELECT FROM audit_logs again WHERE again.entity_type = 'assignment' AND again.action = 'reopened'
                      AND again.changes -> 'after' ->> 'instead_of' = a.id::text
                      AND again.created_at = log.created_at)
"""  # noqa: S608
# -- a shift's day (R4, R8)

CONFIRMED_IN_TIME: Final = f"""
    SELECT {SHIFT} || ': confirmed at ' || log.created_at FROM assignments a {NAMED} {TERMS} JOIN {AUDIT}
    WHERE log.created_at >= :since AND log.action = 'confirmed' AND log.created_at > {CONFIRM_BY}
"""  # noqa: S608
# From arriving is due on only while no-shows are held (R8.6a): after an outage of ours, or where many were missing.
_MISSING_FEW: Final = f"""
    (SELECT count(*) FROM assignments o LEFT JOIN shifts there ON there.assignment_id = o.id
     WHERE o.warehouse_id = a.warehouse_id AND o.date = a.date AND o.confirmed_at IS NOT NULL
       AND (o.status = 'scheduled' OR there.arrived_at >= {ARRIVE_BY}
            OR EXISTS (SELECT FROM incidents i WHERE i.assignment_id = o.id AND i.kind = 'no_show'))) <= :few
"""  # noqa: S608
ARRIVED_IN_TIME: Final = f"""
    SELECT {SHIFT} || ': arrived at ' || log.created_at FROM assignments a {NAMED} {TERMS} JOIN {AUDIT}
    WHERE log.created_at >= :since AND log.action = 'arrived' AND log.actor_id = a.user_id
      AND (log.created_at < (a.date + :check_in_from) AT TIME ZONE :zone OR a.confirmed_at IS NULL
           OR log.created_at >= {ARRIVE_BY} AND {_MISSING_FEW}
              AND NOT EXISTS (SELECT FROM unnest(:outages_since, :outages_until) AS o (since, until)
                              WHERE {ARRIVE_BY} > o.since AND {ARRIVE_BY} - :before < o.until))
"""  # noqa: S608
PARCELS_ADD_UP: Final = f"""
    SELECT {SHIFT} || ': ' || a.status || ', ' || coalesce(s.parcels_start::text, '-') || ' loaded, '
           || coalesce(s.parcels_returned::text, '-') || ' back' FROM assignments a {NAMED}
    LEFT JOIN shifts s ON s.assignment_id = a.id
    WHERE a.updated_at >= :since AND (
        a.status IN ('active', 'completed') AND s.arrived_at IS NULL
        OR a.status IN ('scheduled', 'unfilled') AND s.id IS NOT NULL
        OR s.parcels_start NOT BETWEEN 1 AND :parcels_most
        OR s.parcels_returned NOT BETWEEN 0 AND s.parcels_start
        OR s.parcels_delivered <> s.parcels_start - s.parcels_returned
        OR a.status = 'completed' AND (s.completed_at IS NULL OR s.parcels_delivered IS NULL)
        OR a.status = 'active' AND s.completed_at IS NOT NULL
    )
"""  # noqa: S608

# -- the ledger (R2.4, R4.3, R5.3, R8.6, R10.2)

# A reminder of this very shift reached him early enough.
_REMINDED: Final = f"""
    EXISTS (SELECT FROM deliveries d WHERE d.about = a.id AND d.kind = 'confirm_reminder' AND d.user_id = a.user_id
            AND (d.channel = 'telegram' OR d.state IN ('sent', 'delivered'))
            AND d.sent_at <= {CONFIRM_BY} - :reminded_before)
"""
BLAMED_BY_ITS_RULE: Final = f"""
    SELECT {SHIFT} || ': ' || i.kind || ', but ' || CASE
        WHEN a.status <> 'cancelled' THEN 'the shift is not lost'
        WHEN i.user_id IS DISTINCT FROM a.user_id THEN 'it was not his'
        WHEN NOT EXISTS (
            SELECT FROM {STEPS} AND log.changes -> 'after' ->> 'status' = 'cancelled'
            AND log.created_at = i.occurred_at
            AND log.action = CASE i.kind WHEN 'no_show' THEN 'no_show' WHEN 'auto_drop' THEN 'auto_dropped'
                                         ELSE log.action END
        ) THEN 'nothing in its history caused it'
        WHEN i.kind = 'no_show' AND a.confirmed_at IS NULL THEN 'he had not confirmed'
        WHEN i.kind = 'no_show' AND s.arrived_at IS NOT NULL THEN 'he was there'
        WHEN i.kind = 'no_show' AND i.occurred_at < {ARRIVE_BY} THEN 'arrival was not due'
        WHEN i.kind = 'auto_drop' AND a.confirmed_at IS NOT NULL THEN 'he had confirmed'
        WHEN i.kind = 'auto_drop' AND i.occurred_at <= {CONFIRM_BY} THEN 'he could still confirm'
        WHEN i.kind = 'auto_drop' AND NOT {_REMINDED} THEN 'no reminder had reached him'
        WHEN i.kind IN ('late_cancel', 'early_cancel', 'protected_absence') AND s.cancel_reason IS NULL
             AND i.kind <> 'protected_absence' THEN 'he gave no reason'
        WHEN i.kind = 'late_cancel' AND i.occurred_at < {START} - :late_before THEN 'it was early'
        WHEN i.kind = 'early_cancel' AND i.occurred_at >= {START} - :late_before THEN 'it was late'
        WHEN i.kind = 'protected_absence' AND NOT s.cancel_reason::text = ANY (:protected)
             AND NOT EXISTS (SELECT FROM {STEPS} AND log.action = 'stopped') THEN 'his reason protects nobody'
        WHEN i.kind = 'late_cancel' AND s.cancel_reason::text = ANY (:protected)
             AND NOT EXISTS (SELECT FROM audit_logs log WHERE log.entity_type = 'incident' AND log.entity_id = i.id
                             AND log.action <> 'created') THEN 'his reason protects him'
    END
    FROM incidents i JOIN assignments a ON a.id = i.assignment_id {NAMED} {TERMS}
    LEFT JOIN shifts s ON s.assignment_id = a.id
    WHERE a.updated_at >= :since
"""  # noqa: S608
# From when the hour counts in which it may go back: a night's award is told at 08:00, on the shift's own day at 06:00.
_DAY_TOLD = "((a.assigned_at AT TIME ZONE :zone) + interval '3 hours')::date"
HOUR_BEGINS: Final = f"""
    greatest(a.assigned_at, ({_DAY_TOLD} + CASE WHEN {_DAY_TOLD} = a.date THEN time '06:00' ELSE time '08:00' END)
                            AT TIME ZONE :zone)
"""
# Of an illness only the first of the shifts that are lost late stands there, for all of them (R12.7).
LOST_IS_IN_THE_LEDGER: Final = f"""
    SELECT {SHIFT} || ': ' || log.action || ', and nothing of it in the ledger'
    FROM assignments a {NAMED} {TERMS} JOIN {AUDIT}
    WHERE a.updated_at >= :since AND a.status = 'cancelled' AND log.changes -> 'after' ->> 'status' = 'cancelled'
      AND (log.action IN ('no_show', 'cancelled', 'stopped') AND a.user_id IS NOT NULL
           OR log.action = 'auto_dropped' AND {_REMINDED})
      AND NOT EXISTS (SELECT FROM incidents i WHERE i.assignment_id = a.id)
      AND NOT EXISTS (SELECT FROM audit_logs off WHERE off.entity_type = 'user' AND off.entity_id = a.user_id
                      AND off.action IN ('time_off', 'left') AND off.created_at = log.created_at)
"""  # noqa: S608
NO_BLAME_FOR_OUR_OUTAGE: Final = f"""
    SELECT {SHIFT} || ': ' || i.kind || ' at ' || i.occurred_at || ', in an outage since ' || o.since
    FROM incidents i JOIN assignments a ON a.id = i.assignment_id {NAMED} {TERMS}
    JOIN unnest(:outages_since, :outages_until) AS o (since, until) ON true
    WHERE a.updated_at >= :since
      AND (i.kind = 'no_show' AND {ARRIVE_BY} > o.since AND {ARRIVE_BY} - :before < o.until
           AND i.occurred_at < greatest({ARRIVE_BY}, o.until) + :held_for
           OR i.kind = 'auto_drop' AND i.occurred_at >= o.since AND i.occurred_at < o.until + :drops_held_for)
"""  # noqa: S608
# Back in the pool are those whom a manager has reinstated, and who wait for a decision too long, or for an appeal's.
POOL_FOLLOWS_THE_LEDGER: Final = """
    SELECT who.first_name || ' ' || who.last_name
           || CASE WHEN caused AND NOT back THEN ': still in the pool' ELSE ': out of the pool' END
           || CASE WHEN caused = (stop.id IS NOT NULL) THEN '' ELSE ', and so is not what has stopped him' END
    FROM users who LEFT JOIN driver_health_state h ON h.user_id = who.id
    LEFT JOIN hard_stops stop ON stop.user_id = who.id AND stop.ended_at IS NULL
    CROSS JOIN LATERAL (SELECT coalesce(max(ended_at), '-infinity') AS at FROM hard_stops
                        WHERE user_id = who.id AND reinstated) AS reinstated
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT FROM incidents last WHERE last.user_id = who.id AND last.excused_at IS NULL
          AND last.occurred_at > reinstated.at
          AND (SELECT count(*) FILTER (WHERE kind = 'no_show') >= :no_shows
                      OR count(*) FILTER (WHERE kind = 'late_cancel') >= :late_cancels
               FROM incidents i WHERE i.user_id = who.id AND i.excused_at IS NULL AND i.occurred_at > reinstated.at
                 AND i.occurred_at > last.occurred_at - :within AND i.occurred_at <= last.occurred_at)
    ) AS caused) AS ledger
    CROSS JOIN LATERAL (SELECT stop.back_at IS NOT NULL AND (
        stop.reinstated IS NULL AND :now >= stop.stopped_at + :stop_back_after
        OR EXISTS (SELECT FROM appeals a WHERE a.user_id = who.id AND a.incident_id IS NOT NULL
                   AND a.decided_at IS NULL)) AS back) AS waits
    WHERE who.id IN (SELECT user_id FROM assignments WHERE updated_at >= :since)
      AND ((caused AND NOT back) = coalesce(h.assignment_pool_eligible, true) OR caused <> (stop.id IS NOT NULL))
"""
COUNTERS_FOLLOW_THE_LEDGER: Final = """
    SELECT who.first_name || ' ' || who.last_name || ': counted ' || concat_ws('/', m.total_shifts, m.completed_shifts,
               m.no_shows, m.auto_dropped_shifts, m.late_cancellations, m.bid_pickups, m.total_assigned,
               m.confirmed_shifts)
           || ', happened ' || concat_ws('/', completed + missed + drops + lates, completed, missed, drops, lates, won,
               assigned, confirmed)
    FROM users who LEFT JOIN driver_metrics m ON m.user_id = who.id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE kind = 'no_show') AS missed, count(*) FILTER (WHERE kind = 'auto_drop') AS drops,
               count(*) FILTER (WHERE kind = 'late_cancel') AS lates
        FROM incidents WHERE user_id = who.id AND excused_at IS NULL
    ) AS ledger
    CROSS JOIN LATERAL (
        SELECT count(*) AS completed,
               coalesce(avg(s.parcels_delivered::float8 / s.parcels_start) FILTER (WHERE s.parcels_start > 0
                   AND NOT EXISTS (SELECT FROM shift_reviews r WHERE r.assignment_id = a.id
                                   AND r.accepted IS NOT FALSE)), 0) AS rate
        FROM assignments a JOIN shifts s ON s.assignment_id = a.id WHERE a.user_id = who.id AND a.status = 'completed'
    ) AS work
    CROSS JOIN LATERAL (
        SELECT (SELECT count(*) FROM bids b WHERE b.user_id = who.id AND b.status = 'won') AS won,
               count(*) AS assigned, count(confirmed_at) AS confirmed
        FROM assignments WHERE user_id = who.id
    ) AS said
    WHERE who.id IN (SELECT user_id FROM assignments WHERE updated_at >= :since) AND (
        (completed + missed + drops + lates, completed, missed, drops, lates, won, assigned, confirmed)
            IS DISTINCT FROM (coalesce(m.total_shifts, 0), coalesce(m.completed_shifts, 0), coalesce(m.no_shows, 0),
                              coalesce(m.auto_dropped_shifts, 0), coalesce(m.late_cancellations, 0),
                              coalesce(m.bid_pickups, 0), coalesce(m.total_assigned, 0),
                              coalesce(m.confirmed_shifts, 0))
        OR abs(rate - coalesce(m.completion_rate, 0)) > :tiny
    )
"""

# -- what people are told (R11, R12.3)

# What is about one's own shift goes to whose it is or was, or was offered it, an offer to who was asked, the rest to
# its managers.
TOLD_WHOM_IT_CONCERNS: Final = """
    SELECT d.kind || ' to ' || who.first_name || ' ' || who.last_name FROM deliveries d
    JOIN users who ON who.id = d.user_id
    LEFT JOIN assignments a ON a.id = d.about
    LEFT JOIN bid_windows w ON w.id = d.about
    LEFT JOIN assignments slot ON slot.id = w.assignment_id
    WHERE d.created_at >= :since AND (
        who.role = 'driver' AND a.id IS NOT NULL AND d.user_id IS DISTINCT FROM a.user_id
           AND NOT EXISTS (SELECT FROM give_aways g JOIN give_away_asks ask ON ask.give_away_id = g.id
                           WHERE g.assignment_id = a.id AND ask.user_id = d.user_id)
        OR who.role = 'driver' AND w.id IS NOT NULL AND w.winner_id IS DISTINCT FROM d.user_id
           AND NOT EXISTS (SELECT FROM window_asks ask WHERE ask.window_id = w.id AND ask.user_id = d.user_id)
           AND NOT EXISTS (SELECT FROM bids b WHERE b.assignment_id = w.assignment_id AND b.user_id = d.user_id)
           AND NOT EXISTS (SELECT FROM audit_logs log WHERE log.entity_type = 'bid_window' AND log.entity_id = w.id
                           AND log.action = 'mode_changed' AND log.created_at >= d.created_at)
        OR who.role = 'manager' AND NOT EXISTS (
            SELECT FROM warehouse_managers own WHERE own.user_id = d.user_id
            AND own.warehouse_id = coalesce(a.warehouse_id, slot.warehouse_id, own.warehouse_id))
    )
"""
IN_HIS_OWN_CHAT: Final = """
    SELECT d.kind || ' to ' || who.first_name || ' ' || who.last_name || ' in another chat' FROM deliveries d
    JOIN users who ON who.id = d.user_id
    LEFT JOIN chat_links link ON link.user_id = d.user_id
    WHERE d.sent_at >= :since AND d.message_id IS NOT NULL AND d.chat_id IS DISTINCT FROM link.chat_id
"""
NOTED_IS_SENT: Final = """
    SELECT n.type || ' to ' || who.first_name || ' ' || who.last_name || ': ' || n.title FROM notifications n
    JOIN users who ON who.id = n.user_id
    WHERE n.created_at >= :since AND NOT n.read
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.notification_id = n.id)
      AND NOT (n.data ->> 'kind' IN ('week_locked', 'week_open')  -- one message tells of all three (R3.8)
               AND EXISTS (SELECT FROM notifications told JOIN deliveries d ON d.notification_id = told.id
                           WHERE told.user_id = n.user_id AND told.data ->> 'about' = n.data ->> 'about'))
"""
# A normal SMS waits for the next digest, once more if that comes to a bad end.
EVERY_NOTICE_ENDED: Final = """
    SELECT d.kind || ' to ' || who.first_name || ' ' || who.last_name || ': ' || d.channel || ', ' || d.state
           || coalesce(' since ' || d.due_at, '') || coalesce(', ' || d.reason, '')
    FROM deliveries d JOIN users who ON who.id = d.user_id
    WHERE d.due_at <= :now
          AND NOT (d.redraw AND d.pause_until > clock_timestamp()
                   AND d.pause_until <= clock_timestamp() + :redrawn_every)
       OR d.state = 'sending'
       OR d.state IN ('pending', 'unknown') AND d.due_at IS NULL
          AND NOT (d.channel = 'sms' AND d.state = 'pending' AND d.created_at > :now - interval '26 hours'
                   - CASE WHEN d.reason = 'its digest came to a bad end' THEN :retell_for ELSE interval '0' END)
"""
TEXTS_HAVE_A_LIMIT: Final = """
    SELECT who.first_name || ' ' || who.last_name || ': ' || count(*) || ' SMS in a day' FROM sms_attempts t
    JOIN users who ON who.id = t.user_id
    WHERE t.created_at >= :since - interval '1 day' AND t.status IS DISTINCT FROM 'refused' AND who.role = 'driver'
    GROUP BY who.id, (t.created_at AT TIME ZONE :zone)::date HAVING count(*) > :texts_most
"""
STOP_IS_HONOURED: Final = """
    SELECT who.first_name || ' ' || who.last_name || ' was texted at ' || t.created_at || ' after STOP'
    FROM sms_attempts t JOIN sms_opt_outs o ON o.phone = t.phone JOIN users who ON who.id = t.user_id
    WHERE t.created_at > o.since AND t.created_at >= :since AND t.status IS DISTINCT FROM 'refused'
"""
ONE_HOME_CARD: Final = """
    SELECT who.first_name || ' ' || who.last_name || ': ' || count(*) || ' home cards' FROM deliveries d
    JOIN users who ON who.id = d.user_id
    WHERE d.kind = 'home' AND d.state IN ('sending', 'sent') GROUP BY who.id HAVING count(*) > 2
"""
NO_UPDATE_FAILED: Final = (
    "SELECT 'update ' || update_id || ' failed: ' || fault_id FROM seen_updates WHERE fault_id IS NOT NULL"
)

# -- the clock's duties (R14): in peace, what is due was done, at the latest some hours ago

DROPS_TOOK_EFFECT: Final = f"""
    SELECT {SHIFT} || ': unconfirmed' FROM assignments a {NAMED} {TERMS}
    WHERE a.status = 'scheduled' AND a.confirmed_at IS NULL AND {CONFIRM_BY} < :now - interval '3 hours'
"""  # noqa: S608
NO_SHOWS_TOOK_EFFECT: Final = f"""
    SELECT {SHIFT} || ': not there' FROM assignments a {NAMED} {TERMS}
    WHERE a.status = 'scheduled' AND a.confirmed_at IS NOT NULL AND {ARRIVE_BY} < :now - interval '3 hours'
"""  # noqa: S608
