"""What the audit log tells of the demo fleet's past, so that /audit has something to show: as the deeds write it (R13).

Only what its rows say themselves: who got a shift and how, who confirmed, drove or lost it, and when.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql

_PAST = sql(
    """
    INSERT INTO audit_logs (entity_type, entity_id, action, actor_id, actor_type, changes, created_at)
    SELECT entity, id, action, actor, CAST(CASE WHEN actor IS NULL THEN 'system' ELSE 'user' END AS actor_type),
           jsonb_build_object('before', CAST('{}' AS jsonb), 'after', after), at
    FROM (
        SELECT 'assignment' AS entity, id, CASE assigned_by WHEN 'bid' THEN 'reopened' ELSE 'opened' END AS action,
               CAST(NULL AS uuid) AS actor, jsonb_build_object('status', 'unfilled', 'date', date) AS after,
               created_at AS at
        FROM assignments WHERE assigned_by IS DISTINCT FROM 'algorithm'
        UNION ALL
        SELECT 'assignment', id, CASE assigned_by WHEN 'bid' THEN 'bid_assign' ELSE 'roster_assign' END, NULL,
               jsonb_build_object('status', 'scheduled', 'user_id', user_id, 'date', date), assigned_at
        FROM assignments WHERE assigned_by IS NOT NULL
        UNION ALL
        SELECT 'assignment', id, 'confirmed', user_id, jsonb_build_object('confirmed_at', confirmed_at), confirmed_at
        FROM assignments WHERE assigned_by = 'algorithm' AND confirmed_at IS NOT NULL
        UNION ALL
        SELECT 'assignment', a.id, 'arrived', a.user_id,
               jsonb_build_object('status', 'active', 'arrived_at', s.arrived_at), s.arrived_at
        FROM assignments a JOIN shifts s ON s.assignment_id = a.id WHERE s.arrived_at IS NOT NULL
        UNION ALL
        SELECT 'shift', a.id, 'loaded', a.user_id, jsonb_build_object('parcels_start', s.parcels_start), s.started_at
        FROM assignments a JOIN shifts s ON s.assignment_id = a.id WHERE s.started_at IS NOT NULL
        UNION ALL
        SELECT 'assignment', a.id, 'completed', a.user_id,
               jsonb_build_object('status', 'completed', 'parcels_returned', s.parcels_returned,
                                  'parcels_delivered', s.parcels_delivered), s.completed_at
        FROM assignments a JOIN shifts s ON s.assignment_id = a.id WHERE s.completed_at IS NOT NULL
        UNION ALL
        SELECT 'assignment', a.id, CASE i.kind WHEN 'auto_drop' THEN 'auto_dropped' ELSE 'cancelled' END,
               CASE i.kind WHEN 'auto_drop' THEN NULL ELSE a.user_id END,
               jsonb_strip_nulls(jsonb_build_object('status', 'cancelled', 'reason', s.cancel_reason)), i.occurred_at
        FROM incidents i JOIN assignments a ON a.id = i.assignment_id LEFT JOIN shifts s ON s.assignment_id = a.id
        UNION ALL
        SELECT 'incident', id, 'created', CASE kind WHEN 'auto_drop' THEN NULL ELSE user_id END,
               jsonb_build_object('user_id', user_id, 'assignment_id', assignment_id, 'kind', kind), occurred_at
        FROM incidents
    ) AS entries
    """
)


async def record_past(session: AsyncSession) -> None:
    """Of all rows that are there; once."""
    await session.execute(_PAST)
