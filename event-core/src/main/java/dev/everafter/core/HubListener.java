package dev.everafter.core;

/**
 * Told of every transition in a hub, for counting; each method does nothing by default.
 *
 * <p>Called by the hub's own threads and by those that poll, so an implementation must be safe for any thread, quick, and
 * never throw.
 */
public interface HubListener {
    /** A listener that does nothing. */
    HubListener NONE = new HubListener() {};

    /** A cursor was opened. */
    default void onOpened() {}

    /** A cursor has ended. */
    default void onClosed() {}

    /** A cursor is served from memory from now on. */
    default void onCaughtUp() {}

    /** A cursor's position has left the memory: it reads the log again. */
    default void onFellBehind() {}

    /** A cursor that has to read the log is told to wait for {@code ahead} others. */
    default void onQueued(int ahead) {}

    /** A subscriber is told that events are missing. */
    default void onGap(Gap gap) {}

    /** A cursor took a batch from memory ({@code live}) or from the log. */
    default void onDelivered(int events, boolean live) {}

    /** The dispatcher has published a new head. */
    default void onHead(long head, int events) {}

    /** The tail let its oldest event go, to keep to its bytes. */
    default void onEvicted(int events, long tailBytes) {}

    /** A lane was created; {@code lanes} are there now. */
    default void onLaneCreated(int lanes) {}

    /** A lane without subscribers was removed; {@code lanes} are left. */
    default void onLaneRemoved(int lanes) {}

    /** One cold read has returned. */
    default void onColdRead(int events, long nanos) {}

    /** A cold read failed and will be tried again. */
    default void onColdReadFailed(RuntimeException error) {}

    /** The tailer broke, and is replaced; or an event could not be dispatched, and is left to the log; or a signal threw. */
    default void onFailure(RuntimeException error) {}

    /** A page was given up for another cursor's sake; its reader will read it again. */
    default void onPageDropped() {}

    /** The log was rewound. */
    default void onEpochChanged(String epoch, long fork) {}
}
