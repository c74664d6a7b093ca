package dev.everafter.core;

/**
 * One subscriber's place in the log: every event after its start that its selection matches, in id order, each once, for
 * as long as the log retains it; where it does not, a {@link Gap}.
 *
 * <p>Catching up, live and falling behind are one operation, answered from the nearest place that still has the events.
 * A cursor that isn't polled costs a few numbers: nothing waits for it, and nothing is dropped for it.
 *
 * <p>{@link #poll} and {@link #onReady(Runnable)} belong to one thread at a time; the other methods may be called by any,
 * but only the polling thread can be sure that {@link #epoch()} and {@link #position()} belong together.
 */
public interface Cursor extends AutoCloseable {
    /**
     * Takes what comes next, without blocking.
     *
     * @param maxEvents the most events in a batch, at least 1
     * @param maxBytes the bytes of {@link Event#item()}s after which a batch ends, at least 1; its first event may be
     *     larger
     */
    Poll poll(int maxEvents, long maxBytes);

    /**
     * Sets what is called after a poll found {@link Poll.Nothing}, once another may find something; perhaps without
     * need, and from any thread, so it must neither block nor poll by itself.
     */
    void onReady(Runnable signal);

    /**
     * The cursor is done with everything up to this id. Also grows when what it passed did not match. Before
     * {@link Poll.Started} it is 0.
     */
    long position();

    /** The epoch in which {@link #position()} has its meaning; empty before {@link Poll.Started}. */
    String epoch();

    /** What it is doing. */
    State state();

    /** Ends it. Does nothing the second time. */
    @Override
    void close();

    /** What a cursor is doing. */
    enum State {
        /** Finding its start, or reading the log. */
        CATCHING_UP,
        /** Served from memory. */
        LIVE,
        /** Ended. */
        CLOSED
    }
}
