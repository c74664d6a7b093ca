package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** A hub in one thread, which plays dispatcher, readers and subscriber, so every order of steps is the test's own. */
abstract class HubHarness {
    static final Selection ALL = Selection.of(Filter.all());
    static final Selection ORDERS = Selection.of(Filter.topic("orders"));

    final ScriptedLog log = new ScriptedLog();
    final CountingListener counts = new CountingListener();
    final Deque<Runnable> readers = new ArrayDeque<>();
    final Deque<Runnable> later = new ArrayDeque<>();
    Dispatcher dispatcher = new Dispatcher(1 << 20, 1 << 20, counts);
    ColdReads coldReads = new ColdReads(readers::add, 2, 4, counts);
    ReadLimits limits = new ReadLimits(3, 1 << 20);

    static Event event(long id) {
        return Event.builder(id, "other", "insert").build();
    }

    static Event order(long id) {
        return Event.builder(id, "orders", "insert").build();
    }

    static StartFrom after(long id) {
        return StartFrom.after(new Position("e1", id));
    }

    void start(long head) {
        dispatcher.apply(new TailUpdate.Started(log.epoch, head));
    }

    void commit(Event... events) {
        log.events.addAll(List.of(events));
        dispatcher.apply(new TailUpdate.Advanced(List.of(events), events[events.length - 1].id()));
    }

    /** Into the log, and not into the tail, as when the hub started later. */
    void commitUnseen(Event... events) {
        log.events.addAll(List.of(events));
        dispatcher.apply(new TailUpdate.Started(log.epoch, events[events.length - 1].id()));
    }

    Cursor open(Selection selection, StartFrom from) {
        ColdReader reader = new ColdReader(log, dispatcher, limits, later::add, counts);
        HubCursor cursor = new HubCursor(dispatcher, coldReads, reader, counts, selection, from);
        cursor.open();
        dispatcher.runPending();
        return cursor;
    }

    static Poll poll(Cursor cursor) {
        return cursor.poll(100, 1 << 20);
    }

    /** Polls until there is news, with the readers doing their work. */
    Poll next(Cursor cursor) {
        Poll poll = poll(cursor);
        for (int i = 0; i < 100 && poll == Poll.Nothing.NOTHING; i++) {
            readAll();
            poll = poll(cursor);
        }
        return poll;
    }

    void take(Cursor cursor, int max, List<Long> ids) {
        Poll poll = cursor.poll(max, 1 << 20);
        if (poll == Poll.Nothing.NOTHING) {
            readAll();
        } else if (poll instanceof Poll.Events events) {
            events.batch().events().forEach(event -> ids.add(event.id()));
        }
    }

    void drain(Cursor cursor, List<Long> ids) {
        for (Poll poll = next(cursor); poll != Poll.Nothing.NOTHING; poll = next(cursor)) {
            if (poll instanceof Poll.Events events) {
                assertTrue(events.batch().after() < events.batch().to());
                events.batch().events().forEach(event -> ids.add(event.id()));
            }
        }
    }

    void readAll() {
        for (Runnable task = readers.poll(); task != null; task = readers.poll()) {
            task.run();
        }
    }

    void runLater() {
        for (Runnable task = later.poll(); task != null; task = later.poll()) {
            task.run();
        }
    }
}
