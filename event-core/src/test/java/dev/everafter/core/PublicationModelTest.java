package dev.everafter.core;

import java.util.List;
import java.util.stream.LongStream;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Explores the interleavings of dispatcher and cursor at every access to what they share, with the real classes:
 * whatever the order, a poll takes all that was published before it and nothing else, and who goes to sleep with
 * events left has been woken. It finds each line of the order of publication that is left out, on a loaded machine as
 * well; {@link PublicationStress} has the real memory model instead.
 */
public class PublicationModelTest {
    /** Made beforehand: the model checker would explore the making of an event as well. */
    private static final List<TailUpdate> UPDATES = LongStream.rangeClosed(1, 8)
            .mapToObj(id -> (TailUpdate) new TailUpdate.Advanced(
                    List.of(Event.builder(id, "t", "insert").build()), id))
            .toList();

    private final Dispatcher dispatcher = new Dispatcher(1 << 20, 1 << 20, HubListener.NONE);
    private final HubCursor cursor;
    private long published;
    private volatile int signals;
    private boolean asleep;

    public PublicationModelTest() {
        dispatcher.apply(new TailUpdate.Started("e1", 0));
        ColdReads reads = new ColdReads(task -> {}, 1, 1, HubListener.NONE);
        ColdReader reader = new ColdReader(
                new ScriptedLog(), dispatcher, new ReadLimits(10, 1 << 20), task -> {}, HubListener.NONE);
        cursor =
                new HubCursor(dispatcher, reads, reader, HubListener.NONE, Selection.of(Filter.all()), StartFrom.now());
        cursor.open();
        dispatcher.runPending();
        poll();
        cursor.onReady(() -> signals = 1);
        signals = 0;
    }

    @Operation(nonParallelGroup = "dispatcher")
    public void publish() {
        TailUpdate next = UPDATES.get((int) published);
        published++;
        dispatcher.apply(next);
    }

    /** How many events it took, and the last one's id. */
    @Operation(nonParallelGroup = "cursor")
    public String poll() {
        signals = 0;
        long count = 0;
        long last = 0;
        for (Poll poll = cursor.poll(10, 1 << 20); poll != Poll.Nothing.NOTHING; poll = cursor.poll(10, 1 << 20)) {
            if (poll instanceof Poll.Events events) {
                count += events.batch().events().size();
                last = events.batch().to();
            }
        }
        asleep = true;
        return count + " to " + last;
    }

    @Validate
    public void nobodySleepsWithEventsLeft() {
        if (asleep && cursor.position() < published && signals == 0) {
            throw new IllegalStateException("a wake-up was lost");
        }
    }

    @Test
    void shouldTakeExactlyWhatWasPublishedInAnyInterleaving() {
        ModelChecking.options()
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(3)
                .invocationsPerIteration(300)
                .sequentialSpecification(Model.class)
                .check(PublicationModelTest.class);
    }

    /** What the two do together if nothing ever runs at once. */
    public static class Model {
        private long published;
        private long taken;

        public void publish() {
            published++;
        }

        public String poll() {
            long count = published - taken;
            taken = published;
            return count + " to " + (count == 0 ? 0 : taken);
        }
    }
}
