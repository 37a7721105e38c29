-- Rows as they lie in the database that was deployed: in the old shape, and breaking rules that came
-- later.  They stand by themselves, and beside seed/01 to seed/07.
INSERT INTO activities (code, name, default_points) VALUES
    ('LEARN', 'Learn', 20),
    ('EXPLORE', 'Explore', 50),
    ('AMPLIFY', 'Amplify', 1),
    ('PRESENT', 'Present', 20),
    ('SHINE', 'Shine', 0),
    ('', E'\u00a0empty code', -2147483648) -- an activity of which nobody has heard
ON CONFLICT (code) DO NOTHING;

INSERT INTO users (id, handle, name, email, avatar_url, role, school, cohort, created_at) VALUES
    ('00000000-0000-4000-8000-000000000101', 'una', 'Una', 'una@example.org', NULL, 'PARTICIPANT', 'North High', NULL, CURRENT_DATE - 50),
    ('00000000-0000-4000-8000-000000000102', 'vic', E'Vic ''the "quote"'' \\ O\u0301', 'vic@example.org', '', 'PARTICIPANT', '', '', CURRENT_DATE - 50),
    ('00000000-0000-4000-8000-000000000103', 'Una', '陈雨 🐘 ‮txen', 'UNA@example.org', NULL, 'PARTICIPANT', E'tab\tnewline\n', 'Ω', CURRENT_DATE - 50),
    ('00000000-0000-4000-8000-000000000104', 'wes', 'Wes', 'wes@example.org', NULL, 'PARTICIPANT', NULL, NULL, TIMESTAMP '1970-01-01 00:00:00.001'),
    ('no uuid at all', ' x ', repeat('x', 3000), 'x', NULL, 'PARTICIPANT', NULL, NULL, TIMESTAMP '9999-12-31 23:59:59.999'),
    ('00000000-0000-4000-8000-000000000105', 'yan', 'Yan Staff', 'yan@example.org', NULL, 'REVIEWER', NULL, NULL, CURRENT_DATE - 50);

-- More than one active LEARN submission: una one approved, then one pending; vic one pending, then one
-- approved; wes two pending at one moment; "no uuid" two approved, one pending, one rejected.
INSERT INTO submissions (
    id, user_id, activity_code, status, visibility, payload, attachments,
    reviewer_id, review_note, created_at, updated_at
) VALUES
    ('learn-una-1', '00000000-0000-4000-8000-000000000101', 'LEARN', 'APPROVED', 'PUBLIC', '{"a": [1, 2.50, null]}', '["old.pdf"]', '00000000-0000-4000-8000-000000000105', 'Fine', CURRENT_DATE - 20 + TIME '12:00', CURRENT_DATE - 19 + TIME '12:00'),
    ('learn-una-2', '00000000-0000-4000-8000-000000000101', 'LEARN', 'PENDING', 'PRIVATE', '{}', '[]', NULL, NULL, CURRENT_DATE - 10 + TIME '12:00', CURRENT_DATE - 9 + TIME '12:00'),
    ('learn-vic-1', '00000000-0000-4000-8000-000000000102', 'LEARN', 'PENDING', 'PUBLIC', '{}', '[]', NULL, 'Waiting', CURRENT_DATE - 12 + TIME '12:00', CURRENT_DATE - 12 + TIME '12:00'),
    ('learn-vic-2', '00000000-0000-4000-8000-000000000102', 'LEARN', 'APPROVED', 'PRIVATE', '{}', '[]', NULL, NULL, CURRENT_DATE - 11 + TIME '12:00', CURRENT_DATE - 11 + TIME '12:00'),
    ('learn-wes-b', '00000000-0000-4000-8000-000000000104', 'LEARN', 'PENDING', 'PRIVATE', '{}', '[]', NULL, NULL, CURRENT_DATE - 5 + TIME '12:00', CURRENT_DATE - 5 + TIME '12:00'),
    ('learn-wes-B', '00000000-0000-4000-8000-000000000104', 'LEARN', 'PENDING', 'PRIVATE', '{}', '[]', NULL, NULL, CURRENT_DATE - 5 + TIME '12:00', CURRENT_DATE - 5 + TIME '12:00'),
    ('learn-x-1', 'no uuid at all', 'LEARN', 'APPROVED', 'PUBLIC', '{}', '[]', NULL, NULL, CURRENT_DATE - 40 + TIME '12:00', CURRENT_DATE - 40 + TIME '12:00'),
    ('learn-x-2', 'no uuid at all', 'LEARN', 'APPROVED', 'PUBLIC', '{}', '[]', NULL, NULL, CURRENT_DATE - 41 + TIME '12:00', CURRENT_DATE - 3 + TIME '12:00'),
    ('learn-x-3', 'no uuid at all', 'LEARN', 'PENDING', 'PUBLIC', '{}', '[]', NULL, NULL, CURRENT_DATE - 42 + TIME '12:00', CURRENT_DATE - 42 + TIME '12:00'),
    ('learn-x-4', 'no uuid at all', 'LEARN', 'REJECTED', 'PUBLIC', '{}', '[]', NULL, 'No', CURRENT_DATE - 43 + TIME '12:00', CURRENT_DATE - 43 + TIME '12:00'),
    -- AMPLIFY: far above the quota, and payloads that it would refuse.
    ('amplify-1', '00000000-0000-4000-8000-000000000103', 'AMPLIFY', 'APPROVED', 'PUBLIC', '{"peersTrained": 500, "studentsTrained": 9000}', '[]', NULL, NULL, CURRENT_DATE - 2 + TIME '12:00', CURRENT_DATE - 2 + TIME '12:00'),
    ('amplify-2', '00000000-0000-4000-8000-000000000103', 'AMPLIFY', 'PENDING', 'PUBLIC', '{"peersTrained": -3, "studentsTrained": 1e400}', '[]', NULL, NULL, CURRENT_DATE - 2 + TIME '12:00', CURRENT_DATE - 2 + TIME '12:00'),
    ('amplify-3', '00000000-0000-4000-8000-000000000103', 'AMPLIFY', 'PENDING', 'PRIVATE', '{"peersTrained": {"a": []}}', '[]', NULL, NULL, CURRENT_DATE - 1 + TIME '12:00', CURRENT_DATE - 1 + TIME '12:00'),
    ('amplify-4', '00000000-0000-4000-8000-000000000103', 'AMPLIFY', 'REJECTED', 'PRIVATE', '[]', 'null', NULL, '', CURRENT_DATE - 1 + TIME '12:00', CURRENT_DATE - 1 + TIME '12:00'),
    ('amplify-5', '00000000-0000-4000-8000-000000000104', 'AMPLIFY', 'PENDING', 'PRIVATE', 'null', '{"no": "list"}', 'nobody', NULL, CURRENT_DATE - 1 + TIME '12:00', CURRENT_DATE - 1 + TIME '12:00'),
    ('amplify-6', '00000000-0000-4000-8000-000000000104', 'AMPLIFY', 'PENDING', 'PRIVATE', '"12"', '[]', NULL, NULL, CURRENT_DATE + TIME '00:00', CURRENT_DATE + TIME '00:00'),
    ('', '00000000-0000-4000-8000-000000000104', '', 'PENDING', 'PUBLIC', '{"": "é", "ключ": "\ud83d\udc18"}', '[[[]]]', NULL, E'two\nlines', CURRENT_DATE - 1 + TIME '12:00', CURRENT_DATE - 1 + TIME '12:00');

INSERT INTO points_ledger (
    id, user_id, activity_code, source, delta_points, external_source, external_event_id, created_at
) VALUES
    ('old-1', '00000000-0000-4000-8000-000000000101', 'LEARN', 'FORM', 20, NULL, NULL, CURRENT_DATE - 19 + TIME '12:00'),
    ('old-2', '00000000-0000-4000-8000-000000000103', 'AMPLIFY', 'WEBHOOK', 2147483647, 'kajabi', '', CURRENT_DATE - 2 + TIME '12:00'),
    ('old-3', '00000000-0000-4000-8000-000000000103', 'AMPLIFY', 'MANUAL', 2147483647, 'kajabi', NULL, CURRENT_DATE - 2 + TIME '12:00'),
    ('old-4', 'no uuid at all', '', 'MANUAL', -2147483648, NULL, NULL, CURRENT_DATE - 1 + TIME '12:00'),
    ('old-5', '00000000-0000-4000-8000-000000000104', 'LEARN', 'WEBHOOK', 0, NULL, 'Evt-1', CURRENT_DATE - 1 + TIME '12:00'),
    ('old-6', '00000000-0000-4000-8000-000000000104', 'LEARN', 'WEBHOOK', 7, NULL, 'evt-1', CURRENT_DATE - 1 + TIME '12:00');

INSERT INTO badges (code, name, description, criteria, icon_url) VALUES ('ß', 'ẞ', '', 'null', NULL);
INSERT INTO earned_badges (id, user_id, badge_code, earned_at) VALUES
    ('old-earned', 'no uuid at all', 'ß', TIMESTAMP '1999-12-31 23:59:59.999');

INSERT INTO kajabi_events (id, received_at, payload, processed_at, user_match) VALUES
    ('old-event-1', TIMESTAMP '0044-03-15 12:00 BC', 'null', NULL, ''),
    ('old-event-2', CURRENT_DATE, '{"contact": "kj-1", "deep": {"er": [1, {"x": 1.10}]}}', 'infinity', 'nobody');

INSERT INTO audit_log (id, actor_id, action, target_id, meta, created_at) VALUES
    ('old-log-1', 'upgrade', 'not of ours', 'learn-una-1', '{"status": "PENDING"}', '-infinity'),
    ('old-log-2', '', '', NULL, 'null', CURRENT_DATE);

INSERT INTO storage.objects (bucket_id, name) VALUES
    ('evidence', '00000000-0000-4000-8000-000000000101/certificate 1.pdf'),
    ('evidence', 'nobody/𝄞.png');
