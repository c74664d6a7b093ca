package dev.everafter.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A time that stands still until a test moves it. Calls come on the test's thread. */
final class FakeTimer implements Timer {
    private final List<Call> calls = new ArrayList<>();
    private long now = 1_000_000_000_000L;

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized Handle after(Duration delay, Runnable task) {
        Call call = new Call(now + delay.toNanos(), task);
        calls.add(call);
        return () -> cancel(call);
    }

    private synchronized void cancel(Call call) {
        calls.remove(call);
    }

    /** Lets {@code duration} pass, and makes the calls that come due in it. */
    void advance(Duration duration) {
        long end = nanoTime() + duration.toNanos();
        Optional<Call> due = takeDue(end);
        while (due.isPresent()) {
            due.get().task.run();
            due = takeDue(end);
        }
        synchronized (this) {
            now = end;
        }
    }

    private synchronized Optional<Call> takeDue(long end) {
        Optional<Call> due =
                calls.stream().filter(call -> call.at <= end).min(Comparator.comparingLong((Call call) -> call.at));
        due.ifPresent(call -> {
            calls.remove(call);
            now = Math.max(now, call.at);
        });
        return due;
    }

    /** How many calls are to come. */
    synchronized int pending() {
        return calls.size();
    }

    @Override
    public synchronized void close() {
        calls.clear();
    }

    private static final class Call {
        private final long at;
        private final Runnable task;

        private Call(long at, Runnable task) {
            this.at = at;
            this.task = task;
        }
    }
}
