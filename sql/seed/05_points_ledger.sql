-- Points: sums above, at and below 0, and the same for the last 30 days alone.
INSERT INTO points_ledger (
    id, user_id, activity_code, source, delta_points, external_source, external_event_id, created_at
)
SELECT
    'led-' || u.handle || '-' || given.number,
    u.id,
    given.activity_code,
    given.source::"LedgerSource",
    given.delta_points,
    CASE WHEN given.external_event_id IS NOT NULL THEN 'kajabi' END,
    given.external_event_id,
    given.created_at
FROM (VALUES
    -- ada: 95, of which 75 in the last 30 days.
    ('ada', 1, 'LEARN', 'FORM', 20, NULL, CURRENT_DATE - 40 + TIME '12:00'),
    ('ada', 2, 'EXPLORE', 'FORM', 50, NULL, CURRENT_DATE - 20 + TIME '12:00'),
    ('ada', 3, 'AMPLIFY', 'WEBHOOK', 30, 'evt-1001', CURRENT_DATE - 2 + TIME '12:00'),
    ('ada', 4, 'LEARN', 'MANUAL', -5, NULL, CURRENT_DATE - 1 + TIME '12:00'),
    -- ben: the first millisecond of the last 30 days, counted by whole days (counted back from now,
    -- it is out), and the one before.
    ('ben', 1, 'LEARN', 'FORM', 20, NULL, CURRENT_DATE - 30 + TIME '00:00'),
    ('ben', 2, 'EXPLORE', 'FORM', 50, NULL, CURRENT_DATE - 31 + TIME '23:59:59.999'),
    -- cyd: 0, by a correction.  dee: below 0.
    ('cyd', 1, 'LEARN', 'FORM', 20, NULL, CURRENT_DATE - 10 + TIME '12:00'),
    ('cyd', 2, 'LEARN', 'MANUAL', -20, NULL, CURRENT_DATE - 9 + TIME '12:00'),
    ('dee', 1, 'PRESENT', 'MANUAL', -15, NULL, CURRENT_DATE - 5 + TIME '12:00'),
    -- fay: 40, but below 0 in the last 30 days.  gil: the other way about.
    ('fay', 1, 'EXPLORE', 'FORM', 50, NULL, CURRENT_DATE - 45 + TIME '12:00'),
    ('fay', 2, 'EXPLORE', 'MANUAL', -10, NULL, CURRENT_DATE - 12 + TIME '12:00'),
    ('gil', 1, 'EXPLORE', 'MANUAL', -50, NULL, CURRENT_DATE - 60 + TIME '12:00'),
    ('gil', 2, 'LEARN', 'FORM', 20, NULL, CURRENT_DATE - 7 + TIME '12:00'),
    -- hal: points without a submission; today's first millisecond.
    ('hal', 1, 'PRESENT', 'FORM', 20, NULL, CURRENT_DATE - 4 + TIME '12:00'),
    ('hal', 2, 'LEARN', 'WEBHOOK', 5, 'evt-1002', CURRENT_DATE + TIME '00:00'),
    -- ida: the least that is above 0.  kim: 0, from one entry.
    ('ida', 1, 'AMPLIFY', 'FORM', 1, NULL, CURRENT_DATE - 6 + TIME '12:00'),
    ('kim', 1, 'AMPLIFY', 'FORM', 0, NULL, CURRENT_DATE - 2 + TIME '12:00'),
    -- Whoever is no participant is on no leaderboard, and counts in the metrics.
    ('rae', 1, 'EXPLORE', 'MANUAL', 100, NULL, CURRENT_DATE - 3 + TIME '12:00'),
    ('abe', 1, 'LEARN', 'MANUAL', 500, NULL, CURRENT_DATE - 3 + TIME '12:00'),
    ('sue', 1, 'LEARN', 'MANUAL', 1000, NULL, CURRENT_DATE - 3 + TIME '12:00')
) AS given (handle, number, activity_code, source, delta_points, external_event_id, created_at)
JOIN users AS u ON u.handle = given.handle;
