package dev.everafter.core;

import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * Explores the interleavings of a reader's last look before it sleeps and of the tail letting go what it looks at. An
 * event that has gone must not be taken for one that was never there: nobody would wake the reader for it again.
 */
public class EvictionModelTest {
    private static final Event MATCH = Event.builder(1, "orders", "insert").build();

    private final Lane lane = new Lane(Selection.of(Filter.all()), new Head(0, "e1", 0), new EncodedBytes(0));
    private boolean gone;

    public EvictionModelTest() {
        lane.append(MATCH, MATCH.size());
        lane.publish();
    }

    @Operation(nonParallelGroup = "dispatcher")
    public void letGo() {
        if (!gone) {
            gone = true;
            lane.dropOldest(1, MATCH.size());
            lane.publish();
        }
    }

    /** As a cursor at 0 does, which has not taken the event. */
    @Operation(nonParallelGroup = "cursor")
    public boolean mustLookAgain() {
        Lane.View view = lane.view();
        return !view.covers(0, 0) || view.mayHave(0, 1);
    }

    @Test
    void shouldNotTakeAnEventThatHasGoneForNone() {
        ModelChecking.options()
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(3)
                .invocationsPerIteration(200)
                .sequentialSpecification(Model.class)
                .check(EvictionModelTest.class);
    }

    /** The event is the reader's to take, wherever it is. */
    public static class Model {
        public void letGo() {}

        public boolean mustLookAgain() {
            return true;
        }
    }
}
