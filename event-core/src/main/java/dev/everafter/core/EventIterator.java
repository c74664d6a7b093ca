package dev.everafter.core;

import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The events of a {@link Following}, one after the other; waits where there is none yet.
 *
 * <p>It is at its end when it, or the hub, is closed. An end before that is a {@link FollowingException}, or what the
 * listener throws.
 *
 * <p>For one thread, but for {@link #close()}, which may come from any and ends the waiting.
 */
public final class EventIterator implements Iterator<Event>, AutoCloseable {
    private static final int BATCH = 256;

    private final Intake intake;
    private final Semaphore ready = new Semaphore(0);
    private Iterator<Event> taken = Collections.emptyIterator();
    private Optional<Position> handed = Optional.empty();

    EventIterator(Intake intake) {
        this.intake = intake;
        intake.onReady(ready::release);
    }

    /**
     * Waits for the next event.
     *
     * @return false at the end
     * @throws FollowingException also if the thread is interrupted
     */
    @Override
    public boolean hasNext() {
        while (!taken.hasNext()) {
            // Before the look: a signal that comes while it runs must not be lost.
            ready.drainPermits();
            taken = intake.take(BATCH).iterator();
            if (!taken.hasNext()) {
                handed = intake.position();
                if (intake.ended()) {
                    return false;
                }
                await();
            }
        }
        return true;
    }

    private void await() {
        try {
            ready.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FollowingException(FollowingException.Code.INTERRUPTED, "interrupted" + place());
        }
    }

    @Override
    public Event next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the hub or the iterator was closed" + place());
        }
        Event event = taken.next();
        handed = Optional.of(intake.at(event.id()));
        return event;
    }

    /**
     * Every event up to here has been handed out. It also grows where nothing matched, while the iterator waits. Empty
     * until the start is found.
     */
    public Optional<Position> position() {
        return handed;
    }

    private String place() {
        return handed.map(position -> " at " + position).orElse("");
    }

    /** The same events as a stream, which closes this when it is closed. */
    public Stream<Event> stream() {
        int order = Spliterator.ORDERED | Spliterator.DISTINCT | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, order), false)
                .onClose(this::close);
    }

    @Override
    public void close() {
        intake.close();
    }
}
