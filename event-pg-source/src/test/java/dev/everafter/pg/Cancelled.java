package dev.everafter.pg;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import org.postgresql.PGConnection;

/**
 * What came of a writer whose statements were cancelled at random moments.
 *
 * @param cancelled how many statements
 * @param leaked how many of the doorbell's locks its session keeps
 */
record Cancelled(int cancelled, long leaked) {
    /** Runs {@code statements}, or fewer if {@code enough} of the leaked locks is true before. */
    static Cancelled writer(Db db, int statements, LongPredicate enough) throws Exception {
        ExecutorService cancelling = Executors.newSingleThreadExecutor();
        try (Connection writer = db.connect();
                Connection canceller = db.connect()) {
            int pid = writer.unwrap(PGConnection.class).getBackendPID();
            AtomicBoolean done = new AtomicBoolean();
            Future<?> cancels = cancelling.submit(() -> {
                while (!done.get()) {
                    Db.execute(canceller, "SELECT pg_cancel_backend(" + pid + ")");
                }
                return null;
            });
            int cancelled = 0;
            long leaked = 0;
            for (int i = 0; i < statements && !enough.test(leaked); i++) {
                try {
                    Db.execute(
                            writer,
                            "DO $$BEGIN FOR i IN 1..50 LOOP PERFORM everafter.emit('t','x','{}');"
                                    + " SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; END LOOP; END$$");
                } catch (SQLException e) {
                    cancelled++;
                }
                leaked = i % 20 == 0 || i == statements - 1 ? locks(db, pid) : leaked;
            }
            done.set(true);
            cancels.get();
            return new Cancelled(cancelled, leaked);
        } finally {
            cancelling.shutdownNow();
        }
    }

    private static long locks(Db db, int pid) throws SQLException {
        return db.number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = " + Keys.CLASS
                + " AND pid = " + pid);
    }
}
