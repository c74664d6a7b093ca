package dev.everafter.testkit;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.TailUpdate;
import dev.everafter.core.TailUpdate.Advanced;
import dev.everafter.core.TailUpdate.EpochChanged;
import dev.everafter.core.TailUpdate.Started;
import dev.everafter.core.Tailer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes all that a tailer tells, on a thread of its own, and checks each update as it comes: {@link Started} first and
 * only once, heads that never fall, events in order and within (head before, head].
 *
 * <p>Safe for use by any thread. {@link #close()} closes the tailer and throws what the checks found.
 */
final class TailFollower implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Tailer tailer;
    private final Thread thread;
    private final List<Event> events = new ArrayList<>();
    private @Nullable Started started;
    private @Nullable EpochChanged changed;
    private @Nullable Throwable failure;
    private long head;
    private boolean ended;

    TailFollower(Tailer tailer) {
        this.tailer = tailer;
        this.thread = new Thread(this::follow, "tail follower");
        thread.start();
    }

    private void follow() {
        try {
            while (true) {
                check(tailer.next());
            }
        } catch (InterruptedException e) {
            // closed
        } catch (Throwable e) {
            synchronized (this) {
                failure = e;
            }
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    private synchronized void check(TailUpdate update) {
        notifyAll();
        if (update instanceof Started first) {
            assertTrue(started == null, "a second Started: " + first);
            started = first;
            head = first.head();
        } else if (update instanceof Advanced advanced) {
            assertTrue(started != null, "no Started before " + advanced);
            assertTrue(advanced.head() >= head, () -> "head " + head + " fell: " + advanced);
            long before = head;
            for (Event event : advanced.events()) {
                assertTrue(event.id() > before, () -> "not in order, or twice, after head " + head + ": " + advanced);
                before = event.id();
            }
            assertTrue(before <= advanced.head(), () -> "events beyond the head: " + advanced);
            events.addAll(advanced.events());
            head = advanced.head();
        } else if (update instanceof EpochChanged other) {
            changed = other;
            head = other.fork();
        }
    }

    synchronized Started started() {
        return Objects.requireNonNull(started, "not started yet");
    }

    synchronized EpochChanged epochChanged() {
        return Objects.requireNonNull(changed, "no change of epoch yet");
    }

    synchronized long head() {
        return head;
    }

    /** All events so far. */
    synchronized List<Event> events() {
        return List.copyOf(events);
    }

    TailFollower awaitStarted() {
        await("a first update", () -> started != null);
        return this;
    }

    void awaitHead(long wanted) {
        await("head " + wanted, () -> head >= wanted);
    }

    void awaitEvents(int count) {
        await(count + " events", () -> events.size() >= count);
    }

    void awaitEpochChanged() {
        await("a change of epoch", () -> changed != null);
    }

    void awaitEnd() {
        await("the end", () -> ended);
    }

    private synchronized void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (failure != null) {
                throw new AssertionError("the tailer failed", failure);
            }
            long left = Math.min(NANOSECONDS.toMillis(deadline - System.nanoTime()), PATIENCE.toMillis());
            assertTrue(
                    left > 0, () -> "waited in vain for " + what + "; head is " + head + ", events " + events.size());
            try {
                wait(left);
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted while waiting for " + what, e);
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        tailer.close();
        thread.join(PATIENCE.toMillis());
        assertEquals(Thread.State.TERMINATED, thread.getState(), "next() goes on although the tailer is closed");
        synchronized (this) {
            if (failure != null) {
                throw new AssertionError("the tailer failed", failure);
            }
        }
    }
}
