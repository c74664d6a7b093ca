package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Rounds.Variant;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.postgresql.PGConnection;

/**
 * How long a client takes that comes with nothing and wants everything, one event a transaction, beside a plain JDBC loop
 * that reads the same rows with the same join, and {@code COPY} of them.
 *
 * <p>For one thread.
 */
final class CatchUp implements Benchmark {
    private static final String BOUND = "JDBC loop";
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String ROWS = """
            SELECT c.id * 256 + ((e.n - 1) & 255) AS id, c.at, e.topic, e.type, e.key, e.data, e.old, c.tx::text
            FROM everafter.commit_log c
            JOIN everafter.event e ON e.seg = c.seg AND e.n > c.part::bigint * 256 AND e.n <= c.part::bigint * 256 + 256
            ORDER BY c.id, e.n""";
    private static final int COLUMNS = 8;
    /** Small beside what is read, so that memory which grew with it would end the server. */
    private static final String HEAP = "-Xmx256m";

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int events = options.size(200_000, 2_000);
        String log = database.newLog();
        try (Connection connection = Database.connect(log)) {
            fill(connection, events);
            try (Child server = Child.everafter(log, options.serverJvm(HEAP))) {
                results.accept(options.rounds(1, 7)
                        .run(
                                "catch-up of " + events + " events",
                                BOUND,
                                List.of(
                                        new Variant(BOUND, () -> timed(database, () -> loop(connection, events))),
                                        new Variant(
                                                "1 client over the socket",
                                                () -> overSocket(database, server, events, 1)),
                                        new Variant(
                                                "10 clients over the socket",
                                                () -> overSocket(database, server, events, 10)),
                                        new Variant("COPY", () -> timed(database, () -> copy(connection, events))))));
            }
        }
    }

    static void fill(Connection connection, int events) throws SQLException {
        Database.execute(connection, "SET synchronous_commit = off");
        Database.execute(
                connection,
                "DO $$ BEGIN FOR s IN 1.." + events + " LOOP PERFORM everafter.emit('bench', 'tick', "
                        + Payload.sql("s") + "); COMMIT; END LOOP; END $$");
        // CHECKPOINT, so that the first readers don't write what the writer left
        Database.execute(connection, "RESET synchronous_commit");
        Database.execute(connection, "VACUUM ANALYZE everafter.event, everafter.commit_log");
        Database.execute(connection, "CHECKPOINT");
    }

    /** Something that takes a while. */
    interface Work {
        void run() throws Exception;
    }

    static Map<String, Double> timed(Database database, Work work) throws Exception {
        Proc.Cpu before = database.cpu();
        long began = System.nanoTime();
        work.run();
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("seconds", (System.nanoTime() - began) / 1e9);
        figures.put("PostgreSQL's CPU, s", database.cpu().minus(before).total() / 1e6);
        return figures;
    }

    private static Map<String, Double> overSocket(Database database, Child server, int events, int clients)
            throws Exception {
        Proc.Cpu before = server.cpu();
        Map<String, Double> figures = timed(database, () -> {
            try (LoadClient client = LoadClient.subscribe(
                    server.port(), clients, "\"from\":\"start\"", 1, (connection, number, nanos) -> {})) {
                client.await((long) events * clients, PATIENCE);
            }
        });
        figures.put("server's CPU, s", server.cpu().minus(before).total() / 1e6);
        Proc.Memory memory = Proc.memory(server.pid());
        figures.put("server's RSS after it, MB", memory.resident() / 1e6);
        figures.put("server's peak RSS, MB", memory.peak() / 1e6);
        return figures;
    }

    static void loop(Connection connection, int expected) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(1_000);
            int rows = 0;
            long bytes = 0;
            try (ResultSet row = statement.executeQuery(ROWS)) {
                while (row.next()) {
                    rows++;
                    for (int column = 1; column <= COLUMNS; column++) {
                        byte[] value = row.getBytes(column);
                        bytes += value == null ? 0 : value.length;
                    }
                }
            }
            require(rows, expected);
            require(bytes > 0 ? 1 : 0, 1);
        } finally {
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    static void copy(Connection connection, int expected) throws SQLException, IOException {
        long rows = connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyOut("COPY (" + ROWS + ") TO STDOUT", OutputStream.nullOutputStream());
        require(rows, expected);
    }

    static void require(long rows, long expected) {
        if (rows != expected) {
            throw new IllegalStateException(rows + " rows where " + expected + " were written");
        }
    }
}
