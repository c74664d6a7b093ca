package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Rounds.Variant;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What a session costs in memory that has nothing to do: the slope between a thousand sessions and five thousand, each
 * after a collection, in a server started anew. The heap is told to keep little room, so that what it holds shows in RSS.
 *
 * <p>For one thread.
 */
final class IdleMemory implements Benchmark {
    private static final String BOUND = "bare Netty";
    private static final Duration AT_ONCE = Duration.ofSeconds(1);
    private static final String[] TIGHT_HEAP = {
        "-XX:+UseSerialGC", "-Xms8m", "-Xmx1g", "-XX:MinHeapFreeRatio=5", "-XX:MaxHeapFreeRatio=10"
    };

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int some = options.size(1_000, 50);
        int more = options.size(4_000, 100);
        String log = database.newLog();
        results.accept(options.rounds(0, 5)
                .run(
                        "memory per idle session, slope from " + some + " to " + (some + more)
                                + " (Serial GC, tight heap)",
                        BOUND,
                        List.of(
                                new Variant("everafter, subscribed", () -> {
                                    try (Child server = Child.everafter(log, options.serverJvm(TIGHT_HEAP))) {
                                        return slope(server, some, more, IdleMemory::subscribe);
                                    }
                                }),
                                new Variant("bare Tyrus", () -> {
                                    try (Child server = Child.tyrus(List.of(TIGHT_HEAP))) {
                                        return slope(server, some, more, LoadClient::connect);
                                    }
                                }),
                                new Variant(BOUND, () -> {
                                    try (Child server = Child.netty(List.of(TIGHT_HEAP))) {
                                        return slope(server, some, more, LoadClient::connect);
                                    }
                                }))));
    }

    private static LoadClient subscribe(int port, int count) throws IOException {
        return LoadClient.subscribe(port, count, "\"from\":\"now\"", 1, (connection, number, nanos) -> {});
    }

    /** Opens sessions. */
    private interface Opening {
        LoadClient open(int port, int count) throws IOException;
    }

    private static Map<String, Double> slope(Child server, int some, int more, Opening opening) throws Exception {
        try (LoadClient first = opening.open(server.port(), some)) {
            Memory before = Memory.of(server);
            try (LoadClient second = opening.open(server.port(), more)) {
                Memory after = Memory.of(server);
                // both still connected, or this throws
                first.await(0, AT_ONCE);
                second.await(0, AT_ONCE);
                Map<String, Double> figures = new LinkedHashMap<>();
                figures.put("RSS, kB per session", (after.resident - before.resident) / 1000.0 / more);
                figures.put("live heap, kB per session", (after.heap - before.heap) / 1000.0 / more);
                figures.put("RSS with " + some + " sessions, MB", before.resident / 1e6);
                return figures;
            }
        }
    }

    private record Memory(long resident, long heap) {
        static Memory of(Child server) throws IOException, InterruptedException {
            server.liveHeap();
            // for threads and timers of the opening to come to rest
            TimeUnit.MILLISECONDS.sleep(500);
            long heap = server.liveHeap();
            return new Memory(Proc.memory(server.pid()).resident(), heap);
        }
    }
}
