-- Rebuilds pgbench's tables from the lines in rebuilt.line (run, no, text), and prints name|value pairs for
-- scripts/pgbench-check.
SET client_min_messages = warning;
SET work_mem = '128MB';

CREATE FUNCTION rebuilt.json(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN $1::jsonb;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;    -- cut short by a kill
END$$;

CREATE TABLE rebuilt.item AS
SELECT run, no, text, json, (json ->> 'id')::bigint AS id
FROM (SELECT run, no, text, rebuilt.json(text) AS json FROM rebuilt.line OFFSET 0) parsed;

-- Each event once, by its id.
CREATE TABLE rebuilt.event AS
SELECT DISTINCT ON (id) id, json ->> 'topic' AS topic, json ->> 'type' AS type,
       json -> 'key' AS key, json -> 'data' AS data, json -> 'old' AS old
FROM rebuilt.item WHERE json IS NOT NULL ORDER BY id;
CREATE INDEX ON rebuilt.event (topic, id);
ANALYZE rebuilt.event;

-- The rows as a reader would hold them: the newest image of each key since the last truncate.
CREATE FUNCTION rebuilt.rows(topic text) RETURNS SETOF jsonb LANGUAGE sql AS $$
    SELECT data FROM (
        SELECT DISTINCT ON (key) key, type, data FROM rebuilt.event e
        WHERE e.topic = rows.topic AND type <> 'truncate'
          AND id > coalesce((SELECT max(id) FROM rebuilt.event t WHERE t.topic = rows.topic AND type = 'truncate'), 0)
        ORDER BY key, id DESC) newest
    WHERE type <> 'delete'
$$;

CREATE TABLE rebuilt.accounts AS SELECT r.* FROM rebuilt.rows('public.pgbench_accounts') data,
    jsonb_populate_record(NULL::public.pgbench_accounts, data) r;
CREATE TABLE rebuilt.branches AS SELECT r.* FROM rebuilt.rows('public.pgbench_branches') data,
    jsonb_populate_record(NULL::public.pgbench_branches, data) r;
CREATE TABLE rebuilt.tellers AS SELECT r.* FROM rebuilt.rows('public.pgbench_tellers') data,
    jsonb_populate_record(NULL::public.pgbench_tellers, data) r;
CREATE TABLE rebuilt.history AS SELECT r.* FROM rebuilt.rows('public.pgbench_history') data,
    jsonb_populate_record(NULL::public.pgbench_history, data) r;

SELECT 'events', count(*) FROM rebuilt.event;
SELECT 'in_log', count(*) FROM everafter.event;
SELECT 'cut', count(*) FROM rebuilt.item WHERE json IS NULL;
SELECT 'repeats', count(*) - count(DISTINCT id) FROM rebuilt.item WHERE json IS NOT NULL;
SELECT 'unlike', count(*) FROM (SELECT id FROM rebuilt.item WHERE json IS NOT NULL GROUP BY id
    HAVING count(DISTINCT text) > 1) twice;
SELECT 'disordered', count(*) FROM (
    SELECT id <= lag(id) OVER (PARTITION BY run ORDER BY no) AS back FROM rebuilt.item WHERE json IS NOT NULL) steps
WHERE back;

-- The ids that were printed against those that the log holds.
SELECT 'missing', count(*) FROM (
    SELECT c.id * 256 + ((e.n - 1) & 255) AS id FROM everafter.event e
    JOIN everafter.commit_log c ON c.seg = e.seg AND c.part = (e.n - 1) >> 8) log
FULL JOIN rebuilt.event printed USING (id)
WHERE log.id IS NULL OR printed.id IS NULL;

-- An update's `old` must be what the key's event before left behind: also a loss that later updates cover up shows here.
SELECT 'breaks', count(*) FROM (
    SELECT type, old, lag(type) OVER step AS before_type, lag(data) OVER step AS before
    FROM rebuilt.event WHERE key IS NOT NULL WINDOW step AS (PARTITION BY topic, key ORDER BY id)) steps
WHERE type = 'update' AND (before IS NULL OR before_type = 'delete' OR NOT before @> old);

SELECT 'rows', (SELECT count(*) FROM rebuilt.accounts) + (SELECT count(*) FROM rebuilt.branches)
    + (SELECT count(*) FROM rebuilt.tellers) + (SELECT count(*) FROM rebuilt.history);

SELECT 'differences', sum(n) FROM (
    SELECT count(*) AS n FROM ((TABLE rebuilt.accounts EXCEPT ALL TABLE public.pgbench_accounts)
        UNION ALL (TABLE public.pgbench_accounts EXCEPT ALL TABLE rebuilt.accounts)) d
    UNION ALL SELECT count(*) FROM ((TABLE rebuilt.branches EXCEPT ALL TABLE public.pgbench_branches)
        UNION ALL (TABLE public.pgbench_branches EXCEPT ALL TABLE rebuilt.branches)) d
    UNION ALL SELECT count(*) FROM ((TABLE rebuilt.tellers EXCEPT ALL TABLE public.pgbench_tellers)
        UNION ALL (TABLE public.pgbench_tellers EXCEPT ALL TABLE rebuilt.tellers)) d
    UNION ALL SELECT count(*) FROM ((TABLE rebuilt.history EXCEPT ALL TABLE public.pgbench_history)
        UNION ALL (TABLE public.pgbench_history EXCEPT ALL TABLE rebuilt.history)) d) all_tables;
