-- Submissions on both sides of each boundary.  Times hang on CURRENT_DATE, mostly at noon, so that
-- two databases seeded on one day hold the same rows.  Every status meets every visibility.
INSERT INTO submissions (
    id, user_id, activity_code, status, visibility, payload, attachments,
    reviewer_id, review_note, created_at, updated_at
)
SELECT
    'sub-' || u.handle || '-' || given.number,
    u.id,
    given.activity_code,
    given.status::"SubmissionStatus",
    given.visibility::"Visibility",
    given.payload::jsonb,
    '[]',
    reviewer.id,
    given.review_note,
    given.created_at,
    GREATEST(given.created_at, given.reviewed_at)
FROM (VALUES
    -- ada: several submissions beside several ledger entries; one of them older than 30 days.
    ('ada', 1, 'LEARN', 'APPROVED', 'PUBLIC', '{"certificate": "https://example.org/c/1"}', 'Well done', CURRENT_DATE - 40 + TIME '12:00', CURRENT_DATE - 39 + TIME '12:00'),
    ('ada', 2, 'EXPLORE', 'APPROVED', 'PUBLIC', '{"reflection": "It worked."}', NULL, CURRENT_DATE - 20 + TIME '12:00', CURRENT_DATE - 19 + TIME '12:00'),
    ('ada', 3, 'EXPLORE', 'REJECTED', 'PUBLIC', '{"reflection": "TBD"}', 'Too short', CURRENT_DATE - 25 + TIME '12:00', CURRENT_DATE - 24 + TIME '12:00'),
    ('ada', 4, 'AMPLIFY', 'APPROVED', 'PRIVATE', '{"peersTrained": 12, "studentsTrained": 60}', NULL, CURRENT_DATE - 2 + TIME '12:00', CURRENT_DATE - 1 + TIME '12:00'),
    ('ada', 5, 'PRESENT', 'PENDING', 'PUBLIC', '{"link": "https://example.org/talk"}', NULL, CURRENT_DATE - 1 + TIME '12:00', NULL),
    -- ben: the first millisecond of the last 30 days, and the one before.
    ('ben', 1, 'LEARN', 'APPROVED', 'PUBLIC', '{}', NULL, CURRENT_DATE - 30 + TIME '00:00', NULL),
    ('ben', 2, 'EXPLORE', 'APPROVED', 'PUBLIC', '{}', NULL, CURRENT_DATE - 31 + TIME '23:59:59.999', NULL),
    -- cyd: LEARN rejected twice, so that it may be handed in a third time.
    ('cyd', 1, 'LEARN', 'REJECTED', 'PUBLIC', '{}', 'Link is broken', CURRENT_DATE - 10 + TIME '12:00', CURRENT_DATE - 10 + TIME '13:00'),
    ('cyd', 2, 'LEARN', 'REJECTED', 'PRIVATE', '{}', 'Still broken', CURRENT_DATE - 9 + TIME '12:00', CURRENT_DATE - 9 + TIME '13:00'),
    ('cyd', 3, 'LEARN', 'PENDING', 'PRIVATE', '{}', NULL, CURRENT_DATE - 8 + TIME '12:00', NULL),
    ('dee', 1, 'PRESENT', 'REJECTED', 'PRIVATE', '{}', NULL, CURRENT_DATE - 5 + TIME '12:00', CURRENT_DATE - 4 + TIME '12:00'),
    -- eve: public work, and no points.
    ('eve', 1, 'EXPLORE', 'APPROVED', 'PUBLIC', '{}', NULL, CURRENT_DATE - 3 + TIME '12:00', NULL),
    -- fay: handed in before the last 30 days, reviewed within them.
    ('fay', 1, 'EXPLORE', 'APPROVED', 'PUBLIC', '{}', NULL, CURRENT_DATE - 45 + TIME '12:00', CURRENT_DATE - 12 + TIME '12:00'),
    ('gil', 1, 'LEARN', 'APPROVED', 'PRIVATE', '{}', NULL, CURRENT_DATE - 7 + TIME '12:00', NULL),
    -- ida: both AMPLIFY quotas used up to the last, one of the numbers as a string.
    ('ida', 1, 'AMPLIFY', 'APPROVED', 'PUBLIC', '{"peersTrained": 30, "studentsTrained": 150}', NULL, CURRENT_DATE - 6 + TIME '12:00', NULL),
    ('ida', 2, 'AMPLIFY', 'PENDING', 'PRIVATE', '{"peersTrained": "20", "studentsTrained": 50}', NULL, CURRENT_DATE - 1 + TIME '12:00', NULL),
    -- joe: used up twice, a millisecond more than 7 days apart.
    ('joe', 1, 'AMPLIFY', 'APPROVED', 'PRIVATE', '{"peersTrained": 50, "studentsTrained": 200}', NULL, CURRENT_DATE - 8 + TIME '11:59:59.999', NULL),
    ('joe', 2, 'AMPLIFY', 'PENDING', 'PRIVATE', '{"peersTrained": 50, "studentsTrained": 200}', NULL, CURRENT_DATE - 1 + TIME '12:00', NULL),
    -- kim: two halves, 7 days apart, which count together.
    ('kim', 1, 'AMPLIFY', 'APPROVED', 'PRIVATE', '{"peersTrained": 25, "studentsTrained": 100}', NULL, CURRENT_DATE - 8 + TIME '12:00', NULL),
    ('kim', 2, 'AMPLIFY', 'PENDING', 'PUBLIC', '{"peersTrained": 25, "studentsTrained": 100}', NULL, CURRENT_DATE - 1 + TIME '12:00', NULL),
    -- rae: public work of a reviewer, who is on no leaderboard.
    ('rae', 1, 'EXPLORE', 'APPROVED', 'PUBLIC', '{}', NULL, CURRENT_DATE - 3 + TIME '12:00', NULL)
) AS given (handle, number, activity_code, status, visibility, payload, review_note, created_at, reviewed_at)
JOIN users AS u ON u.handle = given.handle
LEFT JOIN users AS reviewer ON reviewer.handle = 'rae' AND given.reviewed_at IS NOT NULL;
