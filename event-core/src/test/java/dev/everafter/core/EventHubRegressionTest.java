package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Defects of the hub with its threads that were found by attack, each seen to fail before it was mended. */
class EventHubRegressionTest {
    private static final Selection ALL = Selection.of(Filter.all());

    private final CountingListener counts = new CountingListener();

    @Test
    @Timeout(60)
    void shouldGoOnWhenASignalThrowsAnError() throws Exception {
        InMemoryEventLog memory = new InMemoryEventLog();
        try (EventHub hub = EventHub.builder(memory)
                .threads(task -> {
                    Thread thread = new Thread(task);
                    thread.setDaemon(true);
                    thread.setUncaughtExceptionHandler((t, e) -> {});
                    return thread;
                })
                .build()) {
            assertTrue(hub.awaitStarted(Duration.ofSeconds(20)));
            Cursor bad = hub.open(ALL, StartFrom.now());
            AtomicBoolean armed = new AtomicBoolean();
            bad.onReady(() -> {
                if (armed.get()) {
                    throw new AssertionError("a subscriber's own trouble");
                }
            });
            Cursor good = hub.open(ALL, StartFrom.now());
            Semaphore ready = new Semaphore(0);
            good.onReady(ready::release);
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (bad.state() != Cursor.State.LIVE || good.state() != Cursor.State.LIVE) {
                bad.poll(1, 1);
                good.poll(1, 1);
            }
            while (bad.poll(1, 1) != Poll.Nothing.NOTHING || good.poll(1, 1) != Poll.Nothing.NOTHING) {}
            armed.set(true);
            memory.append("t", "x", RawJson.of("{}"));
            memory.append("t", "x", RawJson.of("{}"));
            List<Long> ids = new ArrayList<>();
            while (ids.size() < 2 && System.nanoTime() < until) {
                if (good.poll(1, 1) instanceof Poll.Events e) {
                    ids.add(e.batch().to());
                } else {
                    ready.tryAcquire(20, TimeUnit.MILLISECONDS);
                }
            }
            assertEquals(List.of(1L, 2L), ids, "the dispatcher is dead, and nobody says so");
        }
    }

    @Test
    @Timeout(60)
    void shouldNotRewindACursorThatIsBelowTheFork() throws Exception {
        BlockingQueue<TailUpdate> second = new LinkedBlockingQueue<>();
        AtomicInteger tailers = new AtomicInteger();
        CountDownLatch breakFirst = new CountDownLatch(1);
        EventLog forked = new EventLog() {
            volatile String epoch = "e1";

            @Override
            public LogRange range() {
                return new LogRange(epoch, 0, 20);
            }

            @Override
            public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
                List<Event> events = LongStream.rangeClosed(after + 1, upTo)
                        .mapToObj(EventHubRegressionTest::event)
                        .toList();
                return new Page(epoch, 0, events, upTo);
            }

            /** e2 forked off e1 at 15. */
            @Override
            public Start resolve(StartFrom from) {
                Position p = ((StartFrom.After) from).position();
                return p.epoch().equals(epoch) || p.id() <= 15
                        ? new Start.At(new Position(epoch, p.id()))
                        : new Start.Rewound(new Gap(Gap.Reason.REWOUND, 15, p.id(), new Position(epoch, 15)));
            }

            @Override
            public Tailer tailer() {
                boolean first = tailers.getAndIncrement() == 0;
                if (!first) {
                    epoch = "e2";
                }
                return new Tailer() {
                    boolean started;

                    @Override
                    public TailUpdate next() throws InterruptedException {
                        if (!started) {
                            started = true;
                            return first ? new TailUpdate.Started("e1", 10) : new TailUpdate.Started("e2", 20);
                        }
                        if (first) {
                            breakFirst.await();
                            throw new EventLogException("gone", null);
                        }
                        return second.take();
                    }

                    @Override
                    public void close() {}
                };
            }

            @Override
            public LogStatus status() {
                return LogStatus.FOLLOWING;
            }

            @Override
            public void close() {}
        };
        try (EventHub hub = EventHub.builder(forked).build()) {
            assertTrue(hub.awaitStarted(Duration.ofSeconds(20)));
            // this server is behind: another one has served 11 and 12
            Cursor cursor = hub.open(ALL, after(12));
            Semaphore ready = new Semaphore(0);
            cursor.onReady(ready::release);
            List<Long> ids = new ArrayList<>();
            boolean broken = false;
            while (cursor.position() < 20) {
                Poll poll = cursor.poll(100, 1 << 20);
                assertFalse(poll instanceof Poll.Missing, "12 is in both histories, which part at 15: " + poll);
                if (poll instanceof Poll.Events e) {
                    e.batch().events().forEach(x -> ids.add(x.id()));
                } else if (poll == Poll.Nothing.NOTHING) {
                    if (cursor.epoch().equals("e1") && !broken) {
                        broken = true;
                        breakFirst.countDown();
                    }
                    ready.tryAcquire(20, TimeUnit.MILLISECONDS);
                }
            }
            assertEquals(LongStream.rangeClosed(13, 20).boxed().toList(), ids);
        }
    }

    @Test
    @Timeout(60)
    void shouldEndItsThreadsThoughTheClosingThreadIsInterrupted() throws Exception {
        List<Thread> threads = new CopyOnWriteArrayList<>();
        InMemoryEventLog memory = new InMemoryEventLog();
        EventHub hub = EventHub.builder(memory)
                .threads(task -> {
                    Thread thread = new Thread(task);
                    thread.setDaemon(true);
                    threads.add(thread);
                    return thread;
                })
                .build();
        assertTrue(hub.awaitStarted(Duration.ofSeconds(20)));
        Thread.currentThread().interrupt();
        hub.close();
        assertTrue(Thread.interrupted());
        hub.close();
        for (Thread thread : threads) {
            thread.join(20_000);
            assertFalse(thread.isAlive(), thread.getName());
        }
    }

    @Test
    @Timeout(60)
    void shouldCloseQuietlyWhileCursorsWaitForAReader() throws Exception {
        List<Throwable> uncaught = new CopyOnWriteArrayList<>();
        List<Thread> threads = new CopyOnWriteArrayList<>();
        InMemoryEventLog memory = new InMemoryEventLog();
        memory.append("t", "x", RawJson.of("{}"));
        CountDownLatch inside = new CountDownLatch(1);
        EventLog slow = new Delegating(memory) {
            @Override
            public Start resolve(StartFrom from) {
                inside.countDown();
                pause(60_000);
                return super.resolve(from);
            }
        };
        EventHub hub = EventHub.builder(slow)
                .coldReaders(1)
                .threads(task -> {
                    Thread thread = new Thread(task);
                    thread.setDaemon(true);
                    threads.add(thread);
                    thread.setUncaughtExceptionHandler((t, e) -> uncaught.add(e));
                    return thread;
                })
                .build();
        assertTrue(hub.awaitStarted(Duration.ofSeconds(20)));
        hub.open(ALL, StartFrom.beginning());
        hub.open(ALL, StartFrom.beginning());
        assertTrue(inside.await(20, TimeUnit.SECONDS));
        hub.close();
        for (Thread thread : threads) {
            thread.join(20_000);
        }
        assertEquals(List.of(), uncaught);
    }

    /** Readers as slow as a database, subscribers woken on another thread some ms later: they should get on. */
    @Test
    @Timeout(90)
    void shouldGetOnThoughThePageBudgetIsSmall() throws Exception {
        catchUp(10, 2L << 20, 5);
    }

    /** The default budget, and a server that is busy: 200 sessions reconnect, each takes its page 60 ms later. */
    @Test
    @Timeout(90)
    void shouldGetOnWithTheDefaultBudgetWhenManyReconnect() throws Exception {
        catchUp(200, 32L << 20, 60);
    }

    private void catchUp(int n, long budget, int pollMillisLater) throws Exception {
        InMemoryEventLog memory = new InMemoryEventLog();
        for (int i = 0; i < 300; i++) {
            memory.append("t", "x", RawJson.of("{}"));
        }
        EventLog slow = new Delegating(memory) {
            @Override
            public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
                pause(2);
                return super.read(after, upTo, filter, limits);
            }
        };
        ScheduledExecutorService subscribers = Executors.newScheduledThreadPool(2);
        try (EventHub hub = EventHub.builder(slow)
                .listener(counts)
                .coldReaders(2)
                .pageEvents(100)
                .pageBudgetBytes(budget)
                .build()) {
            assertTrue(hub.awaitStarted(Duration.ofSeconds(20)));
            CountDownLatch done = new CountDownLatch(n);
            AtomicLong delivered = new AtomicLong();
            for (int i = 0; i < n; i++) {
                Cursor cursor = hub.open(ALL, StartFrom.beginning());
                AtomicBoolean scheduled = new AtomicBoolean();
                AtomicBoolean counted = new AtomicBoolean();
                cursor.onReady(() -> {
                    if (scheduled.compareAndSet(false, true)) {
                        var unused = subscribers.schedule(
                                () -> {
                                    scheduled.set(false);
                                    Poll poll;
                                    while ((poll = cursor.poll(100, 1 << 20)) != Poll.Nothing.NOTHING) {
                                        if (poll instanceof Poll.Events e) {
                                            delivered.addAndGet(
                                                    e.batch().events().size());
                                        }
                                    }
                                    if (cursor.position() == 300 && counted.compareAndSet(false, true)) {
                                        done.countDown();
                                    }
                                },
                                pollMillisLater,
                                TimeUnit.MILLISECONDS);
                    }
                });
            }
            boolean finished = done.await(60, TimeUnit.SECONDS);
            String what = n + " cursors: " + counts.coldReads + " pages read where " + 3 * n + " are enough, "
                    + counts.pagesDropped + " dropped, " + delivered + " of " + 300 * n + " events delivered, "
                    + done.getCount() + " cursors not done in 60 s";
            assertTrue(finished, what);
            assertTrue(counts.coldReads.get() < 3 * 3 * n, what);
        } finally {
            subscribers.shutdownNow();
        }
    }

    static class Delegating implements EventLog {
        final EventLog log;

        Delegating(EventLog log) {
            this.log = log;
        }

        @Override
        public LogRange range() {
            return log.range();
        }

        @Override
        public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
            return log.read(after, upTo, filter, limits);
        }

        @Override
        public Start resolve(StartFrom from) {
            return log.resolve(from);
        }

        @Override
        public Tailer tailer() {
            return log.tailer();
        }

        @Override
        public LogStatus status() {
            return log.status();
        }

        @Override
        public void close() {
            log.close();
        }
    }

    private static void pause(long millis) {
        try {
            new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new EventLogException("interrupted", e);
        }
    }

    private static StartFrom after(long id) {
        return StartFrom.after(new Position("e1", id));
    }

    private static Event event(long id) {
        return Event.builder(id, "other", "insert").build();
    }
}
