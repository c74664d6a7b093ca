package dev.everafter.core;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The hazards of the order of publication, with the real dispatcher and real cursors on two threads.
 *
 * <p>{@link JcstressTest} runs these; each is seen to fail when its line of {@link Dispatcher#apply} or
 * {@link HubCursor#poll} is moved.
 */
final class PublicationStress {
    private PublicationStress() {}

    private static final Event FIRST = Event.builder(1, "t", "insert").build();
    private static final Event SECOND = Event.builder(2, "t", "insert").build();

    /** A hub whose readers and timer do nothing: all that is seen comes out of the lane. */
    private abstract static class Hub {
        final Dispatcher dispatcher;
        final Reader reader;

        Hub(long tailBytes) {
            dispatcher = new Dispatcher(tailBytes, 1 << 20, HubListener.NONE);
            dispatcher.apply(new TailUpdate.Started("e1", 0));
            reader = new Reader(dispatcher);
        }

        final void publish() {
            dispatcher.apply(new TailUpdate.Advanced(List.of(FIRST), 1));
            dispatcher.apply(new TailUpdate.Advanced(List.of(SECOND), 2));
        }
    }

    /** One cursor, for one thread. */
    private static final class Reader {
        final HubCursor cursor;
        final AtomicInteger signals = new AtomicInteger();
        int taken;
        int wrong;
        private long last;

        Reader(Dispatcher dispatcher) {
            ScriptedLog log = new ScriptedLog();
            log.events.addAll(List.of(FIRST, SECOND));
            ColdReads reads = new ColdReads(Runnable::run, 1, 1, HubListener.NONE);
            ColdReader reader =
                    new ColdReader(log, dispatcher, new ReadLimits(10, 1 << 20), Runnable::run, HubListener.NONE);
            cursor = new HubCursor(
                    dispatcher, reads, reader, HubListener.NONE, Selection.of(Filter.all()), StartFrom.now());
            cursor.open();
            dispatcher.runPending();
            drain();
            cursor.onReady(signals::incrementAndGet);
            signals.set(0);
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
            for (Poll poll = cursor.poll(10, 1 << 20); poll != Poll.Nothing.NOTHING; poll = cursor.poll(10, 1 << 20)) {
                if (poll instanceof Poll.Events events) {
                    for (long id : events.batch().encoded(Ids.IDS)) {
                        taken++;
                        wrong += id == last + 1 ? 0 : 1;
                        last = id;
                    }
                }
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

    /** Hazard: the position is moved to a head whose events the lane did not show yet. */
    @JCStressTest
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "each event once, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, repeated or out of order")
    @State
    public static class NothingIsLostBetweenHeadAndLane extends Hub {
        public NothingIsLostBetweenHeadAndLane() {
            super(1 << 20);
        }

        @Actor
        public void dispatch() {
            publish();
        }

        @Actor
        public void poll() {
            reader.drain();
        }

        @Arbiter
        public void rest(II_Result result) {
            reader.drain();
            result.r1 = reader.taken;
            result.r2 = reader.wrong;
        }
    }

    /** Hazard: the tail lets events go while the cursor takes them. */
    @JCStressTest
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "each event once, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, repeated or out of order")
    @State
    public static class NothingIsLostWhenTheTailLetsGo extends Hub {
        public NothingIsLostWhenTheTailLetsGo() {
            super(FIRST.size() + 16L);
        }

        @Actor
        public void dispatch() {
            publish();
        }

        @Actor
        public void poll() {
            reader.drain();
        }

        @Arbiter
        public void rest(II_Result result) {
            reader.drain();
            result.r1 = reader.taken;
            result.r2 = reader.wrong;
        }
    }

    /** Hazard: the cursor goes to sleep just when the dispatcher has looked who waits. */
    @JCStressTest
    @Outcome(id = "2, 0, 0", expect = ACCEPTABLE, desc = "all were taken")
    @Outcome(id = "., 0, 1", expect = ACCEPTABLE, desc = "some are left, and the cursor was woken")
    @Outcome(expect = FORBIDDEN, desc = "events are left, and nobody said so")
    @State
    public static class NoWakeUpIsLost extends Hub {
        public NoWakeUpIsLost() {
            super(1 << 20);
        }

        @Actor
        public void dispatch() {
            publish();
        }

        @Actor
        public void poll() {
            reader.take();
        }

        @Arbiter
        public void look(III_Result result) {
            result.r1 = reader.taken;
            result.r2 = reader.wrong;
            result.r3 = reader.taken == 2 ? 0 : Math.min(1, reader.signals.get());
        }
    }

    /** Hazard: a batch, or what was made of it, is taken while another cursor at the same place still builds it. */
    @JCStressTest
    @Outcome(id = "2, 0, 2, 0", expect = ACCEPTABLE, desc = "each got each event once, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, repeated, out of order or half made")
    @State
    public static class NothingHalfMadeIsShared extends Hub {
        private final Reader other;

        public NothingHalfMadeIsShared() {
            super(1 << 20);
            other = new Reader(dispatcher);
        }

        @Actor
        public void dispatchAndPoll() {
            publish();
            reader.drain();
        }

        @Actor
        public void poll() {
            other.drain();
        }

        @Arbiter
        public void rest(IIII_Result result) {
            reader.drain();
            other.drain();
            result.r1 = reader.taken;
            result.r2 = reader.wrong;
            result.r3 = other.taken;
            result.r4 = other.wrong;
        }
    }
}
