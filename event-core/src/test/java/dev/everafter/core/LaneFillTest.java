package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who comes back to a place that the tail still has is served from memory, whether there is a lane for it or not. */
class LaneFillTest extends HubHarness {
    private static Event keyed(long id) {
        return Event.builder(id, "orders", "insert")
                .key(RawJson.of("{\"id\":" + id + "}"))
                .build();
    }

    private static Selection ofKey(long id) {
        return Selection.of(Filter.and(Filter.topic("orders"), Filter.eq(Attribute.key("id"), Value.of(id))));
    }

    private void commitKeyed(long first, long last) {
        LongStream.rangeClosed(first, last).forEach(id -> commit(keyed(id)));
    }

    private void tailOf(int events) {
        dispatcher = new Dispatcher((long) events * keyed(10).size() + 200, 1 << 20, counts);
        start(0);
    }

    private List<Long> drained(Cursor cursor) {
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);
        return ids;
    }

    private static List<Long> ids(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    private void assertNothingWasRead() {
        assertEquals(List.of(), log.readsUpTo, "pages read from the log");
        assertEquals(0, log.resolves, "starts looked up in the log");
        assertEquals(0, counts.coldReads.get());
        assertTrue(readers.isEmpty(), "the readers have something to do");
    }

    @Test
    void shouldServeAStormOfResumesNearTheHeadWithoutReadingTheLog() {
        start(0);
        commitKeyed(1, 1_000);
        List<Cursor> same = LongStream.rangeClosed(501, 1_000)
                .mapToObj(id -> open(ALL, after(id - 1)))
                .toList();
        List<Cursor> different = LongStream.rangeClosed(501, 1_000)
                .mapToObj(id -> open(ofKey(id), after(id - 1)))
                .toList();

        for (int i = 0; i < 500; i++) {
            assertEquals(ids(501 + i, 1_000), drained(same.get(i)));
            assertEquals(List.of(501L + i), drained(different.get(i)));
        }
        assertTrue(Stream.concat(same.stream(), different.stream())
                .allMatch(cursor -> cursor.state() == Cursor.State.LIVE));
        assertNothingWasRead();
    }

    @Test
    void shouldBeLiveFromTheFirstPollWhereTheTailReachesBack() {
        start(0);
        commitKeyed(1, 20);
        Cursor cursor = open(ofKey(15), after(7));

        assertEquals(new Poll.Started(new Position("e1", 7), 20), poll(cursor));
        assertEquals(new Poll.CaughtUp(7), poll(cursor));
        Poll.Events events = assertInstanceOf(Poll.Events.class, poll(cursor));
        assertEquals(List.of(keyed(15)), events.batch().events());
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));
        assertEquals(20, cursor.position());
        assertNothingWasRead();
    }

    @Test
    void shouldTakeALaneFurtherBackForWhoeverComesFromFurtherBack() {
        start(0);
        commitKeyed(1, 10);
        Cursor near = open(ALL, after(8));
        Cursor far = open(ALL, after(3));
        commitKeyed(11, 12);
        Cursor between = open(ALL, new StartFrom.AfterId(5));

        assertEquals(ids(9, 12), drained(near));
        assertEquals(ids(4, 12), drained(far));
        assertEquals(ids(6, 12), drained(between));
        assertNothingWasRead();
    }

    @Test
    void shouldLetGoOfWhatALaneWasShownLaterTogetherWithTheTail() {
        tailOf(10);
        commitKeyed(1, 10);
        Cursor cursor = open(ALL, after(4));
        assertInstanceOf(Poll.Started.class, poll(cursor));
        assertEquals(new Poll.CaughtUp(4), poll(cursor));
        commitKeyed(11, 30);

        assertEquals(new Poll.FellBehind(4), poll(cursor));
        assertEquals(ids(5, 30), drained(cursor));
        assertTrue(counts.tailBytes.get() <= 10L * keyed(10).size() + 200);
    }

    @Test
    void shouldKeepWhatItWasShownUntilTheTailLetsGo() {
        tailOf(10);
        commitKeyed(1, 10);
        Cursor cursor = open(ALL, after(4));
        commitKeyed(11, 13);

        assertEquals(ids(5, 13), drained(cursor));
        assertNothingWasRead();
    }

    @Test
    void shouldGiveTheTailItsBytesBackWhenALaneIsRemoved() {
        tailOf(11);
        commitKeyed(1, 10);
        for (int i = 0; i < 100; i++) {
            Cursor cursor = open(ALL, after(0));
            assertEquals(ids(1, 10), drained(cursor));
            cursor.close();
            dispatcher.runPending();
        }
        commit(keyed(11));

        assertEquals(0, counts.evicted.get());
    }

    @Test
    void shouldLeaveALongWayToTheReadersWhoFindItInTheTail() {
        start(0);
        long events = Dispatcher.FILL_EVENTS + 10;
        commitKeyed(1, events);
        limits = new ReadLimits(1_000, 1 << 20);
        Cursor cursor = open(ALL, after(5));
        assertInstanceOf(Poll.Started.class, poll(cursor));
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));
        assertEquals(1, readers.size());

        assertEquals(ids(6, events), drained(cursor));
        assertEquals(List.of(), log.readsUpTo);
    }

    @Test
    void shouldFillOneLaneBetweenTwoUpdatesHoweverManyCursorsJoin() {
        start(0);
        commitKeyed(1, 10);
        List<HubCursor> joining = new ArrayList<>();
        for (long id = 1; id <= 5; id++) {
            HubCursor cursor = unattached(ofKey(id));
            joining.add(cursor);
            dispatcher.attach(cursor);
        }
        for (long update = 1; update <= 5; update++) {
            commit(keyed(10 + update));
            assertEquals(update, joining.stream().filter(this::isLive).count(), "after update " + update);
        }
    }

    private HubCursor unattached(Selection selection) {
        ColdReader reader = new ColdReader(log, dispatcher, limits, later::add, counts);
        return new HubCursor(dispatcher, coldReads, reader, counts, selection, after(0));
    }

    private boolean isLive(Cursor cursor) {
        drained(cursor);
        return cursor.state() == Cursor.State.LIVE;
    }

    @Test
    void shouldNotFillALaneWithAnotherHistory() {
        start(0);
        commitKeyed(1, 10);
        HubCursor cursor = unattached(ALL);
        dispatcher.attach(cursor);
        log.events.removeIf(event -> event.id() > 6);
        log.epoch = "e2";
        log.answer = Optional.of(new Start.At(new Position("e2", 0)));
        dispatcher.apply(new TailUpdate.EpochChanged("e2", 6));
        commit(keyed(7));

        assertEquals(ids(1, 7), drained(cursor));
        assertEquals("e2", cursor.epoch());
    }

    @Test
    void shouldLeaveNothingToFillForACursorThatIsClosedBefore() {
        start(0);
        commitKeyed(1, 10);
        HubCursor cursor = unattached(ALL);
        dispatcher.attach(cursor);
        cursor.close();
        dispatcher.runPending();

        assertEquals(0, counts.lanes.get());
        assertInstanceOf(Poll.Ended.class, poll(cursor));
    }
}
