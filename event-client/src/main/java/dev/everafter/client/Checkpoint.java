package dev.everafter.client;

import dev.everafter.core.Position;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Saves the position of one subscription: never one that was not given to {@link #moved}, at most once per interval, and
 * the last one no later than an interval after it was given.
 *
 * <p>Belongs to the subscription's strand; only {@code saveLater} is called by the timer.
 */
final class Checkpoint {
    private final Saver saver;
    private final Timer timer;
    private final long intervalNanos;
    private final Runnable saveLater;

    private @Nullable Position unsaved;
    private boolean savedOnce;
    private long savedAt;
    private boolean armed;

    /** @param saveLater makes the strand call {@link #flush} */
    Checkpoint(Saver saver, Timer timer, Duration interval, Runnable saveLater) {
        this.saver = saver;
        this.timer = timer;
        this.intervalNanos = interval.toNanos();
        this.saveLater = saveLater;
    }

    /** Everything up to {@code position} is handled. */
    void moved(Position position) {
        unsaved = position;
        long since = timer.nanoTime() - savedAt;
        if (!savedOnce || since >= intervalNanos) {
            flush();
        } else if (!armed) {
            armed = true;
            timer.after(Duration.ofNanos(intervalNanos - since), saveLater);
        }
    }

    /** Saves what is not saved yet. */
    void flush() {
        armed = false;
        Position position = unsaved;
        if (position != null) {
            saver.save(position);
            unsaved = null;
            savedOnce = true;
            savedAt = timer.nanoTime();
        }
    }

    /** Puts a position where it lasts. */
    interface Saver {
        void save(Position position);
    }
}
