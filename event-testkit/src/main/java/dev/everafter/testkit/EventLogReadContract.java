package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Attribute;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.LogRange;
import dev.everafter.core.Page;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Selection;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What {@link EventLog#range} and {@link EventLog#read} keep, also while the log is pruned. */
abstract class EventLogReadContract extends EventLogContractMeans {
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

    @Test
    void shouldReadEverythingOnceInOrderWhateverTheLimits() throws Exception {
        long start = log.range().head();
        List<Integer> sizes = List.of(1, 2, 600, 1, 7);
        for (int size : sizes) {
            append(size);
        }
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        Writers.assertWholeTransactions(subject, all);
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
}
