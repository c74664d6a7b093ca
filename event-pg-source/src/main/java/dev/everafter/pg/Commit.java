package dev.everafter.pg;

import java.time.OffsetDateTime;

/**
 * One row of the commit log: what says that events exist, and in which order.
 *
 * @param durable false if it was perhaps visible before it was on disk
 */
record Commit(long id, long seg, OffsetDateTime at, boolean durable) implements Placed {
    /** The largest event id that any commit up to {@code id} can have. */
    static long lastEventId(long id) {
        return id * 256 + 255;
    }

    /** The last commit all of whose events are at or below {@code eventId}; 0 if there is none. */
    static long doneAt(long eventId) {
        return Math.max(0, ((eventId + 1) >> 8) - 1);
    }
}
