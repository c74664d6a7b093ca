package dev.everafter.core;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

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
    private final Set<HubCursor> holding = new LinkedHashSet<>();
    private int reading;

    /**
     * @param readers the most reads at once
     * @param maxPages the most pages read or held at once, at least {@code readers}
     */
    ColdReads(Executor executor, int readers, int maxPages, HubListener listener) {
        this.executor = executor;
        this.readers = readers;
        this.maxPages = Math.max(maxPages, readers);
        this.listener = listener;
    }

    /** Has {@link HubCursor#read()} called in its turn. */
    void submit(HubCursor cursor) {
        synchronized (this) {
            queue.add(cursor);
        }
        startNext();
    }

    /** How many ask and have not been served yet. */
    synchronized int waiting() {
        return queue.size();
    }

    /** The cursor took a part of its page and keeps the rest. */
    synchronized void kept(HubCursor cursor) {
        holding.add(cursor);
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
            HubCursor victim = null;
            synchronized (this) {
                if (queue.isEmpty() || reading >= readers) {
                    return;
                }
                if (reading + holding.size() >= maxPages) {
                    victim = oldestHolder();
                } else {
                    next = queue.remove();
                    reading++;
                }
            }
            if (victim != null) {
                victim.dropPage();
                listener.onPageDropped();
            } else if (next != null) {
                start(next);
            } else {
                return;
            }
        }
    }

    private @Nullable HubCursor oldestHolder() {
        Iterator<HubCursor> oldest = holding.iterator();
        if (!oldest.hasNext()) {
            return null;
        }
        HubCursor victim = oldest.next();
        oldest.remove();
        return victim;
    }

    private void start(HubCursor cursor) {
        executor.execute(() -> {
            Optional<ColdPage> page = Optional.empty();
            try {
                page = cursor.read();
            } finally {
                synchronized (this) {
                    reading--;
                    // Before the cursor has it, so that it can't be released first.
                    page.ifPresent(p -> holding.add(cursor));
                }
                page.ifPresent(cursor::offer);
                startNext();
            }
        });
    }
}
