package dev.everafter.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A clock, a timer and a thread that do what the test says, when it says so. For one thread. */
final class HandMeans {
    private final List<Alarm> alarms = new ArrayList<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private long now;

    private record Alarm(long due, Runnable task) {}

    Answers.Means means() {
        return new Answers.Means(tasks::addLast, this::after, () -> now, () -> 1.0);
    }

    private Runnable after(Duration delay, Runnable task) {
        Alarm alarm = new Alarm(now + delay.toNanos(), task);
        alarms.add(alarm);
        return () -> alarms.remove(alarm);
    }

    /** Makes the calls that are waiting to be made. */
    void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** Lets time pass, and everything happen that was to happen meanwhile. */
    void pass(Duration time) {
        long end = now + time.toNanos();
        Optional<Alarm> next = next(end);
        while (next.isPresent()) {
            now = next.get().due;
            alarms.remove(next.get());
            next.get().task.run();
            run();
            next = next(end);
        }
        now = end;
    }

    private Optional<Alarm> next(long end) {
        return alarms.stream().filter(alarm -> alarm.due <= end).min(Comparator.comparingLong(Alarm::due));
    }

    /** How many alarms are set. */
    int alarms() {
        return alarms.size();
    }
}
