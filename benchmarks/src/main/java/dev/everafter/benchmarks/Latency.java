package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.Rounds.Variant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;

/**
 * How long after a writer has said COMMIT a client has the event, over all deliveries, beside a bare LISTEN client of the
 * same database, to which each transaction of its rounds sends one NOTIFY and nothing else.
 *
 * <p>For one thread.
 */
final class Latency implements Benchmark {
    private static final String BOUND = "bare LISTEN client";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        List<Load> loads = options.quick()
                ? List.of(new Load(20, 100, 50))
                : List.of(new Load(1_000, 20, 200), new Load(1_000, 100, 1_000), new Load(100, 1_000, 5_000));
        for (Load load : loads) {
            results.accept(measure(database.newLog(), load, options));
        }
    }

    /**
     * What one measurement bears.
     *
     * @param rate events a second
     * @param events in one round
     */
    private record Load(int sessions, int rate, int events) {}

    private static Results measure(String log, Load load, Options options) throws Exception {
        int sessions = load.sessions();
        int events = load.events();
        Samples samples = new Samples(events, sessions);
        try (Child server = Child.everafter(log, options.serverJvm());
                Emitter emitter = new Emitter(log);
                LoadClient clients = LoadClient.subscribe(
                        server.port(),
                        sessions,
                        "\"from\":\"now\"",
                        1,
                        (connection, number, nanos) -> samples.received((int) ((number - 1) % events), nanos));
                Connection writer = Database.connect(log);
                Listening listening = new Listening(
                        log, "bench", (payload, nanos) -> samples.received(Integer.parseInt(payload), nanos))) {
            AtomicInteger notified = new AtomicInteger();
            Database.execute(writer, "CREATE TABLE listened (id bigint GENERATED ALWAYS AS IDENTITY, data jsonb)");
            emitter.connection().setAutoCommit(false);
            writer.setAutoCommit(false);
            return options.rounds(1, 5)
                    .run(
                            "commit to client, " + load.rate() + " events/s",
                            BOUND,
                            List.of(
                                    new Variant("everafter, " + sessions + " sessions", () -> {
                                        write(load, samples, emitter.connection(), i -> emitter.emit(1));
                                        clients.await((emitter.next() - 1) * sessions, PATIENCE);
                                        return samples.figures(events * sessions);
                                    }),
                                    new Variant(BOUND, () -> {
                                        try (PreparedStatement notify = writer.prepareStatement(
                                                "WITH row AS (INSERT INTO listened (data) VALUES (" + Payload.sql("0")
                                                        + ")) SELECT pg_notify('bench', ?)")) {
                                            write(load, samples, writer, i -> {
                                                notify.setString(1, Integer.toString(i));
                                                notify.execute();
                                            });
                                        }
                                        listening.await(notified.addAndGet(events));
                                        return samples.figures(events);
                                    })));
        }
    }

    /** What a transaction does before its commit. */
    private interface Step {
        void run(int number) throws SQLException;
    }

    private static void write(Load load, Samples samples, Connection writer, Step step) throws SQLException {
        samples.clear();
        Pace pace = Pace.perSecond(load.rate());
        for (int i = 0; i < load.events(); i++) {
            pace.await();
            step.run(i);
            samples.committing(i);
            writer.commit();
            samples.committed(i);
        }
    }

    /** When what was said and heard, of one round. Each of its roles may have a thread of its own. */
    private static final class Samples {
        private final AtomicLongArray saidAt;
        private final long[] commitNanos;
        private final AtomicLongArray nanos;
        private final AtomicInteger received = new AtomicInteger();

        Samples(int events, int sessions) {
            saidAt = new AtomicLongArray(events);
            commitNanos = new long[events];
            nanos = new AtomicLongArray(events * sessions);
        }

        void clear() {
            received.set(0);
        }

        void committing(int event) {
            saidAt.set(event, System.nanoTime());
        }

        void committed(int event) {
            commitNanos[event] = System.nanoTime() - saidAt.get(event);
        }

        void received(int event, long at) {
            nanos.set(received.getAndIncrement(), at - saidAt.get(event));
        }

        Map<String, Double> figures(int expected) {
            if (received.get() != expected) {
                throw new IllegalStateException(received + " deliveries of " + expected);
            }
            long[] all = new long[expected];
            Arrays.setAll(all, nanos::get);
            Arrays.sort(all);
            Arrays.sort(commitNanos);
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("p50, ms", percentile(all, 50));
            figures.put("p99, ms", percentile(all, 99));
            figures.put("most, ms", percentile(all, 100));
            figures.put("the COMMIT alone, p50, ms", percentile(commitNanos, 50));
            figures.put("the COMMIT alone, p99, ms", percentile(commitNanos, 99));
            return figures;
        }

        private static double percentile(long[] sorted, int percent) {
            return sorted[Math.min(sorted.length - 1, (int) ((long) sorted.length * percent / 100))] / 1e6;
        }
    }
}
