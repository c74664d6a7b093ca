-- What runs when a captured table changes. See V002 for why everything in it is qualified, and evaluated sparingly.
--
-- Everything a trigger needs to know is in its arguments, so there is nothing beside it that could be left behind, get
-- lost in a dump, or contradict it: the topic; the options that are heeded here, as JSON, or nothing if all of these are the
-- default; all options, as they were given; the key's columns.
-- V004 makes and reads them.

-- A table's row as JSON, for all that to_jsonb alone doesn't do: leave columns out ("columns", "without"; "nulls" are
-- those of them that are there, not even converted), hold what jsonb can't, also rows above its 256 MB, and name the table
-- when nothing helps.
-- Casts to json that a column's type may have run in here, with the rights of the log's owner; those of strangers' types in
-- a copy of it that belongs to a role that may do nothing (V004).
CREATE FUNCTION everafter.image(tuple anyelement, options jsonb, tbl oid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    image pg_catalog.jsonb;
    name pg_catalog.text;
    value pg_catalog.jsonb;
    shown pg_catalog.text;
    reason pg_catalog.text;
    above pg_catalog.int4;
BEGIN
    IF pg_catalog.jsonb_exists(options, 'stranger') THEN
        RETURN everafter_nobody.image(tuple, options OPERATOR(pg_catalog.-) 'stranger'::pg_catalog.text, tbl);
    END IF;
    BEGIN
        IF pg_catalog.jsonb_exists(options, 'nulls') THEN
            image := pg_catalog.to_jsonb(pg_catalog.jsonb_populate_record(tuple, options OPERATOR(pg_catalog.->) 'nulls'));
        ELSE
            image := pg_catalog.to_jsonb(tuple);
        END IF;
    EXCEPTION WHEN OTHERS THEN
        -- One value at a time, and what jsonb can't hold as PostgreSQL's text, with a mark: {"everafter:text": ".."}.
        reason := SQLERRM;
        above := COALESCE((options OPERATOR(pg_catalog.->) 'limit')::pg_catalog.int4, 1048576);
        image := '{}';
        FOR name IN SELECT a.attname FROM pg_catalog.pg_attribute a
            WHERE a.attrelid OPERATOR(pg_catalog.=) tbl AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
        LOOP
            IF pg_catalog.jsonb_exists(options OPERATOR(pg_catalog.->) 'nulls', name) THEN
                CONTINUE;
            END IF;
            BEGIN
                EXECUTE pg_catalog.format('SELECT pg_catalog.to_jsonb(($1).%I)', name) INTO value USING tuple;
                IF pg_catalog.pg_column_size(value) OPERATOR(pg_catalog.>) above THEN
                    value := pg_catalog.jsonb_build_object('everafter:omitted', pg_catalog.pg_column_size(value));
                END IF;
            EXCEPTION WHEN OTHERS THEN
                EXECUTE pg_catalog.format('SELECT ($1).%I::pg_catalog.text', name) INTO shown USING tuple;
                value := CASE WHEN pg_catalog.octet_length(shown) OPERATOR(pg_catalog.<) 33554432
                    THEN pg_catalog.jsonb_build_object('everafter:text', shown)
                    ELSE pg_catalog.jsonb_build_object('everafter:omitted', pg_catalog.octet_length(shown)) END;
            END;
            image := image OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(name, value);
        END LOOP;
    END;
    IF pg_catalog.jsonb_exists(options, 'columns') THEN
        RETURN (SELECT pg_catalog.jsonb_object_agg(c.name, image OPERATOR(pg_catalog.->) c.name)
                FROM pg_catalog.jsonb_array_elements_text(options OPERATOR(pg_catalog.->) 'columns') c (name)
                WHERE pg_catalog.jsonb_exists(image, c.name));
    ELSIF pg_catalog.jsonb_exists(options, 'without') THEN
        RETURN image OPERATOR(pg_catalog.-) ARRAY(
            SELECT pg_catalog.jsonb_array_elements_text(options OPERATOR(pg_catalog.->) 'without'));
    END IF;
    RETURN image;
EXCEPTION WHEN OTHERS THEN
    IF pg_catalog.jsonb_exists(options, 'stranger') THEN
        RAISE;
    END IF;
    RAISE EXCEPTION 'everafter can''t capture this change of table %: %', tbl::pg_catalog.regclass, COALESCE(reason, SQLERRM)
        USING ERRCODE = SQLSTATE,
              HINT = 'Capture it with {"form": "row"}, {"without": [".."]} or a lower {"limit": ..}, or not at all: '
                  'SELECT everafter.uncapture(''..'').';
END$$;

-- Values above the limit, in bytes of jsonb, are left out with a mark: {"everafter:omitted": bytes}. What remains is below
-- 32 MiB, so that an event, which may have two images, can be read (see everafter.emit).
CREATE FUNCTION everafter.cut(image jsonb, above integer) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WHILE pg_column_size(image) > above LOOP
        image := (SELECT jsonb_object_agg(key, CASE WHEN pg_column_size(value) > above
            THEN jsonb_build_object('everafter:omitted', pg_column_size(value)) ELSE value END) FROM jsonb_each(image));
        EXIT WHEN pg_column_size(image) < 33554432;
        above := above / 16;
    END LOOP;
    RETURN image;
END$$;

-- The members of the image before that are others after.
CREATE FUNCTION everafter.changed(before jsonb, after jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN COALESCE((SELECT pg_catalog.jsonb_object_agg(b.key, b.value) FROM pg_catalog.jsonb_each(before) b
        WHERE (after OPERATOR(pg_catalog.->) b.key) OPERATOR(pg_catalog.<>) b.value), '{}');
END$$;

-- The columns of the primary key, in its order; NULL if there is none.
CREATE FUNCTION everafter.primary_key(tbl regclass) RETURNS text[] LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(a.attname::text ORDER BY k.place)
    FROM pg_index i
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = tbl AND i.indisprimary AND k.place <= i.indnkeyatts
$$;

-- The key of a row where it isn't just one column that is there: composite; or renamed or dropped since the capture, then
-- the primary key of now, or what is left. Writers are not to suffer from it; everafter.capture_status() tells.
CREATE FUNCTION everafter.row_key(image jsonb, columns text[], tbl oid) RETURNS jsonb LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT jsonb_exists_all(image, columns) THEN
        columns := coalesce(everafter.primary_key(tbl::regclass), columns);
    END IF;
    RETURN (SELECT jsonb_object_agg(c, image -> c) FROM unnest(columns) c WHERE jsonb_exists(image, c));
END$$;

CREATE FUNCTION everafter.capture_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    options pg_catalog.jsonb;
    keeps pg_catalog.text;
    above pg_catalog.int4;
    every pg_catalog.bool;
    data pg_catalog.jsonb;
    old_row pg_catalog.jsonb;
    key pg_catalog.jsonb;
    open pg_catalog.text;
    seg pg_catalog.int8;
    n pg_catalog.int8;
BEGIN
    -- The only event of most transactions takes as few steps as can be: the row, whether it is that simple, the insert.
    IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' AND TG_ARGV[1] OPERATOR(pg_catalog.=) ''
        AND pg_catalog.pg_column_size(NEW) OPERATOR(pg_catalog.<=) 1048576 THEN
        data := pg_catalog.to_jsonb(NEW);
        IF COALESCE(pg_catalog.current_setting('everafter.seg', true), '') OPERATOR(pg_catalog.=) ''
            AND TG_NARGS OPERATOR(pg_catalog.=) 4 AND pg_catalog.jsonb_exists(data, TG_ARGV[3])
            AND pg_catalog.pg_column_size(data) OPERATOR(pg_catalog.<=) 1048576 THEN
            -- The setting is made before the insert, which in immediate mode closes the segment.
            INSERT INTO everafter.event (seg, n, topic, type, key, data, first)
            VALUES (pg_catalog.split_part(pg_catalog.set_config('everafter.seg', pg_catalog.concat(
                        pg_catalog.pg_current_xact_id(), ':', (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
                            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8,
                        ':1'), true), ':', 2)::pg_catalog.int8,
                    1, TG_ARGV[0], 'insert',
                    pg_catalog.jsonb_build_object(TG_ARGV[3], data OPERATOR(pg_catalog.->) TG_ARGV[3]), data, true);
            RETURN NULL;
        END IF;
    END IF;

    IF TG_ARGV[1] OPERATOR(pg_catalog.<>) ''
        OR pg_catalog.pg_column_size(NEW) OPERATOR(pg_catalog.>) 1048576
        OR pg_catalog.pg_column_size(OLD) OPERATOR(pg_catalog.>) 1048576 THEN
        options := CASE WHEN TG_ARGV[1] OPERATOR(pg_catalog.<>) '' THEN TG_ARGV[1] ELSE '{}' END;
        IF pg_catalog.pg_column_size(NEW) OPERATOR(pg_catalog.>) 1048576
            OR pg_catalog.pg_column_size(OLD) OPERATOR(pg_catalog.>) 1048576 THEN
            -- jsonb may not hold it all
            options := options OPERATOR(pg_catalog.||) '{"careful": true}';
        END IF;
        keeps := options OPERATOR(pg_catalog.->>) 'old';
        above := COALESCE((options OPERATOR(pg_catalog.->) 'limit')::pg_catalog.int4, 1048576);
        every := (options OPERATOR(pg_catalog.->>) 'unchanged' OPERATOR(pg_catalog.=) 'false') IS NOT TRUE;
        IF TG_OP OPERATOR(pg_catalog.<>) 'DELETE' THEN
            IF pg_catalog.jsonb_exists(options, 'careful') THEN
                data := everafter.image(NEW, options, TG_RELID);
            ELSE
                data := pg_catalog.to_jsonb(NEW);
            END IF;
        END IF;
        IF TG_OP OPERATOR(pg_catalog.=) 'DELETE'
            OR TG_OP OPERATOR(pg_catalog.=) 'UPDATE' AND (keeps OPERATOR(pg_catalog.=) 'none' AND every) IS NOT TRUE THEN
            IF pg_catalog.jsonb_exists(options, 'careful') THEN
                old_row := everafter.image(OLD, options, TG_RELID);
            ELSE
                old_row := pg_catalog.to_jsonb(OLD);
            END IF;
            IF NOT every AND data OPERATOR(pg_catalog.=) old_row THEN
                RETURN NULL;
            END IF;
        END IF;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        NULL;    -- done
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
        data := pg_catalog.to_jsonb(NEW);
        old_row := pg_catalog.to_jsonb(OLD);
    ELSE
        old_row := pg_catalog.to_jsonb(OLD);
    END IF;

    IF options IS NULL AND TG_NARGS OPERATOR(pg_catalog.=) 4
        AND pg_catalog.jsonb_exists(COALESCE(data, old_row), TG_ARGV[3])
        AND pg_catalog.pg_column_size(COALESCE(data, old_row)) OPERATOR(pg_catalog.<=) 1048576
        AND (old_row IS NULL OR pg_catalog.pg_column_size(old_row) OPERATOR(pg_catalog.<=) 1048576) THEN
        key := pg_catalog.jsonb_build_object(TG_ARGV[3], COALESCE(data, old_row) OPERATOR(pg_catalog.->) TG_ARGV[3]);
    ELSE
        IF TG_NARGS OPERATOR(pg_catalog.=) 4 AND pg_catalog.jsonb_exists(COALESCE(data, old_row), TG_ARGV[3]) THEN
            key := pg_catalog.jsonb_build_object(TG_ARGV[3], COALESCE(data, old_row) OPERATOR(pg_catalog.->) TG_ARGV[3]);
        ELSE
            key := everafter.row_key(COALESCE(data, old_row), TG_ARGV[3:], TG_RELID);
        END IF;
        IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' AND keeps OPERATOR(pg_catalog.=) 'none' THEN
            old_row := NULL;
        ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' AND keeps OPERATOR(pg_catalog.=) 'changed' THEN
            old_row := everafter.changed(old_row, data);
        END IF;
        above := COALESCE(above, 1048576);
        IF pg_catalog.pg_column_size(data) OPERATOR(pg_catalog.>) above THEN
            data := everafter.cut(data, above);
        END IF;
        IF pg_catalog.pg_column_size(old_row) OPERATOR(pg_catalog.>) above THEN
            old_row := everafter.cut(old_row, above);
        END IF;
    END IF;

    IF pg_catalog.starts_with(pg_catalog.current_setting('everafter.seg', true),
            pg_catalog.pg_current_xact_id()::pg_catalog.text OPERATOR(pg_catalog.||) ':') THEN
        open := pg_catalog.current_setting('everafter.seg');
        seg := pg_catalog.split_part(open, ':', 2)::pg_catalog.int8;
        n := pg_catalog.split_part(open, ':', 3)::pg_catalog.int8 OPERATOR(pg_catalog.+) 1;
    ELSE
        seg := (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8;
        n := 1;
    END IF;
    -- before the insert, which in immediate mode closes the segment
    open := pg_catalog.set_config('everafter.seg', pg_catalog.pg_current_xact_id()::pg_catalog.text
        OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) seg::pg_catalog.text
        OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) n::pg_catalog.text, true);
    INSERT INTO everafter.event (seg, n, topic, type, key, data, old, first)
    VALUES (seg, n, TG_ARGV[0], pg_catalog.lower(TG_OP), key, data, old_row,
            (n OPERATOR(pg_catalog.&) 255) OPERATOR(pg_catalog.=) 1);
    RETURN NULL;
END$$;

-- Over twice as cheap in bulk. TRUNCATE comes here in either form.
CREATE FUNCTION everafter.capture_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    options pg_catalog.jsonb;
    careful pg_catalog.bool := false;
    keeps pg_catalog.text := 'full';
    above pg_catalog.int4 := 1048576;
    single pg_catalog.text;         -- the key's only column
    open pg_catalog.text;
    seg pg_catalog.int8;
    n pg_catalog.int8;
    added pg_catalog.int8;
BEGIN
    IF TG_ARGV[1] OPERATOR(pg_catalog.<>) '' THEN
        options := TG_ARGV[1];
        careful := pg_catalog.jsonb_exists(options, 'careful');
        keeps := COALESCE(options OPERATOR(pg_catalog.->>) 'old', keeps);
        above := COALESCE((options OPERATOR(pg_catalog.->) 'limit')::pg_catalog.int4, above);
    END IF;
    IF TG_NARGS OPERATOR(pg_catalog.=) 4 THEN
        single := TG_ARGV[3];
    END IF;
    IF pg_catalog.starts_with(pg_catalog.current_setting('everafter.seg', true),
            pg_catalog.pg_current_xact_id()::pg_catalog.text OPERATOR(pg_catalog.||) ':') THEN
        open := pg_catalog.current_setting('everafter.seg');
        seg := pg_catalog.split_part(open, ':', 2)::pg_catalog.int8;
        n := pg_catalog.split_part(open, ':', 3)::pg_catalog.int8;
    ELSE
        seg := (pg_catalog.nextval('everafter.segment_seq') OPERATOR(pg_catalog.<<) 20)
            OPERATOR(pg_catalog.+) (pg_catalog.random() OPERATOR(pg_catalog.*) 1048575)::pg_catalog.int8;
        n := 0;
        open := pg_catalog.set_config('everafter.seg', pg_catalog.pg_current_xact_id()::pg_catalog.text
            OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) seg::pg_catalog.text OPERATOR(pg_catalog.||) ':0', true);
    END IF;
    -- OFFSET 0 keeps the planner from converting the row once for each use. a.* because a alone could be a column's name.
    IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        INSERT INTO everafter.event (seg, n, topic, type, key, data, first)
        SELECT seg, n OPERATOR(pg_catalog.+) r.i, TG_ARGV[0], 'insert',
               CASE WHEN pg_catalog.jsonb_exists(r.image, single)
                    THEN pg_catalog.jsonb_build_object(single, r.image OPERATOR(pg_catalog.->) single)
                    ELSE everafter.row_key(r.image, TG_ARGV[3:], TG_RELID) END,
               CASE WHEN pg_catalog.pg_column_size(r.image) OPERATOR(pg_catalog.>) above
                    THEN everafter.cut(r.image, above) ELSE r.image END,
               ((n OPERATOR(pg_catalog.+) r.i) OPERATOR(pg_catalog.&) 255) OPERATOR(pg_catalog.=) 1
        FROM (SELECT pg_catalog.row_number() OVER () AS i,
                     CASE WHEN careful OR pg_catalog.pg_column_size(a.*) OPERATOR(pg_catalog.>) 1048576
                          THEN everafter.image(a.*, options, TG_RELID)
                          ELSE pg_catalog.to_jsonb(a.*) END AS image FROM after a OFFSET 0) r;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        INSERT INTO everafter.event (seg, n, topic, type, key, old, first)
        SELECT seg, n OPERATOR(pg_catalog.+) r.i, TG_ARGV[0], 'delete',
               CASE WHEN pg_catalog.jsonb_exists(r.image, single)
                    THEN pg_catalog.jsonb_build_object(single, r.image OPERATOR(pg_catalog.->) single)
                    ELSE everafter.row_key(r.image, TG_ARGV[3:], TG_RELID) END,
               CASE WHEN pg_catalog.pg_column_size(r.image) OPERATOR(pg_catalog.>) above
                    THEN everafter.cut(r.image, above) ELSE r.image END,
               ((n OPERATOR(pg_catalog.+) r.i) OPERATOR(pg_catalog.&) 255) OPERATOR(pg_catalog.=) 1
        FROM (SELECT pg_catalog.row_number() OVER () AS i,
                     CASE WHEN careful OR pg_catalog.pg_column_size(b.*) OPERATOR(pg_catalog.>) 1048576
                          THEN everafter.image(b.*, options, TG_RELID)
                          ELSE pg_catalog.to_jsonb(b.*) END AS image FROM before b OFFSET 0) r;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
        -- Both transition tables have the rows in the same order: each row goes into both by one call. FULL, so that it is
        -- never joined by nested loops: a session that has planned it for one row may then update a million.
        INSERT INTO everafter.event (seg, n, topic, type, key, data, old, first)
        SELECT seg, n OPERATOR(pg_catalog.+) r.i, TG_ARGV[0], 'update',
               CASE WHEN pg_catalog.jsonb_exists(r.image, single)
                    THEN pg_catalog.jsonb_build_object(single, r.image OPERATOR(pg_catalog.->) single)
                    ELSE everafter.row_key(r.image, TG_ARGV[3:], TG_RELID) END,
               CASE WHEN pg_catalog.pg_column_size(r.image) OPERATOR(pg_catalog.>) above
                    THEN everafter.cut(r.image, above) ELSE r.image END,
               CASE WHEN pg_catalog.pg_column_size(r.was) OPERATOR(pg_catalog.>) above
                    THEN everafter.cut(r.was, above) ELSE r.was END,
               ((n OPERATOR(pg_catalog.+) r.i) OPERATOR(pg_catalog.&) 255) OPERATOR(pg_catalog.=) 1
        FROM (SELECT x.i, x.image,
                     CASE WHEN keeps OPERATOR(pg_catalog.=) 'changed' THEN everafter.changed(y.image, x.image)
                          ELSE y.image END AS was
              FROM (SELECT pg_catalog.row_number() OVER () AS i,
                           CASE WHEN careful OR pg_catalog.pg_column_size(a.*) OPERATOR(pg_catalog.>) 1048576
                                THEN everafter.image(a.*, options, TG_RELID)
                                ELSE pg_catalog.to_jsonb(a.*) END AS image FROM after a) x
              FULL JOIN (SELECT pg_catalog.row_number() OVER () AS i,
                           CASE WHEN keeps OPERATOR(pg_catalog.=) 'none' THEN NULL
                                WHEN careful OR pg_catalog.pg_column_size(b.*) OPERATOR(pg_catalog.>) 1048576
                                THEN everafter.image(b.*, options, TG_RELID)
                                ELSE pg_catalog.to_jsonb(b.*) END AS image FROM before b) y
                  ON x.i OPERATOR(pg_catalog.=) y.i
              OFFSET 0) r
        -- A hash join beyond work_mem comes out in another order, and in that of insertion the parts take their places.
        ORDER BY r.i;
    ELSE
        INSERT INTO everafter.event (seg, n, topic, type, first)
        VALUES (seg, n OPERATOR(pg_catalog.+) 1, TG_ARGV[0], pg_catalog.lower(TG_OP),
                (n OPERATOR(pg_catalog.&) 255) OPERATOR(pg_catalog.=) 0);
    END IF;
    GET DIAGNOSTICS added = ROW_COUNT;
    -- in immediate mode the insert has closed the segment, and the setting is empty: it stays closed
    IF added OPERATOR(pg_catalog.>) 0 AND pg_catalog.current_setting('everafter.seg') OPERATOR(pg_catalog.<>) '' THEN
        open := pg_catalog.set_config('everafter.seg',
            pg_catalog.concat(pg_catalog.pg_current_xact_id(), ':', seg, ':', n OPERATOR(pg_catalog.+) added), true);
    END IF;
    RETURN NULL;
END$$;

-- The same for tables with columns whose text depends on the session: on its time zone alone, or on more. Each clause costs
-- a call 0.4 us and more, so others go without. The settings are the session's again when the function ends; everafter.seg
-- stays as it was set.
DO $$
DECLARE
    name text;
    variant record;
BEGIN
    FOREACH name IN ARRAY '{capture_row,capture_statement}'::text[] LOOP
        FOR variant IN SELECT * FROM (VALUES
            ('_in_utc', 'SET TimeZone = ''UTC'''),
            ('_in_iso', 'SET TimeZone = ''UTC'' SET DateStyle = ''ISO, YMD'' SET IntervalStyle = ''iso_8601'' '
                'SET bytea_output = ''hex'' SET extra_float_digits = 1 SET lc_monetary = ''C''')) v (suffix, clauses)
        LOOP
            EXECUTE format('CREATE FUNCTION everafter.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER %s AS %L',
                name || variant.suffix, variant.clauses,
                (SELECT prosrc FROM pg_proc WHERE oid = format('everafter.%I()', name)::regprocedure));
        END LOOP;
    END LOOP;
END$$;

REVOKE EXECUTE ON FUNCTION everafter.image(anyelement, jsonb, oid), everafter.cut(jsonb, integer),
    everafter.changed(jsonb, jsonb), everafter.primary_key(regclass), everafter.row_key(jsonb, text[], oid),
    everafter.capture_row(), everafter.capture_row_in_utc(), everafter.capture_row_in_iso(),
    everafter.capture_statement(), everafter.capture_statement_in_utc(), everafter.capture_statement_in_iso() FROM public;
