package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Rounds.Variant;
import dev.everafter.core.Attribute;
import dev.everafter.core.Cursor;
import dev.everafter.core.EventHub;
import dev.everafter.core.Filter;
import dev.everafter.core.HubListener;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.Poll;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What a subscription costs in memory whose filter nobody else has, beside one that shares its filter, and what is left of
 * them when they are closed: the live heap of a hub in this process, after a collection.
 *
 * <p>For one thread.
 */
final class FilterMemory implements Benchmark {
    private static final String BOUND = "one filter for all";
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int count = options.size(100_000, 1_000);
        results.accept(options.rounds(1, 5)
                .run(
                        "live heap of " + count + " subscriptions on topic and key in a hub",
                        BOUND,
                        List.of(
                                new Variant("a filter each", () -> measure(count, count)),
                                new Variant(BOUND, () -> measure(count, 1)))));
    }

    private static Map<String, Double> measure(int count, int filters) throws Exception {
        AtomicInteger lanes = new AtomicInteger();
        HubListener listener = new HubListener() {
            @Override
            public void onLaneRemoved(int left) {
                lanes.set(left);
            }
        };
        try (InMemoryEventLog log = new InMemoryEventLog();
                EventHub hub = EventHub.builder(log).listener(listener).build()) {
            if (!hub.awaitStarted(PATIENCE)) {
                throw new IllegalStateException("the hub did not start");
            }
            long before = liveHeap();
            List<Cursor> cursors = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                cursors.add(hub.open(Selection.of(filter(i % filters)), StartFrom.now()));
            }
            // they start in their order
            Cursor last = cursors.get(count - 1);
            await(() -> last.poll(1, 1) instanceof Poll.Started);
            long open = liveHeap();

            lanes.set(filters);
            cursors.forEach(Cursor::close);
            await(() -> lanes.get() == 0);
            cursors.clear();
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("bytes per subscription", (open - before) / (double) count);
            figures.put("bytes left of each when closed", (liveHeap() - before) / (double) count);
            return figures;
        }
    }

    private static Filter filter(int id) {
        return Filter.and(
                Filter.topic("public.orders"), Filter.where(Attribute.key("id")).is(id));
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the hub did not answer");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static long liveHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
