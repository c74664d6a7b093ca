package dev.everafter.testkit;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What was done to a system under test: how often each kind of fault, and the last ones with their time. Thread-safe. */
public final class FaultLog {
    private static final int LAST = 200;

    private final Clock clock;
    private final Map<String, Integer> counts = new TreeMap<>();
    private final Deque<String> last = new ArrayDeque<>();

    /** @param clock when they happened */
    public FaultLog(Clock clock) {
        this.clock = clock;
    }

    /** A fault of {@code kind} happens to {@code whom}. */
    public synchronized void add(String kind, String whom) {
        counts.merge(kind, 1, Integer::sum);
        if (last.size() == LAST) {
            last.removeFirst();
        }
        last.addLast(clock.instant() + " " + kind + ": " + whom);
    }

    /** How many of each kind, by their names. */
    public synchronized Map<String, Integer> counts() {
        return Map.copyOf(counts);
    }

    /** The last ones, oldest first. */
    public synchronized List<String> last() {
        return List.copyOf(last);
    }
}
