package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Rounds.Variant;
import dev.everafter.pg.CaptureOptions;
import dev.everafter.pg.LogSchema;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * What capture costs writers: one-row transactions into a plain table, into captured ones, and, for comparison, into one
 * with a trigger that writes to a table and notifies in every transaction.
 *
 * <p>A captured table, by statement triggers unless said otherwise, is measured with nobody following the log; with a server following it; and with a reader that is
 * asleep for each transaction, so that all of them ring (which is more than a real reader's: it is awake while they come).
 *
 * <p>For one thread.
 */
final class WriterThroughput implements Benchmark {
    private static final String BOUND = "plain";
    private static final int WARM_UP = 30;
    static final String COLUMNS =
            "(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, amount int, at timestamptz)";
    private static final String VALUES = " (name, amount, at) VALUES ('hello world', 42, now())";

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        String quiet = database.newLog();
        String followed = database.newLog();
        makeTables(quiet);
        makeTables(followed);
        Map<String, Long> written = new LinkedHashMap<>();
        try (Child server = Child.everafter(followed, options.serverJvm());
                Connection own = Database.connect(quiet);
                Connection log = Database.connect(followed);
                Listening listening = new Listening(quiet, "notified", (payload, nanos) -> {})) {
            Following following = new Following(server, log);
            for (String commit : List.of("on", "off")) {
                for (int clients : options.quick() ? List.of(2) : List.of(1, 8)) {
                    Writing writing = new Writing(database, commit, clients, options.size(3_000, 150), written);
                    results.accept(options.rounds(1, 5)
                            .run(
                                    "one-row transactions, " + clients + " clients, synchronous_commit=" + commit,
                                    BOUND,
                                    variants(writing, quiet, followed, following, own)));
                }
            }
            for (Map.Entry<String, Long> table : written.entrySet()) {
                check(table.getKey(), table.getValue());
            }
            listening.await(written.getOrDefault(quiet + " notified", 0L));
        }
    }

    private static void makeTables(String url) throws SQLException {
        try (Connection connection = Database.connect(url)) {
            for (String table : List.of("plain", "captured", "by_row", "notified")) {
                Database.execute(connection, "CREATE TABLE " + table + COLUMNS);
            }
            PGSimpleDataSource source = new PGSimpleDataSource();
            source.setUrl(url);
            LogSchema.of(source).capture("captured");
            LogSchema.of(source)
                    .capture(
                            "by_row",
                            CaptureOptions.builder()
                                    .form(CaptureOptions.Form.ROW)
                                    .build());
            Database.execute(
                    connection,
                    "CREATE TABLE notified_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data jsonb)");
            Database.execute(connection, """
                    CREATE FUNCTION notify_row() RETURNS trigger LANGUAGE plpgsql AS $$
                    DECLARE made bigint;
                    BEGIN
                        INSERT INTO notified_log (data) VALUES (to_jsonb(NEW)) RETURNING id INTO made;
                        PERFORM pg_notify('notified', made::text);
                        RETURN NULL;
                    END$$""");
            Database.execute(
                    connection,
                    "CREATE TRIGGER notify_row AFTER INSERT ON notified FOR EACH ROW EXECUTE FUNCTION notify_row()");
        }
    }

    private static List<Variant> variants(
            Writing writing, String quiet, String followed, Following following, Connection reader) {
        return List.of(
                new Variant(BOUND, () -> writing.measure(quiet, "plain", () -> {})),
                new Variant("captured, nobody follows", () -> writing.measure(quiet, "captured", () -> {})),
                new Variant("captured by row, nobody follows", () -> writing.measure(quiet, "by_row", () -> {})),
                new Variant("captured, followed", () -> writing.measure(followed, "captured", following::await)),
                new Variant("captured, every commit rings", () -> {
                    // as a tailer does before it sleeps
                    try (Listening bell = new Listening(quiet, "everafter", (payload, nanos) -> {})) {
                        Database.execute(reader, "SELECT pg_advisory_lock(1163281746, 1)");
                        return writing.measure(quiet, "captured", () -> {});
                    } finally {
                        Database.execute(reader, "SELECT pg_advisory_unlock(1163281746, 1)");
                    }
                }),
                new Variant("trigger that notifies", () -> writing.measure(quiet, "notified", () -> {})));
    }

    private static void check(String table, long transactions) throws SQLException {
        String url = table.substring(0, table.indexOf(' '));
        String name = table.substring(url.length() + 1);
        try (Connection connection = Database.connect(url)) {
            require("rows in " + name, Database.number(connection, "SELECT count(*) FROM " + name), transactions);
            if (name.equals("captured") || name.equals("by_row")) {
                require(
                        "events",
                        Database.number(
                                connection, "SELECT count(*) FROM everafter.event WHERE topic = 'public." + name + "'"),
                        transactions);
            }
        }
    }

    private static void require(String what, long found, long transactions) {
        if (found != transactions) {
            throw new IllegalStateException(found + " " + what + " after " + transactions + " transactions");
        }
    }

    /** Something to be waited for, which belongs to the round. */
    private interface Rest {
        void await() throws Exception;
    }

    /** Some sessions that write for some time. */
    private record Writing(Database database, String commit, int clients, int millis, Map<String, Long> written) {
        Map<String, Double> measure(String url, String table, Rest rest) throws Exception {
            List<WireWriter> writers = new ArrayList<>();
            ExecutorService threads = Executors.newFixedThreadPool(clients);
            try {
                for (int i = 0; i < clients; i++) {
                    writers.add(new WireWriter(
                            database.port(),
                            url.replaceAll(".*/|\\?.*", ""),
                            "-c synchronous_commit=" + commit,
                            "INSERT INTO " + table + VALUES));
                }
                for (WireWriter writer : writers) {
                    warmUp(writer, url + " " + table);
                }
                return measure(url + " " + table, writers, threads, rest);
            } finally {
                threads.shutdownNow();
                for (WireWriter writer : writers) {
                    writer.close();
                }
            }
        }

        /** A session's first calls make its plans. */
        private void warmUp(WireWriter writer, String table) throws IOException {
            for (int i = 0; i < WARM_UP; i++) {
                writer.run();
            }
            written.merge(table, (long) WARM_UP, Long::sum);
        }

        private Map<String, Double> measure(String table, List<WireWriter> writers, ExecutorService threads, Rest rest)
                throws Exception {
            Proc.Cpu before = database.cpu();
            Proc.Cpu mineBefore = mine();
            long began = System.nanoTime();
            long end = began + TimeUnit.MILLISECONDS.toNanos(millis);
            List<Callable<Long>> tasks = writers.stream()
                    .<Callable<Long>>map(writer -> () -> write(writer, end))
                    .toList();
            long transactions = 0;
            for (Future<Long> count : threads.invokeAll(tasks)) {
                transactions += count.get();
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            Proc.Cpu mine = mine().minus(mineBefore);
            rest.await();
            double waited = (System.nanoTime() - began) / 1e9 - seconds;
            Proc.Cpu spent = database.cpu().minus(before);
            written.merge(table, transactions, Long::sum);
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("transactions/s", transactions / seconds);
            figures.put("PostgreSQL's CPU, us per transaction", spent.total() / transactions);
            figures.put("the writers' own CPU, us per transaction", mine.total() / transactions);
            figures.put("the follower's lag at the end, ms", waited * 1000);
            return figures;
        }

        private static Proc.Cpu mine() {
            return Proc.cpu(ProcessHandle.current().pid());
        }

        private static long write(WireWriter writer, long end) throws IOException {
            long transactions = 0;
            // One at least, however late this thread comes: figures are per transaction.
            do {
                writer.run();
                transactions++;
            } while (System.nanoTime() < end);
            return transactions;
        }
    }
}
