package dev.everafter.client;

import dev.everafter.core.Event;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Takes what a server says, one call a message, as far as this client has use for it. Nothing has been checked against
 * anything but the message's own form.
 *
 * <p>Called by one thread at a time, the connection's.
 */
interface ServerMessages {
    /** The server takes subscriptions from here on, and says something at least once per heartbeat. */
    void welcome(Duration heartbeat);

    /** A close follows. */
    void goodbye(String reason, Optional<Duration> reconnectAfter);

    /** Something was refused; {@code sub} is empty where it concerns the connection. */
    void error(Optional<String> sub, String code, String message, boolean retry);

    /** Nothing after {@code start} will be missed; {@code ref} is what the other messages call the subscription. */
    void subscribed(String sub, long ref, Position start);

    /** All that matches in a range. */
    void events(long ref, Events events);

    /** Nothing in ({@code after}, {@code to}] matches, for all of {@code refs}. */
    void position(long after, long to, List<Long> refs);

    /** Served from memory. */
    void caughtUp(String sub);

    /** Reading the log again. */
    void fellBehind(String sub);

    /** Catching up waits for its turn. */
    void queued(String sub, long ahead);

    /** Events can't be had. */
    void gap(String sub, Gap gap);

    /** A ping has reached the server, and its answer this client. */
    void pong();

    /** The subscription has ended. */
    void unsubscribed(String sub, String reason);

    /** All that matches in ({@code after}, {@code to}]. */
    record Events(long after, long to, List<Item> items) {}

    /**
     * One event on the wire.
     *
     * @param omitted the members left out because of the item's length
     * @param bytes the whole item's length where something was omitted
     */
    record Item(Event event, List<String> omitted, long bytes) {}
}
