package dev.everafter.core;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * Follows a hub inside one's own program: every event after the start that the selection matches, in id order, each once, as
 * a {@link #publisher}, by {@link #iterate} or by {@link #forEach}; each call of these starts anew.
 *
 * <p>Whoever takes events slowly is no burden on anybody: nothing is kept for it, it falls behind and reads the log again.
 * To resume later, keep the epoch that the listener was told with the id of the last event that was handled, and start
 * {@link StartFrom#after} that position.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class Following {
    private final EventHub hub;
    private final Selection selection;
    private final StartFrom from;
    private final FollowingListener listener;

    Following(EventHub hub, Selection selection, StartFrom from, FollowingListener listener) {
        this.hub = hub;
        this.selection = Objects.requireNonNull(selection, "selection");
        this.from = Objects.requireNonNull(from, "from");
        this.listener = Objects.requireNonNull(listener, "listener");
    }

    /** The same, with {@code listener} told of gaps, and of falling behind and catching up; by default gaps end it. */
    public Following listener(FollowingListener listener) {
        return new Following(hub, selection, from, listener);
    }

    /**
     * A publisher as the Reactive Streams specification has it. Each subscriber has a place of its own in the log, and is
     * given as many events as it has asked for. It completes when the hub is closed, and fails with
     * {@link FollowingException}, or with what the listener throws.
     *
     * @param executor calls the subscriber and the listener, never two at a time; it must not do so in the thread that hands
     *     it the task, which may be the hub's
     */
    public Flow.Publisher<Event> publisher(Executor executor) {
        Objects.requireNonNull(executor, "executor");
        return subscriber -> {
            Objects.requireNonNull(subscriber, "subscriber");
            new FollowingSubscription(intake(), executor, subscriber).start();
        };
    }

    /**
     * Hands each event to {@code handler}, the next one when it has returned.
     *
     * @param executor see {@link #publisher}
     * @return done when the hub is closed, or with what ended it before, {@code handler}'s exception for one; cancel it to
     *     end it
     */
    public CompletableFuture<Void> forEach(Executor executor, Consumer<? super Event> handler) {
        HandlingSubscriber subscriber = new HandlingSubscriber(Objects.requireNonNull(handler, "handler"));
        publisher(executor).subscribe(subscriber);
        return subscriber.done();
    }

    /** Takes events by a blocking iterator, which must be closed. */
    public EventIterator iterate() {
        return new EventIterator(intake());
    }

    private Intake intake() {
        return new Intake(hub.open(selection, from), listener);
    }
}
