package dev.everafter.core;

import java.util.Objects;

/**
 * A subscriber's whole state: the id of the last event it is done with, and the epoch in which that id has its meaning.
 *
 * <p>Ids grow along one epoch, an unbroken history of the log. Across epochs they can't be compared: after a restore or
 * a failover with loss the log may give an id out again, for another event. {@link EventLog#resolve} carries a position
 * over to the present epoch, or says that it can't.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param epoch the log's own name for the history; opaque, never empty
 * @param id 0..{@value #MAX_ID}; 0 is before the first event
 */
public record Position(String epoch, long id) {
    /** The largest id: 2<sup>53</sup>-1, the largest integer that every JSON reader keeps exact (RFC 8259, section 6). */
    public static final long MAX_ID = (1L << 53) - 1;

    /**
     * @throws IllegalArgumentException if {@code epoch} is empty or {@code id} is out of range
     */
    public Position {
        Objects.requireNonNull(epoch, "epoch");
        if (epoch.isEmpty()) {
            throw new IllegalArgumentException("epoch is empty");
        }
        requireId(id);
    }

    static long requireId(long id) {
        if (id < 0 || id > MAX_ID) {
            throw new IllegalArgumentException("id " + id + " is not in 0.." + MAX_ID);
        }
        return id;
    }

    /** This epoch at another id. */
    public Position at(long id) {
        return new Position(epoch, id);
    }

    @Override
    public String toString() {
        return epoch + ":" + id;
    }
}
