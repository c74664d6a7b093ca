package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.EventLogException;
import dev.everafter.core.Filter;
import dev.everafter.core.Page;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.TailUpdate;
import dev.everafter.core.TailUpdate.Advanced;
import dev.everafter.core.TailUpdate.EpochChanged;
import dev.everafter.core.TailUpdate.Started;
import dev.everafter.core.Tailer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A reader that can be killed at any moment: another takes its place, reads from the log what it has missed, and goes on.
 * It follows on a thread of its own.
 */
final class StressReader implements AutoCloseable {
    private final Supplier<PgEventLog.Builder> logs;
    private final Thread thread = new Thread(this::run, "stress reader");
    private final Told told = new Told();
    private final Sleep sleep = new Sleep();
    private final AtomicInteger missed = new AtomicInteger();
    private volatile boolean ended;
    private volatile long position = -1;
    private volatile @Nullable Tailer tailer;
    private volatile @Nullable Throwable failure;
    private volatile long first = -1;
    private int lives;

    StressReader(Supplier<PgEventLog.Builder> logs) {
        this.logs = logs;
        thread.start();
    }

    /** Notes whether it was asleep before what comes next, and was held up by nobody. */
    private final class Sleep implements PgListener {
        private boolean slept;

        @Override
        public void onState(State state) {
            slept = state == State.ASLEEP || (slept && state == State.READING);
        }

        @Override
        public void onWakeUpMissed() {
            missed.incrementAndGet();
        }

        boolean take() {
            boolean was = slept;
            slept = false;
            return was;
        }
    }

    private void run() {
        while (!ended) {
            try (PgEventLog log = logs.get().listener(sleep).build();
                    Tailer following = log.tailer()) {
                tailer = following;
                lives++;
                while (!ended) {
                    take(log, following.next());
                }
            } catch (InterruptedException e) {
                // killed
            } catch (Throwable e) {
                if (!ended && !isPassing(e)) {
                    failure = e;
                    return;
                }
            }
        }
    }

    /** A read of the log fails while the server is away; whoever reads tries again. */
    private static boolean isPassing(Throwable e) {
        return e instanceof EventLogException;
    }

    private void take(PgEventLog log, TailUpdate update) {
        if (update instanceof Started started) {
            if (first < 0) {
                first = started.head() >> 8;
                position = started.head();
            }
            catchUp(log, started.head());
        } else if (update instanceof Advanced advanced) {
            long before = -1;
            boolean slept = sleep.take();
            for (Event event : advanced.events()) {
                told.add(event);
                if (event.id() >> 8 != before) {
                    told.handed(event.id() >> 8, slept && before < 0);
                    before = event.id() >> 8;
                }
            }
            position = advanced.head();
        } else if (update instanceof EpochChanged changed) {
            throw new AssertionError("another epoch, though nothing was lost: " + changed);
        }
    }

    private void catchUp(PgEventLog log, long upTo) {
        while (position < upTo) {
            Page page = log.read(position, upTo, Filter.all(), new ReadLimits(1000, 4 << 20));
            page.events().forEach(told::add);
            position = page.scannedTo();
        }
    }

    void kill() {
        Tailer present = tailer;
        if (present != null) {
            present.close();
        }
    }

    long position() {
        Throwable broken = failure;
        if (broken != null) {
            throw new AssertionError("the reader failed", broken);
        }
        return position;
    }

    /** Ends it, and tells what it was told. */
    Told told() throws InterruptedException {
        close();
        return told;
    }

    /** The commit before the first that it had to tell. */
    long first() {
        return first;
    }

    /** How many commits it found that should have rung. */
    int missed() {
        return missed.get();
    }

    int lives() {
        return lives;
    }

    @Override
    public void close() throws InterruptedException {
        ended = true;
        kill();
        thread.join(20_000);
        if (thread.isAlive()) {
            throw new AssertionError("the reader goes on although it is closed");
        }
    }
}
