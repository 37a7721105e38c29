-- The five stages.  SHINE stays without submissions and without points.
INSERT INTO activities (code, name, default_points) VALUES
    ('LEARN', 'Learn', 20),
    ('EXPLORE', 'Explore', 50),
    ('AMPLIFY', 'Amplify', 1),
    ('PRESENT', 'Present', 20),
    ('SHINE', 'Shine', 0);
