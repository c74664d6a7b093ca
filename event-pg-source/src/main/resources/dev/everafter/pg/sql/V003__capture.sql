-- Captured tables. See V002 for why everything in the trigger functions is qualified.

-- The columns of the primary key, in its order; NULL if there is none.
CREATE FUNCTION everafter.key_columns(tbl regclass) RETURNS text[] LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(a.attname::text ORDER BY k.place)
    FROM pg_index i
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = tbl AND i.indisprimary
$$;

-- The key of a row where it isn't just one column that is there: composite, or renamed since the capture.
CREATE FUNCTION everafter.row_key(image jsonb, columns text[], tbl oid) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT pg_catalog.jsonb_exists_all(image, columns) THEN
        columns := everafter.key_columns(tbl::pg_catalog.regclass);
        IF columns IS NULL THEN
            RAISE EXCEPTION 'table % is captured by everafter but has no primary key any more', tbl::pg_catalog.regclass
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Add a primary key, or stop capturing it: SELECT everafter.uncapture(''...'').';
        END IF;
    END IF;
    RETURN (SELECT pg_catalog.jsonb_object_agg(c, image OPERATOR(pg_catalog.->) c) FROM pg_catalog.unnest(columns) c);
END$$;

-- Arguments of both trigger functions: the topic, then the key columns.

CREATE FUNCTION everafter.capture_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    open pg_catalog.text := pg_catalog.current_setting('everafter.seg', true);
    xid pg_catalog.text := pg_catalog.pg_current_xact_id()::pg_catalog.text;
    seg pg_catalog.int8;
    n pg_catalog.int8 := 1;
    data pg_catalog.jsonb;
    old_row pg_catalog.jsonb;
    image pg_catalog.jsonb;
    key pg_catalog.jsonb;
BEGIN
    IF pg_catalog.split_part(open, ':', 1) OPERATOR(pg_catalog.=) xid THEN
        seg := pg_catalog.split_part(open, ':', 2)::pg_catalog.int8;
        n := pg_catalog.split_part(open, ':', 3)::pg_catalog.int8 OPERATOR(pg_catalog.+) 1;
    ELSE
        seg := (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8;
    END IF;
    IF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        old_row := pg_catalog.to_jsonb(OLD);
        image := old_row;
    ELSE
        data := pg_catalog.to_jsonb(NEW);
        image := data;
        IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
            old_row := COALESCE((SELECT pg_catalog.jsonb_object_agg(o.key, o.value)
                FROM pg_catalog.jsonb_each(pg_catalog.to_jsonb(OLD)) o
                WHERE (data OPERATOR(pg_catalog.->) o.key) OPERATOR(pg_catalog.<>) o.value), '{}');
        END IF;
    END IF;
    IF TG_NARGS OPERATOR(pg_catalog.=) 2 AND pg_catalog.jsonb_exists(image, TG_ARGV[1]) THEN
        key := pg_catalog.jsonb_build_object(TG_ARGV[1], image OPERATOR(pg_catalog.->) TG_ARGV[1]);
    ELSE
        key := everafter.row_key(image, TG_ARGV[1:], TG_RELID);
    END IF;
    open := pg_catalog.set_config('everafter.seg', pg_catalog.concat(xid, ':', seg, ':', n), true);
    INSERT INTO everafter.event (seg, n, topic, type, key, data, old)
    VALUES (seg, n, TG_ARGV[0], pg_catalog.lower(TG_OP), key, data, old_row);
    RETURN NULL;
END$$;

-- Over twice as cheap in bulk. TRUNCATE comes here in either form.
CREATE FUNCTION everafter.capture_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    open pg_catalog.text := pg_catalog.current_setting('everafter.seg', true);
    xid pg_catalog.text := pg_catalog.pg_current_xact_id()::pg_catalog.text;
    seg pg_catalog.int8;
    n pg_catalog.int8 := 0;
    added pg_catalog.int8;
BEGIN
    IF pg_catalog.split_part(open, ':', 1) OPERATOR(pg_catalog.=) xid THEN
        seg := pg_catalog.split_part(open, ':', 2)::pg_catalog.int8;
        n := pg_catalog.split_part(open, ':', 3)::pg_catalog.int8;
    ELSE
        seg := (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8;
        open := pg_catalog.set_config('everafter.seg', pg_catalog.concat(xid, ':', seg, ':0'), true);
    END IF;
    -- OFFSET 0 keeps the planner from converting the row once for each use. a.* because a alone could be a column's name.
    IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        INSERT INTO everafter.event (seg, n, topic, type, key, data)
        SELECT seg, n OPERATOR(pg_catalog.+) pg_catalog.row_number() OVER (), TG_ARGV[0], 'insert',
               CASE WHEN TG_NARGS OPERATOR(pg_catalog.=) 2 AND pg_catalog.jsonb_exists(r.image, TG_ARGV[1])
                    THEN pg_catalog.jsonb_build_object(TG_ARGV[1], r.image OPERATOR(pg_catalog.->) TG_ARGV[1])
                    ELSE everafter.row_key(r.image, TG_ARGV[1:], TG_RELID) END,
               r.image
        FROM (SELECT pg_catalog.to_jsonb(a.*) AS image FROM after a OFFSET 0) r;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        INSERT INTO everafter.event (seg, n, topic, type, key, old)
        SELECT seg, n OPERATOR(pg_catalog.+) pg_catalog.row_number() OVER (), TG_ARGV[0], 'delete',
               CASE WHEN TG_NARGS OPERATOR(pg_catalog.=) 2 AND pg_catalog.jsonb_exists(r.image, TG_ARGV[1])
                    THEN pg_catalog.jsonb_build_object(TG_ARGV[1], r.image OPERATOR(pg_catalog.->) TG_ARGV[1])
                    ELSE everafter.row_key(r.image, TG_ARGV[1:], TG_RELID) END,
               r.image
        FROM (SELECT pg_catalog.to_jsonb(b.*) AS image FROM before b OFFSET 0) r;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
        -- Both transition tables have the rows in the same order: each row goes into both by one call.
        INSERT INTO everafter.event (seg, n, topic, type, key, data, old)
        SELECT seg, n OPERATOR(pg_catalog.+) x.i, TG_ARGV[0], 'update',
               CASE WHEN TG_NARGS OPERATOR(pg_catalog.=) 2 AND pg_catalog.jsonb_exists(x.image, TG_ARGV[1])
                    THEN pg_catalog.jsonb_build_object(TG_ARGV[1], x.image OPERATOR(pg_catalog.->) TG_ARGV[1])
                    ELSE everafter.row_key(x.image, TG_ARGV[1:], TG_RELID) END,
               x.image,
               COALESCE((SELECT pg_catalog.jsonb_object_agg(o.key, o.value) FROM pg_catalog.jsonb_each(y.image) o
                   WHERE (x.image OPERATOR(pg_catalog.->) o.key) OPERATOR(pg_catalog.<>) o.value), '{}')
        FROM (SELECT pg_catalog.row_number() OVER () AS i, pg_catalog.to_jsonb(a.*) AS image FROM after a) x
        JOIN (SELECT pg_catalog.row_number() OVER () AS i, pg_catalog.to_jsonb(b.*) AS image FROM before b) y
            ON x.i OPERATOR(pg_catalog.=) y.i
        ORDER BY x.i;
    ELSE
        INSERT INTO everafter.event (seg, n, topic, type)
        VALUES (seg, n OPERATOR(pg_catalog.+) 1, TG_ARGV[0], pg_catalog.lower(TG_OP));
    END IF;
    GET DIAGNOSTICS added = ROW_COUNT;
    -- in immediate mode the insert has closed the segment, and the setting is empty: it stays closed
    IF added OPERATOR(pg_catalog.>) 0 AND pg_catalog.current_setting('everafter.seg') OPERATOR(pg_catalog.<>) '' THEN
        open := pg_catalog.set_config('everafter.seg',
            pg_catalog.concat(xid, ':', seg, ':', n OPERATOR(pg_catalog.+) added), true);
    END IF;
    RETURN NULL;
END$$;

CREATE FUNCTION everafter.uncapture(tbl regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT t.tgname FROM pg_trigger t
        WHERE t.tgrelid = tbl AND NOT t.tgisinternal AND t.tgparentid = 0
          AND t.tgfoid IN ('everafter.capture_row()'::regprocedure, 'everafter.capture_statement()'::regprocedure)
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', name, tbl);
    END LOOP;
END$$;

-- Makes every change of a table an event from now on; called again it replaces what was there.
-- options: {"form": "statement" | "row"}. Without it the form that misses nothing on this table is taken.
CREATE FUNCTION everafter.capture(tbl regclass, options jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation record;
    row_only text;
    form text := options ->> 'form';
    arguments text;
    columns text[] := everafter.key_columns(tbl);
    unknown text := (SELECT string_agg(o, ', ') FROM jsonb_object_keys(options) o WHERE o <> 'form');
BEGIN
    SELECT c.*, n.nspname, c.oid AS oid INTO relation
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = tbl;
    IF unknown IS NOT NULL OR (form IS NOT NULL AND form NOT IN ('row', 'statement')) THEN
        RAISE EXCEPTION 'can''t capture %: unknown option in %', tbl, options
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Known is {"form": "row"} or {"form": "statement"}.';
    ELSIF relation.relkind NOT IN ('r', 'p') OR relation.relpersistence = 't' OR relation.nspname = 'everafter' THEN
        RAISE EXCEPTION 'can''t capture %: not an ordinary or partitioned table of your own', tbl
            USING ERRCODE = 'wrong_object_type';
    ELSIF columns IS NULL THEN
        RAISE EXCEPTION 'can''t capture %: it has no primary key, so its events would not say which row they are about', tbl
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Add one (ALTER TABLE %s ADD PRIMARY KEY (...)), or write events of your own with everafter.emit(topic, type, data).', tbl);
    END IF;

    row_only := CASE
        WHEN relation.relkind = 'p' THEN 'it is partitioned, and rows may be written straight into a partition'
        WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = tbl OR inhparent = tbl) THEN
            'it inherits, and its rows may be written by way of the other table'
        WHEN EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = tbl) THEN
            'logical replication writes it, which fires row triggers only'
    END;
    IF form = 'statement' AND row_only IS NOT NULL THEN
        RAISE EXCEPTION 'can''t capture % by statement triggers: %', tbl, row_only
            USING ERRCODE = 'wrong_object_type', HINT = 'Leave "form" out, or use {"form": "row"}.';
    END IF;
    -- A row trigger of the table's own may change the same row again before a statement trigger gets to see the first
    -- change: the events would come in the wrong order.
    -- So may a row trigger, of either time, of a table that a foreign key cascades to.
    form := coalesce(form, CASE WHEN row_only IS NOT NULL OR EXISTS (
        SELECT FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgtype & 1 = 1
          AND t.tgfoid <> 'everafter.capture_row()'::regprocedure
          AND (t.tgrelid = tbl AND t.tgtype & 2 = 0 OR EXISTS (SELECT FROM pg_constraint f
              WHERE f.contype = 'f' AND f.confrelid = tbl AND f.conrelid = t.tgrelid
                AND (f.confupdtype NOT IN ('a', 'r') OR f.confdeltype NOT IN ('a', 'r')))))
        THEN 'row' ELSE 'statement' END);

    PERFORM everafter.uncapture(tbl);
    SELECT string_agg(quote_literal(a), ', ')
    INTO arguments FROM unnest(array_prepend(relation.nspname || '.' || relation.relname, columns)) a;
    IF form = 'row' THEN
        -- Triggers fire in the order of their names: this one before the table's own, for the same reason as above.
        EXECUTE format('CREATE TRIGGER "0_everafter_row" AFTER INSERT OR UPDATE OR DELETE ON %s '
            'FOR EACH ROW EXECUTE FUNCTION everafter.capture_row(%s)', tbl, arguments);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER "0_everafter_row"', tbl);
    ELSE
        EXECUTE format('CREATE TRIGGER "0_everafter_insert" AFTER INSERT ON %s REFERENCING NEW TABLE AS after '
            'FOR EACH STATEMENT EXECUTE FUNCTION everafter.capture_statement(%s)', tbl, arguments);
        EXECUTE format('CREATE TRIGGER "0_everafter_update" AFTER UPDATE ON %s '
            'REFERENCING OLD TABLE AS before NEW TABLE AS after '
            'FOR EACH STATEMENT EXECUTE FUNCTION everafter.capture_statement(%s)', tbl, arguments);
        EXECUTE format('CREATE TRIGGER "0_everafter_delete" AFTER DELETE ON %s REFERENCING OLD TABLE AS before '
            'FOR EACH STATEMENT EXECUTE FUNCTION everafter.capture_statement(%s)', tbl, arguments);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER "0_everafter_insert", '
            'ENABLE ALWAYS TRIGGER "0_everafter_update", ENABLE ALWAYS TRIGGER "0_everafter_delete"', tbl);
    END IF;
    EXECUTE format('CREATE TRIGGER "0_everafter_truncate" AFTER TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION everafter.capture_statement(%s)', tbl, arguments);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER "0_everafter_truncate"', tbl);
END$$;

REVOKE EXECUTE ON FUNCTION everafter.capture(regclass, jsonb), everafter.uncapture(regclass), everafter.capture_row(),
    everafter.capture_statement(), everafter.close_part(), everafter.key_columns(regclass),
    everafter.row_key(jsonb, text[], oid) FROM public;
