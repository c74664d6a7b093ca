package dev.everafter.server;

import java.util.function.LongSupplier;

/**
 * A token bucket: on average at most so many a second, at once at most what ten seconds bring. It keeps one number, the
 * time at which the bucket will be full again.
 *
 * <p>Not safe for use by several threads.
 */
public final class RateLimit {
    private static final long SECOND = 1_000_000_000L;
    private static final long BURST = 10 * SECOND;

    private final long interval;
    private final LongSupplier ticker;
    private long fullAt;

    /** @param ticker nanoseconds from some origin, never going back */
    public RateLimit(int perSecond, LongSupplier ticker) {
        this.interval = Math.max(1, SECOND / perSecond);
        this.ticker = ticker;
        this.fullAt = ticker.getAsLong();
    }

    /** Takes one if it may. */
    public boolean take() {
        long now = ticker.getAsLong();
        long next = (fullAt - now > 0 ? fullAt : now) + interval;
        if (next - now > BURST) {
            return false;
        }
        fullAt = next;
        return true;
    }
}
