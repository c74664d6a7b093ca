package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What cursors of one lane share, and what they must not. */
class SharedBatchTest extends HubHarness {
    /** Makes a new object each time, so that a shared one can be told from an equal one. */
    private record Counting(String kind, long bytes) implements BatchEncoder<List<Long>> {
        @Override
        public List<Long> encode(Batch batch) {
            return new ArrayList<>(batch.events().stream().map(Event::id).toList());
        }

        @Override
        public long bytes(List<Long> encoded) {
            return bytes;
        }
    }

    private static final Counting TEXT = new Counting("text", 100);

    private Cursor live(Selection selection) {
        Cursor cursor = open(selection, StartFrom.now());
        assertTrue(poll(cursor) instanceof Poll.Started);
        assertTrue(poll(cursor) instanceof Poll.CaughtUp);
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));
        return cursor;
    }

    private static Batch batch(Cursor cursor, int maxEvents) {
        return ((Poll.Events) cursor.poll(maxEvents, 1 << 20)).batch();
    }

    @Test
    void shouldGiveTheVeryBatchToAllWhoComeToOnePlaceWithTheSameLimits() {
        start(7);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        commit(event(8), event(9));

        Batch first = batch(one, 10);
        Batch second = batch(other, 10);

        assertSame(first, second);
        assertEquals(new Batch(7, 9, List.of(event(8), event(9))), first);
        assertSame(first.encoded(TEXT), second.encoded(new Counting("text", 100)));
        assertEquals(100, dispatcher.encodedBytes());
    }

    @Test
    void shouldNotShareWhatIsEncodedOtherwise() {
        start(7);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        commit(event(8));

        Batch first = batch(one, 10);
        Batch second = batch(other, 10);

        assertNotSame(first.encoded(TEXT), second.encoded(new Counting("other", 100)));
    }

    @Test
    void shouldNotShareBetweenDifferentLimitsOrSelections() {
        start(7);
        Cursor one = live(ALL);
        Cursor fewer = live(ALL);
        Cursor bytes = live(ALL);
        Cursor orders = live(ORDERS);
        live(ORDERS);
        commit(order(8), order(9));

        Batch first = batch(one, 10);

        assertEquals(List.of(order(8)), batch(fewer, 1).events());
        assertEquals(
                List.of(order(8)), ((Poll.Events) bytes.poll(10, 1)).batch().events());
        assertNotSame(first, batch(orders, 10));
    }

    @Test
    void shouldShareWithWhoWasQuietlyMovedOnAndSaySo() {
        start(7);
        Cursor one = live(ORDERS);
        commit(event(8));
        Cursor later = live(ORDERS);
        assertEquals(7, one.position());
        assertEquals(8, later.position());
        commit(order(9));

        Batch first = batch(later, 10);

        assertSame(first, batch(one, 10));
        assertTrue(first.after() <= one.position(), () -> "a hole after " + one.position() + ": " + first);
        assertEquals(9, one.position());
    }

    @Test
    void shouldTakeAllThereIsThoughAShorterBatchIsShared() {
        start(0);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        commit(event(1));
        assertEquals(List.of(event(1)), batch(one, 10).events());
        commit(event(2));

        assertEquals(List.of(event(1), event(2)), batch(other, 10).events());
        assertEquals(List.of(event(2)), batch(one, 10).events());
    }

    @Test
    void shouldBringThoseWhoAreOutOfStepToTheSamePlacesAgain() {
        start(0);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        commit(event(1));
        batch(one, 4);
        for (long id = 2; id <= 12; id++) {
            commit(event(id));
        }

        assertEquals(List.of(event(2), event(3), event(4)), batch(one, 4).events());
        assertEquals(4, batch(other, 4).to());
        assertSame(batch(one, 4), batch(other, 4));
        assertSame(batch(one, 4), batch(other, 4));
        assertEquals(12, one.position());
    }

    @Test
    void shouldShareNothingOfAnotherEpoch() {
        start(0);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        commit(event(1));
        Batch before = batch(one, 10);
        log.events.clear();
        log.epoch = "e2";
        dispatcher.apply(new TailUpdate.EpochChanged("e2", 0));
        Event again = Event.builder(1, "another", "insert").build();
        commit(again);
        List<Event> got = new ArrayList<>();
        for (Poll poll = next(other); poll != Poll.Nothing.NOTHING; poll = next(other)) {
            if (poll instanceof Poll.Events events) {
                got.addAll(events.batch().events());
            }
        }

        assertEquals(List.of(again), got);
        assertNotEquals(before.events(), got);
    }

    @Test
    void shouldKeepNoEventThatTheTailHasLetGo() {
        dispatcher = new Dispatcher(2L * event(1).size() + 64, 1 << 20, counts);
        start(0);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        commit(event(1));
        Batch first = batch(one, 10);
        commit(event(2), event(3), event(4));

        List<Long> ids = new ArrayList<>();
        drain(other, ids);

        assertEquals(List.of(1L, 2L, 3L, 4L), ids);
        assertEquals(List.of(event(1)), first.events());
    }

    /** The tail is full as soon as a hub has run for a while: then each publication lets an event go. */
    @Test
    void shouldEncodeOnceForAllWhileTheTailLetsGoAtEachPublication() {
        dispatcher = new Dispatcher(64L * (event(100).size() + 8), 1 << 20, counts);
        start(0);
        List<Cursor> sessions = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            sessions.add(live(ALL));
        }
        for (long id = 1; id <= 100; id++) {
            commit(event(id));
            if (id % 40 == 0) {
                sessions.forEach(session -> drain(session, new ArrayList<>()));
            }
        }
        long evicted = counts.evicted.get();
        assertTrue(evicted > 0, "the tail isn't full");

        Set<List<Long>> encoded = Collections.newSetFromMap(new IdentityHashMap<>());
        long id = 100;
        for (int round = 0; round < 5; round++) {
            for (Cursor session : sessions) {
                encoded.add(batch(session, 4).encoded(TEXT));
                commit(event(++id));
            }
        }

        assertEquals(evicted + 50, counts.evicted.get());
        assertEquals(5, encoded.size());
        assertEquals(0, counts.fellBehind.get());
    }

    @Test
    void shouldKeepNoBatchForLongerThanTheEventItBeginsWith() {
        Lane lane = new Lane(ALL, new Head(0, "e1", 0), new EncodedBytes(0));
        lane.append(event(1), 8);
        lane.append(event(2), 8);
        lane.publish();
        Lane.View view = lane.view();
        LaneBatches batches = LaneBatches.shared(new EncodedBytes(0));
        Batch first = batches.take(view, 0, 2, 1, 1_000);
        Batch second = batches.take(view, 1, 2, 1, 1_000);
        assertSame(first, batches.take(view, 0, 2, 1, 1_000));

        LaneBatches rest = batches.from(view.place(1));

        assertSame(second, rest.take(view, 1, 2, 1, 1_000));
        assertNotSame(first, rest.take(view, 0, 2, 1, 1_000));
    }

    /** The others' batch begins where the lane began, which was after the position of the one it has gone back to. */
    @Test
    void shouldNotShareABatchThatBeginsBeyondWhoTheLaneHasGoneBackTo() {
        start(0);
        commit(event(1), event(2), event(3));
        Cursor one = live(ORDERS);
        live(ORDERS);
        commit(order(4));
        assertEquals(3, batch(one, 10).after());
        Cursor late = open(ORDERS, after(1));
        assertTrue(poll(late) instanceof Poll.Started);
        assertTrue(poll(late) instanceof Poll.CaughtUp);

        assertEquals(new Batch(1, 4, List.of(order(4))), batch(late, 10));
    }

    @Test
    void shouldKeepNoMoreEncodedBytesThanItMay() {
        dispatcher = new Dispatcher(1 << 20, 250, counts);
        start(0);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        commit(event(1), event(2), event(3));

        List<Batch> batches = List.of(batch(one, 1), batch(one, 1), batch(one, 1));
        List<List<Long>> encoded =
                batches.stream().map(each -> each.encoded(TEXT)).toList();

        assertEquals(200, dispatcher.encodedBytes());
        assertNotSame(encoded.get(0), batch(other, 1).encoded(TEXT), "the oldest goes first");
        assertEquals(List.of(List.of(1L), List.of(2L), List.of(3L)), encoded);
    }

    @Test
    void shouldKeepNothingForOneAlone() {
        start(0);
        Cursor one = live(ALL);
        Cursor other = live(ALL);
        other.close();
        dispatcher.runPending();
        commit(event(1));

        batch(one, 10).encoded(TEXT);

        assertEquals(0, dispatcher.encodedBytes());
    }
}
