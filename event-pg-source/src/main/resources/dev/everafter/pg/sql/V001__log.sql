-- The log: events where their transaction wrote them, and the order in which transactions committed.
--
-- An event's id is commit_log.id * 256 + ((n - 1) & 255). commit_log.id is taken in the commit phase, so a transaction
-- that stays open for hours delays nobody.

CREATE SEQUENCE everafter.segment_seq CACHE 100;    -- names only: their order means nothing

CREATE TABLE everafter.event (
    seg   bigint NOT NULL,      -- a transaction, or what SET CONSTRAINTS IMMEDIATE made of one
    n     bigint NOT NULL,      -- 1, 2, 3, ... in it, without a hole
    topic text NOT NULL,
    type  text NOT NULL,
    key   jsonb,
    data  jsonb,
    old   jsonb,
    first boolean NOT NULL DEFAULT false,   -- n = 1, 257, 513, ...: this row takes a place at commit
    PRIMARY KEY (seg, n)
);

CREATE TABLE everafter.commit_log (
    -- The order. A reader's proof rests on this sequence: CACHE 1, no cycle, no explicit values.
    id      bigint GENERATED ALWAYS AS IDENTITY (CACHE 1 NO CYCLE) PRIMARY KEY,
    seg     bigint NOT NULL,
    part    integer NOT NULL,   -- events part * 256 + 1 .. part * 256 + 256 of the segment
    at      timestamp with time zone NOT NULL,
    tx      xid8 NOT NULL,
    durable boolean NOT NULL    -- false: visible perhaps before it was on disk, so a reader flushes before it delivers
);

-- The log is complete after this event id. Whoever deletes events moves it first, in the same or an earlier transaction.
CREATE TABLE everafter.retained (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    oldest bigint NOT NULL
);
INSERT INTO everafter.retained (oldest) VALUES (0);

-- Which server this is, as far as it can tell. A restored or promoted copy differs in at least one of these.
CREATE VIEW everafter.server AS
SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()) AS system_identifier,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN ''
            ELSE pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8)
       END AS timeline,
       (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AS database,
       (SELECT oid FROM pg_catalog.pg_class WHERE oid = 'everafter.commit_log'::regclass) AS commit_log,
       pg_catalog.pg_postmaster_start_time() AS started;

-- The histories of the log. The newest is the present one; each says up to which event id it shares the one before.
CREATE TABLE everafter.epoch (
    no                integer PRIMARY KEY,
    name              uuid NOT NULL UNIQUE DEFAULT pg_catalog.gen_random_uuid(),
    fork              bigint NOT NULL,
    -- A tailer has proven and delivered everything up to here, and wrote so afterwards: a copy of this database that has
    -- this row has all of those events too.
    proven            bigint NOT NULL,
    since             timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    system_identifier bigint NOT NULL,
    timeline          text NOT NULL,
    database          oid NOT NULL,
    commit_log        oid NOT NULL
);

-- Begins a new history: what the log holds up to fork it shares with the present one. For a rewind that can't be noticed
-- from inside (a disk image put back while no reader ran), and used by the readers for those that they notice.
CREATE FUNCTION everafter.new_epoch(fork bigint) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(1163281746, 4);
    INSERT INTO everafter.epoch (no, fork, proven, system_identifier, timeline, database, commit_log)
    SELECT coalesce((SELECT max(no) FROM everafter.epoch), 0) + 1, new_epoch.fork, new_epoch.fork,
           s.system_identifier, s.timeline, s.database, s.commit_log
    FROM everafter.server s
    RETURNING name INTO made;
    PERFORM pg_notify('everafter', '');     -- readers look at the epoch when they wake
    RETURN made;
END$$;
REVOKE EXECUTE ON FUNCTION everafter.new_epoch(bigint) FROM public;

SELECT everafter.new_epoch(0);
