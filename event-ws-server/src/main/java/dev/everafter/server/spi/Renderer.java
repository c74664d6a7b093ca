package dev.everafter.server.spi;

import dev.everafter.core.Event;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Makes of events what clients see of them. What it makes depends on the event alone, and not on who gets it: it is made
 * once for all who get it. Who may see something else gets another renderer, under another name.
 *
 * <p>Whatever goes wrong neither leaks nor skips an event: after an exception, a stage that fails, and one that takes too
 * long, it is asked again, and the subscriptions wait.
 *
 * <p>{@link #render} is called by a few threads of its own, several at a time, so an implementation must be safe for any
 * thread; one that blocks keeps others waiting. Everything else is called by the sessions' threads, and must be quick.
 */
public interface Renderer {
    /** What is shown of {@code event}, where that can be said without waiting; by default it never can. */
    default Optional<Rendered> renderNow(Event event) {
        return Optional.empty();
    }

    /** What is shown of {@code events}, in their order. Asked for those of which {@link #renderNow} said nothing. */
    CompletionStage<List<Rendered>> render(List<Event> events);

    /**
     * Whether this principal may see events so; by default everybody may.
     *
     * @param principal who it is; empty where nobody is asked
     */
    default boolean mayUse(Optional<Principal> principal) {
        return true;
    }

    /**
     * The columns of key, data and old that clients may ask for in filters; empty if they may ask for all. Filters look at
     * the event as it was captured, and an answer to "is it 1?" tells as much as the value. By default they may ask for none.
     *
     * @param topic where they may; empty for what they may ask for in every topic
     */
    default Optional<Set<String>> columns(Optional<String> topic) {
        return Optional.of(Set.of());
    }
}
