package dev.everafter.examples.history;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Faults of one kind of thing, one after the other on a thread of its own, for a time; but each of the deck at least once.
 */
final class Faults {
    private final Deck deck;
    private final Thread thread;
    private final long end;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private Faults(String name, Deck deck, Duration time) {
        this.deck = deck;
        this.end = System.nanoTime() + time.toNanos();
        this.thread = new Thread(this::run, name);
    }

    static Faults start(String name, Deck deck, Duration time) {
        Faults faults = new Faults(name, deck, time);
        faults.thread.start();
        return faults;
    }

    interface Fault {
        void befall() throws Exception;
    }

    /** All that can happen. */
    interface Deck {
        /** Every kind of fault once. */
        List<Fault> shuffled();

        /** How long to wait until the next. */
        Duration pause();

        /** How long everything is left in peace after every kind has been, so that who fell behind is live again. */
        default Duration calm() {
            return Duration.ZERO;
        }

        /** Ends what still lasts. */
        void heal() throws Exception;
    }

    /** Ends faults that last for a time. */
    static final class Later implements AutoCloseable {
        private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

        void after(Duration time, Runnable end) {
            var unused = timer.schedule(end, time.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void close() {
            timer.shutdownNow();
        }
    }

    private void run() {
        try {
            Deque<Fault> next = new ArrayDeque<>(deck.shuffled());
            boolean allOnce = false;
            while (System.nanoTime() < end || !allOnce) {
                LockSupport.parkNanos(deck.pause().toNanos());
                next.removeFirst().befall();
                if (next.isEmpty()) {
                    allOnce = true;
                    keepCalm();
                    next.addAll(deck.shuffled());
                }
            }
            deck.heal();
        } catch (Throwable e) {
            failure.set(e);
        }
    }

    private void keepCalm() throws Exception {
        long time = Math.min(deck.calm().toNanos(), end - System.nanoTime());
        if (time > 0) {
            deck.heal();
            LockSupport.parkNanos(time);
        }
    }

    /** Returns when all is healed. */
    void join() throws InterruptedException {
        thread.join();
        Throwable thrown = failure.get();
        if (thrown != null) {
            throw new AssertionError(thread.getName() + " failed", thrown);
        }
    }
}
