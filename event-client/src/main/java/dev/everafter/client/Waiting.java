package dev.everafter.client;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/**
 * Waits for handlers to return, except on a thread that runs one: two handlers that close each other, or one that closes
 * itself, would wait for ever.
 *
 * <p>Safe for use by any thread.
 */
final class Waiting {
    private final Set<Thread> handling = ConcurrentHashMap.newKeySet();

    /** The threads that run handlers of this client just now. */
    Set<Thread> handling() {
        return handling;
    }

    void await(CompletableFuture<?> end) {
        if (handling.contains(Thread.currentThread())) {
            return;
        }
        try {
            end.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            // Why it ended is told by done(); here it matters that it has.
        }
    }
}
