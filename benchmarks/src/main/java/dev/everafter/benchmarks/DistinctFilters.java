package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.Rounds.Variant;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What the server pays to bring each event to the one session whose filter matches it, of many that have a filter of their
 * own. Nothing is shared here. Beside it the same events where none matches, which is what reading and matching them costs;
 * and bare Netty that writes frames of the same length to one connection after the other.
 *
 * <p>For one thread.
 */
final class DistinctFilters implements Benchmark {
    private static final String BOUND = "bare Netty, frames as long";
    private static final int RATE = 500;
    private static final int TRANSACTION = 64;

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int sessions = options.size(1_000, 50);
        int paced = options.size(5_000, 250);
        int burst = options.size(20_000, 1_000);
        String log = database.newLog();
        try (Child server = Child.everafter(log, options.serverJvm());
                Child netty = Child.netty(List.of());
                Emitter matching = new Emitter(log, Payload.sql("s", "(s - 1) % " + sessions));
                Emitter others = new Emitter(log, Payload.sql("s", "-1"));
                LoadClient clients = LoadClient.subscribeInTurn(
                        server.port(),
                        sessions,
                        connection -> "\"batch\":64,\"from\":\"now\",\"where\":[\"data.n\",\"=\"," + connection + "]");
                LoadClient bare = LoadClient.connect(netty.port(), sessions)) {
            Following following = new Following(server, matching.connection());
            String title = sessions + " sessions with a filter each, ";
            for (boolean flood : new boolean[] {false, true}) {
                int events = flood ? burst : paced;
                int rate = flood ? 0 : RATE;
                Shape shape = new Shape();
                results.accept(options.rounds(1, 5)
                        .run(
                                title + (flood ? events + " events as fast as it goes" : RATE + " events/s"),
                                BOUND,
                                List.of(
                                        new Variant("everafter, none matches", () -> {
                                            Meter meter = new Meter(server, clients);
                                            write(others, events, flood);
                                            following.await();
                                            Map<String, Double> figures = cpu(meter.spent(), events);
                                            // and fails if one did
                                            meter.await(0);
                                            return figures;
                                        }),
                                        new Variant("everafter, one matches", () -> {
                                            Meter meter = new Meter(server, clients);
                                            write(matching, events, flood);
                                            shape.learn(meter.await(events), events, 1);
                                            return cpu(meter.spent(), events);
                                        }),
                                        new Variant(BOUND, () -> {
                                            Meter meter = new Meter(netty, bare);
                                            netty.ask(shape.command("spread", rate));
                                            meter.await(shape.marked());
                                            return cpu(meter.spent(), shape.events());
                                        }))));
            }
        }
    }

    private static void write(Emitter emitter, int events, boolean flood) throws SQLException {
        Pace pace = Pace.perSecond(RATE);
        int each = flood ? TRANSACTION : 1;
        for (int i = 0; i < events; i += each) {
            if (!flood) {
                pace.await();
            }
            emitter.emit(Math.min(each, events - i));
        }
    }

    private static Map<String, Double> cpu(Proc.Cpu spent, int events) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("server CPU, us per event", spent.total() / events);
        figures.put("  of it in the kernel", spent.system() / events);
        return figures;
    }
}
