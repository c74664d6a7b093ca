package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** More want to read the log than the readers can serve: each has its turn, and those who are live notice nothing. */
class AdmissionTest extends HubHarness {
    private static final int PAGE = 3;
    private static final long EVENTS = 12;

    private List<Cursor> behind(int count) {
        start(0);
        commitUnseen(
                LongStream.rangeClosed(1, EVENTS).mapToObj(HubHarness::event).toArray(Event[]::new));
        List<Cursor> cursors =
                IntStream.range(0, count).mapToObj(i -> open(ALL, after(0))).toList();
        cursors.forEach(cursor -> assertInstanceOf(Poll.Started.class, poll(cursor)));
        return cursors;
    }

    @Test
    void shouldTellNewCatchUpsHowManyComeBeforeThem() {
        List<Cursor> cursors = behind(5);
        List<Poll> told = cursors.stream().map(HubHarness::poll).toList();

        assertEquals(
                List.of(
                        Poll.Nothing.NOTHING,
                        Poll.Nothing.NOTHING,
                        new Poll.Queued(2),
                        new Poll.Queued(3),
                        new Poll.Queued(4)),
                told);
        assertEquals(3, counts.queued.get());
    }

    @Test
    void shouldTellSoOnceInEachCatchUp() {
        List<Cursor> cursors = behind(6);
        List<Poll> told = new ArrayList<>();
        cursors.forEach(cursor -> told.add(poll(cursor)));
        while (cursors.stream().anyMatch(cursor -> cursor.state() != Cursor.State.LIVE)) {
            cursors.forEach(cursor -> told.add(poll(cursor)));
            readAll();
        }

        assertEquals(
                4, told.stream().filter(poll -> poll instanceof Poll.Queued).count());
    }

    @Test
    void shouldLetNobodyWaitForItselfWhereThereIsOneReader() {
        coldReads = new ColdReads(readers::add, 1, 4, counts);
        start(0);
        commitUnseen(event(1), event(2));
        Cursor cursor = open(ALL, StartFrom.beginning());
        List<Poll> told = new ArrayList<>();
        cursor.onReady(() -> told.add(poll(cursor)));
        while (cursor.state() != Cursor.State.LIVE) {
            readAll();
            told.add(poll(cursor));
        }

        assertEquals(0, counts.queued.get(), told.toString());
    }

    @Test
    void shouldReadAPageForEachInTurn() {
        List<Cursor> cursors = new ArrayList<>(behind(5));
        cursors.forEach(HubHarness::poll);
        for (int turn = 0; turn < 30 && !readers.isEmpty(); turn++) {
            Objects.requireNonNull(readers.poll()).run();
            cursors.forEach(HubHarness::poll);
            long first = cursors.stream().mapToLong(Cursor::position).max().orElseThrow();
            long last = cursors.stream().mapToLong(Cursor::position).min().orElseThrow();
            assertTrue(first - last <= PAGE, "one is at " + first + " while another is at " + last);
        }
        assertTrue(cursors.stream().allMatch(cursor -> cursor.position() == EVENTS));
    }

    @Test
    void shouldServeALateComerAfterOneTurnOfTheOthers() {
        List<Cursor> cursors = behind(5);
        cursors.forEach(HubHarness::poll);
        Cursor late = open(ALL, after(0));
        assertInstanceOf(Poll.Started.class, poll(late));
        assertEquals(new Poll.Queued(5), poll(late));
        int turns = 0;
        while (late.position() == 0) {
            Objects.requireNonNull(readers.poll()).run();
            cursors.forEach(HubHarness::poll);
            poll(late);
            turns++;
        }

        assertEquals(6, turns);
    }

    @Test
    void shouldDeliverLiveWhileEveryReaderIsBusy() {
        start(0);
        commitUnseen(
                LongStream.rangeClosed(1, EVENTS).mapToObj(HubHarness::event).toArray(Event[]::new));
        Cursor live = open(ALL, StartFrom.now());
        drain(live, new ArrayList<>());
        for (int i = 0; i < 100; i++) {
            Cursor cursor = open(ALL, after(0));
            poll(cursor);
            poll(cursor);
        }
        commit(event(EVENTS + 1));

        assertEquals(new Poll.Events(new Batch(EVENTS, EVENTS + 1, List.of(event(EVENTS + 1)))), poll(live));
        assertEquals(98, coldReads.waiting());
    }
}
