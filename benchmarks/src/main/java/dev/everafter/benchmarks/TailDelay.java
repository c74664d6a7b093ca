package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Rounds.Variant;
import dev.everafter.core.Event;
import dev.everafter.core.TailUpdate.Advanced;
import dev.everafter.core.Tailer;
import dev.everafter.pg.PgEventLog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * How long after a writer has said COMMIT the tailer hands the event over, in the same process: where the tailer sleeps
 * before each commit, and where it never does; and the same beside a transaction that has written events and stays open.
 *
 * <p>For one thread.
 */
final class TailDelay implements Benchmark {
    private static final String BOUND = "asleep";
    /** The tailer falls asleep some 5 ms after a commit. */
    private static final int RARE = 20;

    private static final int OFTEN = 1_000;

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int rare = options.size(400, 10);
        int often = options.size(10_000, 100);
        String url = database.newLog();
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        try (PgEventLog log = PgEventLog.builder()
                        .dataSource(source)
                        .tailer(url, new Properties())
                        .build();
                Tailing tailing = new Tailing(log.tailer());
                Writer writer = new Writer(url);
                Connection open = Database.connect(url)) {
            tailing.awaitStart();
            results.accept(options.rounds(1, 3)
                    .run(
                            "commit to the tailer's hand",
                            BOUND,
                            List.of(
                                    new Variant(BOUND, () -> measure(tailing, writer, rare, RARE)),
                                    new Variant(
                                            "asleep, a transaction open",
                                            () -> beside(open, () -> measure(tailing, writer, rare, RARE))),
                                    new Variant("busy", () -> measure(tailing, writer, often, OFTEN)),
                                    new Variant(
                                            "busy, a transaction open",
                                            () -> beside(open, () -> measure(tailing, writer, often, OFTEN))))));
        }
    }

    private interface Measured {
        Map<String, Double> run() throws Exception;
    }

    private static Map<String, Double> beside(Connection open, Measured measured) throws Exception {
        open.setAutoCommit(false);
        Database.execute(open, "SELECT everafter.emit('bench', 'open', '-1')");
        try {
            return measured.run();
        } finally {
            open.rollback();
        }
    }

    private static Map<String, Double> measure(Tailing tailing, Writer writer, int events, int rate) throws Exception {
        Samples samples = tailing.expect(events);
        Pace pace = Pace.perSecond(rate);
        for (int i = 0; i < events; i++) {
            pace.await();
            writer.write(i, samples);
        }
        return samples.figures();
    }

    /** For one thread. */
    private static final class Writer implements AutoCloseable {
        private final Connection connection;
        private final PreparedStatement emit;

        Writer(String url) throws SQLException {
            connection = Database.connect(url);
            connection.setAutoCommit(false);
            emit = connection.prepareStatement("SELECT everafter.emit('bench', 'tick', to_jsonb(?::int))");
        }

        void write(int number, Samples samples) throws SQLException {
            emit.setInt(1, number);
            emit.execute();
            samples.saidAt.set(number, System.nanoTime());
            connection.commit();
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }

    private static final class Samples {
        private final AtomicLongArray saidAt;
        private final long[] nanos;
        private final CountDownLatch missing;

        Samples(int events) {
            saidAt = new AtomicLongArray(events);
            nanos = new long[events];
            missing = new CountDownLatch(events);
        }

        Map<String, Double> figures() throws InterruptedException {
            if (!missing.await(2, TimeUnit.MINUTES)) {
                throw new IllegalStateException(missing.getCount() + " events were not handed over");
            }
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("p50, ms", sorted[sorted.length / 2] / 1e6);
            figures.put("p99, ms", sorted[sorted.length * 99 / 100] / 1e6);
            figures.put("most, ms", sorted[sorted.length - 1] / 1e6);
            return figures;
        }
    }

    /** Takes what the tailer hands over, on a thread of its own. */
    private static final class Tailing implements AutoCloseable {
        private final Tailer tailer;
        private final Thread thread = new Thread(this::run, "tailing");
        private final CountDownLatch started = new CountDownLatch(1);
        private volatile Samples samples = new Samples(0);

        Tailing(Tailer tailer) {
            this.tailer = tailer;
            thread.start();
        }

        private void run() {
            try {
                while (true) {
                    if (tailer.next() instanceof Advanced advanced) {
                        long now = System.nanoTime();
                        advanced.events().forEach(event -> take(event, now));
                    }
                    started.countDown();
                }
            } catch (InterruptedException e) {
                // closed
            }
        }

        private void take(Event event, long now) {
            int number = Integer.parseInt(event.data().orElseThrow().toString());
            samples.nanos[number] = now - samples.saidAt.get(number);
            samples.missing.countDown();
        }

        Samples expect(int events) {
            samples = new Samples(events);
            return samples;
        }

        void awaitStart() throws InterruptedException {
            if (!started.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("the tailer doesn't start");
            }
        }

        @Override
        public void close() throws InterruptedException {
            tailer.close();
            thread.join();
        }
    }
}
