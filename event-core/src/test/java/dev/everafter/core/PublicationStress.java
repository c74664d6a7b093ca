package dev.everafter.core;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

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

    /** One cursor, which is there from the beginning, and what is published beside it. */
    private abstract static class Hub extends StressedHub {
        final Reader reader;

        Hub(long tailBytes) {
            super(tailBytes);
            reader = reader();
        }

        final void publish() {
            publish(FIRST);
            publish(SECOND);
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
            rest(result, reader);
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
            rest(result, reader);
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
            other = reader();
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
            rest(result, reader, other);
        }
    }
}
