package dev.everafter.core;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A hub for jcstress, with the real dispatcher and real cursors: its steps are the actors' own, and so are the reads of the
 * log, which has three events in order.
 */
abstract class StressedHub {
    static final Event FIRST = Event.builder(1, "t", "insert").build();
    static final Event SECOND = Event.builder(2, "t", "insert").build();
    static final Event THIRD = Event.builder(3, "t", "insert").build();

    final Dispatcher dispatcher;

    StressedHub(long tailBytes) {
        dispatcher = new Dispatcher(tailBytes, 1 << 20, HubListener.NONE);
        dispatcher.apply(new TailUpdate.Started("e1", 0));
    }

    final void publish(Event event) {
        dispatcher.apply(new TailUpdate.Advanced(List.of(event), event.id()));
    }

    /** A cursor that is there already, at the head. */
    final Reader reader() {
        Reader reader = new Reader(dispatcher, StartFrom.now());
        dispatcher.runPending();
        reader.drain();
        reader.signals.set(0);
        return reader;
    }

    /** A cursor that will be there when the dispatcher has done what is pending. */
    final Reader comingReader(StartFrom from) {
        return new Reader(dispatcher, from);
    }

    /** What {@code reader} has in the end: how many events it took, and how many of them were not the next. */
    static void rest(II_Result result, Reader reader) {
        reader.drain();
        result.r1 = reader.taken;
        result.r2 = reader.wrong;
    }

    /** The same of two. */
    static void rest(IIII_Result result, Reader reader, Reader other) {
        reader.drain();
        other.drain();
        result.r1 = reader.taken;
        result.r2 = reader.wrong;
        result.r3 = other.taken;
        result.r4 = other.wrong;
    }

    /** One cursor, for one thread. */
    static final class Reader {
        final HubCursor cursor;
        final AtomicInteger signals = new AtomicInteger();
        int taken;
        int wrong;
        private long last;

        private Reader(Dispatcher dispatcher, StartFrom from) {
            ScriptedLog log = new ScriptedLog();
            log.events.addAll(List.of(FIRST, SECOND, THIRD));
            ColdReads reads = new ColdReads(Runnable::run, 1, 1, HubListener.NONE);
            ColdReader reader =
                    new ColdReader(log, dispatcher, new ReadLimits(10, 1 << 20), Runnable::run, HubListener.NONE);
            cursor = new HubCursor(dispatcher, reads, reader, HubListener.NONE, Selection.of(Filter.all()), from);
            cursor.open();
            cursor.onReady(signals::incrementAndGet);
        }

        /** Polls until there is nothing, and nobody says that there may be more. */
        void drain() {
            int seen;
            do {
                seen = signals.get();
                take();
            } while (signals.get() != seen);
        }

        void take() {
            take(10);
        }

        void take(int maxEvents) {
            Poll poll = cursor.poll(maxEvents, 1 << 20);
            while (poll != Poll.Nothing.NOTHING && !(poll instanceof Poll.Ended)) {
                if (poll instanceof Poll.Started started) {
                    last = started.position().id();
                } else if (poll instanceof Poll.Events events) {
                    for (long id : events.batch().encoded(Ids.IDS)) {
                        taken++;
                        wrong += id == last + 1 ? 0 : 1;
                        last = id;
                    }
                }
                poll = cursor.poll(maxEvents, 1 << 20);
            }
        }
    }

    /** Reads what another may have encoded, and published by nothing but its slot. */
    private enum Ids implements BatchEncoder<long[]> {
        IDS;

        @Override
        public long[] encode(Batch batch) {
            return batch.events().stream().mapToLong(Event::id).toArray();
        }

        @Override
        public long bytes(long[] encoded) {
            return 8L * encoded.length;
        }
    }
}
