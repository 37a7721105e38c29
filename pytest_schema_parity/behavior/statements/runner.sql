-- Runs examples, each in a subtransaction that is rolled back, and returns what every statement
-- did and what the tables and views held at the end.  Variables survive the rollback.
-- A timeout ends the call, as it has fired and does not apply to what follows: the last outcome has
-- its SQLSTATE and the contents are NULL, or the last line of the contents has it.
CREATE FUNCTION pg_temp.schema_parity_run(statements text[], lengths int[], reader text, deferred boolean)
RETURNS TABLE (outcomes text[], contents text) LANGUAGE plpgsql AS $run$
DECLARE
    position int := 0;
    size int;
    affected bigint;
    state text;
    message text;
    relation text;
    constraint_ text;
    column_ text;
    context text;
    is_canceled boolean := false;
    in_order boolean;
BEGIN
    FOREACH size IN ARRAY lengths LOOP
        outcomes := '{}';
        contents := '';
        BEGIN
            PERFORM pg_temp.schema_parity_reset();
            FOR step IN 1 .. size LOOP
                BEGIN
                    IF left(statements[position + step], 13) IN ('SELECT /*r*/ ', 'SELECT /*o*/ ') THEN
                        in_order := left(statements[position + step], 13) = 'SELECT /*o*/ ';
                        IF in_order THEN
                            -- Rows that are equal in order come as they were read: from the table,
                            -- and not from an index that one side alone may have.
                            PERFORM set_config('enable_indexscan', 'off', true),
                                set_config('enable_indexonlyscan', 'off', true),
                                set_config('enable_bitmapscan', 'off', true);
                        END IF;
                        EXECUTE format(
                            'SELECT concat_ws(chr(30), count(*), md5(string_agg(t, chr(10) ORDER BY %1$s)),'
                            ' left(string_agg(t, chr(10) ORDER BY %1$s), 400))'
                            ' FROM (SELECT q::text AS t, row_number() OVER () AS n FROM (%2$s) AS q) AS texts',
                            CASE WHEN in_order THEN 'n' ELSE 't' END, statements[position + step]
                        ) INTO message;
                        outcomes := array_append(outcomes, message);
                    ELSE
                        EXECUTE statements[position + step];
                        GET DIAGNOSTICS affected = ROW_COUNT;
                        outcomes := array_append(outcomes, affected::text);
                    END IF;
                EXCEPTION WHEN query_canceled THEN
                    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                        context = PG_EXCEPTION_CONTEXT;
                    outcomes := array_append(outcomes, concat_ws(chr(31), state, message, '', '', '', context));
                    contents := NULL;
                    RETURN NEXT;
                    RETURN;
                WHEN OTHERS THEN
                    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                        relation = TABLE_NAME, constraint_ = CONSTRAINT_NAME, column_ = COLUMN_NAME,
                        context = PG_EXCEPTION_CONTEXT;
                    outcomes := array_append(outcomes,
                        concat_ws(chr(31), state, message, relation, constraint_, column_, context));
                END;
            END LOOP;
            IF deferred THEN
                -- Not in a block of its own, so that the rollback of this block undoes it.
                SET CONSTRAINTS ALL IMMEDIATE;
                outcomes := array_append(outcomes, '0');
            END IF;
            IF reader <> '' THEN
                EXECUTE reader INTO contents;
                is_canceled := contents ~ '(^|\n)error 57014[^\n]*$';
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'SP000';
        EXCEPTION WHEN SQLSTATE 'SP000' THEN
            NULL;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                relation = TABLE_NAME, constraint_ = CONSTRAINT_NAME, column_ = COLUMN_NAME,
                context = PG_EXCEPTION_CONTEXT;
            outcomes := array_append(outcomes,
                concat_ws(chr(31), state, message, relation, constraint_, column_, context));
        END;
        position := position + size;
        RETURN NEXT;
        IF is_canceled THEN
            RETURN;
        END IF;
    END LOOP;
END
$run$
