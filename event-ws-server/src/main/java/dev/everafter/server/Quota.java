package dev.everafter.server;

import java.util.concurrent.ConcurrentHashMap;

/**
 * How many connections each of many has open. Only those that have any cost memory.
 *
 * <p>Safe for use by any thread.
 */
public final class Quota {
    private final ConcurrentHashMap<String, Integer> open = new ConcurrentHashMap<>();

    /** Counts one more of {@code key}; returns how many that makes. */
    public int enter(String key) {
        return open.merge(key, 1, Integer::sum);
    }

    /** Counts one less, for each {@link #enter}. */
    public void leave(String key) {
        open.computeIfPresent(key, (name, count) -> count == 1 ? null : count - 1);
    }

    /** How many {@code key} has open. */
    public int count(String key) {
        return open.getOrDefault(key, 0);
    }
}
