package dev.everafter.pg;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.postgresql.Driver;

/** Tailers that leave a step of the gap proof out. */
public final class SabotagedTailers {
    private SabotagedTailers() {}

    /** Nobody is ever waited for: every hole is passed as soon as it is seen. */
    public static void withoutProof(PgEventLog.Builder log, String url) {
        log.sessions(() -> TailSession.open(() -> connect(url), connection -> new TailSession(connection) {
            @Override
            Set<String> holders() {
                return Set.of();
            }
        }));
    }

    /** What is passed on after the proof is read in the snapshot that showed the hole. */
    public static void withoutSecondSnapshot(PgEventLog.Builder log, String url) {
        log.sessions(() -> TailSession.open(() -> connect(url), OneSnapshot::new));
    }

    private static Connection connect(String url) throws SQLException {
        Connection connection = new Driver().connect(url, new Properties());
        if (connection == null) {
            throw new SQLException("no PostgreSQL JDBC URL: " + url);
        }
        return connection;
    }

    /** Keeps its snapshot from the first look at a commit until its events have been read. */
    private static final class OneSnapshot extends TailSession {
        OneSnapshot(Connection connection) throws SQLException {
            super(connection);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        }

        @Override
        List<Commit> commitsAfter(long cursor) throws SQLException {
            connection().setAutoCommit(false);
            List<Commit> found = super.commitsAfter(cursor);
            if (found.isEmpty()) {
                connection().rollback();
                connection().setAutoCommit(true);
            }
            return found;
        }
    }
}
