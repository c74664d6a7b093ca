package dev.everafter.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before each try: a random time between zero and a limit that doubles with every failure ("full
 * jitter"), so that clients that lost the same server do not come back together.
 *
 * <p>Not safe for use by several threads.
 */
final class Backoff {
    private final long minNanos;
    private final long maxNanos;
    private final RandomGenerator random;
    private int failures;

    /**
     * @param min the limit of the first wait
     * @param max the limit that is never passed
     */
    Backoff(Duration min, Duration max, RandomGenerator random) {
        this.minNanos = min.toNanos();
        this.maxNanos = max.toNanos();
        this.random = random;
    }

    /** Counts one failure more, and says how long to wait after it. */
    Duration next() {
        long limit = minNanos;
        for (int i = 0; i < failures && limit < maxNanos; i++) {
            limit = limit > maxNanos / 2 ? maxNanos : limit * 2;
        }
        failures++;
        return Duration.ofNanos(random.nextLong(Math.min(limit, maxNanos) + 1));
    }

    /** Failures since the last {@link #reset}. */
    int failures() {
        return failures;
    }

    /** Begins again. */
    void reset() {
        failures = 0;
    }
}
