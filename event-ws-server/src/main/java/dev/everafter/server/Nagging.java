package dev.everafter.server;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Says when something that goes on failing may be logged again: once a minute. Safe for use by any thread. */
final class Nagging {
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final LongSupplier ticker;
    private long quietUntil;

    Nagging(LongSupplier ticker) {
        this.ticker = ticker;
        this.quietUntil = ticker.getAsLong();
    }

    synchronized boolean mayLog() {
        long now = ticker.getAsLong();
        boolean quiet = now - quietUntil < 0;
        quietUntil = quiet ? quietUntil : now + QUIET.toNanos();
        return !quiet;
    }
}
