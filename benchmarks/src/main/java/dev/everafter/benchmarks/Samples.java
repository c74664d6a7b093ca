package dev.everafter.benchmarks;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * When events were committed and heard of, in one round.
 *
 * <p>One thread writes, and one hears.
 */
final class Samples {
    private final AtomicLongArray saidAt;
    private final long[] commitNanos;
    private final AtomicLongArray nanos;
    private final AtomicInteger received = new AtomicInteger();

    Samples(int events, int sessions) {
        saidAt = new AtomicLongArray(events);
        commitNanos = new long[events];
        nanos = new AtomicLongArray(events * sessions);
    }

    /** What a transaction does before its commit. */
    interface Step {
        void run(int number) throws SQLException;
    }

    /** Writes the round's events, each in a transaction, at an even pace. */
    void write(int rate, Connection writer, Step step) throws SQLException {
        received.set(0);
        Pace pace = Pace.perSecond(rate);
        for (int i = 0; i < commitNanos.length; i++) {
            pace.await();
            step.run(i);
            saidAt.set(i, System.nanoTime());
            writer.commit();
            commitNanos[i] = System.nanoTime() - saidAt.get(i);
        }
    }

    void received(int event, long at) {
        nanos.set(received.getAndIncrement(), at - saidAt.get(event));
    }

    /** Of a round that is complete. */
    Map<String, Double> figures() {
        return figures(nanos.length());
    }

    /** Of a round with {@code expected} deliveries. */
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
