package dev.everafter.core;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/** A tailer that hands on what it is offered, in that order. Safe for use by any thread. */
final class QueueTailer implements Tailer {
    private final Consumer<QueueTailer> onClose;
    private final Queue<TailUpdate> updates = new ArrayDeque<>();
    private boolean closed;

    QueueTailer(Consumer<QueueTailer> onClose) {
        this.onClose = onClose;
    }

    synchronized void offer(TailUpdate update) {
        updates.add(update);
        notifyAll();
    }

    @Override
    public synchronized TailUpdate next() throws InterruptedException {
        while (updates.isEmpty() && !closed) {
            wait();
        }
        if (closed) {
            throw new InterruptedException("the tailer is closed");
        }
        return updates.remove();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        // Outside this lock: the log offers with its own lock held.
        onClose.accept(this);
    }
}
