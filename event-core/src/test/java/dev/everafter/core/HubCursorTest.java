package dev.everafter.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** One thread plays dispatcher, readers and subscriber, so every order of steps is the test's own. */
class HubCursorTest extends HubHarness {
    @Test
    void shouldDeliverWhatCommitsAfterNow() {
        start(7);
        Cursor cursor = open(ALL, StartFrom.now());

        assertEquals(new Poll.Started(new Position("e1", 7), 7), poll(cursor));
        assertEquals(new Poll.CaughtUp(7), poll(cursor));
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));
        commit(event(8), event(9));

        assertEquals(new Poll.Events(new Batch(7, 9, List.of(event(8), event(9)))), poll(cursor));
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));
        assertEquals(0, counts.coldReads.get());
    }

    @Test
    void shouldJoinLiveOnlyWhenCatchUpHasReachedWhatTheLaneCovers() {
        start(0);
        commitUnseen(LongStream.rangeClosed(1, 8).mapToObj(HubHarness::event).toArray(Event[]::new));
        Cursor cursor = open(ALL, after(0));
        List<Long> ids = new ArrayList<>();
        // The log is read in pages of 3 while new events keep arriving in the lane.
        for (long id = 9; id <= 20; id++) {
            commit(event(id));
            take(cursor, 2, ids);
        }
        drain(cursor, ids);

        assertEquals(LongStream.rangeClosed(1, 20).boxed().toList(), ids);
        assertEquals(Cursor.State.LIVE, cursor.state());
        assertEquals(1, counts.caughtUp.get());
    }

    @Test
    void shouldReadNoFurtherThanTheProvenHead() {
        start(0);
        commitUnseen(event(1), event(2));
        log.events.add(event(4)); // visible in the log, but 3 may still come
        Cursor cursor = open(ALL, after(0));
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);
        assertEquals(List.of(1L, 2L), ids);

        log.events.add(2, event(3));
        dispatcher.apply(new TailUpdate.Advanced(List.of(event(3), event(4)), 4));
        drain(cursor, ids);

        assertEquals(List.of(1L, 2L, 3L, 4L), ids);
        assertTrue(log.readsUpTo.stream().allMatch(upTo -> upTo <= 2), log.readsUpTo.toString());
    }

    @Test
    void shouldFallBehindWhenItsPositionLeavesTheTailAndReturnLater() {
        dispatcher = new Dispatcher(10L * event(1).size(), 1 << 20, counts);
        start(0);
        Cursor cursor = open(ALL, StartFrom.now());
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);
        for (long id = 1; id <= 50; id++) {
            commit(event(id));
        }

        assertEquals(new Poll.FellBehind(0), poll(cursor));
        assertEquals(Cursor.State.CATCHING_UP, cursor.state());
        drain(cursor, ids);

        assertEquals(LongStream.rangeClosed(1, 50).boxed().toList(), ids);
        assertEquals(Cursor.State.LIVE, cursor.state());
        assertEquals(2, counts.caughtUp.get());
        assertTrue(counts.tailBytes.get() <= 10L * event(1).size());
    }

    @Test
    void shouldKeepAQuietSubscriptionLiveHoweverMuchOthersCommit() {
        dispatcher = new Dispatcher(10L * event(1).size(), 1 << 20, counts);
        start(0);
        Cursor cursor = open(ORDERS, StartFrom.now());
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);
        for (long id = 1; id <= 500; id++) {
            commit(event(id));
        }
        commit(order(501));
        drain(cursor, ids);

        assertEquals(List.of(501L), ids);
        assertEquals(0, counts.fellBehind.get());
        assertEquals(0, log.readsUpTo.size());
    }

    @Test
    void shouldResumeFromTheTailWithoutReadingTheLog() {
        start(0);
        for (long id = 1; id <= 20; id++) {
            commit(id % 5 == 0 ? order(id) : event(id));
        }
        Cursor cursor = open(ORDERS, after(7));
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);

        assertEquals(List.of(10L, 15L, 20L), ids);
        assertEquals(0, log.readsUpTo.size());
    }

    @Test
    void shouldAdvanceItsPositionPastWhatDoesNotMatch() {
        start(0);
        Cursor cursor = open(ORDERS, StartFrom.now());
        drain(cursor, new ArrayList<>());
        commit(event(1), event(2), event(3));
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));

        assertEquals(3, cursor.position());
    }

    @Test
    void shouldWakeOnlyThoseThatWaitForAMatch() {
        start(0);
        Cursor cursor = open(ORDERS, StartFrom.now());
        drain(cursor, new ArrayList<>());
        int[] signals = {0};
        cursor.onReady(() -> signals[0]++);
        signals[0] = 0;

        commit(event(1));
        assertEquals(0, signals[0]);
        commit(order(2));
        commit(order(3));
        assertEquals(1, signals[0]);
    }

    @Test
    void shouldTellAGapWhenTheLogNoLongerRetainsItsPosition() {
        start(0);
        commitUnseen(LongStream.rangeClosed(1, 9).mapToObj(HubHarness::event).toArray(Event[]::new));
        log.oldest = 5;
        Cursor cursor = open(ALL, after(2));
        assertInstanceOf(Poll.Started.class, next(cursor));

        Gap gap = new Gap(Gap.Reason.RETENTION, 2, 5, new Position("e1", 5));
        assertEquals(new Poll.Missing(gap), next(cursor));
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);
        assertEquals(List.of(6L, 7L, 8L, 9L), ids);
    }

    @Test
    void shouldTellARewindToThoseBeyondTheForkAndNobodyElse() {
        start(0);
        Cursor beyond = open(ALL, StartFrom.now());
        Cursor before = open(ALL, StartFrom.now());
        List<Long> ids = new ArrayList<>();
        drain(beyond, ids);
        drain(before, new ArrayList<>());
        commit(event(1), event(2));
        take(before, 1, new ArrayList<>());
        commit(event(3));
        drain(beyond, ids);
        assertEquals(List.of(1L, 2L, 3L), ids);

        log.events.removeIf(event -> event.id() > 2);
        log.epoch = "e2";
        dispatcher.apply(new TailUpdate.EpochChanged("e2", 2));
        commit(event(3));

        Gap gap = new Gap(Gap.Reason.REWOUND, 2, 3, new Position("e2", 2));
        assertEquals(new Poll.Missing(gap), poll(beyond));
        drain(beyond, ids);
        assertEquals(List.of(1L, 2L, 3L, 3L), ids);
        assertEquals("e2", beyond.epoch());

        List<Long> others = new ArrayList<>();
        drain(before, others);
        assertEquals(List.of(2L, 3L), others);
        assertEquals(1, counts.gaps.get());
    }

    @Test
    void shouldThrowAwayAPageOfAnotherHistory() {
        start(0);
        commitUnseen(event(1), event(2), event(3), event(4));
        Cursor cursor = open(ALL, after(0));
        assertInstanceOf(Poll.Started.class, next(cursor));
        log.epoch = "e2"; // the log has been restored, and the tailer does not know yet
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));
        readAll();
        assertEquals(Poll.Nothing.NOTHING, poll(cursor));

        dispatcher.apply(new TailUpdate.EpochChanged("e2", 0));
        runLater();
        commit(event(1), event(2));
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);
        assertEquals(List.of(1L, 2L), ids);
        assertEquals("e2", cursor.epoch());
    }

    @Test
    void shouldStaySilentWhileThisServerIsBehindThePosition() {
        start(5);
        Cursor cursor = open(ALL, after(8));
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);
        commit(event(6), event(7), event(8));
        drain(cursor, ids);
        assertEquals(8, cursor.position());
        commit(event(9));
        drain(cursor, ids);

        assertEquals(List.of(9L), ids);
    }

    @Test
    void shouldEndWhenItsStartIsNoPlaceInTheLog() {
        start(5);
        log.answer = Optional.of(new Start.UnknownEpoch("other"));
        Cursor lost = open(ALL, StartFrom.after(new Position("other", 3)));
        Poll.Ended ended = assertInstanceOf(Poll.Ended.class, next(lost));
        assertEquals(Poll.Ended.Reason.EPOCH_UNKNOWN, ended.reason());
        assertTrue(ended.message().contains("other"), ended.message());
        assertEquals(ended, poll(lost));
        assertEquals(Cursor.State.CLOSED, lost.state());

        log.answer = Optional.of(new Start.Ahead(99, 5));
        Poll.Ended ahead = assertInstanceOf(Poll.Ended.class, next(open(ALL, new StartFrom.AfterId(99))));
        assertEquals(Poll.Ended.Reason.POSITION_AHEAD, ahead.reason());
    }

    @Test
    void shouldStartWhereARewoundLogBeginsAgain() {
        start(5);
        Gap gap = new Gap(Gap.Reason.REWOUND, 5, 9, new Position("e1", 5));
        log.answer = Optional.of(new Start.Rewound(gap));
        Cursor cursor = open(ALL, StartFrom.after(new Position("e0", 9)));

        assertEquals(new Poll.Started(new Position("e1", 5), 5), next(cursor));
        assertEquals(new Poll.Missing(gap), poll(cursor));
        assertEquals(new Poll.CaughtUp(5), poll(cursor));
    }

    @Test
    void shouldReadAgainWhenTheLogIsOutOfReach() {
        start(0);
        commitUnseen(event(1), event(2));
        log.failure = Optional.of(new EventLogException("out of reach", null));
        Cursor cursor = open(ALL, StartFrom.beginning());
        readAll();
        assertEquals(Poll.Nothing.NOTHING, poll(cursor), "the start is not found");
        assertEquals(1, counts.failedReads.get());
        log.failure = Optional.empty();
        runLater();
        assertInstanceOf(Poll.Started.class, next(cursor));
        log.failure = Optional.of(new EventLogException("out of reach", null));
        assertEquals(Poll.Nothing.NOTHING, next(cursor), "nothing can be read");
        log.failure = Optional.empty();
        runLater();
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);

        assertEquals(List.of(1L, 2L), ids);
        assertEquals(2, counts.failedReads.get());
    }

    @Test
    void shouldGiveUpTheOldestPageForOthersAndReadItAgain() {
        coldReads = new ColdReads(readers::add, 1, 1, counts);
        start(0);
        commitUnseen(event(1), event(2), event(3));
        Cursor stalled = open(ALL, after(0));
        Cursor reading = open(ALL, after(0));
        assertInstanceOf(Poll.Started.class, next(stalled));
        assertInstanceOf(Poll.Started.class, next(reading));
        assertEquals(Poll.Nothing.NOTHING, poll(stalled));
        readAll();
        assertEquals(Poll.Nothing.NOTHING, poll(reading));
        readAll();

        List<Long> ids = new ArrayList<>();
        drain(reading, ids);
        assertEquals(List.of(1L, 2L, 3L), ids);
        assertTrue(counts.pagesDropped.get() > 0);
        ids.clear();
        drain(stalled, ids);
        assertEquals(List.of(1L, 2L, 3L), ids);
    }

    @Test
    void shouldLeaveNothingBehindOfAHundredThousandSubscriptionsWithDifferentFilters() {
        start(0);
        List<Cursor> cursors = new ArrayList<>();
        List<WeakReference<Object>> some = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            Filter filter = Filter.and(Filter.topic("orders"), Filter.eq(Attribute.key("id"), Value.of(i)));
            cursors.add(open(Selection.of(filter), StartFrom.now()));
            if (i % 1_000 == 0) {
                some.add(new WeakReference<>(cursors.get(i)));
                some.add(new WeakReference<>(((HubCursor) cursors.get(i)).selection()));
            }
        }
        assertEquals(100_000, counts.lanes.get());
        commit(order(1));
        cursors.forEach(Cursor::close);
        dispatcher.runPending();
        cursors.clear();

        assertEquals(0, counts.lanes.get());
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            System.gc();
            return some.stream().allMatch(reference -> reference.get() == null);
        });
    }

    @Test
    void shouldShareALaneAmongEqualSelectionsAndRemoveItWithTheLast() {
        start(0);
        Cursor one = open(Selection.of(Filter.and(Filter.topic("orders"))), StartFrom.now());
        Cursor two = open(ORDERS, StartFrom.now());
        assertEquals(1, counts.lanes.get());
        one.close();
        dispatcher.runPending();
        assertEquals(1, counts.lanes.get());
        two.close();
        two.close();
        dispatcher.runPending();

        assertEquals(0, counts.lanes.get());
        assertEquals(2, counts.closed.get());
        assertInstanceOf(Poll.Ended.class, poll(two));
    }

    @Test
    void shouldNotLoseWhatWasCommittedWhileALaneHadNoSubscriber() {
        start(0);
        Cursor first = open(ORDERS, StartFrom.now());
        drain(first, new ArrayList<>());
        commit(order(1));
        List<Long> ids = new ArrayList<>();
        drain(first, ids);
        first.close();
        dispatcher.runPending();
        commit(order(2));
        Cursor again = open(ORDERS, after(1));
        drain(again, ids);
        commit(order(3));
        drain(again, ids);

        assertEquals(List.of(1L, 2L, 3L), ids);
    }

    @Test
    void shouldTellATruncateToThoseWhoFollowSomeOfTheRows() {
        start(0);
        Cursor cursor = open(Selection.of(Filter.eq(Attribute.data("state"), Value.of("open"))), StartFrom.now());
        drain(cursor, new ArrayList<>());
        commit(Event.builder(1, "orders", "truncate").build());
        List<Long> ids = new ArrayList<>();
        drain(cursor, ids);

        assertEquals(List.of(1L), ids);
    }

    @Test
    void shouldSendOnlyTheKeyWhenARowLeavesTheView() {
        start(0);
        Cursor cursor = open(Selection.of(Filter.eq(Attribute.data("state"), Value.of("open"))), StartFrom.now());
        drain(cursor, new ArrayList<>());
        Event update = Event.builder(1, "orders", "update")
                .key(RawJson.of("{\"id\":17}"))
                .data(RawJson.of("{\"id\":17,\"state\":\"paid\"}"))
                .old(RawJson.of("{\"state\":\"open\"}"))
                .build();
        commit(update);

        Poll.Events events = assertInstanceOf(Poll.Events.class, poll(cursor));
        Event left = events.batch().events().get(0);
        assertTrue(left.left());
        assertEquals(Optional.of(RawJson.of("{\"id\":17}")), left.key());
        assertEquals(Optional.empty(), left.data());
        assertEquals(Optional.empty(), left.old());
    }

    @Test
    void shouldWithholdAnEventThatCanNotBeReadFromWhoeverAsksForItsColumnsAndGoOn() {
        start(0);
        Cursor cursor = open(ALL, StartFrom.now());
        Cursor picky = open(Selection.of(Filter.eq(Attribute.data("a"), Value.of(1))), StartFrom.now());
        drain(cursor, new ArrayList<>());
        drain(picky, new ArrayList<>());
        commit(Event.builder(1, "t", "x").data(RawJson.of("{broken")).build());
        commit(Event.builder(2, "t", "x").data(RawJson.of("{\"a\":1}")).build());
        List<Long> ids = new ArrayList<>();
        List<Long> pickyIds = new ArrayList<>();
        drain(cursor, ids);
        drain(picky, pickyIds);

        assertEquals(List.of(1L, 2L), ids);
        assertEquals(List.of(2L), pickyIds);
        assertEquals(1, counts.failures.get());
    }
}
