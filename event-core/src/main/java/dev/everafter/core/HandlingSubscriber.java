package dev.everafter.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Hands each event to a handler, and ends with what that throws. For the publisher's signals, and any thread's cancel. */
final class HandlingSubscriber implements Flow.Subscriber<Event> {
    private final Consumer<? super Event> handler;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    HandlingSubscriber(Consumer<? super Event> handler) {
        this.handler = handler;
    }

    CompletableFuture<Void> done() {
        return done;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        var unused = done.whenComplete((none, failure) -> subscription.cancel());
        // The publisher waits for each call to return: that is all the backpressure there need be.
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(Event event) {
        try {
            handler.accept(event);
        } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
    }

    @Override
    public void onError(Throwable failure) {
        done.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        done.complete(null);
    }
}
