-- What runs inside of writers' transactions.
--
-- These functions are SECURITY DEFINER, so that writers need no rights here, and have no SET clause, which would cost
-- each call 2.7 us. Therefore EVERY function, type and operator in them is qualified, also the operators that hide in
-- CASE x WHEN, IN, USING and IS DISTINCT FROM: a writer's search_path must not be able to put its own in their place.
--
-- The transaction-local setting everafter.seg = 'xid:seg:n' names the open segment and how many events it has; ROLLBACK TO
-- SAVEPOINT undoes it by itself. 20 random bits in seg make the segment of another open transaction unguessable.

-- An expression costs a one-row transaction 0.3 to 1 us, because each transaction prepares it anew, and a function or operator
-- in it a fifth of that. So there are as few as can be, and none is evaluated that isn't needed (docs/adr/0052).

-- Whether what this statement commits is on disk for certain as soon as it is visible. Only what is committing for certain
-- can't switch synchronous_commit off any more; PREPARE TRANSACTION flushes always, and so does COMMIT PREPARED.
CREATE FUNCTION everafter.is_durable(command text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    -- Matching takes time that grows with the text, which may be a megabyte of VALUES.
    IF pg_catalog.upper(pg_catalog.left(pg_catalog.ltrim(pg_catalog.left(command, 40), E' \t\r\n'), 3))
        OPERATOR(pg_catalog.=) ANY ('{COM,END,PRE}'::pg_catalog.text[]) THEN
        RETURN everafter.commits(command) AND pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.<>) 'off'
            OR command OPERATOR(pg_catalog.~*) '^[[:space:]]*prepare[[:space:]]+transaction[[:space:]]*''[^'';]*''[[:space:]]*;?[[:space:]]*$';
    END IF;
    RETURN false;
END$$;

CREATE FUNCTION everafter.commits(command text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN command OPERATOR(pg_catalog.~*) '^[[:space:]]*(commit|end)([[:space:]]+(work|transaction))?[[:space:]]*;?[[:space:]]*$';
END$$;

-- Closes a part: fires for the events 1, 257, 513, ... of a segment, in the commit phase (or at SET CONSTRAINTS
-- IMMEDIATE, after which further events open a new segment).
CREATE FUNCTION everafter.close_part() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    -- current_query() is NULL where an autocommit statement of the extended protocol (JDBC) commits, at Sync.
    INSERT INTO everafter.commit_log (seg, part, at, tx, durable)
    VALUES (NEW.seg, (NEW.n OPERATOR(pg_catalog.>>) 8)::pg_catalog.int4, pg_catalog.clock_timestamp(),
            pg_catalog.pg_current_xact_id(),
            CASE WHEN COALESCE(pg_catalog.current_query() OPERATOR(pg_catalog.=) 'COMMIT', true)
                 THEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.<>) 'off'
                 ELSE everafter.is_durable(pg_catalog.current_query()) END);
    -- The doorbell, after the insert: a reader that arms it looks afterwards for transactions that hold an id. Tested in
    -- ONE expression: of two statements a cancel in between would keep the session lock. The segment is closed by the way.
    IF pg_catalog.set_config('everafter.seg', '', true) OPERATOR(pg_catalog.=) ''
        AND (CASE WHEN pg_catalog.pg_try_advisory_lock_shared(1163281746, 1)
                  THEN pg_catalog.pg_advisory_unlock_shared(1163281746, 1) ELSE false END) THEN
        RETURN NULL;
    END IF;
    -- NOTIFY makes PREPARE TRANSACTION fail: silent unless this surely is none. The reader then looks by itself.
    IF pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.<>) '0' THEN
        IF (pg_catalog.current_query() OPERATOR(pg_catalog.~*) 'prepare'
            OR pg_catalog.statement_timestamp() OPERATOR(pg_catalog.<>) pg_catalog.transaction_timestamp())
            AND NOT everafter.commits(pg_catalog.current_query()) THEN
            RETURN NULL;
        END IF;
    END IF;
    PERFORM pg_catalog.pg_notify('everafter', '');
    RETURN NULL;
END$$;

-- A single boolean, since each statement that inserts prepares the condition anew: (n & 255) = 1 costs it 3 us more.
CREATE CONSTRAINT TRIGGER close_part AFTER INSERT ON everafter.event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.first) EXECUTE FUNCTION everafter.close_part();
ALTER TABLE everafter.event ENABLE ALWAYS TRIGGER close_part;

CREATE FUNCTION everafter.emit(topic text, type text, data jsonb, key jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    open pg_catalog.text;
    seg pg_catalog.int8;
    n pg_catalog.int8 := 1;
BEGIN
    -- PostgreSQL makes no text above 1 GB, and that of jsonb can be six times as long as its bytes: an event that is too
    -- large could never be read, and with it the log would stand still. So it is its writer's statement that fails.
    -- #> makes it plain first: of a compressed value the size would be that of what it is compressed to.
    IF pg_catalog.pg_column_size(data OPERATOR(pg_catalog.#>) '{}') OPERATOR(pg_catalog.>=) 67108864
        OR pg_catalog.pg_column_size(key OPERATOR(pg_catalog.#>) '{}') OPERATOR(pg_catalog.>=) 1048576
        OR pg_catalog.octet_length(topic) OPERATOR(pg_catalog.>=) 1048576
        OR pg_catalog.octet_length(type) OPERATOR(pg_catalog.>=) 1048576 THEN
        RAISE EXCEPTION 'everafter.emit: data must be below 64 MiB, and each of key, topic and type below 1 MiB (topic %)',
            pg_catalog.left(topic, 100)
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    IF pg_catalog.starts_with(pg_catalog.current_setting('everafter.seg', true),
            pg_catalog.pg_current_xact_id()::pg_catalog.text OPERATOR(pg_catalog.||) ':') THEN
        open := pg_catalog.current_setting('everafter.seg');
        seg := pg_catalog.split_part(open, ':', 2)::pg_catalog.int8;
        n := pg_catalog.split_part(open, ':', 3)::pg_catalog.int8 OPERATOR(pg_catalog.+) 1;
    ELSE
        seg := (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8;
    END IF;
    -- before the insert, which in immediate mode closes the segment
    open := pg_catalog.set_config('everafter.seg', pg_catalog.concat(pg_catalog.pg_current_xact_id(), ':', seg, ':', n), true);
    INSERT INTO everafter.event (seg, n, topic, type, key, data, first)
    VALUES (seg, n, emit.topic, emit.type, emit.key, emit.data, (n OPERATOR(pg_catalog.&) 255) OPERATOR(pg_catalog.=) 1);
END$$;

-- Any number of events in their order, each {"topic": .., "type": .., "data": .., "key": ..}.
CREATE FUNCTION everafter.emit_all(events jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    open pg_catalog.text;
    seg pg_catalog.int8;
    n pg_catalog.int8 := 0;
    added pg_catalog.int8;
    wrong pg_catalog.int8;
BEGIN
    IF (pg_catalog.jsonb_typeof(events) OPERATOR(pg_catalog.=) 'array') IS NOT TRUE THEN
        RAISE EXCEPTION 'everafter.emit_all: not an array of events' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT pg_catalog.min(e.i) INTO wrong
    FROM pg_catalog.jsonb_array_elements(events) WITH ORDINALITY e (event, i)
    WHERE (pg_catalog.jsonb_typeof(e.event OPERATOR(pg_catalog.->) 'topic') OPERATOR(pg_catalog.=) 'string') IS NOT TRUE
       OR (pg_catalog.jsonb_typeof(e.event OPERATOR(pg_catalog.->) 'type') OPERATOR(pg_catalog.=) 'string') IS NOT TRUE
       OR pg_catalog.pg_column_size(e.event) OPERATOR(pg_catalog.>=) 67108864;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'everafter.emit_all: element % is no event', wrong
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'An event is {"topic": "..", "type": "..", "data": .., "key": ..}, below 64 MiB.';
    END IF;
    IF pg_catalog.starts_with(pg_catalog.current_setting('everafter.seg', true),
            pg_catalog.pg_current_xact_id()::pg_catalog.text OPERATOR(pg_catalog.||) ':') THEN
        open := pg_catalog.current_setting('everafter.seg');
        seg := pg_catalog.split_part(open, ':', 2)::pg_catalog.int8;
        n := pg_catalog.split_part(open, ':', 3)::pg_catalog.int8;
    ELSE
        seg := (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8;
        open := pg_catalog.set_config('everafter.seg', pg_catalog.concat(pg_catalog.pg_current_xact_id(), ':', seg, ':0'), true);
    END IF;
    INSERT INTO everafter.event (seg, n, topic, type, key, data, first)
    SELECT seg, n OPERATOR(pg_catalog.+) e.i, e.event OPERATOR(pg_catalog.->>) 'topic', e.event OPERATOR(pg_catalog.->>) 'type',
           CASE WHEN pg_catalog.jsonb_typeof(e.event OPERATOR(pg_catalog.->) 'key') OPERATOR(pg_catalog.<>) 'null'
                THEN e.event OPERATOR(pg_catalog.->) 'key' END,
           e.event OPERATOR(pg_catalog.->) 'data',
           ((n OPERATOR(pg_catalog.+) e.i) OPERATOR(pg_catalog.&) 255) OPERATOR(pg_catalog.=) 1
    FROM pg_catalog.jsonb_array_elements(events) WITH ORDINALITY e (event, i);
    GET DIAGNOSTICS added = ROW_COUNT;
    -- in immediate mode the insert has closed the segment, and the setting is empty: it stays closed
    IF added OPERATOR(pg_catalog.>) 0 AND pg_catalog.current_setting('everafter.seg') OPERATOR(pg_catalog.<>) '' THEN
        open := pg_catalog.set_config('everafter.seg',
            pg_catalog.concat(pg_catalog.pg_current_xact_id(), ':', seg, ':', n OPERATOR(pg_catalog.+) added), true);
    END IF;
END$$;

-- An id that is reached when everything the caller has committed before has been delivered.
CREATE FUNCTION everafter.head() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT max(id) * 256 + 255 FROM everafter.commit_log), (SELECT oldest FROM everafter.retained))
$$;

REVOKE EXECUTE ON FUNCTION everafter.close_part(), everafter.is_durable(text), everafter.commits(text) FROM public;
