package dev.everafter.core;

import java.util.List;
import java.util.stream.LongStream;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * Explores the interleavings of two cursors that build batches for each other while the dispatcher publishes: whoever
 * built it, each takes all that was published before its poll and nothing else.
 */
public class SharedBatchModelTest {
    /** Made beforehand: the model checker would explore the making of an event as well. */
    private static final List<TailUpdate> UPDATES = LongStream.rangeClosed(1, 4)
            .mapToObj(id -> (TailUpdate) new TailUpdate.Advanced(
                    List.of(Event.builder(id, "t", "insert").build()), id))
            .toList();

    private final Dispatcher dispatcher = new Dispatcher(1 << 20, 1 << 20, HubListener.NONE);
    private final HubCursor one;
    private final HubCursor other;
    private int published;

    public SharedBatchModelTest() {
        dispatcher.apply(new TailUpdate.Started("e1", 0));
        one = open();
        other = open();
        take(one);
        take(other);
        publish();
    }

    private HubCursor open() {
        ColdReads reads = new ColdReads(task -> {}, 1, 1, HubListener.NONE);
        ColdReader reader = new ColdReader(
                new ScriptedLog(), dispatcher, new ReadLimits(10, 1 << 20), task -> {}, HubListener.NONE);
        HubCursor cursor =
                new HubCursor(dispatcher, reads, reader, HubListener.NONE, Selection.of(Filter.all()), StartFrom.now());
        cursor.open();
        dispatcher.runPending();
        return cursor;
    }

    @Operation(nonParallelGroup = "dispatcher")
    public void publish() {
        dispatcher.apply(UPDATES.get(published++));
    }

    @Operation(nonParallelGroup = "one")
    public String pollOne() {
        return take(one);
    }

    @Operation(nonParallelGroup = "other")
    public String pollOther() {
        return take(other);
    }

    private static String take(HubCursor cursor) {
        StringBuilder ids = new StringBuilder();
        for (Poll poll = cursor.poll(2, 1 << 20); poll != Poll.Nothing.NOTHING; poll = cursor.poll(2, 1 << 20)) {
            if (poll instanceof Poll.Events events) {
                events.batch().events().forEach(event -> ids.append(event.id()));
            }
        }
        return ids.toString();
    }

    @Test
    void shouldTakeExactlyWhatWasPublishedWhoeverBuiltTheBatch() {
        ModelChecking.options()
                .threads(3)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(2)
                .invocationsPerIteration(300)
                .sequentialSpecification(Model.class)
                .check(SharedBatchModelTest.class);
    }

    /** What they do together if nothing ever runs at once. */
    public static class Model {
        private int published = 1;
        private int one;
        private int other;

        public void publish() {
            published++;
        }

        public String pollOne() {
            String ids = ids(one);
            one = published;
            return ids;
        }

        public String pollOther() {
            String ids = ids(other);
            other = published;
            return ids;
        }

        private String ids(int after) {
            StringBuilder ids = new StringBuilder();
            for (int id = after + 1; id <= published; id++) {
                ids.append(id);
            }
            return ids.toString();
        }
    }
}
