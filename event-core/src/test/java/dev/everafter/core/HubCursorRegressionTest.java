package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Defects that were found by attack, each seen to fail before it was mended. */
class HubCursorRegressionTest extends HubHarness {
    @Test
    void shouldWakeTheOthersWhenOneSignalThrows() {
        start(0);
        Cursor bad = open(ALL, StartFrom.now());
        Cursor good = open(ALL, StartFrom.now());
        drain(bad, new ArrayList<>());
        drain(good, new ArrayList<>());
        int[] signals = {0};
        good.onReady(() -> signals[0]++);
        signals[0] = 0;
        arm(bad);
        commit(event(1));
        assertTrue(signals[0] > 0, "the other one sleeps for ever");
    }

    @Test
    void shouldNotSendEverybodyToTheLogWhenOneSignalThrows() {
        start(0);
        Cursor bad = open(ORDERS, StartFrom.now());
        Cursor good = open(ALL, StartFrom.now());
        drain(bad, new ArrayList<>());
        drain(good, new ArrayList<>());
        arm(bad);
        commit(order(1));
        assertInstanceOf(Poll.Events.class, poll(good));
    }

    @Test
    void shouldAttachTheOtherEarlyCursorsWhenOneSignalThrows() {
        Cursor bad = open(ALL, StartFrom.now());
        Cursor good = open(ALL, StartFrom.now());
        arm(bad);
        start(0);
        assertInstanceOf(Poll.Started.class, next(good));
    }

    @Test
    void shouldCloseTheOthersWhenOneSignalThrows() {
        start(0);
        Cursor bad = open(ALL, StartFrom.now());
        Cursor good = open(ALL, StartFrom.now());
        arm(bad);
        dispatcher.closeAll();
        assertEquals(Cursor.State.CLOSED, good.state());
    }

    @Test
    void shouldServeTheQueueWhenOneSignalThrows() {
        coldReads = new ColdReads(readers::add, 1, 4, counts);
        start(0);
        commitUnseen(event(1), event(2));
        Cursor bad = open(ALL, after(0));
        Cursor good = open(ALL, after(0));
        assertInstanceOf(Poll.Started.class, next(bad));
        assertInstanceOf(Poll.Started.class, next(good));
        assertEquals(Poll.Nothing.NOTHING, poll(bad));
        assertEquals(new Poll.Queued(1), poll(good));
        arm(bad);
        readAll();
        assertEquals(0, coldReads.waiting(), "nobody reads for those who wait");
        assertInstanceOf(Poll.Events.class, poll(good));
    }

    @Test
    void shouldStartNowThoughTheLogIsRewoundBeforeTheFirstPoll() {
        start(7);
        Cursor cursor = open(ALL, StartFrom.now());
        log.epoch = "e2";
        dispatcher.apply(new TailUpdate.EpochChanged("e2", 5));
        log.answer = Optional.of(new Start.At(new Position("e2", 5)));
        Poll poll = next(cursor);
        for (int i = 0; i < 10 && poll == Poll.Nothing.NOTHING; i++) {
            runLater();
            poll = next(cursor);
        }
        assertInstanceOf(Poll.Started.class, poll);
    }

    @Test
    void shouldNotTellAGapToAQuietCursorWhoseLaneWasCoveredAllTheTime() {
        start(0);
        Cursor cursor = open(ORDERS, StartFrom.now());
        drain(cursor, new ArrayList<>());
        commit(LongStream.rangeClosed(1, 500).mapToObj(HubHarness::event).toArray(Event[]::new));
        log.oldest = 400; // retention, far behind what was covered
        dispatcher.apply(new TailUpdate.Started("e1", 505)); // the tailer was replaced
        Poll poll = next(cursor);
        while (poll != Poll.Nothing.NOTHING) {
            assertFalse(poll instanceof Poll.Missing, poll.toString());
            poll = next(cursor);
        }
        assertEquals(505, cursor.position());
    }

    @Test
    void shouldNotTellAGapToAQuietCursorWhenTheLogIsRewound() {
        start(0);
        Cursor cursor = open(ORDERS, StartFrom.now());
        drain(cursor, new ArrayList<>());
        commit(LongStream.rangeClosed(1, 500).mapToObj(HubHarness::event).toArray(Event[]::new));
        log.oldest = 400;
        log.epoch = "e2";
        log.events.removeIf(event -> event.id() > 490);
        dispatcher.apply(new TailUpdate.EpochChanged("e2", 490));
        Poll poll = next(cursor);
        while (poll != Poll.Nothing.NOTHING) {
            assertFalse(poll instanceof Poll.Missing, poll.toString());
            poll = next(cursor);
        }
    }

    private static void arm(Cursor cursor) {
        boolean[] armed = {false};
        cursor.onReady(() -> {
            if (armed[0]) {
                throw new IllegalStateException("a subscriber's own trouble");
            }
        });
        armed[0] = true;
    }
}
