-- What only the canonical schema has; the archived one has neither the column nor the table.
UPDATE users SET kajabi_contact_id = 'kj-1' WHERE handle = 'ada';
UPDATE users SET kajabi_contact_id = 'kj-8' WHERE handle = 'hal';

INSERT INTO submission_attachments (id, submission_id, path, hash, created_at) VALUES
    ('att-1', 'sub-ada-1', '00000000-0000-4000-8000-000000000001/certificate.pdf', 'sha256:6b86b273', CURRENT_DATE - 40 + TIME '12:00'),
    ('att-2', 'sub-ada-2', '00000000-0000-4000-8000-000000000001/certificate.pdf', 'sha256:6b86b273', CURRENT_DATE - 20 + TIME '12:00'),
    ('att-3', 'sub-ada-2', '00000000-0000-4000-8000-000000000001/board.jpg', NULL, CURRENT_DATE - 20 + TIME '12:00');
