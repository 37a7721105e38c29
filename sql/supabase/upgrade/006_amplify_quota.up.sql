-- AMPLIFY: within any 7 days, a user trains at most 50 peers and 200 students. Checked when a submission
-- is inserted: those that are there stay, also above the quota, and count for what comes.
--
-- The function is that of migrations/20250904000004_amplify_quota.sql, to the letter.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

CREATE OR REPLACE FUNCTION public.check_amplify_quota() RETURNS trigger
LANGUAGE plpgsql
-- The user's rows all count, also those that row level security hides from whoever inserts.
SECURITY DEFINER
SET search_path = ''
AS $$
DECLARE
    period CONSTANT interval := '7 days';
    max_peers CONSTANT bigint := 50;
    max_students CONSTANT bigint := 200;
    countable CONSTANT text := '^[0-9]{1,9}(\.0+)?$';
    key text;
    value jsonb;
    peers bigint;
    students bigint;
BEGIN
    IF jsonb_typeof(NEW.payload) <> 'object' THEN
        RAISE check_violation USING
            MESSAGE = 'Payload of an AMPLIFY submission must be a JSON object',
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;

    FOREACH key IN ARRAY ARRAY['peersTrained', 'studentsTrained'] LOOP
        value := NEW.payload -> key;
        IF jsonb_typeof(value) NOT IN ('number', 'string') OR value #>> '{}' !~ countable THEN
            RAISE check_violation USING
                MESSAGE = format('%s must be a whole number from 0 to 999999999', key),
                DETAIL = format('It is %s: %s', jsonb_typeof(value), left(value::text, 80)),
                HINT = 'Leave it out where there is none.',
                TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
        END IF;
    END LOOP;

    -- One at a time for each user: two submissions at once would not see each other.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.user_id, hashtext(TG_NAME)));

    -- The highest sum of all periods that hold the new row, so that a row with an earlier time than
    -- those that are there does not slip in between them.
    WITH submission AS (
        SELECT s.created_at, s.payload ->> 'peersTrained' AS peers, s.payload ->> 'studentsTrained' AS students
        FROM public.submissions AS s
        WHERE s.user_id = NEW.user_id
            AND s.activity_code = 'AMPLIFY'
            AND s.created_at BETWEEN NEW.created_at - period AND NEW.created_at + period
        UNION ALL
        SELECT NEW.created_at, NEW.payload ->> 'peersTrained', NEW.payload ->> 'studentsTrained'
    ), trained AS (
        SELECT
            s.created_at AS until,
            sum(CASE WHEN s.peers ~ countable THEN s.peers::numeric ELSE 0 END) OVER period_until AS peers,
            sum(CASE WHEN s.students ~ countable THEN s.students::numeric ELSE 0 END) OVER period_until AS students
        FROM submission AS s
        WINDOW period_until AS (
            ORDER BY s.created_at RANGE BETWEEN period PRECEDING AND CURRENT ROW
        )
    )
    SELECT max(t.peers), max(t.students) INTO peers, students
    FROM trained AS t
    WHERE t.until >= NEW.created_at;

    IF peers > max_peers THEN
        RAISE check_violation USING
            MESSAGE = format('Peer training limit exceeded: %s in 7 days, at most %s', peers, max_peers),
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    IF students > max_students THEN
        RAISE check_violation USING
            MESSAGE = format('Student training limit exceeded: %s in 7 days, at most %s', students, max_students),
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER trg_check_amplify_quota
BEFORE INSERT ON public.submissions
FOR EACH ROW
WHEN (NEW.activity_code = 'AMPLIFY')
EXECUTE FUNCTION public.check_amplify_quota();

COMMIT;
