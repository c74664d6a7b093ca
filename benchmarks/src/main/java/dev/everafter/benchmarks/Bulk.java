package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Rounds.Variant;
import dev.everafter.pg.CaptureOptions;
import dev.everafter.pg.LogSchema;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * What capture costs one statement that inserts a million rows: its time, that of its COMMIT, in which all events take their
 * places while other commits may have to be waited for, and its WAL.
 *
 * <p>For one thread.
 */
final class Bulk implements Benchmark {
    private static final String BOUND = "plain";

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int rows = options.size(1_000_000, 2_000);
        String url = database.newLog();
        try (Connection connection = Database.connect(url)) {
            connection.setAutoCommit(false);
            results.accept(options.rounds(1, 3)
                    .run(
                            "INSERT of " + rows + " rows",
                            BOUND,
                            List.of(
                                    new Variant(BOUND, () -> insert(url, connection, rows, Optional.empty())),
                                    captured("by statement", url, connection, rows, CaptureOptions.Form.STATEMENT),
                                    captured("by row", url, connection, rows, CaptureOptions.Form.ROW))));
        }
    }

    private static Variant captured(
            String name, String url, Connection connection, int rows, CaptureOptions.Form form) {
        return new Variant(
                "captured " + name,
                () -> insert(
                        url,
                        connection,
                        rows,
                        Optional.of(CaptureOptions.builder().form(form).build())));
    }

    private static Map<String, Double> insert(
            String url, Connection connection, int rows, Optional<CaptureOptions> capture) throws SQLException {
        Database.execute(connection, "CREATE TABLE bulk " + WriterThroughput.COLUMNS);
        connection.commit();
        if (capture.isPresent()) {
            PGSimpleDataSource source = new PGSimpleDataSource();
            source.setUrl(url);
            LogSchema.of(source).capture("bulk", capture.get());
        }
        long events = events(connection);
        long wal = wal(connection);
        long began = System.nanoTime();
        Database.execute(
                connection,
                "INSERT INTO bulk (name, amount, at) SELECT 'hello world', i, now() FROM generate_series(1, " + rows
                        + ") i");
        long inserted = System.nanoTime();
        connection.commit();
        long committed = System.nanoTime();
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("INSERT, s", (inserted - began) / 1e9);
        figures.put("COMMIT, ms", (committed - inserted) / 1e6);
        figures.put("WAL, bytes per row", (double) (wal(connection) - wal) / rows);
        if (events(connection) - events != (capture.isPresent() ? rows : 0)) {
            throw new IllegalStateException((events(connection) - events) + " events of " + rows + " rows");
        }
        Database.execute(connection, "DROP TABLE bulk");
        connection.commit();
        return figures;
    }

    /** Counted outside of the measured transaction. */
    private static long events(Connection connection) throws SQLException {
        long events = Database.number(connection, "SELECT count(*) FROM everafter.event");
        connection.commit();
        return events;
    }

    private static long wal(Connection connection) throws SQLException {
        long wal = Database.number(connection, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn");
        connection.commit();
        return wal;
    }
}
