package dev.everafter.core;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The hazards of a lane whose subscribers come and go, and whose events go, while others read from it; with the real
 * dispatcher and real cursors on two threads.
 *
 * <p>{@link JcstressTest} runs these.
 */
final class LaneStress {
    private static final int PLENTY = 1 << 20;

    private LaneStress() {}

    /**
     * Hazard: a second subscriber joins, and the lane begins to share, while the first reads. The lane shows itself anew
     * between two publications; were it to show more or less than was published, the first would lose or repeat.
     */
    @JCStressTest
    @Outcome(id = "2, 0, 1, 0", expect = ACCEPTABLE, desc = "each got what came after its start, once, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, repeated or out of order")
    @State
    public static class OneJoinsWhileAnotherReads extends StressedHub {
        private final Reader reader;
        private final Reader coming;

        public OneJoinsWhileAnotherReads() {
            super(PLENTY);
            reader = reader();
            coming = comingReader(StartFrom.now());
        }

        @Actor
        public void dispatch() {
            publish(FIRST);
            dispatcher.runPending();
            publish(SECOND);
        }

        @Actor
        public void poll() {
            reader.drain();
        }

        @Arbiter
        public void rest(IIII_Result result) {
            rest(result, reader, coming);
        }
    }

    /**
     * Hazard: one of two leaves, and the lane stops sharing, while the other reads. What is published after the leave must
     * still come, whichever view the other began with.
     */
    @JCStressTest
    @Outcome(id = "3, 0", expect = ACCEPTABLE, desc = "who stays got each event once, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, repeated or out of order")
    @State
    public static class OneLeavesWhileAnotherReads extends StressedHub {
        private final Reader reader;
        private final Reader leaving;

        public OneLeavesWhileAnotherReads() {
            super(PLENTY);
            reader = reader();
            leaving = reader();
        }

        @Actor
        public void dispatch() {
            publish(FIRST);
            leaving.take();
            publish(SECOND);
            leaving.cursor.close();
            dispatcher.runPending();
            publish(THIRD);
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

    /**
     * Hazard: the tail lets events go while two take batches of one event each from one lane, and build them for each other.
     * A batch of an event that has gone may still be taken, but never with a hole in it or before it.
     */
    @JCStressTest
    @Outcome(id = "3, 0, 3, 0", expect = ACCEPTABLE, desc = "each got each event once, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, repeated or out of order")
    @State
    public static class TheTailLetsGoWhileTwoShare extends StressedHub {
        private final Reader reader;
        private final Reader other;

        public TheTailLetsGoWhileTwoShare() {
            super(2L * FIRST.size() + 16);
            reader = reader();
            other = reader();
        }

        @Actor
        public void dispatchAndPoll() {
            publish(FIRST);
            publish(SECOND);
            reader.take(1);
            publish(THIRD);
        }

        @Actor
        public void poll() {
            other.take(1);
        }

        @Arbiter
        public void rest(IIII_Result result) {
            rest(result, reader, other);
        }
    }

    /**
     * Hazard: the lane goes back for one who comes back, which moves its events to another array, while another reads. The
     * other must neither see the events before its own again nor miss one, and who comes back gets a batch that begins where
     * it is.
     */
    @JCStressTest
    @Outcome(id = "1, 0, 2, 0", expect = ACCEPTABLE, desc = "each got what came after its start, once, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, repeated or out of order")
    @State
    public static class TheLaneGoesBackWhileAnotherReads extends StressedHub {
        private final Reader reader;
        private final Reader coming;

        public TheLaneGoesBackWhileAnotherReads() {
            super(PLENTY);
            publish(FIRST);
            reader = reader();
            coming = comingReader(StartFrom.after(new Position("e1", 0)));
        }

        @Actor
        public void dispatch() {
            publish(SECOND);
            dispatcher.runPending();
        }

        @Actor
        public void poll() {
            reader.drain();
        }

        @Arbiter
        public void rest(IIII_Result result) {
            rest(result, reader, coming);
        }
    }
}
