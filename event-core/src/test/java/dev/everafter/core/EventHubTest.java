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
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The hub with its own threads, on a real log in memory. */
class EventHubTest {
    private static final long SEED = seed();

    private final InMemoryEventLog log = new InMemoryEventLog();
    private final CountingListener counts = new CountingListener();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        log.close();
    }

    @Test
    void shouldWaitForCommitsAndDeliverThem() throws InterruptedException {
        EventHub hub = hub(64L << 20);
        assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
        Reader reader = new Reader(hub, Selection.of(Filter.topic("orders")), StartFrom.now(), new Random(1));
        reader.awaitStarted();
        log.append("other", "insert", RawJson.of("{}"));
        long id = log.append("orders", "insert", RawJson.of("{\"total\":3}"));
        reader.runUntil(id);

        assertEquals(List.of(id), reader.ids);
    }

    @Test
    void shouldNameItsThreadsAndEndThem() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        EventHub hub = EventHub.builder(log)
                .threads(task -> {
                    Thread thread = new Thread(task);
                    threads.add(thread);
                    return thread;
                })
                .build();
        assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
        Cursor cursor = hub.open(Selection.of(Filter.all()), StartFrom.now());
        hub.close();
        hub.close();

        for (Thread thread : threads) {
            thread.join(20_000);
            assertFalse(thread.isAlive(), thread.getName());
            assertTrue(thread.getName().startsWith("everafter-"), thread.getName());
        }
        assertInstanceOf(Poll.Ended.class, cursor.poll(1, 1));
        assertThrows(IllegalStateException.class, () -> hub.open(Selection.of(Filter.all()), StartFrom.now()));
    }

    @Test
    void shouldFollowALogThatIsOutOfReachAtFirst() throws InterruptedException {
        Tailer first = log.tailer();
        EventHub hub = hub(1 << 20);
        Reader reader = new Reader(hub, Selection.of(Filter.all()), StartFrom.beginning(), new Random(1));
        long id = log.append("t", "insert", RawJson.of("{}"));
        first.close();
        reader.runUntil(id);

        assertEquals(List.of(id), reader.ids);
    }

    @Test
    void shouldRefuseOptionsOutOfRange() {
        assertEquals(
                "coldReaders 0 is below 1",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> EventHub.builder(log).coldReaders(0))
                        .getMessage());
    }

    /** Readers of every speed, through a tail of a few dozen events: each must get the log, whatever it went through. */
    @Test
    void shouldGiveEveryReaderEachMatchOnceInOrderWhateverItsSpeed() throws InterruptedException {
        stress(Duration.ofSeconds(4));
    }

    @Test
    @Tag("stress")
    void shouldDoSoForAMinute() throws InterruptedException {
        stress(Duration.ofMinutes(1));
    }

    private void stress(Duration duration) throws InterruptedException {
        Random random = new Random(SEED);
        EventHub hub = hub(30_000);
        AtomicBoolean done = new AtomicBoolean();
        List<Thread> writers = new ArrayList<>();
        for (int w = 0; w < 2; w++) {
            writers.add(writer(new Random(random.nextLong()), done));
        }
        List<Reader> readers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        ConcurrentHashMap<String, Throwable> errors = new ConcurrentHashMap<>();
        CountDownLatch end = new CountDownLatch(1);
        for (int r = 0; r < 12; r++) {
            Filter filter = r % 3 == 0 ? Filter.all() : Filter.eq(Attribute.data("n"), Value.of(r % 7));
            Reader reader = new Reader(hub, Selection.of(filter), StartFrom.beginning(), new Random(random.nextLong()));
            readers.add(reader);
            Thread thread = new Thread(() -> reader.runWith(end, 1 + reader.random.nextInt(20)), "reader-" + r);
            thread.setUncaughtExceptionHandler((t, e) -> errors.put(t.getName(), e));
            threads.add(thread);
        }
        writers.forEach(Thread::start);
        threads.forEach(Thread::start);
        // On a busy machine the writers may need longer to outrun anybody.
        await().pollDelay(duration).atMost(duration.plusSeconds(60)).until(() -> counts.fellBehind.get() > 10);
        done.set(true);
        for (Thread writer : writers) {
            writer.join();
        }
        long head = log.range().head();
        end.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(new ConcurrentHashMap<>(), errors);

        List<Event> all = new ArrayList<>();
        for (long at = 0; at < head; ) {
            Page page = log.read(at, head, Filter.all(), new ReadLimits(10_000, 100 << 20));
            all.addAll(page.events());
            at = page.scannedTo();
        }
        for (Reader reader : readers) {
            reader.runUntil(head);
            List<Long> expected = all.stream()
                    .filter(event -> reader.selection.select(event).isPresent())
                    .map(Event::id)
                    .toList();
            assertEquals(expected.size(), reader.ids.size());
            assertEquals(expected, reader.ids);
        }
        System.out.printf(
                "hub stress: seed %d, %d events, %d readers, fell behind %d times, caught up %d, cold reads %d, pages dropped %d%n",
                SEED,
                all.size(),
                readers.size(),
                counts.fellBehind.get(),
                counts.caughtUp.get(),
                counts.coldReads.get(),
                counts.pagesDropped.get());
    }

    private Thread writer(Random random, AtomicBoolean done) {
        return new Thread(() -> {
            Semaphore pause = new Semaphore(0);
            while (!done.get()) {
                List<InMemoryEventLog.Change> changes = new ArrayList<>();
                for (int i = random.nextInt(5); i >= 0; i--) {
                    changes.add(
                            InMemoryEventLog.Change.of("t", "insert", RawJson.of("{\"n\":" + random.nextInt(7) + "}")));
                }
                log.append(changes);
                try {
                    if (pause.tryAcquire(random.nextInt(1_500), TimeUnit.MICROSECONDS)) {
                        throw new IllegalStateException("nobody releases this");
                    }
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
    }

    private EventHub hub(long tailBytes) {
        EventHub hub = EventHub.builder(log)
                .tailBytes(tailBytes)
                .pageEvents(50)
                .pageBytes(10_000)
                .pageBudgetBytes(40_000)
                .listener(counts)
                .build();
        opened.add(0, hub);
        return hub;
    }

    private static long seed() {
        String given = System.getProperty("seed", "");
        return given.isEmpty() ? new Random().nextLong() : Long.parseLong(given);
    }

    /** A subscriber that now and then stands still. */
    private static final class Reader {
        final Selection selection;
        final Random random;
        final List<Long> ids = new ArrayList<>();
        private final Cursor cursor;
        private final Semaphore ready = new Semaphore(0);
        private boolean started;

        Reader(EventHub hub, Selection selection, StartFrom from, Random random) {
            this.selection = selection;
            this.random = random;
            this.cursor = hub.open(selection, from);
            cursor.onReady(ready::release);
        }

        void awaitStarted() throws InterruptedException {
            while (!started) {
                step(10);
            }
        }

        void runUntil(long id) throws InterruptedException {
            while (cursor.position() < id) {
                step(100);
            }
        }

        void runWith(CountDownLatch end, int max) {
            try {
                while (end.getCount() > 0) {
                    step(max);
                    if (random.nextInt(20) == 0 && end.await(random.nextInt(60), TimeUnit.MILLISECONDS)) {
                        return;
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void step(int max) throws InterruptedException {
            Poll poll = cursor.poll(max, 10_000);
            if (poll == Poll.Nothing.NOTHING) {
                // Quiet subscriptions advance without being woken, so don't wait for ever.
                ready.tryAcquire(20, TimeUnit.MILLISECONDS);
                ready.drainPermits();
            } else if (poll instanceof Poll.Started) {
                started = true;
            } else if (poll instanceof Poll.Events events) {
                events.batch().events().forEach(event -> ids.add(event.id()));
            } else if (poll instanceof Poll.Missing || poll instanceof Poll.Ended) {
                throw new IllegalStateException(poll.toString());
            }
        }
    }
}
