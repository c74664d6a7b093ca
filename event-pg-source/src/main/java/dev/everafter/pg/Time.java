package dev.everafter.pg;

import java.time.Duration;
import java.util.Random;
import java.util.function.LongSupplier;

/** The sources of time and of chance that a tailer has. */
final class Time {
    private static final long FIRST_MILLIS = 50;
    private static final long MOST_MILLIS = 5_000;

    private final LongSupplier nanos;
    private final Random random;

    Time(LongSupplier nanos, Random random) {
        this.nanos = nanos;
        this.random = random;
    }

    /** As {@link System#nanoTime()}. */
    long nanos() {
        return nanos.getAsLong();
    }

    /** How long to wait after so many failures in a row: doubled each time up to 5 s, of which at least half. */
    Duration backoff(int failures) {
        long most = Math.min(MOST_MILLIS, FIRST_MILLIS << Math.min(failures, 10));
        return Duration.ofMillis(most / 2 + random.nextLong(most / 2 + 1));
    }
}
