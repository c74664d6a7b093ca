package dev.everafter.pg;

import dev.everafter.core.ReadLimits;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * The one session that follows the log, statement by statement; each runs in a snapshot of its own, which the proofs rest
 * on. For one thread, but for {@link #abort()}.
 */
class TailSession {
    /**
     * A server that doesn't answer for so long is taken for dead; asleep one asks it every 10 s. Together they bound how
     * long a hung server goes unnoticed.
     */
    static final Duration ANSWER = Duration.ofSeconds(10);

    private static final int COMMITS = 1000;

    /** First of all, and for this session alone: whatever a role or a database has for a default would reach it too. */
    private static final String SETTINGS =
            "SET search_path = pg_catalog, pg_temp; SET statement_timeout = 0; SET lock_timeout = '200ms';"
                    + " SET idle_in_transaction_session_timeout = 0;"
                    // from PostgreSQL 14 and 17 on
                    + " SELECT set_config(name, '0', false) FROM pg_settings"
                    + " WHERE name IN ('idle_session_timeout', 'transaction_timeout');"
                    + " SET synchronous_commit = on; SET default_transaction_isolation = 'read committed';"
                    + " SET default_transaction_read_only = off; SET default_transaction_deferrable = off;"
                    + " SET row_security = on; SET jit = off;"
                    + " SET enable_indexscan = on; SET enable_nestloop = on;"
                    + " SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";

    /** The modes in which a sequence is locked by those who take numbers from it or change it. */
    private static final String HOLDERS = """
            SELECT DISTINCT virtualtransaction FROM pg_locks
            WHERE locktype = 'relation' AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND relation = 'everafter.commit_log_id_seq'::regclass
              AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
              AND pid IS DISTINCT FROM pg_backend_pid()
            """;

    /** A prepared transaction has no pid, but a gid, found by way of its xid's lock. */
    private static final String DESCRIBE = """
            SELECT DISTINCT coalesce(
                'pid ' || l.pid || coalesce(' (' || nullif(a.application_name, '') || ', ' || a.state || ')', '')
                    || coalesce(', open for ' || date_trunc('second', clock_timestamp() - a.xact_start), ''),
                'prepared transaction ''' || p.gid || ''' (age '
                    || date_trunc('second', clock_timestamp() - p.prepared) || ')',
                'prepared transaction ' || l.virtualtransaction)
            FROM pg_locks l
            LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            LEFT JOIN pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid'
                AND x.virtualtransaction = l.virtualtransaction
            LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
            WHERE l.locktype = 'relation' AND l.relation = 'everafter.commit_log_id_seq'::regclass
              AND l.virtualtransaction = ANY (?)
            """;

    private final Connection connection;
    private final PGConnection pg;
    /** From here on a prepared transaction was seen to keep its session's name in pg_locks, by which it is waited for. */
    private static final int TWO_PHASE_SERVER = 150_000;

    private final boolean twoPhase;
    private final PreparedStatement commits;
    private final PreparedStatement any;
    private final PreparedStatement holders;
    private final PreparedStatement lastValue;

    /** Makes a session of a connection. */
    interface Maker {
        TailSession make(Connection connection) throws SQLException;
    }

    /** Opens a connection, and closes it again if it is not one to follow a log on. */
    static TailSession open(TailConnection factory, Maker maker) throws SQLException {
        Connection connection = factory.open();
        try {
            return maker.make(connection);
        } catch (SQLException | RuntimeException e) {
            connection.abort(Runnable::run);
            throw e;
        }
    }

    TailSession(Connection connection) throws SQLException {
        this(connection, ANSWER);
    }

    /** @param answer how long the server may take to answer */
    TailSession(Connection connection, Duration answer) throws SQLException {
        this.connection = connection;
        if (!connection.isWrapperFor(PGConnection.class)) {
            throw new SQLException("the connection that follows the log must be pgjdbc's own, and is "
                    + connection.getClass().getName());
        }
        this.pg = connection.unwrap(PGConnection.class);
        connection.setAutoCommit(true);
        connection.setReadOnly(false);
        connection.setNetworkTimeout(Runnable::run, (int) answer.toMillis());
        Migrations.requireServer(connection);
        execute(SETTINGS);
        requirePrimaryWithoutPooler();
        requireOneByOne();
        this.twoPhase = number("SELECT current_setting('max_prepared_transactions')::int") > 0;
        if (twoPhase && number("SELECT current_setting('server_version_num')::int") < TWO_PHASE_SERVER) {
            throw new SQLException("the log can't be followed where transactions may be prepared before PostgreSQL 15:"
                    + " set max_prepared_transactions to 0, or use a newer server");
        }
        this.commits = connection.prepareStatement(
                "SELECT id, seg, at, durable FROM everafter.commit_log WHERE id > ? ORDER BY id LIMIT " + COMMITS);
        this.any = connection.prepareStatement("SELECT EXISTS (SELECT FROM everafter.commit_log WHERE id > ?)");
        this.holders = connection.prepareStatement(HOLDERS);
        this.lastValue = connection.prepareStatement(
                "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM everafter.commit_log_id_seq");
        execute("LISTEN " + Keys.CHANNEL);
    }

    private void requirePrimaryWithoutPooler() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_is_in_recovery(), pg_backend_pid()")) {
            row.next();
            if (row.getBoolean(1)) {
                throw new SQLException("the log can't be followed on a standby, which does not show the primary's"
                        + " writers: connect to the primary");
            }
            if (row.getInt(2) != pg.getBackendPID()) {
                throw new SQLException("the log can't be followed through a connection pooler, which may hand this"
                        + " session's locks to others: connect to PostgreSQL itself");
            }
        }
    }

    /** The proof rests on it: ids that a session keeps for later transactions would be taken for dead. */
    private void requireOneByOne() throws SQLException {
        boolean oneByOne =
                number("SELECT (s.seqcache = 1 AND s.seqincrement = 1 AND NOT s.seqcycle)::int FROM pg_sequence s"
                                + " WHERE s.seqrelid = 'everafter.commit_log_id_seq'::regclass")
                        == 1;
        if (!oneByOne) {
            throw new SQLException(
                    "the sequence everafter.commit_log_id_seq was altered, so that nothing can be proven of"
                            + " its ids: ALTER SEQUENCE everafter.commit_log_id_seq CACHE 1 INCREMENT 1 NO CYCLE");
        }
    }

    /** Commits after {@code cursor}, as this statement's snapshot shows them. */
    List<Commit> commitsAfter(long cursor) throws SQLException {
        commits.setLong(1, cursor);
        try (ResultSet rows = commits.executeQuery()) {
            List<Commit> found = new ArrayList<>();
            while (rows.next()) {
                found.add(new Commit(
                        rows.getLong(1), rows.getLong(2), rows.getObject(3, OffsetDateTime.class), rows.getBoolean(4)));
            }
            return found;
        }
    }

    boolean anyCommitAfter(long cursor) throws SQLException {
        any.setLong(1, cursor);
        try (ResultSet row = any.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }

    EventPage events(long after, long upTo, ReadLimits limits) throws SQLException {
        return EventQuery.read(connection, after, upTo, limits);
    }

    /** The last commit id that was handed out, to whomever. */
    long lastValue() throws SQLException {
        try (ResultSet row = lastValue.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** The transactions that have taken a commit id and not ended, and perhaps others that only seem so. */
    Set<String> holders() throws SQLException {
        try (ResultSet rows = holders.executeQuery()) {
            Set<String> found = new HashSet<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }

    /** Who they are, for a person to read. */
    String describe(Set<String> holders) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(DESCRIBE)) {
            select.setArray(1, connection.createArrayOf("text", holders.toArray()));
            try (ResultSet rows = select.executeQuery()) {
                List<String> found = new ArrayList<>();
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
                return String.join(", ", found);
            }
        }
    }

    /**
     * Returns once everything that was visible before is on disk (and on a synchronous standby).
     *
     * @return whether something had to be flushed
     */
    boolean fence() throws SQLException {
        if (number("SELECT (pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn())::int") == 1) {
            return false;
        }
        execute("SELECT pg_logical_emit_message(true, 'everafter', '')");
        return true;
    }

    /**
     * Makes the next commits ring, and then lists those who may have looked before.
     *
     * @throws SQLException with {@link Sql#LOCK_NOT_AVAILABLE} if somebody else holds the lock
     */
    Set<String> arm() throws SQLException {
        execute("SELECT pg_advisory_lock(" + Keys.CLASS + ", " + Keys.BELL + ")");
        return holders();
    }

    void disarm() throws SQLException {
        execute("SELECT pg_advisory_unlock(" + Keys.CLASS + ", " + Keys.BELL + ")");
    }

    /** Sleeps on the socket, at least 1 ms if nothing comes; whether another session rang. */
    boolean awaitBell(int millis) throws SQLException {
        PGNotification[] rung = pg.getNotifications(Math.max(1, millis));
        if (rung != null) {
            for (PGNotification notification : rung) {
                if (notification.getPID() != pg.getBackendPID()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Wakes the other sessions that follow. */
    void ringOthers() throws SQLException {
        execute("NOTIFY " + Keys.CHANNEL);
    }

    /** Becomes the session that arms, if none is. */
    boolean tryLead() throws SQLException {
        return number("SELECT pg_try_advisory_lock(" + Keys.CLASS + ", " + Keys.LEADER + ")::int") == 1;
    }

    /** Says, until this session leads or ends, that it is one that wants to be woken. */
    void follow() throws SQLException {
        execute("SELECT pg_advisory_lock_shared(" + Keys.CLASS + ", " + Keys.FOLLOWER + ")");
    }

    void unfollow() throws SQLException {
        execute("SELECT pg_advisory_unlock_shared(" + Keys.CLASS + ", " + Keys.FOLLOWER + ")");
    }

    boolean othersFollow() throws SQLException {
        return number("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = " + Keys.CLASS
                        + " AND objid = " + Keys.FOLLOWER
                        + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))::int")
                == 1;
    }

    /** The present epoch's name. */
    String epoch() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT name::text FROM everafter.epoch ORDER BY no DESC LIMIT 1")) {
            row.next();
            return row.getString(1);
        }
    }

    /** Whether transactions may be prepared here, and so commit without ringing. */
    boolean twoPhase() {
        return twoPhase;
    }

    Connection connection() {
        return connection;
    }

    /** Cuts the connection, whatever it is doing; from any thread. */
    void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            // it is gone, then
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private long number(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
