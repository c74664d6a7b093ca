package dev.everafter.server;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs one task whenever somebody signals, one run at a time: a signal that comes while it runs makes it run once more. After a
 * few runs others have their go.
 *
 * <p>Safe for use by any thread; what one run writes, the next one sees.
 */
final class Turns {
    private static final int IN_A_ROW = 8;

    private final Executor workers;
    private final Runnable turn;
    private final Runnable refused;
    private final AtomicInteger work = new AtomicInteger();

    /**
     * Nothing runs until the first signal.
     *
     * @param refused run where the workers take no more tasks
     */
    Turns(Executor workers, Runnable turn, Runnable refused) {
        this.workers = workers;
        this.turn = turn;
        this.refused = refused;
    }

    void signal() {
        if (work.getAndIncrement() == 0) {
            schedule();
        }
    }

    private void schedule() {
        try {
            workers.execute(this::run);
        } catch (RejectedExecutionException e) {
            refused.run();
        }
    }

    private void run() {
        int seen = work.get();
        for (int turns = 0; turns < IN_A_ROW; turns++) {
            turn.run();
            seen = work.addAndGet(-seen);
            if (seen == 0) {
                return;
            }
        }
        schedule();
    }
}
