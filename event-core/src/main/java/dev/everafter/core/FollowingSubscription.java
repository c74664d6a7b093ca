package dev.everafter.core;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Gives one subscriber as many events as it has asked for: no more are taken from the cursor, so none wait in between.
 *
 * <p>Whatever may give it something to do (demand, news, cancellation) is counted, and one task at a time works on it.
 */
final class FollowingSubscription implements Flow.Subscription {
    /** So much is done in one go; then other tasks of the executor have their turn. */
    private static final int BATCH = 256;

    private final Intake intake;
    private final Executor executor;
    private final AtomicInteger work = new AtomicInteger(1);
    private final AtomicLong demand = new AtomicLong();
    private volatile Optional<IllegalArgumentException> misuse = Optional.empty();
    private volatile boolean cancelled;
    private Flow.@Nullable Subscriber<? super Event> subscriber;

    FollowingSubscription(Intake intake, Executor executor, Flow.Subscriber<? super Event> subscriber) {
        this.intake = intake;
        this.executor = executor;
        this.subscriber = subscriber;
    }

    /** The one piece of work that is counted already keeps every signal behind {@code onSubscribe}. */
    void start() {
        Flow.Subscriber<? super Event> mine = subscriber;
        if (mine != null) {
            mine.onSubscribe(this);
        }
        intake.onReady(this::signal);
        execute();
    }

    @Override
    public void request(long n) {
        if (n < 1) {
            misuse = Optional.of(new IllegalArgumentException("demand must be positive (rule 3.9), and was " + n));
        } else {
            demand.accumulateAndGet(n, (now, more) -> now > Long.MAX_VALUE - more ? Long.MAX_VALUE : now + more);
        }
        signal();
    }

    @Override
    public void cancel() {
        cancelled = true;
        // At once, also where no executor would come to it any more.
        intake.close();
        signal();
    }

    private void signal() {
        if (work.getAndIncrement() == 0) {
            execute();
        }
    }

    private void execute() {
        try {
            executor.execute(this::work);
        } catch (RejectedExecutionException e) {
            // Nobody is left who could be told.
            intake.close();
        }
    }

    private void work() {
        Flow.Subscriber<? super Event> mine = subscriber;
        if (mine == null) {
            return;
        }
        int seen = work.get();
        if (goOn(mine)) {
            execute();
        } else if (subscriber != null && work.addAndGet(-seen) > 0) {
            execute();
        }
    }

    /** @return whether there may be more to do at once */
    private boolean goOn(Flow.Subscriber<? super Event> mine) {
        if (cancelled) {
            forget();
            return false;
        }
        if (misuse.isPresent()) {
            fail(mine, misuse.get());
            return false;
        }
        List<Event> events;
        try {
            events = intake.take((int) Math.min(BATCH, demand.get()));
        } catch (RuntimeException e) {
            fail(mine, e);
            return false;
        }
        if (events.isEmpty() && intake.ended() && !cancelled) {
            forget();
            mine.onComplete();
            return false;
        }
        give(events, mine);
        return !events.isEmpty();
    }

    private void give(List<Event> events, Flow.Subscriber<? super Event> mine) {
        demand.accumulateAndGet(events.size(), (now, given) -> now == Long.MAX_VALUE ? now : now - given);
        for (Event event : events) {
            if (cancelled) {
                return;
            }
            try {
                mine.onNext(event);
            } catch (RuntimeException | Error e) {
                // Against rule 2.13, so it counts as cancelled; the executor shows what it was.
                forget();
                throw e;
            }
        }
    }

    private void fail(Flow.Subscriber<? super Event> mine, RuntimeException failure) {
        forget();
        mine.onError(failure);
    }

    /** No more signals; and no reference that keeps the subscriber in memory (rule 3.13). */
    private void forget() {
        intake.close();
        subscriber = null;
    }
}
