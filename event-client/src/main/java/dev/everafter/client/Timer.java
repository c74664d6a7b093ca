package dev.everafter.client;

import java.time.Duration;

/**
 * Time, and calls that come later, in one place so that a test owns both.
 *
 * <p>Safe for use by any thread. Tasks are quick and never throw.
 */
interface Timer extends AutoCloseable {
    /** As {@link System#nanoTime()}. */
    long nanoTime();

    /** Runs {@code task} once after {@code delay}. */
    Handle after(Duration delay, Runnable task);

    /** Forgets all tasks. */
    @Override
    void close();

    /** One later call. */
    interface Handle {
        /** A handle of nothing. */
        Handle NONE = () -> {};

        /** Takes the call back, if it has not begun. */
        void cancel();
    }
}
