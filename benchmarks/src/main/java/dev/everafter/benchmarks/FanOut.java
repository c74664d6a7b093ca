package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.LoadClient.Totals;
import dev.everafter.benchmarks.Rounds.Variant;
import java.util.List;
import java.util.function.Consumer;

/**
 * What the server pays to bring one event to one of many sessions, beside bare Netty that writes frames of the same length
 * to as many connections: at an even pace, where each message is one event, and as fast as it goes.
 *
 * <p>For one thread.
 */
final class FanOut implements Benchmark {
    private static final String BOUND = "bare Netty, frames as long";
    private static final int RATE = 50;
    private static final int TRANSACTION = 64;

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int sessions = options.size(1_000, 50);
        int paced = options.size(400, 25);
        int burst = options.size(10_000, 1_000);
        String log = database.newLog();
        try (Child server = Child.everafter(log, options.serverJvm());
                Child netty = Child.netty(List.of());
                Emitter emitter = new Emitter(log);
                LoadClient clients = LoadClient.subscribe(
                        server.port(),
                        sessions,
                        "\"batch\":64,\"from\":\"now\"",
                        1,
                        (connection, number, nanos) -> {});
                LoadClient bare = LoadClient.connect(netty.port(), sessions)) {
            Sides sides = new Sides(server, clients, netty, bare, sessions);
            String title = "fan-out to " + sessions + " sessions, ";
            List<Variant> even = sides.variants(RATE, () -> {
                Pace pace = Pace.perSecond(RATE);
                for (int i = 0; i < paced; i++) {
                    pace.await();
                    emitter.emit(1);
                }
                return paced;
            });
            results.accept(options.rounds(1, 7).run(title + RATE + " events/s", BOUND, even));
            List<Variant> flood = sides.variants(0, () -> {
                for (int i = 0; i < burst; i += TRANSACTION) {
                    emitter.emit(Math.min(TRANSACTION, burst - i));
                }
                return burst;
            });
            results.accept(options.rounds(1, 7).run(title + burst + " events as fast as it goes", BOUND, flood));
        }
    }

    /** Writes events, and says how many. */
    private interface Writing {
        int write() throws Exception;
    }

    /** The two servers, each with as many connections. */
    private record Sides(Child server, LoadClient clients, Child netty, LoadClient bare, int sessions) {
        /** @param rate events a second; 0 for as fast as they are read */
        List<Variant> variants(int rate, Writing writing) {
            Shape shape = new Shape();
            return List.of(
                    new Variant("everafter", () -> {
                        Meter meter = new Meter(server, clients);
                        int events = writing.write();
                        Totals sent = meter.await((long) events * sessions);
                        shape.learn(sent, events, sessions);
                        return meter.figures((double) events * sessions);
                    }),
                    new Variant(BOUND, () -> {
                        Meter meter = new Meter(netty, bare);
                        netty.ask(shape.command("send", rate));
                        meter.await(shape.marked() * sessions);
                        return meter.figures((double) shape.events() * sessions);
                    }));
        }
    }
}
