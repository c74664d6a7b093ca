package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.EventLog;
import dev.everafter.core.TailUpdate;
import dev.everafter.core.TailUpdate.Advanced;
import dev.everafter.core.TailUpdate.EpochChanged;
import dev.everafter.core.TailUpdate.Started;
import dev.everafter.core.Tailer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Takes what a tailer tells, on a thread of its own, and checks that it is in order. */
final class Tail implements AutoCloseable {
    private final Tailer tailer;
    private final Thread thread;
    private final List<Event> events = new ArrayList<>();
    private final List<EpochChanged> changes = new ArrayList<>();
    private @Nullable Started started;
    private @Nullable Throwable failure;
    private long head;

    private Tail(Tailer tailer) {
        this.tailer = tailer;
        this.thread = new Thread(this::follow, "tail");
        thread.start();
    }

    static Tail of(EventLog log) {
        return new Tail(log.tailer());
    }

    /** Returns when it has started. */
    static Tail started(EventLog log) {
        Tail tail = of(log);
        tail.await("the start", Duration.ofSeconds(30), any -> tail.started != null);
        return tail;
    }

    private void follow() {
        try {
            while (true) {
                take(tailer.next());
            }
        } catch (InterruptedException e) {
            // closed
        } catch (Throwable e) {
            synchronized (this) {
                failure = e;
            }
        }
    }

    private synchronized void take(TailUpdate update) {
        if (update instanceof Started first) {
            started = first;
            head = first.head();
        } else if (update instanceof EpochChanged change) {
            changes.add(change);
            head = change.fork();
        } else if (update instanceof Advanced advanced) {
            long last = head;
            for (Event event : advanced.events()) {
                if (event.id() <= last) {
                    throw new AssertionError("id " + event.id() + " after " + last);
                }
                last = event.id();
            }
            if (advanced.head() < last) {
                throw new AssertionError("head " + advanced.head() + " below " + last);
            }
            events.addAll(advanced.events());
            head = advanced.head();
        }
    }

    synchronized Started first() {
        return Objects.requireNonNull(started);
    }

    synchronized long head() {
        return head;
    }

    synchronized List<Event> events() {
        return List.copyOf(events);
    }

    synchronized List<EpochChanged> changes() {
        return List.copyOf(changes);
    }

    /** The {@code v} of each event's data. */
    List<String> values() {
        return events().stream()
                .map(event -> event.data().orElseThrow().parse().asJsonObject().getString("v"))
                .toList();
    }

    void awaitEvents(int count) {
        awaitEvents(count, Duration.ofSeconds(30));
    }

    void awaitEvents(int count, Duration atMost) {
        await(count + " events", atMost, seen -> seen.size() >= count);
    }

    void awaitHead(long wanted) {
        await("head " + wanted, Duration.ofSeconds(30), any -> head >= wanted);
    }

    void awaitChange() {
        await("another epoch", Duration.ofSeconds(30), any -> !changes.isEmpty());
    }

    private void await(String what, Duration atMost, Predicate<List<Event>> condition) {
        Awaitility.await(what)
                .atMost(atMost)
                .pollInterval(2, TimeUnit.MILLISECONDS)
                .until(() -> {
                    synchronized (this) {
                        if (failure != null) {
                            throw new AssertionError("the tailer failed", failure);
                        }
                        return condition.test(events);
                    }
                });
    }

    @Override
    public void close() throws InterruptedException {
        tailer.close();
        thread.join(TimeUnit.SECONDS.toMillis(20));
        if (thread.isAlive()) {
            throw new AssertionError("next() goes on although the tailer is closed");
        }
        synchronized (this) {
            if (failure != null) {
                throw new AssertionError("the tailer failed", failure);
            }
        }
    }
}
