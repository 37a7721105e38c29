-- One user a case; the ledger and the submissions say which.  Ids are those of auth.users, as text.
INSERT INTO users (id, handle, name, email, avatar_url, role, school, cohort, created_at) VALUES
    ('00000000-0000-4000-8000-000000000001', 'ada', 'Ada Nowak', 'ada@example.org', 'https://example.org/ada.png', 'PARTICIPANT', 'North High', '2025-A', CURRENT_DATE - 90),
    ('00000000-0000-4000-8000-000000000002', 'ben', 'Ben Ōe', 'ben@example.org', NULL, 'PARTICIPANT', 'North High', '2025-B', CURRENT_DATE - 90),
    ('00000000-0000-4000-8000-000000000003', 'cyd', 'Cyd O''Neill', 'cyd@example.org', NULL, 'PARTICIPANT', 'South High', '2025-A', CURRENT_DATE - 60),
    ('00000000-0000-4000-8000-000000000004', 'dee', 'Dee Park', 'dee@example.org', NULL, 'PARTICIPANT', 'South High', '2025-A', CURRENT_DATE - 60),
    ('00000000-0000-4000-8000-000000000005', 'eve', 'Eve Lund', 'eve@example.org', NULL, 'PARTICIPANT', 'South High', NULL, CURRENT_DATE - 60),
    ('00000000-0000-4000-8000-000000000006', 'fay', 'Fay Díaz', 'fay@example.org', NULL, 'PARTICIPANT', NULL, '2025-B', CURRENT_DATE - 60),
    ('00000000-0000-4000-8000-000000000007', 'gil', 'Gil Katz', 'gil@example.org', NULL, 'PARTICIPANT', 'East High', '2025-B', CURRENT_DATE - 60),
    ('00000000-0000-4000-8000-000000000008', 'hal', 'Hal', 'hal@example.org', NULL, 'PARTICIPANT', NULL, NULL, CURRENT_DATE - 30),
    ('00000000-0000-4000-8000-000000000009', 'ida', 'Ida Berg', 'ida@example.org', NULL, 'PARTICIPANT', 'East High', '2025-A', CURRENT_DATE - 30),
    ('00000000-0000-4000-8000-000000000010', 'joe', 'Joe Mbeki', 'joe@example.org', NULL, 'PARTICIPANT', 'East High', '2025-A', CURRENT_DATE - 30),
    ('00000000-0000-4000-8000-000000000011', 'kim', 'Kim Yoon', 'kim@example.org', NULL, 'PARTICIPANT', 'East High', '2025-A', CURRENT_DATE - 30),
    ('00000000-0000-4000-8000-000000000012', 'lou', 'Lou Roy', 'lou@example.org', NULL, 'PARTICIPANT', 'West High', '2025-A', CURRENT_DATE),
    ('00000000-0000-4000-8000-000000000021', 'rae', 'Rae Reviewer', 'rae@example.org', NULL, 'REVIEWER', NULL, NULL, CURRENT_DATE - 90),
    ('00000000-0000-4000-8000-000000000022', 'abe', 'Abe Admin', 'abe@example.org', NULL, 'ADMIN', NULL, NULL, CURRENT_DATE - 90),
    ('00000000-0000-4000-8000-000000000023', 'sue', 'Sue Superadmin', 'sue@example.org', NULL, 'SUPERADMIN', NULL, NULL, CURRENT_DATE - 90);
