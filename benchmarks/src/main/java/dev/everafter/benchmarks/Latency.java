package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.Rounds.Variant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
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
                                        samples.write(load.rate(), emitter.connection(), i -> emitter.emit(1));
                                        clients.await((emitter.next() - 1) * sessions, PATIENCE);
                                        return samples.figures(events * sessions);
                                    }),
                                    new Variant(BOUND, () -> {
                                        try (PreparedStatement notify = writer.prepareStatement(
                                                "WITH row AS (INSERT INTO listened (data) VALUES (" + Payload.sql("0")
                                                        + ")) SELECT pg_notify('bench', ?)")) {
                                            samples.write(load.rate(), writer, i -> {
                                                notify.setString(1, Integer.toString(i));
                                                notify.execute();
                                            });
                                        }
                                        listening.await(notified.addAndGet(events));
                                        return samples.figures(events);
                                    })));
        }
    }
}
