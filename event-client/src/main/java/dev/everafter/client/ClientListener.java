package dev.everafter.client;

import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.time.Duration;
import java.util.Optional;

/**
 * Told of everything a client does by itself, for counting and logs; each method does nothing by default. A subscription
 * is named as in {@link Subscription#named}, or {@code unnamed}.
 *
 * <p>Called by the socket's threads, the timer's and the handlers', so an implementation must be safe for any thread,
 * quick, and never throw.
 */
public interface ClientListener {
    /** A listener that does nothing. */
    ClientListener NONE = new ClientListener() {};

    /** The server has welcomed the client; subscriptions go on from here. */
    default void onConnected() {}

    /** The connection is lost, or could not be made; {@code reason} says which and why. */
    default void onDisconnected(String reason) {}

    /** The next try comes after {@code delay}; {@code attempt} counts from 1 since the last stable connection. */
    default void onReconnecting(int attempt, Duration delay) {}

    /** The server announced that it closes the connection; a client comes back in its own slot. */
    default void onGoodbye(String reason, Duration reconnectAfter) {}

    /**
     * No ping was answered for {@code silence}, so the connection is given up: the server is gone, or hears nothing though
     * it still speaks. The following {@link #onDisconnected} says which.
     */
    default void onSilence(Duration silence) {}

    /** The server knows the subscription: nothing after {@code position} will be missed. */
    default void onSubscribed(String subscription, Position position) {}

    /** The server reads {@code subscription} from memory now. */
    default void onCaughtUp(String subscription, Position position) {}

    /** The server reads the log for {@code subscription} again. */
    default void onFellBehind(String subscription, Position position) {}

    /** The server has to read the log for {@code subscription}, and reads it for {@code ahead} others first. */
    default void onQueued(String subscription, long ahead) {}

    /** Events at or before the position came again and were not handled. */
    default void onRepeatsSkipped(String subscription, int events) {}

    /**
     * A message did not join on to the position, so none of its events were handled and the connection was dropped.
     *
     * @param flaw what did not fit
     */
    default void onHole(String subscription, Optional<Position> position, String flaw) {}

    /** Events can't be had. */
    default void onGap(String subscription, Gap gap) {}

    /** A position was saved. */
    default void onSaved(String subscription, Position position) {}

    /** The server said {@code error}; empty subscription if it concerns the connection. */
    default void onServerError(Optional<String> subscription, String code, String message) {}

    /** The subscription has ended: by {@link ActiveSubscription#close()}, or through {@code cause}. */
    default void onEnded(String subscription, Optional<Throwable> cause) {}
}
