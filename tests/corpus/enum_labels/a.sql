CREATE TYPE e AS ENUM ('new', 'paid', 'sent', 'lost');
CREATE TYPE f AS ENUM ('low', 'mid', 'high');
