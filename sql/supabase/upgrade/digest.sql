-- Rows and values of the tables of before, one line a table.  The same before the upgrade and after each
-- step: what step 005 rejected counts with its status of before, and the upgrade's own notes do not count.

SET search_path = pg_catalog;

WITH notes AS (
    SELECT target_id, meta ->> 'status' AS status
    FROM public.audit_log
    WHERE actor_id = 'upgrade' AND action = 'learn.deactivate'
), line (relation, key, value) AS (
    SELECT 'users', u.id, ROW(
        u.id, u.handle, u.name, u.email, u.avatar_url, u.role, u.school, u.cohort, u.created_at
    )::text
    FROM public.users AS u
    UNION ALL
    SELECT 'activities', a.code, ROW(a.code, a.name, a.default_points)::text
    FROM public.activities AS a
    UNION ALL
    SELECT 'submissions', s.id, ROW(
        s.id, s.user_id, s.activity_code,
        CASE WHEN s.status = 'REJECTED' AND n.status IS NOT NULL THEN n.status ELSE s.status::text END,
        s.visibility, s.payload, s.attachments, s.reviewer_id, s.review_note, s.created_at, s.updated_at
    )::text
    FROM public.submissions AS s
    LEFT JOIN notes AS n ON n.target_id = s.id
    UNION ALL
    SELECT 'points_ledger', p.id, ROW(
        p.id, p.user_id, p.activity_code, p.source, p.delta_points, p.external_source,
        p.external_event_id, p.created_at
    )::text
    FROM public.points_ledger AS p
    UNION ALL
    SELECT 'badges', b.code, ROW(b.code, b.name, b.description, b.criteria, b.icon_url)::text
    FROM public.badges AS b
    UNION ALL
    SELECT 'earned_badges', e.id, ROW(e.id, e.user_id, e.badge_code, e.earned_at)::text
    FROM public.earned_badges AS e
    UNION ALL
    SELECT 'kajabi_events', k.id, ROW(k.id, k.received_at, k.payload, k.processed_at, k.user_match)::text
    FROM public.kajabi_events AS k
    UNION ALL
    SELECT 'audit_log', l.id, ROW(l.id, l.actor_id, l.action, l.target_id, l.meta, l.created_at)::text
    FROM public.audit_log AS l
    WHERE NOT (
        l.actor_id = 'upgrade' AND (l.action = 'learn.deactivate' OR l.action LIKE 'rollback.%')
    )
)
SELECT relation, count(*), md5(string_agg(md5(value), '' ORDER BY key COLLATE "C"))
FROM line
GROUP BY relation
ORDER BY relation COLLATE "C";
