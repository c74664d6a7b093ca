package dev.everafter.client;

import dev.everafter.core.Event;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.util.List;

/**
 * What a program does with its events: called for every matching event after the subscription's start, once, in id order.
 *
 * <p>Once means: once for a position that is kept. A program that dies between handling an event and saving its position
 * sees the event again when it comes back, and so does one that returns after an exception of its own.
 *
 * <p>An exception from any method ends the subscription: {@link ActiveSubscription#done()} completes with it, and the
 * position stays before the event (or gap) that was being handled.
 *
 * <p>The methods of one handler are called one at a time, by a thread of the client's executor; not always the same one,
 * but each call sees what the one before it did.
 */
@FunctionalInterface
public interface EventHandler {
    /**
     * Handles one event. May block: nothing is lost, and no more than the subscription's window waits in memory.
     *
     * @throws Exception to end the subscription before this event
     */
    void onEvent(Event event) throws Exception;

    /**
     * Events can't be had; the subscription's {@link GapPolicy} says what comes then.
     *
     * @throws Exception to end the subscription before the gap
     */
    default void onGap(Gap gap) throws Exception {}

    /**
     * An event came without some of its members, because it would have been longer than a message may be. By default that
     * ends the subscription, since an event without its content is a loss.
     *
     * @param event what did come; never passed to {@link #onEvent}
     * @param omitted the members left out: {@code data}, {@code old}
     * @param bytes the length of the whole event
     * @throws Exception to end the subscription before this event
     */
    default void onOmitted(Event event, List<String> omitted, long bytes) throws Exception {
        throw new EventClientException(
                EventClientException.Code.OMITTED,
                "event " + event.id() + " of topic " + event.topic() + " came without " + String.join(" and ", omitted)
                        + ": its " + bytes + " bytes pass the largest message; raise maxMessageBytes of the client, or"
                        + " override onOmitted");
    }

    /** The server serves this subscription from memory now: what comes from here on is live. */
    default void onCaughtUp(Position position) {}

    /** The server reads the log for this subscription again, since it has become slower than the writers. */
    default void onFellBehind(Position position) {}
}
