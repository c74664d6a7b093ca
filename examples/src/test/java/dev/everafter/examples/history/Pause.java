package dev.everafter.examples.history;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A place in the code under test where a test can hold one thread up. Safe for use by any thread. */
final class Pause {
    private static final long PATIENCE_SECONDS = 30;

    private final CountDownLatch held = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile boolean armed;

    void arm() {
        armed = true;
    }

    /** The place: the first that comes when it is armed stays until it is released. */
    void pass() {
        if (!armed || held.getCount() == 0) {
            return;
        }
        held.countDown();
        try {
            if (!released.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not released");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void awaitHeld() throws InterruptedException {
        if (!held.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("nobody came by");
        }
    }

    void release() {
        released.countDown();
    }
}
