CREATE COLLATION c1 (provider = libc, lc_collate = 'C', lc_ctype = 'C');
CREATE COLLATION c2 (provider = libc, lc_collate = 'C', lc_ctype = 'C');
