-- Which tables are captured, and how. These functions run with the rights of who calls them.

-- Casts to json of a column's type are run by to_jsonb, so whoever may make one would run it with the rights of the log's
-- owner. Where those are a superuser's, a role that may do nothing at all runs it.
--
-- A cast that runs in a function of that role runs as the function's owner, who could alter it: without SECURITY DEFINER the
-- next cast would have the rights of the log's owner. So the function is where its owner can't name it, however many may use
-- schema everafter. Its owner can still drop it unnamed (DROP OWNED); therefore only strangers' tables depend on it.
DO $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        BEGIN
            CREATE ROLE everafter_nobody NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;    -- roles are the cluster's: another database has a log, too
        END;
        CREATE SCHEMA everafter_nobody;
        EXECUTE format('CREATE FUNCTION everafter_nobody.image(tuple anyelement, options jsonb, tbl oid) RETURNS jsonb '
            'LANGUAGE plpgsql STABLE SECURITY DEFINER AS %L',
            (SELECT prosrc FROM pg_proc WHERE oid = 'everafter.image(anyelement, jsonb, oid)'::regprocedure));
        REVOKE EXECUTE ON FUNCTION everafter_nobody.image(anyelement, jsonb, oid) FROM public;
        ALTER FUNCTION everafter_nobody.image(anyelement, jsonb, oid) OWNER TO everafter_nobody;
        GRANT EXECUTE ON FUNCTION everafter_nobody.image(anyelement, jsonb, oid) TO CURRENT_USER;
    END IF;
END$$;

-- The types in a table's columns, and those that they are made of.
CREATE FUNCTION everafter.column_types(tbl regclass) RETURNS TABLE (type oid) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE types (type) AS (
        SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = tbl AND a.attnum > 0 AND NOT a.attisdropped
        UNION
        SELECT part.type
        FROM types
        JOIN pg_type t ON t.oid = types.type
        CROSS JOIN LATERAL (
            SELECT t.typbasetype WHERE t.typbasetype <> 0
            UNION ALL SELECT t.typelem WHERE t.typelem <> 0
            UNION ALL SELECT a.atttypid FROM pg_attribute a
                WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped) part (type))
    SELECT types.type FROM types
$$;

-- What everafter.capture would do now with these options; passed are those that the triggers heed.
CREATE FUNCTION everafter.capture_plan(tbl regclass, options jsonb,
    OUT form text, OUT why text, OUT variant text, OUT topic text, OUT passed text, OUT key text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation record;
    all_columns text[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = tbl AND attnum > 0 AND NOT attisdropped);
    -- triggers don't get the values of virtual columns
    virtual text[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = tbl AND attgenerated = 'v');
    log_owner oid := (SELECT proowner FROM pg_proc WHERE oid = 'everafter.capture_row()'::regprocedure);
    heeded jsonb := options - '{form,key,index,when,topic}'::text[];
    problem text;
    stranger text;
    holds_json boolean;
BEGIN
    SELECT c.*, n.nspname, c.oid AS oid INTO relation
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = tbl;
    IF relation.relkind NOT IN ('r', 'p') OR relation.relpersistence = 't' OR relation.nspname = 'everafter' THEN
        RAISE EXCEPTION 'can''t capture %: not an ordinary or partitioned table of your own', tbl
            USING ERRCODE = 'wrong_object_type';
    END IF;

    problem := everafter.capture_options_problem(options, all_columns);
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'can''t capture %: %', tbl, problem
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Options are form ("row", "statement"), columns or without (lists of columns), old ("full", "changed", "none"), '
                      'unchanged (true, false), key (list of columns) or index (a unique index), when (a condition), topic, '
                      'limit (1024 to 33554432). See docs/capture.md.';
    END IF;
    topic := coalesce(options ->> 'topic', relation.nspname || '.' || relation.relname);

    key := CASE
        WHEN options ? 'key' THEN ARRAY(SELECT jsonb_array_elements_text(options -> 'key'))
        WHEN options ? 'index' THEN (
            SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid AND c.relname = options ->> 'index'
            CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE i.indrelid = tbl AND i.indisunique AND i.indexprs IS NULL AND i.indpred IS NULL
              AND k.place <= i.indnkeyatts)
        ELSE everafter.primary_key(tbl) END;
    IF key IS NULL AND options ? 'index' THEN
        RAISE EXCEPTION 'can''t capture %: it has no unique index % on columns alone, of all its rows', tbl, options ->> 'index'
            USING ERRCODE = 'undefined_object';
    ELSIF key IS NULL THEN
        RAISE EXCEPTION 'can''t capture %: it has no primary key, so its events would not say which row they are about', tbl
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Add one (ALTER TABLE %s ADD PRIMARY KEY (...)), name a unique index ({"index": ".."}) or columns '
                      'that tell rows apart ({"key": [".."]}), or write events of your own with everafter.emit(topic, type, data).', tbl);
    ELSIF options -> 'without' ?| key THEN
        RAISE EXCEPTION 'can''t capture % without %: the key needs it', tbl, key USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF options ? 'columns' THEN
        heeded := heeded || jsonb_build_object('columns', to_jsonb(ARRAY(
            SELECT c FROM unnest(all_columns) c WHERE c = ANY (key) OR options -> 'columns' ? c AND c <> ALL (virtual))));
    ELSIF virtual <> '{}' THEN
        heeded := heeded || jsonb_build_object('without', coalesce(options -> 'without', '[]') || to_jsonb(virtual));
    END IF;
    IF heeded ?| '{columns,without}' THEN
        heeded := heeded || jsonb_build_object('careful', true, 'nulls', coalesce((SELECT jsonb_object_agg(c, NULL) FROM unnest(all_columns) c
            WHERE heeded -> 'without' ? c OR NOT heeded -> 'columns' ? c), '{}'));
    END IF;
    holds_json := EXISTS (SELECT FROM everafter.column_types(tbl) t WHERE t.type = 'json'::regtype);
    IF holds_json THEN
        heeded := heeded || '{"careful": true}';
    END IF;
    stranger := (
        SELECT r.rolname FROM pg_roles r
        WHERE r.oid IN (SELECT relation.relowner UNION ALL
                        SELECT y.typowner FROM everafter.column_types(tbl) t JOIN pg_type y ON y.oid = t.type)
          AND NOT r.rolsuper AND r.oid <> log_owner
        LIMIT 1);
    IF stranger IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                       WHERE n.nspname = 'everafter_nobody' AND n.nspowner = log_owner
                         AND p.proname = 'image' AND p.prosecdef AND p.proowner <> log_owner) THEN
            RAISE EXCEPTION 'can''t capture %: % owns it or one of its columns'' types, and could run a cast to json with the rights of %',
                tbl, stranger, log_owner::regrole
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'Install the log as the role that owns the table, or as a superuser.';
        END IF;
        heeded := heeded || '{"careful": true, "stranger": true}';
    END IF;
    passed := CASE heeded WHEN '{}' THEN '' ELSE heeded::text END;

    -- which of the trigger functions, see V003
    variant := (
        SELECT CASE WHEN count(*) = 0 THEN '' WHEN bool_and(t.oid = 'timestamptz'::regtype) THEN '_in_utc' ELSE '_in_iso' END
        FROM everafter.column_types(tbl) c JOIN pg_type t ON t.oid = c.type
        WHERE NOT (t.typtype IN ('c', 'd', 'e') OR t.typcategory = 'A' OR t.oid = ANY (
            '{bool,int2,int4,int8,numeric,oid,text,varchar,bpchar,char,name,uuid,json,jsonb,date,timestamp,time,inet,cidr}'::regtype[])));

    why := CASE
        WHEN options ? 'when' THEN 'its condition is about one row'
        WHEN options -> 'unchanged' = 'false' THEN 'what has not changed is seen row by row'
        WHEN relation.relkind = 'p' THEN 'it is partitioned, and rows may be written straight into a partition'
        WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = tbl OR inhparent = tbl) THEN
            'it inherits, and its rows may be written by way of the other table'
        WHEN EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = tbl) THEN
            'logical replication writes it, which fires row triggers only'
    END;
    IF options ->> 'form' = 'statement' AND why IS NOT NULL THEN
        RAISE EXCEPTION 'can''t capture % by statement triggers: %', tbl, why
            USING ERRCODE = 'wrong_object_type', HINT = 'Leave "form" out, or use {"form": "row"}.';
    END IF;
    -- A row trigger of the table's own may change the same row again before a statement trigger gets to see the first
    -- change: the events would come in the wrong order.
    -- So may a row trigger, of either time, of a table that a foreign key cascades to.
    IF why IS NULL AND EXISTS (
        SELECT FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgtype & 1 = 1
          AND t.tgfoid NOT IN ('everafter.capture_row()'::regprocedure, 'everafter.capture_row_in_utc()'::regprocedure,
              'everafter.capture_row_in_iso()'::regprocedure)
          AND (t.tgrelid = tbl AND t.tgtype & 2 = 0 OR EXISTS (SELECT FROM pg_constraint f
              WHERE f.contype = 'f' AND f.confrelid = tbl AND f.conrelid = t.tgrelid
                AND (f.confupdtype NOT IN ('a', 'r') OR f.confdeltype NOT IN ('a', 'r'))))) THEN
        why := 'a row trigger may change a row again before a statement trigger sees the first change';
    ELSIF why IS NULL AND holds_json THEN
        why := 'a json column may hold what jsonb can''t, which only row triggers can capture';
    END IF;
    form := coalesce(options ->> 'form', CASE WHEN why IS NOT NULL THEN 'row' ELSE 'statement' END);
END$$;

-- What is wrong with the options, in words, if anything is.
CREATE FUNCTION everafter.capture_options_problem(options jsonb, all_columns text[]) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN jsonb_typeof(options) IS DISTINCT FROM 'object' THEN 'the options must be a JSON object, not ' || coalesce(options::text, 'NULL')
        WHEN options ? 'columns' AND options ? 'without' THEN 'columns and without exclude each other'
        WHEN options ? 'key' AND options ? 'index' THEN 'key and index exclude each other'
        ELSE (SELECT string_agg(CASE
                WHEN o.allowed IS NULL THEN format('unknown option %I', o.name)
                ELSE format('%s can''t be %s', o.name, o.value) END, '; ' ORDER BY o.name)
            FROM (SELECT e.key AS name, e.value, CASE
                    WHEN e.key = 'form' THEN e.value IN ('"row"', '"statement"')
                    WHEN e.key = 'old' THEN e.value IN ('"full"', '"changed"', '"none"')
                    WHEN e.key = 'unchanged' THEN jsonb_typeof(e.value) = 'boolean'
                    WHEN e.key = 'limit' THEN jsonb_typeof(e.value) = 'number' AND e.value::text ~ '^[0-9]{1,9}$'
                        AND e.value BETWEEN '1024' AND '33554432'
                    WHEN e.key IN ('index', 'when', 'topic') THEN jsonb_typeof(e.value) = 'string' AND e.value <> '""'
                    WHEN e.key IN ('columns', 'without', 'key') THEN jsonb_typeof(e.value) = 'array'
                        AND jsonb_array_length(e.value) > 0 AND to_jsonb(all_columns) @> e.value
                END AS allowed FROM jsonb_each(options) e) o
            WHERE o.allowed IS NOT TRUE)
    END
$$;

-- The triggers of capture, as they are; those that partitions have from their parent are not listed.
CREATE VIEW everafter.capture_trigger AS
SELECT t.oid, t.tgrelid AS tbl, t.tgname AS name, t.tgenabled = 'A' AS always, p.proname::text AS function,
       a.args[1] AS topic, a.args[2] AS passed, a.args[3]::jsonb AS options, a.args[4:] AS key
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
CROSS JOIN LATERAL (
    -- each argument ends with a zero byte
    SELECT array_agg(pg_catalog.convert_from(pg_catalog.decode(u.arg, 'escape'), pg_catalog.getdatabaseencoding()) ORDER BY u.i)
    FROM pg_catalog.unnest(pg_catalog.string_to_array(
        pg_catalog.replace(pg_catalog.encode(t.tgargs, 'escape'), '\\', '\134'), '\000')) WITH ORDINALITY u (arg, i)
    WHERE u.i <= t.tgnargs) a (args)
WHERE t.tgparentid = 0 AND p.pronamespace = 'everafter'::pg_catalog.regnamespace AND p.proname ^@ 'capture_';

-- The captured tables: what becomes of their changes.
CREATE VIEW everafter.captured AS
SELECT DISTINCT ON (t.tbl) t.tbl::pg_catalog.regclass AS "table", t.topic, c.form, t.key,
       coalesce(t.options ->> 'old', 'full') AS old, t.options,
       -- no filter or policy should ask these: an update's image before lacks them, or both images do
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = t.tbl AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (t.key)
               AND (t.options ->> 'old' = 'none' OR a.attgenerated = 'v' OR t.options -> 'without' ? a.attname
                    OR NOT t.options -> 'columns' ? a.attname)
             ORDER BY a.attnum) AS unfiltered
FROM everafter.capture_trigger t
CROSS JOIN LATERAL (SELECT CASE WHEN EXISTS (SELECT FROM everafter.capture_trigger r
    WHERE r.tbl = t.tbl AND r.function ^@ 'capture_row') THEN 'row' ELSE 'statement' END) c (form);

CREATE FUNCTION everafter.uncapture(tbl regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT t.name FROM everafter.capture_trigger t WHERE t.tbl = uncapture.tbl LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', name, tbl);
    END LOOP;
END$$;

-- Makes every change of a table an event from now on; called again it replaces what was there. docs/capture.md has the
-- options.
CREATE FUNCTION everafter.capture(tbl regclass, options jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plan record := everafter.capture_plan(tbl, options);
    condition text := options ->> 'when';
    level text := CASE plan.form WHEN 'row' THEN 'ROW' ELSE 'STATEMENT' END;
    arguments text := (SELECT string_agg(quote_literal(a), ', ') FROM unnest(
        ARRAY[plan.topic, plan.passed, options::text] || plan.key) a);
    -- Triggers fire in the order of their names: these before the table's own. A partition may have some of its own and
    -- its parent's.
    prefix text := CASE WHEN EXISTS (SELECT FROM pg_class WHERE oid = tbl AND relkind = 'p')
                        THEN '!everafter_all_' ELSE '!everafter_' END;
    made record;
BEGIN
    PERFORM everafter.uncapture(tbl);
    FOR made IN
        SELECT * FROM (VALUES
            ('row', 'INSERT OR UPDATE OR DELETE', '', plan.form = 'row' AND condition IS NULL),
            ('insert', 'INSERT', 'NEW TABLE AS after', plan.form = 'statement' OR condition IS NOT NULL),
            ('update', 'UPDATE', 'OLD TABLE AS before NEW TABLE AS after', plan.form = 'statement' OR condition IS NOT NULL),
            ('delete', 'DELETE', 'OLD TABLE AS before', plan.form = 'statement' OR condition IS NOT NULL),
            ('truncate', 'TRUNCATE', '', true)) t (name, event, tables, wanted)
        WHERE wanted
    LOOP
        PERFORM everafter.create_capture_trigger(tbl, prefix || made.name, format('AFTER %s ON %s %s', made.event, tbl,
                CASE WHEN plan.form = 'statement' AND made.tables <> '' THEN 'REFERENCING ' || made.tables ELSE '' END),
            CASE made.name WHEN 'truncate' THEN 'STATEMENT' ELSE level END,
            CASE WHEN made.name <> 'truncate' THEN condition END,
            format('everafter.capture_%s%s(%s)',
                CASE made.name WHEN 'truncate' THEN 'statement' ELSE plan.form END, plan.variant, arguments));
    END LOOP;
END$$;

-- A condition limits the operations that have all the rows it names: of inserts there is no old one, of deletes no new one.
CREATE FUNCTION everafter.create_capture_trigger(tbl regclass, name text, event text, level text, condition text, call text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    BEGIN
        EXECUTE format('CREATE TRIGGER %I %s FOR EACH %s %s EXECUTE FUNCTION %s', name, event, level,
            CASE WHEN condition IS NOT NULL THEN format(E'WHEN (%s\n)', condition) ELSE '' END, call);
    EXCEPTION WHEN invalid_object_definition THEN
        IF condition IS NULL THEN
            RAISE;
        END IF;
        EXECUTE format('CREATE TRIGGER %I %s FOR EACH %s EXECUTE FUNCTION %s', name, event, level, call);
    END;
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tbl, name);
END$$;

-- What has changed about the captured tables since they were captured; mostly the way out is to capture them again. A
-- table of which nothing is said is captured as it would be now.
CREATE FUNCTION everafter.capture_status() RETURNS TABLE ("table" regclass, topic text, finding text) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present record;
    plan record;
    triggers text[];
BEGIN
    FOR present IN
        SELECT t.tbl::regclass AS tbl, min(t.topic) AS topic, min(t.key) AS key, min(t.passed) AS passed,
               min(t.options::text)::jsonb AS options,
               bool_and(t.always) AS always, array_agg(DISTINCT t.function) AS functions, count(*) AS triggers,
               count(DISTINCT (t.topic, t.key, t.passed, t.options)) AS kinds
        FROM everafter.capture_trigger t GROUP BY t.tbl ORDER BY t.tbl::regclass::text
    LOOP
        "table" := present.tbl;
        topic := present.topic;
        IF NOT present.always THEN
            finding := 'a trigger is disabled, or not ENABLE ALWAYS: changes are missed';
            RETURN NEXT;
        END IF;
        BEGIN
            plan := everafter.capture_plan(present.tbl, present.options);
        EXCEPTION WHEN OTHERS THEN
            finding := SQLERRM;
            RETURN NEXT;
            CONTINUE;
        END;
        triggers := ARRAY(SELECT DISTINCT format('capture_%s%s', f, plan.variant)
                          FROM unnest(ARRAY[plan.form, 'statement']) f ORDER BY 1);
        IF present.kinds > 1 OR present.functions = triggers
            AND present.triggers <> (CASE WHEN plan.form = 'row' AND NOT present.options ? 'when' THEN 2 ELSE 4 END) THEN
            finding := 'triggers are missing, or differ from each other: capture it again';
            RETURN NEXT;
        END IF;
        IF present.topic <> plan.topic THEN
            finding := format('it was renamed, and its topic was not; captured again it would be %s', plan.topic);
            RETURN NEXT;
        END IF;
        IF present.key <> plan.key THEN
            finding := format('its key was %s and would be %s now: capture it again', present.key, plan.key);
            RETURN NEXT;
        END IF;
        IF present.passed <> plan.passed THEN
            finding := 'its columns, their types or owners are others than when it was captured: capture it again';
            RETURN NEXT;
        END IF;
        IF plan.form = 'row' AND NOT EXISTS (SELECT FROM unnest(present.functions) f WHERE f ^@ 'capture_row') THEN
            finding := format('%s: events may be missing or out of order; capture it again', plan.why);
            RETURN NEXT;
        ELSIF present.functions <> triggers THEN
            finding := 'captured again it would get other triggers: values may be written in the session''s time zone, or work be done in vain';
            RETURN NEXT;
        END IF;
    END LOOP;
END$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everafter FROM public;
GRANT EXECUTE ON FUNCTION everafter.emit(text, text, jsonb, jsonb), everafter.emit_all(jsonb), everafter.head() TO public;
