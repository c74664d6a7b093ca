-- What runs inside of writers' transactions.
--
-- These functions are SECURITY DEFINER, so that writers need no rights here, and have no SET clause, which would cost
-- each call 2.7 us. Therefore EVERY function, type and operator in them is qualified, also the operators that hide in
-- CASE x WHEN, IN, USING and IS DISTINCT FROM: a writer's search_path must not be able to put its own in their place.
--
-- The transaction-local setting everafter.seg = 'xid:seg:n' names the open segment and how many events it has; ROLLBACK TO
-- SAVEPOINT undoes it by itself. 20 random bits in seg make the segment of another open transaction unguessable.

-- Closes a part: fires for the events 1, 257, 513, ... of a segment, in the commit phase (or at SET CONSTRAINTS
-- IMMEDIATE, after which further events open a new segment).
CREATE FUNCTION everafter.close_part() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    query pg_catalog.text := pg_catalog.current_query();
    -- NULL: an autocommit statement of the extended protocol (JDBC) that commits at Sync
    committing pg_catalog.bool := query IS NULL
        OR query OPERATOR(pg_catalog.~*) '^[[:space:]]*(commit|end)([[:space:]]+(work|transaction))?[[:space:]]*;?[[:space:]]*$';
    done pg_catalog.text;
BEGIN
    INSERT INTO everafter.commit_log (seg, part, at, tx, durable) VALUES (
        NEW.seg,
        ((NEW.n OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog.>>) 8)::pg_catalog.int4,
        pg_catalog.clock_timestamp(),
        pg_catalog.pg_current_xact_id(),
        -- Only what is committing for certain can't switch synchronous_commit off any more. COMMIT PREPARED flushes always.
        (committing AND pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.<>) 'off')
            OR COALESCE(query OPERATOR(pg_catalog.~*) '^[[:space:]]*prepare[[:space:]]+transaction[[:space:]]*''[^'';]*''[[:space:]]*;?[[:space:]]*$', false));
    done := pg_catalog.set_config('everafter.seg', '', true);

    -- The doorbell, after the insert: a reader that arms it looks afterwards for transactions that hold an id. Tested in
    -- ONE expression: of two statements a cancel in between would keep the session lock.
    IF (CASE WHEN pg_catalog.pg_try_advisory_lock_shared(1163281746, 1)
             THEN pg_catalog.pg_advisory_unlock_shared(1163281746, 1) ELSE false END) THEN
        RETURN NULL;
    END IF;
    -- NOTIFY makes PREPARE TRANSACTION fail: silent unless this surely is none. The reader then looks by itself.
    IF pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.<>) '0' AND NOT committing
        AND (query OPERATOR(pg_catalog.~*) 'prepare'
             OR pg_catalog.statement_timestamp() OPERATOR(pg_catalog.<>) pg_catalog.transaction_timestamp()) THEN
        RETURN NULL;
    END IF;
    done := pg_catalog.pg_notify('everafter', '');
    RETURN NULL;
END$$;

CREATE CONSTRAINT TRIGGER close_part AFTER INSERT ON everafter.event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((NEW.n & 255) = 1) EXECUTE FUNCTION everafter.close_part();
ALTER TABLE everafter.event ENABLE ALWAYS TRIGGER close_part;

CREATE FUNCTION everafter.emit(topic text, type text, data jsonb, key jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    open pg_catalog.text := pg_catalog.current_setting('everafter.seg', true);
    xid pg_catalog.text := pg_catalog.pg_current_xact_id()::pg_catalog.text;
    seg pg_catalog.int8;
    n pg_catalog.int8 := 1;
BEGIN
    IF pg_catalog.split_part(open, ':', 1) OPERATOR(pg_catalog.=) xid THEN
        seg := pg_catalog.split_part(open, ':', 2)::pg_catalog.int8;
        n := pg_catalog.split_part(open, ':', 3)::pg_catalog.int8 OPERATOR(pg_catalog.+) 1;
    ELSE
        seg := (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8;
    END IF;
    -- before the insert, which in immediate mode closes the segment
    open := pg_catalog.set_config('everafter.seg', pg_catalog.concat(xid, ':', seg, ':', n), true);
    INSERT INTO everafter.event (seg, n, topic, type, key, data)
    VALUES (seg, n, emit.topic, emit.type, emit.key, emit.data);
END$$;

-- An id that is reached when everything the caller has committed before has been delivered.
CREATE FUNCTION everafter.head() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT max(id) * 256 + 255 FROM everafter.commit_log), (SELECT oldest FROM everafter.retained))
$$;
