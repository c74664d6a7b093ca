package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.LoadClient.Totals;
import dev.everafter.benchmarks.Rounds.Variant;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What the server pays to bring one event to one of many sessions, beside bare Netty that writes frames of the same length
 * to as many connections: at an even pace, where each message is one event, and as fast as it goes.
 *
 * <p>For one thread.
 */
final class FanOut implements Benchmark {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
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
                        netty.ask(shape.command(rate));
                        meter.await((long) shape.frames * shape.marks * sessions);
                        return meter.figures((double) shape.events * sessions);
                    }));
        }
    }

    /**
     * What the server has sent to each session, on the average, for Netty to send as many messages with as many bytes in the
     * same time; they stand for as many events.
     */
    private static final class Shape {
        private int events = 1;
        private int frames = 1;
        private int length = 300;
        private int marks = 1;

        void learn(Totals sent, int written, int sessions) {
            events = written;
            frames = Math.max(1, Math.round((float) sent.messages() / sessions));
            length = Math.round((float) sent.bytes() / sent.messages());
            marks = Math.max(1, Math.round((float) written / frames));
        }

        String command(int rate) {
            long nanosEach = rate == 0 ? 0 : 1_000_000_000L * events / rate / frames;
            return "send " + frames + " " + length + " " + marks + " " + nanosEach;
        }
    }

    /** From now on. */
    private static final class Meter {
        private final Child server;
        private final LoadClient clients;
        private final Totals before;
        private final Proc.Cpu serverBefore;
        private final Proc.Cpu mineBefore;
        private final long began = System.nanoTime();
        private Totals sent = new Totals(0, 0, 0);
        private Proc.Cpu spent = new Proc.Cpu(0, 0);
        private Proc.Cpu mine = new Proc.Cpu(0, 0);
        private double seconds;

        Meter(Child server, LoadClient clients) {
            this.server = server;
            this.clients = clients;
            this.before = clients.totals();
            this.serverBefore = server.cpu();
            this.mineBefore = mine();
        }

        private static Proc.Cpu mine() {
            return Proc.cpu(ProcessHandle.current().pid());
        }

        Totals await(long deliveries) throws InterruptedException {
            clients.await(before.events() + deliveries, PATIENCE);
            seconds = (System.nanoTime() - began) / 1e9;
            spent = server.cpu().minus(serverBefore);
            mine = mine().minus(mineBefore);
            sent = clients.totals().minus(before);
            return sent;
        }

        Map<String, Double> figures(double deliveries) {
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("server CPU, us per delivered event", spent.total() / deliveries);
            figures.put("  of it in the kernel", spent.system() / deliveries);
            figures.put("server CPU, us per message", spent.total() / sent.messages());
            figures.put("load client's CPU, us per delivered event", mine.total() / deliveries);
            figures.put("events per message", deliveries / sent.messages());
            figures.put("bytes per event", sent.bytes() / deliveries);
            figures.put("deliveries per second", deliveries / seconds);
            return figures;
        }
    }
}
