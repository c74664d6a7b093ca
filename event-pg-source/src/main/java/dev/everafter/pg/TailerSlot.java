package dev.everafter.pg;

import dev.everafter.core.LogStatus;
import dev.everafter.core.Tailer;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Holds a log's one tailer, while it is open. Safe for use by any thread.
 */
final class TailerSlot {
    private final AtomicReference<@Nullable Tailer> open = new AtomicReference<>();
    private final Followed followed;

    TailerSlot(Followed followed) {
        this.followed = followed;
    }

    /** What a log says of itself before anybody follows it. */
    static LogStatus nobodyFollows() {
        return LogStatus.failing("nobody follows the log: no tailer is open");
    }

    /**
     * Takes the place of the log's tailer.
     *
     * @param make makes it, of what it has to call when it is closed
     * @throws IllegalStateException if it is taken
     */
    Tailer open(Function<Runnable, Tailer> make) {
        if (isOpen()) {
            throw taken();
        }
        AtomicReference<@Nullable Tailer> self = new AtomicReference<>();
        Tailer opened = make.apply(() -> closed(self.get()));
        self.set(opened);
        if (!open.compareAndSet(null, opened)) {
            throw taken();
        }
        followed.status(LogStatus.failing("connecting to PostgreSQL"));
        return opened;
    }

    private static IllegalStateException taken() {
        return new IllegalStateException("a tailer of this log is open already");
    }

    private void closed(@Nullable Tailer closed) {
        if (open.compareAndSet(closed, null)) {
            followed.status(LogStatus.failing("nobody follows the log: its tailer is closed"));
        }
    }

    boolean isOpen() {
        return open.get() != null;
    }

    /** Closes the tailer, if one is open. */
    void close() {
        Tailer present = open.get();
        if (present != null) {
            present.close();
        }
    }
}
