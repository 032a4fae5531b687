"""What breaks a rule of how drivers stand, as statements in SQL like `findings`: flags, caps, excuses (R9, R10)."""

from typing import Final

_WHO: Final = "who.first_name || ' ' || who.last_name"
FLAGGED_BY_A_FLAG: Final = f"""
    SELECT {_WHO} || CASE WHEN who.is_flagged THEN ': flagged, without a flag' ELSE ': has a flag, and is not' END
    FROM users who
    WHERE who.updated_at >= :since AND who.role = 'driver'
      AND who.is_flagged <> EXISTS (SELECT FROM flag_episodes f WHERE f.user_id = who.id AND f.ended_at IS NULL)
"""  # noqa: S608 - our own texts, here and below
CAPPED_BY_A_CAUSE: Final = f"""
    SELECT {_WHO} || ': up to ' || who.weekly_cap || ', and it should be ' || due.cap
    FROM users who JOIN driver_caps c ON c.user_id = who.id
    CROSS JOIN LATERAL (SELECT coalesce(c.chosen, greatest(
        CASE WHEN c.rewarded THEN :cap_most ELSE c.base END - c.cut::int, :cap_least)) AS cap) AS due
    WHERE who.updated_at >= :since AND who.weekly_cap <> due.cap
"""  # noqa: S608
# Neither waits for a decision, nor holds a flag by itself, nor has cost a week its star. What was due in a week is what
# fell due in it by the wall clock.
EXCUSED_IS_NOTHING: Final = f"""
    SELECT {_WHO} || ': an appeal waits of what is excused'
    FROM appeals p JOIN incidents i ON i.id = p.incident_id JOIN users who ON who.id = p.user_id
    WHERE p.decided_at IS NULL AND i.excused_at >= :since
    UNION ALL
    SELECT {_WHO} || ': flagged, and nothing counts against him'
    FROM flag_episodes f JOIN users who ON who.id = f.user_id
    WHERE f.ended_at IS NULL
      AND f.user_id IN (SELECT user_id FROM incidents WHERE excused_at >= :since AND occurred_at < f.flagged_at)
      AND NOT EXISTS (SELECT FROM incidents i WHERE i.user_id = f.user_id AND i.excused_at IS NULL
                      AND i.kind IN ('no_show', 'late_cancel', 'auto_drop'))
    UNION ALL
    SELECT {_WHO} || ': no star for the week of ' || w.week || ', and everything in it was well'
    FROM star_weeks w JOIN users who ON who.id = w.user_id
    CROSS JOIN LATERAL (SELECT w.week::timestamp AT TIME ZONE :zone AS begins,
                               (w.week + 7)::timestamp AT TIME ZONE :zone AS ends) AS it
    WHERE NOT w.qualified
      AND EXISTS (SELECT FROM incidents i WHERE i.user_id = w.user_id AND i.excused_at >= :since
                  AND i.occurred_at >= begins AND i.occurred_at < ends)
      AND NOT EXISTS (SELECT FROM incidents i WHERE i.user_id = w.user_id AND i.excused_at IS NULL
                      AND i.kind IN ('no_show', 'late_cancel', 'auto_drop')
                      AND i.occurred_at >= begins AND i.occurred_at < ends)
      AND (SELECT avg(s.parcels_delivered::numeric / s.parcels_start) FROM assignments a
           JOIN shifts s ON s.assignment_id = a.id
           WHERE a.user_id = w.user_id AND a.status = 'completed' AND s.parcels_start > 0
             AND s.completed_at >= begins AND s.completed_at < ends
             AND NOT EXISTS (SELECT FROM shift_reviews r WHERE r.assignment_id = a.id AND r.accepted IS NOT FALSE))
          >= :star_completion
"""  # noqa: S608
