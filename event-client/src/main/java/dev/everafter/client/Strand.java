package dev.everafter.client;

import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks one at a time, in the order in which they came, on the threads of an executor; each sees what the one
 * before it did. The executor gets one task at a time, so that strands that share a thread take turns.
 *
 * <p>Safe for use by any thread.
 */
final class Strand {
    private final Executor executor;
    private final Set<Thread> workers;
    private final Consumer<RejectedExecutionException> onRejected;

    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean busy;

    /**
     * @param workers holds, while a task runs, the thread that runs it; safe for use by any thread
     * @param onRejected told if the executor takes no more; the strand is stuck then
     */
    Strand(Executor executor, Set<Thread> workers, Consumer<RejectedExecutionException> onRejected) {
        this.executor = executor;
        this.workers = workers;
        this.onRejected = onRejected;
    }

    void post(Runnable task) {
        post(task, null);
    }

    /**
     * Adds {@code task}, unless {@code merge} takes it into the last of those that still wait.
     *
     * @param merge called with the last waiting task while none can be taken
     */
    void post(Runnable task, @Nullable Merge merge) {
        synchronized (waiting) {
            Runnable last = waiting.peekLast();
            if (merge != null && last != null && merge.into(last)) {
                return;
            }
            waiting.add(task);
            if (busy) {
                return;
            }
            busy = true;
        }
        schedule();
    }

    private void schedule() {
        try {
            executor.execute(this::runNext);
        } catch (RejectedExecutionException e) {
            onRejected.accept(e);
        }
    }

    private void runNext() {
        Runnable task;
        synchronized (waiting) {
            task = waiting.remove();
        }
        Thread thread = Thread.currentThread();
        workers.add(thread);
        try {
            task.run();
        } finally {
            workers.remove(thread);
            boolean more;
            synchronized (waiting) {
                more = !waiting.isEmpty();
                busy = more;
            }
            if (more) {
                schedule();
            }
        }
    }

    /** Takes a task into one that waits already. */
    interface Merge {
        /** Whether it could. */
        boolean into(Runnable last);
    }
}
