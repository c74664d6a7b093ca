package dev.everafter.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A log in memory, followed in each of the three ways. */
@Timeout(120)
class FollowingTest {
    private static final Selection ALL = Selection.of(Filter.all());

    private final InMemoryEventLog log = new InMemoryEventLog();
    private final CountingListener counts = new CountingListener();
    private final EventHub hub =
            EventHub.builder(log).tailBytes(20_000).listener(counts).build();
    private final ExecutorService executor = Executors.newFixedThreadPool(2);
    private final List<String> told = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        hub.close();
        log.close();
        executor.shutdownNow();
    }

    private final FollowingListener telling = new FollowingListener() {
        @Override
        public void onStarted(Position position) {
            told.add("started " + position.id());
        }

        @Override
        public void onGap(Gap gap) {
            told.add("gap " + gap.after() + " " + gap.to());
        }

        @Override
        public void onCaughtUp(Position position) {
            told.add("caught up " + position.id());
        }

        @Override
        public void onFellBehind(Position position) {
            told.add("fell behind " + position.id());
        }
    };

    private void append(int events) {
        for (int i = 0; i < events; i++) {
            log.append("t", "insert", RawJson.of("{}"));
        }
    }

    private static List<Long> ids(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    @Test
    void shouldIterateOverWhatWasAndWhatComes() {
        append(300);
        List<Long> ids = new ArrayList<>();
        try (EventIterator events = hub.follow(ALL, StartFrom.beginning()).iterate()) {
            while (ids.size() < 310) {
                if (ids.size() == 300 && log.range().head() == 300) {
                    append(10);
                }
                ids.add(events.next().id());
            }
            assertEquals(Optional.of(new Position(log.range().epoch(), 310)), events.position());
        }
        assertEquals(ids(1, 310), ids);
    }

    @Test
    void shouldResumeAtAPosition() {
        append(10);
        Position position;
        try (EventIterator events = hub.follow(ALL, StartFrom.beginning()).iterate()) {
            assertEquals(ids(1, 4), events.stream().limit(4).map(Event::id).toList());
            position = new Position(log.range().epoch(), 4);
        }
        try (EventIterator events = hub.follow(ALL, StartFrom.after(position)).iterate()) {
            assertEquals(5, events.next().id());
        }
    }

    @Test
    void shouldEndTheIteratorWhenItIsClosedByAnotherThread() {
        try (EventIterator events = hub.follow(ALL, StartFrom.now()).iterate()) {
            CompletableFuture<Boolean> next = CompletableFuture.supplyAsync(events::hasNext, executor);
            events.close();
            assertFalse(next.orTimeout(60, TimeUnit.SECONDS).join());
        }
    }

    @Test
    void shouldSayWhenTheWaitingThreadIsInterrupted() throws InterruptedException {
        try (EventIterator events = hub.follow(ALL, StartFrom.now()).iterate()) {
            List<FollowingException> thrown = new CopyOnWriteArrayList<>();
            Thread waiting =
                    new Thread(() -> thrown.add(assertThrows(FollowingException.class, events::hasNext)), "waiting");
            waiting.start();
            waiting.interrupt();
            waiting.join();
            assertEquals(FollowingException.Code.INTERRUPTED, thrown.get(0).code());
        }
    }

    @Test
    void shouldEndAtAGapUnlessTheListenerGoesOn() {
        append(300);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> hub.head().map(head -> head.id() == 300).orElse(false));
        log.prune(100);
        StartFrom lost = StartFrom.after(new Position(log.range().epoch(), 2));
        try (EventIterator events = hub.follow(ALL, lost).iterate()) {
            assertEquals(
                    FollowingException.Code.GAP,
                    assertThrows(FollowingException.class, events::next).code());
        }
        try (EventIterator events = hub.follow(ALL, lost).listener(telling).iterate()) {
            assertEquals(101, events.next().id());
        }
        assertEquals(List.of("started 2", "gap 2 100"), told);
    }

    @Test
    void shouldSayWhereThereIsNoSuchPlace() {
        StartFrom strange = StartFrom.after(new Position("another", 1));
        try (EventIterator events = hub.follow(ALL, strange).iterate()) {
            assertEquals(
                    FollowingException.Code.EPOCH_UNKNOWN,
                    assertThrows(FollowingException.class, events::hasNext).code());
        }
    }

    @Test
    void shouldTellTheNewEpochOfALogThatWasRewoundElsewhere() {
        append(5);
        try (EventIterator events =
                hub.follow(ALL, StartFrom.beginning()).listener(telling).iterate()) {
            while (events.next().id() < 5) {}
            append(1);
            assertEquals(6, events.next().id());
            log.rewind(6);
            append(1);
            assertEquals(7, events.next().id());
            assertEquals(log.range().epoch(), events.position().orElseThrow().epoch());
        }
        assertEquals("started 6", told.get(told.size() - 1));
    }

    @Test
    void shouldHandEachEventToAHandlerUntilItIsCancelled() {
        append(1_000);
        List<Long> ids = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> done =
                hub.follow(ALL, StartFrom.beginning()).forEach(executor, event -> ids.add(event.id()));
        await().atMost(Duration.ofSeconds(60)).until(() -> ids.size() == 1_000);
        assertEquals(ids(1, 1_000), ids);

        assertTrue(done.cancel(false));
        await().atMost(Duration.ofSeconds(60)).until(() -> counts.closed.get() == 1);
    }

    @Test
    void shouldEndWithWhatTheHandlerThrows() {
        append(3);
        List<Long> ids = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> done = hub.follow(ALL, StartFrom.beginning()).forEach(executor, event -> {
            ids.add(event.id());
            if (event.id() == 2) {
                throw new IllegalArgumentException("not two");
            }
        });
        CompletionException failure = assertThrows(
                CompletionException.class,
                () -> done.orTimeout(60, TimeUnit.SECONDS).join());

        assertInstanceOf(IllegalArgumentException.class, failure.getCause());
        await().atMost(Duration.ofSeconds(60)).until(() -> counts.closed.get() == 1);
        assertEquals(List.of(1L, 2L), ids);
    }

    @Test
    void shouldEndWithTheHub() {
        CompletableFuture<Void> done = hub.follow(ALL, StartFrom.now()).forEach(executor, event -> {});
        hub.close();
        done.orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Test
    void shouldFallBehindAndReturnWhereTheHandlerIsSlow() throws InterruptedException {
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<Long> ids = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> done = hub.follow(ALL, StartFrom.beginning())
                .listener(telling)
                .forEach(executor, event -> {
                    first.countDown();
                    try {
                        assertTrue(goOn.await(60, TimeUnit.SECONDS));
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    ids.add(event.id());
                });
        await().atMost(Duration.ofSeconds(60)).until(() -> told.contains("caught up 0"));
        append(1);
        assertTrue(first.await(60, TimeUnit.SECONDS));
        append(1_000);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> hub.head().orElseThrow().id() == 1_001);
        goOn.countDown();
        await().atMost(Duration.ofSeconds(60)).until(() -> ids.size() == 1_001);

        assertEquals(ids(1, 1_001), ids);
        assertTrue(told.contains("fell behind 1"), told.toString());
        await().atMost(Duration.ofSeconds(60)).until(() -> counts.caughtUp.get() == 2);
        assertTrue(counts.evicted.get() > 0);
        assertFalse(done.isDone());
    }
}
