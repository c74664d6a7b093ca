package dev.everafter.core;

import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Explores the interleavings of a cursor that goes to sleep and a tail that lets its events go, by what does not concern
 * the cursor: it must not take an event that has gone for one that was never there.
 */
public class EvictionModelTest {
    private static final Event MATCH = Event.builder(1, "orders", "insert").build();
    private static final Event OTHER = Event.builder(2, "other", "insert").build();
    private static final List<TailUpdate> UPDATES =
            List.of(new TailUpdate.Advanced(List.of(MATCH), 1), new TailUpdate.Advanced(List.of(OTHER), 2));

    private final Dispatcher dispatcher = new Dispatcher(MATCH.size() + 16L, HubListener.NONE);
    private final HubCursor cursor;
    private int published;
    private volatile int signals;

    public EvictionModelTest() {
        dispatcher.apply(new TailUpdate.Started("e1", 0));
        ColdReads reads = new ColdReads(task -> {}, 1, 1, HubListener.NONE);
        ColdReader reader = new ColdReader(
                new ScriptedLog(), dispatcher, new ReadLimits(10, 1 << 20), task -> {}, HubListener.NONE);
        cursor = new HubCursor(
                dispatcher, reads, reader, HubListener.NONE, Selection.of(Filter.topic("orders")), StartFrom.now());
        cursor.open();
        dispatcher.runPending();
        poll();
        cursor.onReady(() -> signals = 1);
        signals = 0;
    }

    @Operation(nonParallelGroup = "dispatcher")
    public void publish() {
        if (published < UPDATES.size()) {
            dispatcher.apply(UPDATES.get(published++));
        }
    }

    @Operation(nonParallelGroup = "cursor")
    public void poll() {
        signals = 0;
        Poll poll;
        do {
            poll = cursor.poll(10, 1 << 20);
        } while (poll != Poll.Nothing.NOTHING);
    }

    @Validate
    public void nobodySleepsThroughAnEvent() {
        boolean sleeps = cursor.state() == Cursor.State.LIVE && signals == 0;
        if (sleeps && published > 0 && cursor.position() < MATCH.id()) {
            throw new IllegalStateException("a wake-up was lost");
        }
    }

    @Test
    void shouldWakeWhoeverHasEventsLeft() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(5)
                .invocationsPerIteration(500)
                .check(EvictionModelTest.class);
    }
}
