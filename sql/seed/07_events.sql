-- Webhooks: one that earned points, one whose user nobody knows, one that is waiting.
INSERT INTO kajabi_events (id, received_at, payload, processed_at, user_match) VALUES
    ('evt-1001', CURRENT_DATE - 2 + TIME '12:00', '{"contact": "kj-1", "tag": "AMPLIFY"}', CURRENT_DATE - 2 + TIME '12:00:01', '00000000-0000-4000-8000-000000000001'),
    ('evt-1003', CURRENT_DATE - 1 + TIME '12:00', '{"contact": "kj-404", "tag": "LEARN"}', CURRENT_DATE - 1 + TIME '12:00:01', NULL),
    ('evt-1004', CURRENT_DATE + TIME '00:00', '{"contact": "kj-8", "tag": "LEARN"}', NULL, NULL);

INSERT INTO audit_log (id, actor_id, action, target_id, meta, created_at) VALUES
    ('log-1', '00000000-0000-4000-8000-000000000021', 'submission.approve', 'sub-ada-1', '{"points": 20}', CURRENT_DATE - 39 + TIME '12:00'),
    ('log-2', '00000000-0000-4000-8000-000000000022', 'points.correct', 'led-ada-4', '{"points": -5}', CURRENT_DATE - 1 + TIME '12:00'),
    ('log-3', 'system', 'leaderboards.refresh', NULL, NULL, CURRENT_DATE + TIME '00:00');
