package dev.everafter.pg;

import dev.everafter.core.LogStatus;
import dev.everafter.core.Position;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the tailer has proven and how it fares, for the readers to look at. Written by one thread, read by any. */
final class Followed {
    private volatile @Nullable Proven proven;
    private volatile LogStatus status;

    Followed(LogStatus status) {
        this.status = status;
    }

    private record Proven(Position head, Instant serverStarted) {}

    void moved(String epoch, long head, Instant serverStarted) {
        proven = new Proven(new Position(epoch, head), serverStarted);
    }

    void status(LogStatus now) {
        status = now;
    }

    LogStatus status() {
        return status;
    }

    /** The newest proven head; true for ever in its epoch. */
    Optional<Position> head() {
        return Optional.ofNullable(proven).map(Proven::head);
    }

    /** The run of the server in which the history was checked. */
    Optional<Instant> serverStarted() {
        return Optional.ofNullable(proven).map(Proven::serverStarted);
    }
}
