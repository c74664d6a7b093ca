package dev.everafter.examples.history;

import dev.everafter.core.Batch;
import dev.everafter.core.BatchEncoder;
import dev.everafter.core.Cursor;
import dev.everafter.core.Event;
import dev.everafter.core.EventHub;
import dev.everafter.core.Poll;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import dev.everafter.testkit.History;
import dev.everafter.testkit.Patience;
import dev.everafter.testkit.Watch;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A subscriber in the hub's own process that keeps changing between live and catching up: when it has caught up it reads for
 * a while, then stands still until the tail has gone past it, or leaves and comes back at its position. What it is told is
 * its {@link History}. It takes events as they were encoded for whoever shares the batch.
 *
 * <p>For one thread, but for the history.
 */
final class Wanderer implements Callable<Void> {
    /** As a client's: parsed and written again. */
    private enum Told implements BatchEncoder<List<Event>> {
        TOLD;

        @Override
        public List<Event> encode(Batch batch) {
            return batch.events().stream().map(Told::parsed).toList();
        }

        @Override
        public long bytes(List<Event> encoded) {
            return encoded.stream().mapToLong(event -> event.item().length()).sum();
        }

        private static Event parsed(Event event) {
            Event.Builder again = Event.builder(event.id(), event.topic(), event.type())
                    .at(event.at())
                    .last(event.last())
                    .left(event.left());
            event.tx().ifPresent(again::tx);
            event.key().map(Told::parsed).ifPresent(again::key);
            event.data().map(Told::parsed).ifPresent(again::data);
            event.old().map(Told::parsed).ifPresent(again::old);
            return again.build();
        }

        private static RawJson parsed(RawJson json) {
            return RawJson.of(json.parse());
        }
    }

    private static final long MAX_BYTES = 64 << 10;

    final History history;
    private final EventHub hub;
    private final Selection selection;
    private final Standstill standstill;
    private final Random random;
    private final int maxEvents;
    private final int maxPause;
    private final History.Stretch stretch;
    private final Semaphore ready = new Semaphore(0);
    private Cursor cursor;
    private int reopened;

    /** @param maxPause the most events that go by while it stands still */
    Wanderer(
            String name,
            EventHub hub,
            List<Watch> watches,
            int watch,
            Standstill standstill,
            int maxPause,
            Random random) {
        this.history = new History(name, watch, History.Promise.ONCE);
        this.hub = hub;
        this.selection = Selection.of(watches.get(watch).filter());
        this.standstill = standstill;
        this.random = random;
        this.maxEvents = 1 + random.nextInt(40);
        this.maxPause = maxPause;
        this.stretch = history.begin();
        this.cursor = open(StartFrom.beginning());
    }

    private Cursor open(StartFrom from) {
        Cursor opened = hub.open(selection, from);
        opened.onReady(ready::release);
        return opened;
    }

    /** How often it left and came back. */
    int reopened() {
        return reopened;
    }

    /** Wanders until the standstill is over. */
    @Override
    public Void call() throws InterruptedException {
        while (!standstill.isOver()) {
            Poll poll = take();
            if (poll == Poll.Nothing.NOTHING && cursor.state() == Cursor.State.CATCHING_UP) {
                awaitSignal();
            } else if (poll == Poll.Nothing.NOTHING || random.nextInt(16) == 0) {
                rest();
            }
        }
        return null;
    }

    private void rest() throws InterruptedException {
        if (random.nextInt(16) == 0 && !cursor.epoch().isEmpty()) {
            Position position = new Position(cursor.epoch(), cursor.position());
            cursor.close();
            cursor = open(StartFrom.after(position));
            reopened++;
        }
        standstill.stand(1 + random.nextInt(maxPause));
    }

    /** Whoever waits for the log is woken: that nobody does so is an error, and not a matter of time. */
    private void awaitSignal() throws InterruptedException {
        if (!ready.tryAcquire(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("nobody woke a cursor at " + cursor.position());
        }
        ready.drainPermits();
    }

    /** Reads on up to {@code head}. */
    void finish(long head) throws InterruptedException {
        while (cursor.epoch().isEmpty() || cursor.position() < head) {
            if (take() == Poll.Nothing.NOTHING) {
                // who has nothing to wait for is moved on by its next poll, and not woken
                ready.tryAcquire(10, TimeUnit.MILLISECONDS);
                ready.drainPermits();
            }
        }
        stretch.end(head);
        cursor.close();
    }

    private Poll take() {
        Poll poll = cursor.poll(maxEvents, MAX_BYTES);
        if (poll instanceof Poll.Started started) {
            stretch.startsAt(started.position());
        } else if (poll instanceof Poll.Events events) {
            events.batch().encoded(Told.TOLD).forEach(stretch::take);
        } else if (poll instanceof Poll.Missing missing) {
            stretch.gap(missing.gap().after(), missing.gap().to());
        } else if (poll instanceof Poll.Ended) {
            throw new IllegalStateException(poll.toString());
        }
        return poll;
    }
}
