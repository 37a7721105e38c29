INSERT INTO badges (code, name, description, criteria, icon_url) VALUES
    ('STARTER', 'Starter', 'Finished the first stage', '{"activity": "LEARN"}', 'https://example.org/starter.svg'),
    ('EXPLORER', 'Explorer', 'Brought it to class', '{"activity": "EXPLORE"}', NULL),
    ('CENTURION', 'Centurion', 'Earned 100 points', '{"points": 100}', NULL);
