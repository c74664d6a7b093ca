package dev.everafter.core;

/**
 * Follows a log live, strictly in id order: an id is passed only with proof that no transaction can still fill it, and
 * only once it is durable.
 *
 * <p>A lost connection is the tailer's own business: it reconnects and reads on from its position.
 *
 * <p>{@link #next()} belongs to one thread; {@link #close()} may come from any.
 */
public interface Tailer extends AutoCloseable {
    /**
     * Blocks until there is something to tell.
     *
     * @throws InterruptedException if the thread is interrupted or the tailer closed
     */
    TailUpdate next() throws InterruptedException;

    /** Ends {@link #next()} and frees the connection. Does nothing the second time. */
    @Override
    void close();
}
