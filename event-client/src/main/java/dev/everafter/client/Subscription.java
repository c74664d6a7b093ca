package dev.everafter.client;

import dev.everafter.core.Filter;
import dev.everafter.core.StartFrom;
import java.util.Objects;
import java.util.Optional;

/**
 * What to see, and from where. Defaults: from now, without a name, {@link GapPolicy#STOP}, a window of
 * {@value #DEFAULT_WINDOW} events.
 *
 * <p>Immutable: each method returns a copy. Safe for use by any thread.
 */
public final class Subscription {
    /** See {@link #window}. */
    public static final int DEFAULT_WINDOW = 1000;

    private final Filter where;
    private final StartFrom from;
    private final Optional<String> name;
    private final GapPolicy onGap;
    private final int window;

    private Subscription(Filter where, StartFrom from, Optional<String> name, GapPolicy onGap, int window) {
        this.where = where;
        this.from = from;
        this.name = name;
        this.onGap = onGap;
        this.window = window;
    }

    /** Every event that the client's principal may see. */
    public static Subscription all() {
        return where(Filter.all());
    }

    /** The events that match {@code filter}. */
    public static Subscription where(Filter filter) {
        return new Subscription(
                Objects.requireNonNull(filter, "filter"),
                StartFrom.now(),
                Optional.empty(),
                GapPolicy.STOP,
                DEFAULT_WINDOW);
    }

    /** Where to begin, if the position store has nothing under this subscription's name. */
    public Subscription from(StartFrom from) {
        return new Subscription(where, Objects.requireNonNull(from, "from"), name, onGap, window);
    }

    /**
     * Keeps the position under {@code name} in the client's position store, and begins there the next time. A
     * subscription without a name begins at {@link #from} each time it is subscribed.
     *
     * @throws IllegalArgumentException if {@code name} is empty
     */
    public Subscription named(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the name is empty");
        }
        return new Subscription(where, from, Optional.of(name), onGap, window);
    }

    /** What to do when events can't be had. */
    public Subscription onGap(GapPolicy policy) {
        return new Subscription(where, from, name, Objects.requireNonNull(policy, "policy"), window);
    }

    /**
     * The most events that the server sends ahead of the handler; they wait in this program's memory. A server that sends
     * twice as many loses the connection.
     *
     * @param events at least 1
     * @throws IllegalArgumentException if it is less
     */
    public Subscription window(int events) {
        if (events < 1) {
            throw new IllegalArgumentException("a window of " + events + " events is below 1");
        }
        return new Subscription(where, from, name, onGap, events);
    }

    /** See {@link #where(Filter)}. */
    public Filter where() {
        return where;
    }

    /** See {@link #from(StartFrom)}. */
    public StartFrom from() {
        return from;
    }

    /** See {@link #named}. */
    public Optional<String> name() {
        return name;
    }

    /** See {@link #onGap(GapPolicy)}. */
    public GapPolicy onGap() {
        return onGap;
    }

    /** See {@link #window(int)}. */
    public int window() {
        return window;
    }

    @Override
    public String toString() {
        return name.orElse("unnamed") + " where " + where.toJson() + " from " + from;
    }
}
