package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Attribute;
import dev.everafter.core.Event;
import dev.everafter.core.EventLog;
import dev.everafter.core.Filter;
import dev.everafter.core.Gap;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.LogRange;
import dev.everafter.core.Page;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Selection;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Tailer;
import dev.everafter.core.Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link EventLog} keeps. A log's own test extends this and says how to open one that is empty.
 *
 * <p>Where a log may choose (which ids it gives, what it reads beyond the filter, how much it prunes), these tests leave
 * it the choice.
 */
@Timeout(180)
public abstract class EventLogContract {
    private static final ReadLimits PLENTY = new ReadLimits(10_000, 1 << 28);
    private static final String TOPIC = "contract.events";

    private EventLogSubject subject;
    private EventLog log;

    /** An empty log; closed by the suite. */
    protected abstract EventLogSubject open() throws Exception;

    @BeforeEach
    void openLog() throws Exception {
        subject = open();
        log = subject.log();
    }

    @AfterEach
    void closeLog() throws Exception {
        subject.close();
    }

    // range

    @Test
    void shouldHoldNothingWhenNothingWasAppended() {
        LogRange range = log.range();
        assertFalse(range.epoch().isEmpty());
        assertEquals(range.oldest(), range.head());
    }

    @Test
    void shouldMoveItsHeadAndNotItsOldestWhenEventsAreAppended() throws Exception {
        LogRange before = log.range();
        append(3);
        LogRange after = log.range();
        assertEquals(before.epoch(), after.epoch());
        assertEquals(before.oldest(), after.oldest());
        assertTrue(after.head() >= before.head() + 3, after + " after " + before);
    }

    // read

    @Test
    void shouldReadEverythingOnceInOrderWhateverTheLimits() throws Exception {
        long start = log.range().head();
        List<Integer> sizes = List.of(1, 2, 600, 1, 7);
        for (int size : sizes) {
            append(size);
        }
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        assertWholeTransactions(all);
        assertEquals(sizes.stream().mapToInt(size -> size).sum(), all.size());

        for (ReadLimits limits :
                List.of(new ReadLimits(1, 1 << 28), new ReadLimits(7, 1 << 28), new ReadLimits(9_999, 1))) {
            assertEquals(all, readAll(start, head, Filter.all(), limits), limits::toString);
        }
    }

    @Test
    void shouldStopAfterTheEventThatPassesTheBytes() throws Exception {
        long start = log.range().head();
        subject.append(
                TOPIC,
                IntStream.range(0, 100)
                        .mapToObj(i -> RawJson.of("{\"n\":" + i + ",\"pad\":\"" + "x".repeat(1_000) + "\"}"))
                        .toList());
        long head = provenHead();

        Page one = log.read(start, head, Filter.all(), new ReadLimits(1_000, 1));
        Page ten = log.read(start, head, Filter.all(), new ReadLimits(1_000, 10_000));

        assertEquals(1, one.events().size());
        assertEquals(one.events().get(0).id(), one.scannedTo());
        assertTrue(
                ten.events().size() > 2 && ten.events().size() < 15,
                () -> ten.events().size() + " events");
    }

    @Test
    void shouldReadNothingPastItsEnd() throws Exception {
        long start = log.range().head();
        append(5);
        append(5);
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        for (int i = 0; i < all.size(); i++) {
            long upTo = all.get(i).id();
            assertEquals(all.subList(0, i + 1), readAll(start, upTo, Filter.all(), PLENTY), "up to " + upTo);
        }
    }

    @Test
    void shouldNotEndAPageBelowAnEventThatItLeavesForTheNext() throws Exception {
        long start = log.range().head();
        append(4);
        append(300);
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        for (Event event : List.of(all.get(0), all.get(3), all.get(4), all.get(150), all.get(303))) {
            assertEquals(
                    all.subList(all.indexOf(event) + 1, all.size()),
                    readAll(event.id(), head, Filter.all(), new ReadLimits(100, 1 << 28)),
                    "after " + event.id());
        }
    }

    @Test
    void shouldAdvanceToItsEndWhenNothingMatches() throws Exception {
        long start = log.range().head();
        append(300);
        append(1);
        long head = provenHead();
        for (Filter filter : List.of(Filter.none(), Filter.topic("no.such"))) {
            for (Event event : readAll(start, head, filter, new ReadLimits(10, 1 << 28))) {
                assertEquals(TOPIC, event.topic(), "an event that is not in the log");
            }
        }
    }

    @Test
    void shouldLeaveOutNothingThatMatches() throws Exception {
        Random random = Seed.random("shouldLeaveOutNothingThatMatches");
        long start = log.range().head();
        List<String> topics = List.of("a", "b", "c.d");
        for (int i = 0; i < 40; i++) {
            List<RawJson> data = new ArrayList<>();
            for (int n = random.nextInt(1, 4); n > 0; n--) {
                data.add(RawJson.of("{\"n\":" + random.nextInt(5) + ",\"s\":\"" + random.nextInt(3) + "\"}"));
            }
            subject.append(topics.get(random.nextInt(topics.size())), data);
        }
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        for (int i = 0; i < 100; i++) {
            assertMatchesAreRead(
                    all, start, head, filter(random, topics, 3), new ReadLimits(random.nextInt(1, 30), 1 << 20));
        }
    }

    private static Filter filter(Random random, List<String> topics, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 4)) {
            case 0 -> Filter.topic(topics.get(random.nextInt(topics.size())));
            case 1 -> Filter.eq(Attribute.data("n"), Value.of(random.nextInt(6)));
            case 2 ->
                Filter.in(Attribute.data("s"), List.of(Value.of("" + random.nextInt(3)), Value.of(random.nextInt(3))));
            case 3 -> Filter.eq(Attribute.data("absent"), Value.absent());
            case 4 -> Filter.not(filter(random, topics, depth - 1));
            case 5 -> Filter.and(filter(random, topics, depth - 1), filter(random, topics, depth - 1));
            default -> Filter.or(filter(random, topics, depth - 1), filter(random, topics, depth - 1));
        };
    }

    @Test
    void shouldReadAChangedRowWhenEitherImageMatches() throws Exception {
        long start = log.range().head();
        RawJson key = RawJson.of("{\"id\":1}");
        RawJson open = RawJson.of("{\"id\":1,\"state\":\"open\",\"city\":\"Rome\"}");
        RawJson done = RawJson.of("{\"id\":1,\"state\":\"done\",\"city\":\"Rome\"}");
        subject.change(Change.insert("public.orders", key, open));
        subject.change(Change.update("public.orders", key, done, RawJson.of("{\"state\":\"open\"}")));
        subject.change(Change.delete("public.orders", key, done));
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        assertEquals(
                List.of("insert", "update", "delete"),
                all.stream().map(Event::type).toList());

        Filter isOpen = Filter.eq(Attribute.data("state"), Value.of("open"));
        Filter isRome = Filter.eq(Attribute.data("city"), Value.of("Rome"));
        Filter isDone = Filter.eq(Attribute.data("state"), Value.of("done"));
        Filter wasOpen = Filter.eq(Attribute.old("state"), Value.of("open"));
        for (Filter filter : List.of(isOpen, isRome, isDone, wasOpen, Filter.not(isOpen), Filter.not(isDone))) {
            assertMatchesAreRead(all, start, head, filter, PLENTY);
            assertMatchesAreRead(all, start, head, Filter.and(isRome, filter), PLENTY);
        }
    }

    private void assertMatchesAreRead(List<Event> all, long start, long head, Filter filter, ReadLimits limits) {
        List<Event> read = readAll(start, head, filter, limits);
        Selection selection = Selection.of(filter);
        List<Event> missing = all.stream()
                .filter(event -> selection.select(event).isPresent() && !read.contains(event))
                .toList();
        assertEquals(List.of(), missing, () -> "left out by " + filter.toJson());
        assertTrue(all.containsAll(read), () -> "invented by " + filter.toJson());
    }

    // retention

    @Test
    void shouldBeCompleteAfterItsOldestWhenPruned() throws Exception {
        long start = log.range().head();
        append(300);
        append(10);
        append(10);
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        long upTo = all.get(305).id();

        subject.prune(upTo);

        LogRange range = log.range();
        assertTrue(range.oldest() > start && range.oldest() <= upTo, () -> range + " after pruning up to " + upTo);
        assertEquals(head, range.head());
        assertEquals(
                all.stream().filter(event -> event.id() > range.oldest()).toList(),
                readAll(range.oldest(), head, Filter.all(), PLENTY));
        assertEquals(range.oldest(), log.read(start, head, Filter.all(), PLENTY).oldest());
        assertEquals(new Start.At(new Position(range.epoch(), range.oldest())), log.resolve(StartFrom.beginning()));
    }

    @Test
    void shouldNeverHideARowThatItsPageCallsRetainedWhenPrunedMeanwhile() throws Exception {
        long start = log.range().head();
        for (int i = 0; i < 60; i++) {
            append(5);
        }
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        subject.prune(all.get(5).id());

        ExecutorService pruner = Executors.newSingleThreadExecutor();
        try {
            Future<?> pruning = pruner.submit(() -> {
                for (int i = 10; i < all.size(); i += 10) {
                    subject.prune(all.get(i).id());
                }
                return null;
            });
            do {
                for (long after = start; after < head; ) {
                    Page page = log.read(after, head, Filter.all(), new ReadLimits(20, 1 << 28));
                    long from = after;
                    if (page.oldest() <= from) {
                        assertEquals(
                                all.stream()
                                        .filter(event -> event.id() > from && event.id() <= page.scannedTo())
                                        .toList(),
                                page.events());
                    }
                    after = Math.max(page.scannedTo(), page.oldest());
                }
            } while (!pruning.isDone());
            pruning.get();
        } finally {
            pruner.shutdownNow();
        }
    }

    // resolve

    @Test
    void shouldResolveEachStartInThePresentEpoch() throws Exception {
        append(3);
        long head = provenHead();
        LogRange range = log.range();
        String epoch = range.epoch();
        Position middle = new Position(epoch, head - 1);
        assertAll(
                () -> assertEquals(new Start.At(middle), log.resolve(StartFrom.after(middle))),
                () -> assertEquals(new Start.At(middle.at(head)), log.resolve(StartFrom.after(middle.at(head)))),
                () -> assertEquals(new Start.At(middle.at(0)), log.resolve(StartFrom.after(middle.at(0)))),
                () -> assertEquals(new Start.At(middle), log.resolve(new StartFrom.AfterId(head - 1))),
                () -> assertEquals(new Start.At(middle.at(range.oldest())), log.resolve(StartFrom.beginning())),
                () -> assertEquals(new Start.At(middle.at(range.head())), log.resolve(StartFrom.now())));
    }

    @Test
    void shouldSayRewoundWhenAPositionOfItsEpochWasNeverGivenOut() throws Exception {
        append(3);
        long head = provenHead();
        String epoch = log.range().epoch();
        long ahead = head + 1_000_000;

        Start.Rewound rewound =
                assertInstanceOf(Start.Rewound.class, log.resolve(StartFrom.after(new Position(epoch, ahead))));

        assertEquals(new Gap(Gap.Reason.REWOUND, head, ahead, new Position(epoch, head)), rewound.gap());
    }

    @Test
    void shouldSayAheadWhenAnIdWithoutEpochWasNeverGivenOut() throws Exception {
        append(3);
        long head = provenHead();
        assertEquals(new Start.Ahead(head + 1_000_000, head), log.resolve(new StartFrom.AfterId(head + 1_000_000)));
    }

    @Test
    void shouldNotGuessWhenTheEpochIsUnknown() throws Exception {
        append(3);
        for (long id : List.of(0L, 1L, 1_000_000L)) {
            assertEquals(
                    new Start.UnknownEpoch("no-such-epoch"),
                    log.resolve(StartFrom.after(new Position("no-such-epoch", id))));
        }
    }

    @Test
    void shouldStartBeforeEverythingThatIsNotOlderThanTheTime() throws Exception {
        long start = log.range().head();
        for (int i = 0; i < 5; i++) {
            append(2);
        }
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        List<Instant> times = new ArrayList<>(all.stream().map(Event::at).toList());
        times.addAll(List.of(
                Instant.EPOCH, all.get(0).at().plusNanos(1), all.get(9).at().plusSeconds(3_600)));
        for (Instant time : times) {
            Position position = assertInstanceOf(Start.At.class, log.resolve(StartFrom.time(time)))
                    .position();
            assertTrue(position.id() <= head, position::toString);
            for (Event event : all) {
                assertTrue(
                        event.at().isBefore(time) || event.id() > position.id(),
                        () -> time + " starts after " + position + ", and misses " + event);
            }
        }
    }

    @Test
    void shouldKeepWhatHistoriesShareAndNameTheRestWhenRewound() throws Exception {
        List<Long> ids = appendSingly(10);
        Position first = new Position(log.range().epoch(), provenHead());
        long fork = ids.get(6);

        subject.rewind(fork);

        appendSingly(10);
        Position second = new Position(log.range().epoch(), provenHead());
        assertNotEquals(first.epoch(), second.epoch());
        assertCarriedOver(first, fork, second);
        assertEquals(new Start.At(second), log.resolve(StartFrom.after(second)));

        // a second time, further back: what both rewinds left is what counts
        fork = ids.get(4);
        subject.rewind(fork);

        List<Long> later = appendSingly(10);
        Position third = new Position(log.range().epoch(), provenHead());
        assertCarriedOver(first, fork, third);
        assertCarriedOver(second, fork, third);

        // and a third time, less far back: the first epoch gains nothing by it
        subject.rewind(later.get(5));

        Position fourth = new Position(log.range().epoch(), later.get(5));
        assertCarriedOver(first, fork, fourth);
        assertCarriedOver(third, later.get(5), fourth);
    }

    private void assertCarriedOver(Position earlier, long shared, Position present) {
        assertEquals(new Start.At(present.at(shared)), log.resolve(StartFrom.after(earlier.at(shared))));
        for (long id : List.of(shared + 1, earlier.id())) {
            assertEquals(
                    new Start.Rewound(new Gap(Gap.Reason.REWOUND, shared, id, present.at(shared))),
                    log.resolve(StartFrom.after(earlier.at(id))));
        }
    }

    // tailer

    @Test
    void shouldStartAtTheHeadAndThenTellEachLaterEventOnce() throws Exception {
        append(3);
        try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
            assertEquals(log.range().epoch(), tail.started().epoch());
            tail.awaitHead(log.range().head());
            long head = tail.head();
            assertEquals(List.of(), tail.events());

            append(1);
            append(600);
            append(2);

            tail.awaitEvents(603);
            assertWholeTransactions(tail.events());
            assertEquals(readAll(head, tail.head(), Filter.all(), PLENTY), tail.events());
            Awaitility.await().until(() -> log.status().following());
        }
    }

    @Test
    void shouldMissAndRepeatNothingWhenReadersAndTailerMeetAmongWriters() throws Exception {
        Random random = Seed.random("shouldMissAndRepeatNothingWhenReadersAndTailerMeetAmongWriters");
        long start = log.range().head();
        try (Writers writers = new Writers(subject, 4, random)) {
            writers.awaitSome();
            try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
                long join = tail.started().head();
                List<Event> all = new ArrayList<>(readAll(start, join, Filter.all(), new ReadLimits(50, 1 << 28)));
                int past = all.size();

                // behind the tailer's back: what it has proven is all there, and stays all there is
                List<Event> chased = new ArrayList<>();
                long position = join;
                while (!writers.anyEnded()
                        && (chased.size() < 300 || tail.events().size() < 300)) {
                    long to = tail.head();
                    chased.addAll(readAll(position, to, Filter.all(), new ReadLimits(50, 1 << 28)));
                    position = to;
                }
                int written = writers.stop();
                tail.awaitEvents(written - past);

                all.addAll(tail.events());
                writers.assertAllOnceInOrder(all);
                assertWholeTransactions(all);
                chased.addAll(readAll(position, tail.head(), Filter.all(), PLENTY));
                assertEquals(tail.events(), chased);
            }
        }
    }

    @Test
    void shouldEndNextWhenClosed() throws Exception {
        Tailer tailer = log.tailer();
        TailFollower tail = new TailFollower(tailer).awaitStarted();
        tailer.close();
        tail.awaitEnd();
        tail.close();
        assertThrows(InterruptedException.class, tailer::next);
    }

    @Test
    void shouldEndNextWhenInterrupted() throws Exception {
        try (Tailer tailer = log.tailer()) {
            CountDownLatch started = new CountDownLatch(1);
            ExecutorService executor = Executors.newSingleThreadExecutor();
            try {
                Future<?> ended = executor.submit(() -> {
                    tailer.next();
                    started.countDown();
                    assertThrows(InterruptedException.class, () -> {
                        while (true) {
                            tailer.next();
                        }
                    });
                    return null;
                });
                assertTrue(started.await(60, TimeUnit.SECONDS));
                executor.shutdownNow();
                ended.get(60, TimeUnit.SECONDS);
            } finally {
                executor.shutdownNow();
            }
        }
    }

    @Test
    void shouldRefuseASecondTailerUntilTheFirstIsClosed() throws Exception {
        Tailer first = log.tailer();
        assertThrows(IllegalStateException.class, log::tailer);
        first.close();
        first.close();
        append(1);
        try (TailFollower second = new TailFollower(log.tailer()).awaitStarted()) {
            second.awaitHead(log.range().head());
            append(2);
            second.awaitEvents(2);
            assertWholeTransactions(second.events());
            first.close();
            assertThrows(IllegalStateException.class, log::tailer, "the first one's close let go of the second");
        }
    }

    @Test
    void shouldEndItsTailerWhenTheLogIsClosed() throws Exception {
        TailFollower tail = new TailFollower(log.tailer()).awaitStarted();
        log.close();
        tail.awaitEnd();
        tail.close();
        assertFalse(log.status().following());
    }

    @Test
    void shouldTellTheNewEpochWhenRewound() throws Exception {
        List<Long> ids = appendSingly(10);
        try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
            tail.awaitHead(log.range().head());
            long fork = ids.get(5);

            subject.rewind(fork);

            tail.awaitEpochChanged();
            assertEquals(fork, tail.epochChanged().fork());
            assertEquals(log.range().epoch(), tail.epochChanged().epoch());
            assertNotEquals(tail.started().epoch(), tail.epochChanged().epoch());
            append(2);
            tail.awaitEvents(2);
            Page page = log.read(fork, tail.head(), Filter.all(), PLENTY);
            assertEquals(tail.epochChanged().epoch(), page.epoch());
            assertEquals(page.events(), tail.events());
        }
    }

    // the means

    private void append(int events) throws Exception {
        subject.append(TOPIC, Writers.transaction(0, 0, events));
    }

    /** Each in a transaction of its own; returns their ids. */
    private List<Long> appendSingly(int events) throws Exception {
        long start = log.range().head();
        for (int i = 0; i < events; i++) {
            append(1);
        }
        List<Event> all = readAll(start, provenHead(), Filter.all(), PLENTY);
        assertEquals(events, all.size());
        return all.stream().map(Event::id).toList();
    }

    /** The head as a tailer proves it, when nobody writes. */
    private long provenHead() throws Exception {
        try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
            tail.awaitHead(log.range().head());
            return tail.head();
        }
    }

    /** Page after page, each of which is checked. */
    private List<Event> readAll(long after, long upTo, Filter filter, ReadLimits limits) {
        List<Event> all = new ArrayList<>();
        long position = after;
        while (position < upTo) {
            Page page = log.read(position, upTo, filter, limits);
            long from = position;
            long last = position;
            assertTrue(
                    page.scannedTo() > position && page.scannedTo() <= upTo,
                    () -> "scanned to " + page.scannedTo() + " in (" + from + ", " + upTo + "]");
            assertTrue(
                    page.events().size() <= limits.events(), () -> page.events().size() + " events, with " + limits);
            for (Event event : page.events()) {
                assertTrue(event.id() > last, () -> "not in order in (" + from + ", " + upTo + "]: " + page.events());
                last = event.id();
            }
            assertTrue(last <= page.scannedTo(), () -> "events beyond " + page.scannedTo() + ": " + page.events());
            all.addAll(page.events());
            position = page.scannedTo();
        }
        return all;
    }

    private static void assertWholeTransactions(List<Event> events) {
        Writers.assertWholeTransactions(events);
    }
}
