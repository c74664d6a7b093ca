package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.Rounds.Variant;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Cuts the connections of many clients at once while events are written, and measures how long it takes until all are caught
 * up again, each of which reconnects and resumes at once, without any pause; beside what as many handshakes take bare Netty
 * after the same cut. That nothing is lost or repeated is checked by number, on each client.
 *
 * <p>For one thread.
 */
final class ResumeStorm implements Benchmark {
    private static final String BOUND = "bare Netty, handshakes";
    private static final int RATE = 500;
    private static final long PATIENCE_SECONDS = 120;
    private static final double STEADY_SECONDS = 1;

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int clients = options.size(1_000, 50);
        String log = database.newLog();
        try (Child server = Child.everafter(log, options.serverJvm());
                Child netty = Child.netty(List.of());
                Emitter emitter = new Emitter(log);
                StormClient ours = new StormClient(server.port(), clients, true);
                StormClient bare = new StormClient(netty.port(), clients, false)) {
            connect(ours);
            connect(bare);
            // Each client has a position before it is cut for the first time.
            emitter.emit(1);
            ours.await("the first event", () -> ours.allHave(1), PATIENCE_SECONDS);
            results.accept(options.rounds(1, 7)
                    .run(
                            clients + " clients are cut and resume, " + RATE + " events/s",
                            BOUND,
                            List.of(
                                    new Variant("everafter, caught up", () -> storm(server, ours, emitter)),
                                    new Variant(BOUND, () -> cut(netty, bare)))));
        }
    }

    private static void connect(StormClient clients) throws Exception {
        clients.connect();
        clients.await("all connected", clients::allThere, PATIENCE_SECONDS);
    }

    private static Map<String, Double> storm(Child server, StormClient clients, Emitter emitter) throws Exception {
        Map<String, Double> figures;
        try (Writing writing = new Writing(emitter)) {
            long steady = System.nanoTime() + (long) (STEADY_SECONDS * 1e9);
            clients.await("a while of events", () -> System.nanoTime() > steady, PATIENCE_SECONDS);
            long written = writing.written.get();
            figures = cut(server, clients);
            figures.put("events written meanwhile", (double) (writing.written.get() - written));
        }
        clients.await("the last event", () -> clients.allHave(emitter.next() - 1), PATIENCE_SECONDS);
        return figures;
    }

    private static Map<String, Double> cut(Child server, StormClient clients) throws Exception {
        Proc.Cpu spent = server.cpu();
        long began = System.nanoTime();
        clients.drop();
        clients.connect();
        clients.await("all are back", clients::allThere, PATIENCE_SECONDS);
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("seconds until all are back", (System.nanoTime() - began) / 1e9);
        figures.put("server's CPU, s", server.cpu().minus(spent).total() / 1e6);
        return figures;
    }

    /** Writes events at an even pace, each in a transaction, until it is closed. */
    private static final class Writing implements AutoCloseable {
        private final AtomicLong written = new AtomicLong();
        private final Thread thread;
        private volatile boolean closed;
        private volatile Optional<SQLException> failure = Optional.empty();

        Writing(Emitter emitter) {
            thread = new Thread(() -> run(emitter), "writer");
            thread.start();
        }

        private void run(Emitter emitter) {
            Pace pace = Pace.perSecond(RATE);
            try {
                while (!closed) {
                    pace.await();
                    emitter.emit(1);
                    written.incrementAndGet();
                }
            } catch (SQLException e) {
                failure = Optional.of(e);
            }
        }

        @Override
        public void close() throws InterruptedException, SQLException {
            closed = true;
            thread.join();
            if (failure.isPresent()) {
                throw failure.get();
            }
        }
    }
}
