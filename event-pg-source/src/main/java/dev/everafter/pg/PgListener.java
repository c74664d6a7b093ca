package dev.everafter.pg;

import dev.everafter.core.Event;
import java.time.Duration;

/**
 * Told of every transition of a log that follows PostgreSQL, for counting; each method does nothing by default.
 *
 * <p>Called by the thread that follows, so an implementation must be quick, and never throw.
 */
public interface PgListener {
    /** A listener that does nothing. */
    PgListener NONE = new PgListener() {};

    /**
     * What the one that follows is doing.
     *
     * <pre>
     *   CONNECTING ──▶ PROVING ──▶ READING ◀──▶ ASLEEP
     *       ▲                      ▲  ▲
     *       │                      │  └──▶ FENCING
     *      LOST ◀── from any       └─────▶ PROVING
     * </pre>
     */
    enum State {
        /** Opens a session, and checks that the log is the one that was followed before. */
        CONNECTING,
        /** Waits until it is certain what becomes of ids that were handed out and are not to be seen. */
        PROVING,
        /** Reads what has been committed, as fast as it is taken. */
        READING,
        /** Has read everything, and waits for a commit to ring. */
        ASLEEP,
        /** Waits until what it has read is on disk. */
        FENCING,
        /** Has no session, and waits before it tries to open another. */
        LOST
    }

    /** It is doing something else than before. */
    default void onState(State state) {}

    /** The session is up and the log's history checked; {@code leader}: it arms the doorbell for this database. */
    default void onConnected(boolean leader) {}

    /** There is no session, or it gave no answer in time; another one will be tried after {@code retryIn}. */
    default void onConnectionLost(Exception cause, Duration retryIn) {}

    /** This session has become the one that arms the doorbell. */
    default void onLeading() {}

    /** Ids after {@code after} and before {@code next} are missing: a transaction may still fill them. */
    default void onGapSeen(long after, long next) {}

    /** A hole stays open for more than a second, and with it everybody's delivery. */
    default void onGapHeld(String holders, Duration age) {}

    /** The hole is filled, or it is certain that it stays empty. */
    default void onGapClosed(Duration age) {}

    /** A hole of an adopted table was passed, though {@code holders} may still fill it: it has been held for long enough. */
    default void onGapGivenUp(long after, long next, String holders) {}

    /** A row of an adopted table has come below what was delivered: it is in no subscriber's stream. */
    default void onLate(Event event) {}

    /** Something was visible before it was on disk; {@code flushed}: the session had to flush it. */
    default void onFence(boolean flushed) {}

    /** The next commit will ring. */
    default void onDoorbellArmed() {}

    /** A notification ended the wait. */
    default void onDoorbellRung() {}

    /** Somebody holds the doorbell's lock: the log is looked at every 50 ms instead. */
    default void onDoorbellBlocked() {}

    /** A commit was found that should have rung; never seen, unless there is an error in the doorbell. */
    default void onWakeUpMissed() {}

    /** The log was rewound. */
    default void onEpochChanged(String epoch, long fork) {}

    /** Events in ({@code after}, {@code to}] were deleted before this session read them. */
    default void onPruned(long after, long to) {}
}
