package dev.everafter.pg;

import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Decides how far a list of rows may be passed on: never over an id that a transaction could still fill.
 *
 * <p>See the package's page for the argument. It is forgotten with its connection: after a crash ids that were proven
 * empty are given out again. For one thread.
 */
final class GapProof {
    private final LongSupplier nanos;
    /** Every id up to here that a statement started since does not see will never come. */
    private long passable;

    private boolean pending;
    private long pendingUpTo;
    private Set<String> pendingHolders = Set.of();
    private long gapSince;
    private boolean gap;

    GapProof(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** The last id that may be delivered, of {@code rows} as read after {@code cursor}. */
    long prefix(long cursor, List<? extends Placed> rows) {
        long end = cursor;
        for (Placed row : rows) {
            if (row.id() != end + 1 && row.id() - 1 > passable) {
                break;
            }
            end = row.id();
        }
        return end;
    }

    /**
     * One step of the proof for a hole that was seen; afterwards the rows must be read anew, by a statement that starts
     * after this one has returned.
     */
    void examine(SequenceSession session) throws SQLException {
        if (!pending) {
            // in this order: whoever has got an id up to here has got the sequence's lock before, and is listed
            pendingUpTo = session.lastValue();
            pendingHolders = new HashSet<>(session.holders());
            pending = true;
        } else {
            pendingHolders.retainAll(session.holders());
        }
        if (pendingHolders.isEmpty()) {
            passable = Math.max(passable, pendingUpTo);
            pending = false;
        }
    }

    /** Whatever may still come, nothing is waited for up to what was handed out when the hole was first examined. */
    void giveUp() {
        passable = Math.max(passable, pendingUpTo);
        pending = false;
    }

    /** There is a hole. */
    void seen() {
        gap = true;
        gapSince = nanos.getAsLong();
    }

    /** There is no hole just now. */
    Duration closed() {
        Duration age = age();
        gap = false;
        pending = false;
        pendingHolders = Set.of();
        return age;
    }

    /** Whether a hole is being examined. */
    boolean open() {
        return gap;
    }

    /** How long the hole has been there. */
    Duration age() {
        return gap ? Duration.ofNanos(nanos.getAsLong() - gapSince) : Duration.ZERO;
    }

    /** Those who are waited for. */
    Set<String> waitedFor() {
        return Set.copyOf(pendingHolders);
    }
}
