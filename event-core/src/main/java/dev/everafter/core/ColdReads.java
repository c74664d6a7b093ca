package dev.everafter.core;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Reads the log for cursors that catch up: a few at a time, in the order in which they asked, one page each, and with
 * bounded memory for the pages that nobody has taken yet.
 *
 * <p>When that memory is used up and others wait, the page that has lain longest is given up. Nothing is lost by that,
 * for a cursor is only a number: it reads the page again when it comes round. So a subscriber that stands still can't
 * keep others from catching up.
 *
 * <p>Safe for use by any thread.
 */
final class ColdReads {
    private final Executor executor;
    private final int readers;
    private final int maxPages;
    private final HubListener listener;
    private final Deque<HubCursor> queue = new ArrayDeque<>();
    /** Since when, oldest first. */
    private final Map<HubCursor, Long> holding = new LinkedHashMap<>();

    private final long graceNanos;
    private final LongSupplier nanoTime;
    private final Consumer<Runnable> later;
    private boolean lookingLater;
    private int reading;

    /**
     * @param readers the most reads at once
     * @param maxPages the most pages read or held at once, at least {@code readers}
     */
    ColdReads(Executor executor, int readers, int maxPages, HubListener listener) {
        this(executor, readers, maxPages, listener, 0, System::nanoTime, retry -> {});
    }

    /**
     * @param graceNanos how long a page is left to its cursor though others wait: without it, a page would be given up
     *     before a busy subscriber can take it, and read again, and given up, and nobody would get on
     */
    ColdReads(
            Executor executor,
            int readers,
            int maxPages,
            HubListener listener,
            long graceNanos,
            LongSupplier nanoTime,
            Consumer<Runnable> later) {
        this.graceNanos = graceNanos;
        this.nanoTime = nanoTime;
        this.later = later;
        this.executor = executor;
        this.readers = readers;
        this.maxPages = Math.max(maxPages, readers);
        this.listener = listener;
    }

    /**
     * Has {@link HubCursor#read()} called in its turn.
     *
     * @return how many are read for before it; 0 if a reader is free
     */
    int submit(HubCursor cursor) {
        int ahead;
        synchronized (this) {
            ahead = reading < readers ? queue.size() : queue.size() + reading;
            queue.add(cursor);
        }
        startNext();
        return ahead;
    }

    /** How many ask and have not been served yet. */
    synchronized int waiting() {
        return queue.size();
    }

    /** The cursor took a part of its page and keeps the rest. */
    synchronized void kept(HubCursor cursor) {
        holding.putIfAbsent(cursor, nanoTime.getAsLong());
    }

    /** The cursor has taken the last of its page, or has no more use for it. */
    void released(HubCursor cursor) {
        synchronized (this) {
            holding.remove(cursor);
        }
        startNext();
    }

    private void startNext() {
        while (true) {
            HubCursor next = null;
            synchronized (this) {
                if (queue.isEmpty() || reading >= readers) {
                    return;
                }
                if (reading + holding.size() < maxPages) {
                    next = queue.remove();
                    reading++;
                } else if (!dropOldest()) {
                    if (!lookingLater) {
                        lookingLater = true;
                        later.accept(this::lookAgain);
                    }
                    return;
                }
            }
            if (next == null) {
                listener.onPageDropped();
            } else {
                start(next);
            }
        }
    }

    private void lookAgain() {
        synchronized (this) {
            lookingLater = false;
        }
        startNext();
    }

    private boolean dropOldest() {
        Map.Entry<HubCursor, Long> oldest = holding.entrySet().iterator().next();
        if (nanoTime.getAsLong() - oldest.getValue() < graceNanos) {
            return false;
        }
        holding.remove(oldest.getKey());
        oldest.getKey().dropPage();
        return true;
    }

    private void start(HubCursor cursor) {
        executor.execute(() -> {
            Optional<ColdPage> page = Optional.empty();
            try {
                page = cursor.read();
            } finally {
                synchronized (this) {
                    reading--;
                    // At once: a page that is not counted, or counted and not there, would stay so.
                    page.ifPresent(read -> {
                        holding.put(cursor, nanoTime.getAsLong());
                        cursor.put(read);
                    });
                }
                if (page.isPresent()) {
                    cursor.offered();
                } else {
                    // The start may be found. Only now, or it would have to wait for itself.
                    cursor.signal();
                }
                startNext();
            }
        });
    }
}
