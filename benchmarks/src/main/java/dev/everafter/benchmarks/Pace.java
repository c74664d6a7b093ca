package dev.everafter.benchmarks;

import java.util.concurrent.locks.LockSupport;

/**
 * Lets go of its thread at an even pace, on the average, whatever is done in between; late turns are caught up on.
 *
 * <p>For one thread.
 */
final class Pace {
    private final long nanosEach;
    private long due = System.nanoTime();

    Pace(long nanosEach) {
        this.nanosEach = nanosEach;
    }

    static Pace perSecond(int times) {
        return new Pace(1_000_000_000L / times);
    }

    /** Returns when the next turn is due, or early if the thread is interrupted. */
    void await() {
        due += nanosEach;
        long left = due - System.nanoTime();
        while (left > 0 && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(left);
            left = due - System.nanoTime();
        }
    }
}
