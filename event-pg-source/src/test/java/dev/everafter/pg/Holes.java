package dev.everafter.pg;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** Transactions that leave a hole in the order, for a while or for good. */
@Timeout(60)
abstract class Holes {
    private static final String PLACE = "INSERT INTO everafter.commit_log (id, seg, part, at, tx, durable)"
            + " OVERRIDING SYSTEM VALUE SELECT %d, 7, 0, clock_timestamp(), pg_current_xact_id(), true";
    private static final String EVENT =
            "INSERT INTO everafter.event (seg, n, topic, type, data) VALUES (7, 1, 't', 'x', '{\"v\":\"late\"}')";

    final Db db = Db.installed(Servers.twoPhaseIfFollowed());
    final Counts counts = new Counts();

    @AfterEach
    void rollBackPrepared() throws SQLException {
        for (String gid : db.texts("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")) {
            db.execute("ROLLBACK PREPARED '" + gid + "'");
        }
    }

    static String emit(String value) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + value + "\"}')";
    }

    /** A transaction that has taken its place and not committed. */
    final Connection placed(String value) throws SQLException {
        Connection connection = db.connect();
        place(connection, value);
        return connection;
    }

    static void place(Connection connection, String value) throws SQLException {
        connection.setAutoCommit(false);
        Db.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE", emit(value));
    }

    static long nextId(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT nextval('everafter.commit_log_id_seq')")) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Writes the event {@code late} to the place {@code id}, which was taken before. */
    static void fill(Connection connection, long id) throws SQLException {
        Db.execute(
                connection,
                PLACE.formatted(id),
                "ALTER TABLE everafter.event DISABLE TRIGGER close_part",
                EVENT,
                "ALTER TABLE everafter.event ENABLE ALWAYS TRIGGER close_part");
    }

    /** Runs {@code schedule} the first time it is called while a hole is there. */
    final Runnable onceInAHole(Sabotage.Session.Hook schedule) {
        AtomicBoolean done = new AtomicBoolean();
        return () -> {
            if (counts.gaps.get() > 0 && !done.getAndSet(true)) {
                try {
                    schedule.run();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
    }
}
