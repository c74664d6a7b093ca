package dev.everafter.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Stops what runs when the process is told to end (Ctrl-C, SIGTERM), and lets the process go when that is done or takes
 * too long: what waits for a reader that never comes must not keep a process alive that was asked to go.
 *
 * <p>{@link #close()} takes the hook out again, for who has stopped by itself. Safe for use by any thread.
 */
final class StopHook implements AutoCloseable {
    private final Thread hook;

    private StopHook(Thread hook) {
        this.hook = hook;
    }

    /** Calls {@code stop.close()} at the process's end, and waits for it at most {@code patience}. */
    static StopHook register(Closing stop, Duration patience) {
        Thread hook = new Thread(() -> stop(stop, patience), "everafter-stop");
        Runtime.getRuntime().addShutdownHook(hook);
        return new StopHook(hook);
    }

    private static void stop(Closing stop, Duration patience) {
        CountDownLatch stopped = new CountDownLatch(1);
        Thread worker = new Thread(
                () -> {
                    stop.close();
                    stopped.countDown();
                },
                "everafter-stopping");
        worker.setDaemon(true);
        worker.start();
        try {
            stopped.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook is what ends it.
        }
    }
}
