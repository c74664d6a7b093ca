package dev.everafter.server.spi;

import dev.everafter.core.Event;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Says event by event whether a principal may see it, where no filter can. Events about one object share one answer, so
 * that it is asked once for each principal and object, however many events wait for it.
 *
 * <p>Whatever goes wrong neither leaks nor skips an event: an exception, a stage that fails, and one that takes too long
 * are all taken for {@link Verdict#UNAVAILABLE}, and the subscription waits until it is asked again.
 *
 * <p>Called by a few threads of its own, several at a time, so an implementation must be safe for any thread; one that
 * blocks keeps others that are asked for waiting. {@link #object} is called by the sessions' threads, and must be quick.
 */
public interface EventCheck {
    /**
     * Names what decides about {@code event}, such as the row's identifier; empty if everybody may see it who may see its
     * topic. An event that only says that a row {@linkplain Event#left() left} has nothing but its key.
     */
    Optional<String> object(Event event);

    /** Whether {@code principal} may see events about {@code object}. */
    CompletionStage<Verdict> check(Principal principal, String object);

    /** What an {@link EventCheck} says. */
    enum Verdict {
        /** It may see them. */
        ALLOWED,
        /** It may not: the event is passed over without a word. */
        DENIED,
        /** It can't be told now: the subscription waits before the event, and the question is asked again. */
        UNAVAILABLE
    }
}
