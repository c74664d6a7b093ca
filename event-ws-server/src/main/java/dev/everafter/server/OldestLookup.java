package dev.everafter.server;

import dev.everafter.core.LogRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the log holds, as it was at most a few seconds ago: however many clients connect at once, the log is asked once.
 *
 * <p>Safe for use by any thread; nothing here blocks but the lookup itself, which runs on the given executor.
 */
final class OldestLookup {
    private static final Logger LOG = LoggerFactory.getLogger(OldestLookup.class);
    private static final Duration FRESH = Duration.ofSeconds(5);

    private final Supplier<LogRange> log;
    private final Executor executor;
    private final LongSupplier ticker;
    private final List<Runnable> waiting = new ArrayList<>();
    private Optional<LogRange> latest = Optional.empty();
    private long expires;
    private boolean running;
    private boolean failed;

    OldestLookup(Supplier<LogRange> log, Executor executor, LongSupplier ticker) {
        this.log = log;
        this.executor = executor;
        this.ticker = ticker;
    }

    /** Empty while it isn't known, or was known too long ago. */
    synchronized Optional<LogRange> latest() {
        return ticker.getAsLong() - expires < 0 ? latest : Optional.empty();
    }

    /** Whether the last lookup failed and none is under way. */
    synchronized boolean failed() {
        return failed && !running;
    }

    /** Looks it up unless it is fresh; {@code then} is called once it is known, or known to have failed. */
    synchronized void refresh(Runnable then) {
        if (latest().isPresent()) {
            return;
        }
        waiting.add(then);
        if (!running) {
            running = true;
            try {
                executor.execute(this::lookUp);
            } catch (RejectedExecutionException e) {
                // The endpoint is being closed: nobody will be welcomed any more.
                running = false;
            }
        }
    }

    private void lookUp() {
        Optional<LogRange> found = Optional.empty();
        try {
            found = Optional.of(log.get());
        } catch (RuntimeException e) {
            LOG.warn(
                    "clients are welcomed without the oldest position, since the log could not be asked: {}",
                    e.toString());
        }
        List<Runnable> told;
        synchronized (this) {
            running = false;
            failed = found.isEmpty();
            latest = found;
            expires = ticker.getAsLong() + FRESH.toNanos();
            told = List.copyOf(waiting);
            waiting.clear();
        }
        told.forEach(Runnable::run);
    }
}
