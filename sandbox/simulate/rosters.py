"""What must hold of rosters (R3)."""

from typing import Final

_MADE: Final = "roster_runs run WHERE run.cause <> 'preview' AND run.carried_out_at >= :since"
# What came of it at that moment: who has left since, has left a shift of his.
CERTIFIED: Final = f"""
    SELECT 'the week of ' || run.week || ': filled ' || run.filled || ', given ' || given || ', at most ' || run.maximum
           || ' of ' || run.slots || ', held ' || run.held || ', empty ' || empty || ', lost ' || lost
    FROM (SELECT * FROM {_MADE}) AS run
    CROSS JOIN LATERAL (
        SELECT count(*) AS given FROM audit_logs log
        WHERE log.action = 'roster_assign' AND log.changes -> 'facts' ->> 'run_id' = run.id::text
    ) AS assigned
    CROSS JOIN LATERAL (
        SELECT count(*) AS empty, count(*) FILTER (WHERE reason = 'lost') AS lost FROM roster_gaps WHERE run_id = run.id
    ) AS gaps
    WHERE filled <> given OR filled + lost > maximum OR filled + lost + (slots - held - filled - empty) < maximum
       OR filled + empty > slots - held
"""  # noqa: S608 - our own texts
# The cut is worth as many as it proves: each driver as many as he had room for, all else one (R3.6).
PROVEN: Final = f"""
    SELECT 'the week of ' || run.week || ': ' || run.maximum || ' of a cut that is worth less'
    FROM (SELECT * FROM {_MADE}) AS run
    WHERE run.maximum > jsonb_array_length(run.cut -> 'days') + jsonb_array_length(run.cut -> 'slots')
          + (SELECT coalesce(sum(who.weekly_cap), 0) FROM jsonb_array_elements_text(run.cut -> 'full') AS f (id)
             JOIN users who ON who.id = f.id::uuid)
"""  # noqa: S608
ONE_A_WEEK: Final = """
    SELECT 'the week of ' || week || ' was given out ' || count(*) || ' times' FROM roster_runs
    WHERE cause = 'deadline' GROUP BY week HAVING count(*) > 1
"""
# Each freeze that has passed since the first look at the clock.
GIVEN_OUT: Final = """
    SELECT 'the week of ' || run.week || ' is not given out' FROM roster_runs run
    WHERE run.carried_out_at IS NULL AND run.cause = 'deadline'
    UNION ALL
    SELECT 'the week of ' || run.week || ' is not told' FROM roster_runs run
    WHERE run.told_at IS NULL AND run.cause = 'deadline' AND run.as_of < :now - interval '1 day'
    UNION ALL
    SELECT 'the freeze after ' || done.done_for || ' is missing' FROM duty_runs done
    WHERE done.duty = 'roster' AND done.done_for < :now - interval '7 days'
"""
GAPS_ARE_OPEN: Final = """
    SELECT a.date || ' ' || route.name || ' is nobody''s, and there is no window'
    FROM assignments a JOIN routes route ON route.id = a.route_id
    JOIN roster_runs run ON run.week = date_trunc('week', a.date)::date AND run.cause = 'deadline'
         AND run.carried_out_at IS NOT NULL
    WHERE a.status = 'unfilled' AND a.updated_at >= :since AND a.date > :today
      AND NOT EXISTS (SELECT FROM bid_windows w WHERE w.assignment_id = a.id AND w.status = 'open')
"""
