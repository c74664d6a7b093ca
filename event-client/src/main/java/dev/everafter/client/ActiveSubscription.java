package dev.everafter.client;

import dev.everafter.core.Position;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A subscription at work. It lasts, through any number of connections, until it is closed or fails.
 *
 * <p>Safe for use by any thread.
 */
public interface ActiveSubscription extends AutoCloseable {
    /**
     * Everything up to here has been handled, or did not match. Empty until the start is known: a subscription from now
     * learns it from the server.
     */
    Optional<Position> position();

    /**
     * Completes when the handler has been called for the last time and the position is saved: normally after
     * {@link #close()}, else with what ended the subscription - the handler's own exception, the position store's, or an
     * {@link EventClientException}.
     */
    CompletionStage<Void> done();

    /**
     * Ends it: lets a running handler call return, saves the position and tells the server. Returns when that is done;
     * called by a handler of the same client it returns at once, and the rest follows after that call. An interrupt ends
     * the waiting, not the closing. Does nothing the second time.
     */
    @Override
    void close();
}
