package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.LoadClient.Totals;
import dev.everafter.benchmarks.Proc.Unread;
import dev.everafter.benchmarks.Rounds.Variant;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * What sessions that accept nothing do to the others: COMMIT to client over half of the sessions, while the other half reads
 * as well, and while it doesn't; and what memory the server has then. They are stalled before it is measured: events are
 * sent until the kernel takes no more for them, which may be megabytes each.
 *
 * <p>For one thread.
 */
final class Stalled implements Benchmark {
    private static final String BOUND = "undisturbed: the others read";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int RATE = 50;
    private static final int TRANSACTION = 64;
    private static final int CHUNK = 20 * TRANSACTION;
    /** Of CHUNK events each; the kernel's most is some megabytes. */
    private static final int MOST_CHUNKS = 50;

    private static final String MEMBERS = "\"batch\":64,\"from\":\"now\"";

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int half = options.size(500, 20);
        // Less than the send deadline of 30 s: no session is closed meanwhile.
        int events = options.size(750, 50);
        String log = database.newLog();
        Samples samples = new Samples(events, half);
        AtomicLong first = new AtomicLong(Long.MAX_VALUE);
        try (Child server = Child.everafter(log, options.serverJvm());
                Emitter emitter = new Emitter(log);
                LoadClient readers =
                        LoadClient.subscribe(server.port(), half, MEMBERS, 1, (connection, number, nanos) -> {
                            if (number >= first.get()) {
                                samples.received((int) (number - first.get()), nanos);
                            }
                        })) {
            emitter.connection().setAutoCommit(false);
            Half measured = new Half(half, server, emitter, readers, samples, first);
            results.accept(options.rounds(1, 5)
                    .run(
                            "commit to client of " + half + " sessions beside " + half + " others, " + RATE
                                    + " events/s",
                            BOUND,
                            List.of(
                                    new Variant("the others are stalled", () -> {
                                        try (LoadClient stalled = LoadClient.stalled(server.port(), half, MEMBERS)) {
                                            measured.fillKernel();
                                            Map<String, Double> figures = measured.figures();
                                            stalled.await(0, PATIENCE);
                                            return figures;
                                        }
                                    }),
                                    new Variant(BOUND, () -> {
                                        long next = emitter.next();
                                        try (LoadClient others = LoadClient.subscribe(
                                                server.port(),
                                                half,
                                                MEMBERS,
                                                next,
                                                (connection, number, nanos) -> {})) {
                                            measured.write(CHUNK);
                                            Map<String, Double> figures = measured.figures();
                                            others.await((emitter.next() - next) * half, PATIENCE);
                                            return figures;
                                        }
                                    }))));
        }
    }

    /** The half that always reads. */
    private record Half(
            int sessions, Child server, Emitter emitter, LoadClient readers, Samples samples, AtomicLong first) {
        /** Returns when the server could hand on next to nothing of a chunk to as many sessions that don't read. */
        void fillKernel() throws Exception {
            Unread before = Proc.unread(server.port());
            for (int i = 0; i < MOST_CHUNKS; i++) {
                Totals sent = readers.totals();
                write(CHUNK);
                Unread after = Proc.unread(server.port());
                if (after.bytes() - before.bytes()
                        < readers.totals().minus(sent).bytes() / 100) {
                    return;
                }
                before = after;
            }
            throw new IllegalStateException("the kernel still takes more than " + before);
        }

        /** Returns when all have the events. */
        void write(int events) throws SQLException, InterruptedException {
            for (int i = 0; i < events; i += TRANSACTION) {
                emitter.emit(TRANSACTION);
                emitter.connection().commit();
            }
            await();
        }

        private void await() throws InterruptedException {
            readers.await((emitter.next() - 1) * sessions, PATIENCE);
        }

        Map<String, Double> figures() throws Exception {
            first.set(emitter.next());
            samples.write(RATE, emitter.connection(), i -> emitter.emit(1));
            await();
            first.set(Long.MAX_VALUE);
            Map<String, Double> figures = new LinkedHashMap<>(samples.figures());
            Unread unread = Proc.unread(server.port());
            figures.put("sessions that are stalled", (double) unread.connections());
            figures.put("  what the kernel holds for them, MB", unread.bytes() / 1e6);
            figures.put("server's live heap, MB", server.liveHeap() / 1e6);
            figures.put("server's RSS, MB", Proc.memory(server.pid()).resident() / 1e6);
            return figures;
        }
    }
}
