package dev.everafter.pg;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * One session that follows ids of a sequence, statement by statement; each runs in a snapshot of its own, which the proofs
 * rest on. For one thread, but for {@link #abort()}.
 */
abstract class SequenceSession {
    /**
     * A server that doesn't answer for so long is taken for dead; asleep one asks it every 10 s. Together they bound how
     * long a hung server goes unnoticed.
     */
    static final Duration ANSWER = Duration.ofSeconds(10);

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
              AND relation = %s
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
            WHERE l.locktype = 'relation' AND l.relation = %s
              AND l.virtualtransaction = ANY (?)
            """;

    /** From here on a prepared transaction was seen to keep its session's name in pg_locks, by which it is waited for. */
    private static final int TWO_PHASE_SERVER = 150_000;

    private static final int PASSIVE_MILLIS = 5;

    private final Connection connection;
    private final PGConnection pg;
    private final boolean twoPhase;
    private boolean flushes = true;

    /** @param answer how long the server may take to answer */
    SequenceSession(Connection connection, Duration answer) throws SQLException {
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
        this.twoPhase = number("SELECT current_setting('max_prepared_transactions')::int") > 0;
        if (twoPhase && number("SELECT current_setting('server_version_num')::int") < TWO_PHASE_SERVER) {
            throw new SQLException("the log can't be followed where transactions may be prepared before PostgreSQL 15:"
                    + " set max_prepared_transactions to 0, or use a newer server");
        }
    }

    /** Makes a session of a connection. */
    interface Maker<S extends SequenceSession> {
        S make(Connection connection) throws SQLException;
    }

    /** Opens a connection, and closes it again if it is not one to follow a log on. */
    static <S extends SequenceSession> S open(TailConnection factory, Maker<S> maker) throws SQLException {
        Connection connection = factory.open();
        try {
            return maker.make(connection);
        } catch (SQLException | RuntimeException e) {
            connection.abort(Runnable::run);
            throw e;
        }
    }

    /** The sequence, as an SQL expression for its object id. */
    abstract String sequence();

    /** The last id that was handed out, to whomever; or where that can't be known, one up to which none has been missed. */
    abstract long lastValue() throws SQLException;

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

    /** The transactions that have taken an id and not ended, and perhaps others that only seem so. */
    Set<String> holders() throws SQLException {
        try (PreparedStatement holders = connection.prepareStatement(HOLDERS.formatted(sequence()));
                ResultSet rows = holders.executeQuery()) {
            Set<String> found = new HashSet<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }

    /** Who they are, for a person to read. */
    String describe(Set<String> holders) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(DESCRIBE.formatted(sequence()))) {
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
     * Returns once everything that was visible before is on disk (and on a synchronous standby, unless the role may not
     * call {@code pg_logical_emit_message} and has to wait for others to flush).
     *
     * @return whether something had to be flushed
     */
    boolean fence() throws SQLException {
        if (number("SELECT (pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn())::int") == 1) {
            return false;
        }
        if (!flushes) {
            awaitFlush();
            return true;
        }
        try {
            execute("SELECT pg_logical_emit_message(true, 'everafter', '')");
        } catch (SQLException e) {
            if (!Sql.INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                throw e;
            }
            flushes = false;
            awaitFlush();
        }
        return true;
    }

    /** The WAL writer flushes within three times {@code wal_writer_delay}, whether or not anybody commits. */
    private void awaitFlush() throws SQLException {
        try (PreparedStatement flushed =
                connection.prepareStatement("SELECT pg_current_wal_flush_lsn() >= ?::text::pg_lsn")) {
            flushed.setString(1, text("SELECT pg_current_wal_insert_lsn()::text"));
            while (true) {
                try (ResultSet row = flushed.executeQuery()) {
                    row.next();
                    if (row.getBoolean(1)) {
                        return;
                    }
                }
                awaitBell(PASSIVE_MILLIS);
            }
        }
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

    final void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    final long number(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private String text(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
