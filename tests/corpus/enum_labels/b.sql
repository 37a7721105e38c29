CREATE TYPE e AS ENUM ('new', 'open', 'sent', 'lost');
CREATE TYPE f AS ENUM ('mid', 'high', 'low');
