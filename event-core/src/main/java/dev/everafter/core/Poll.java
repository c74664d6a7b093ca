package dev.everafter.core;

/** What one {@link Cursor#poll} found. */
public sealed interface Poll {
    /** Nothing now; {@link Cursor#onReady} will be called when another poll may find something. */
    enum Nothing implements Poll {
        /** The one value. */
        NOTHING
    }

    /**
     * The cursor's first word: nothing after {@code position} will be missed.
     *
     * @param position where it starts
     * @param head the hub's head at that moment
     */
    record Started(Position position, long head) implements Poll {}

    /** Events, from wherever they were nearest. */
    record Events(Batch batch) implements Poll {}

    /** Events that can't be had. The cursor's position is {@link Gap#resume()} now, and it goes on from there. */
    record Missing(Gap gap) implements Poll {}

    /** From {@code at} on it is served from memory. */
    record CaughtUp(long at) implements Poll {}

    /** From {@code at} on it reads the log again. */
    record FellBehind(long at) implements Poll {}

    /**
     * The cursor has to read the log, and all readers are busy; told once until it has caught up.
     *
     * @param ahead how many others are read for before it, now; at least 1
     */
    record Queued(int ahead) implements Poll {}

    /** The cursor has ended; every further poll says so too. */
    record Ended(Reason reason, String message) implements Poll {
        /** Why a cursor ends. */
        public enum Reason {
            /** {@link Cursor#close()} or {@link EventHub#close()} was called. */
            CLOSED,
            /** The position it was to start from lies beyond all the log ever gave out. */
            POSITION_AHEAD,
            /** The position's epoch is none of this log's. */
            EPOCH_UNKNOWN
        }
    }
}
