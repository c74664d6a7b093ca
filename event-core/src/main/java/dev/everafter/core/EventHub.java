package dev.everafter.core;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Feeds any number of cursors from one log: each gets every event after its position that it selects, once, in order,
 * however many there are and however slowly they read.
 *
 * <p>One tailer follows the log; its newest events stay in memory up to {@link Builder#tailBytes}. Cursors that keep up
 * are served from there, those that don't read the log, on {@link Builder#coldReaders} threads and within
 * {@link Builder#pageBudgetBytes}. Nothing waits for a cursor, so none can slow another down, and memory is bounded
 * whatever they do.
 *
 * <p>The hub owns neither the log nor its connections: closing it leaves the log open. While the log is out of reach,
 * cursors wait; {@link EventLog#status()} says why.
 *
 * <p>Safe for use by any thread.
 */
public final class EventHub implements AutoCloseable {
    private static final int UPDATES_AHEAD = 2;
    private static final Duration RESTART_DELAY = Duration.ofMillis(500);
    /** How long a cursor waits after a failure: long enough to be no load, short enough to be no outage. */
    private static final Duration RETRY_DELAY = Duration.ofMillis(100);

    /** How long a page is left to its cursor though others wait for its place. */
    private static final Duration PAGE_GRACE = Duration.ofMillis(500);

    private final EventLog log;
    private final HubListener listener;
    private final HubCursor.Maker cursors;
    private final Dispatcher dispatcher;
    private final ColdReads coldReads;
    private final ColdReader reader;
    private final ExecutorService readers;
    private final ScheduledExecutorService timer;
    private final Thread tailThread;
    private final Thread dispatchThread;
    private final Semaphore updates = new Semaphore(UPDATES_AHEAD);
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicBoolean closed = new AtomicBoolean();

    private EventHub(Builder options) {
        this.log = options.log;
        this.listener = options.listener;
        this.cursors = options.cursors;
        this.dispatcher = new Dispatcher(options.tailBytes, options.encodedBytes, listener);
        this.timer = Executors.newSingleThreadScheduledExecutor(named(options.threads, "everafter-timer"));
        this.readers = new ThreadPoolExecutor(
                options.coldReaders,
                options.coldReaders,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                named(options.threads, "everafter-reader"),
                // Only a closed hub refuses a read, and its cursors want none.
                new ThreadPoolExecutor.DiscardPolicy());
        this.coldReads = new ColdReads(
                readers,
                options.coldReaders,
                (int) Math.min(Integer.MAX_VALUE, options.pageBudgetBytes / options.pageBytes),
                listener,
                PAGE_GRACE.toNanos(),
                System::nanoTime,
                this::later);
        this.reader = new ColdReader(
                log, dispatcher, new ReadLimits(options.pageEvents, options.pageBytes), this::later, listener);
        this.dispatchThread = named(options.threads, "everafter-dispatch").newThread(this::dispatch);
        this.tailThread = named(options.threads, "everafter-tail").newThread(this::follow);
    }

    private static ThreadFactory named(ThreadFactory factory, String name) {
        return task -> {
            Thread thread = factory.newThread(task);
            thread.setName(name);
            return thread;
        };
    }

    /** Starts describing a hub on {@code log}. */
    public static Builder builder(EventLog log) {
        return new Builder(log);
    }

    /** The log that it feeds from. */
    public EventLog log() {
        return log;
    }

    /**
     * How far everything is proven and delivered to memory; empty until the tailer has told it for the first time.
     */
    public Optional<Position> head() {
        return dispatcher.head().map(Head::position);
    }

    /** The bytes that are kept of batches that were encoded for several cursors. */
    public long encodedBytes() {
        return dispatcher.encodedBytes();
    }

    /** How many cursors wait for their turn to read the log. */
    public int waitingReads() {
        return coldReads.waiting();
    }

    /**
     * Waits until there is a head.
     *
     * @return false if {@code timeout} passed first
     */
    public boolean awaitStarted(Duration timeout) throws InterruptedException {
        return started.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Opens a cursor, without waiting for anything. Its first news are {@link Poll.Started}, or {@link Poll.Ended} if
     * there is no such place to start from.
     *
     * @throws IllegalStateException if the hub is closed
     */
    public Cursor open(Selection selection, StartFrom from) {
        if (closed.get()) {
            throw new IllegalStateException("the hub is closed");
        }
        HubCursor cursor = cursors.make(dispatcher, coldReads, reader, listener, selection, from);
        cursor.open();
        if (closed.get()) {
            // The hub may have closed the others already.
            cursor.close();
        }
        return cursor;
    }

    /**
     * Follows this hub from {@code from} on, by a publisher, an iterator or a callback; {@link #open} is what they are made
     * of.
     */
    public Following follow(Selection selection, StartFrom from) {
        return new Following(this, selection, from, FollowingListener.NONE);
    }

    /**
     * Calls {@code told} for each {@link Revocation} in the log, before any cursor can take what comes after it; and with
     * {@link Revocation#OF_EVERYONE} where the hub begins, or has missed a part of the log, so that there may have been one.
     * So who has a poll behind them, and no call yet, holds nothing that came after a revocation.
     *
     * @param told called by the dispatcher, so it must be quick, and never throw
     * @return takes it back
     */
    public Runnable onRevoked(Consumer<Revocation> told) {
        dispatcher.revocations().add(told);
        return () -> dispatcher.revocations().remove(told);
    }

    /** Ends all cursors and the hub's threads; the log stays open. Does nothing the second time. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        closing.countDown();
        tailThread.interrupt();
        CountDownLatch told = new CountDownLatch(1);
        dispatcher.submit(() -> {
            dispatcher.closeAll();
            told.countDown();
        });
        try {
            try {
                told.await(5, TimeUnit.SECONDS);
            } finally {
                dispatchThread.interrupt();
                readers.shutdownNow();
                timer.shutdownNow();
            }
            tailThread.join(5_000);
            dispatchThread.join(5_000);
            readers.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void later(Runnable retry) {
        try {
            var unused = timer.schedule(retry, RETRY_DELAY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The hub is closed, and so are its cursors.
        }
    }

    private void dispatch() {
        try {
            dispatcher.run();
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    /** Passes on what the tailer tells; a tailer that breaks is replaced, and what was missed is read from the log. */
    private void follow() {
        try {
            Optional<String> epoch = Optional.empty();
            while (!closed.get()) {
                try (Tailer tailer = log.tailer()) {
                    while (true) {
                        TailUpdate update = tailer.next();
                        if (update instanceof TailUpdate.Started begun) {
                            if (epoch.isPresent() && !epoch.get().equals(begun.epoch())) {
                                pass(forked(epoch.get(), begun.epoch()));
                            }
                            epoch = Optional.of(begun.epoch());
                        } else if (update instanceof TailUpdate.EpochChanged changed) {
                            epoch = Optional.of(changed.epoch());
                        }
                        pass(update);
                    }
                } catch (RuntimeException | Error e) {
                    listener.onFailure(Failures.of(e));
                }
                closing.await(RESTART_DELAY.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    /** The rewind that happened between the tailer before and this one. */
    private TailUpdate forked(String before, String now) {
        // Asked for the last id there can be, the log names the fork itself, however far anybody here has come.
        Start carried = log.resolve(StartFrom.after(new Position(before, Position.MAX_ID)));
        // An epoch that the log doesn't know shares nothing with it that could be named.
        long fork = carried instanceof Start.Rewound rewound
                ? rewound.gap().resume().id()
                : 0;
        return new TailUpdate.EpochChanged(now, fork);
    }

    private void pass(TailUpdate update) throws InterruptedException {
        updates.acquire();
        dispatcher.submit(() -> apply(update));
    }

    private void apply(TailUpdate update) {
        updates.release();
        dispatcher.apply(update);
        started.countDown();
    }

    /**
     * Describes an {@link EventHub}. Not safe for use by several threads; {@link #build()} copies.
     *
     * <p>Defaults: {@code tailBytes} 64 MiB, {@code encodedBytes} 16 MiB, {@code coldReaders} 2, {@code pageEvents} 1,000, {@code pageBytes} 1 MiB,
     * {@code pageBudgetBytes} 32 MiB, daemon threads, no listener.
     */
    public static final class Builder {
        private final EventLog log;
        private long tailBytes = 64L << 20;
        private long encodedBytes = 16L << 20;
        private int coldReaders = 2;
        private int pageEvents = 1_000;
        private long pageBytes = 1L << 20;
        private long pageBudgetBytes = 32L << 20;
        private HubListener listener = HubListener.NONE;
        private HubCursor.Maker cursors = HubCursor::new;
        private ThreadFactory threads = task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        };

        private Builder(EventLog log) {
            this.log = Objects.requireNonNull(log, "log");
        }

        /** The most bytes of recent events kept in memory, at least 0; 64 MiB by default. */
        public Builder tailBytes(long bytes) {
            this.tailBytes = atLeast(0, bytes, "tailBytes");
            return this;
        }

        /**
         * The most bytes kept of batches that were encoded for several cursors ({@link Batch#encoded}), at least 0; 16 MiB
         * by default. With less, cursors that are far apart from each other encode again what others have encoded before.
         */
        public Builder encodedBytes(long bytes) {
            this.encodedBytes = atLeast(0, bytes, "encodedBytes");
            return this;
        }

        /** How many threads read the log for cursors that catch up, at least 1; 2 by default. */
        public Builder coldReaders(int threads) {
            this.coldReaders = (int) atLeast(1, threads, "coldReaders");
            return this;
        }

        /** The most rows that one read of the log examines, at least 1; 1,000 by default. */
        public Builder pageEvents(int events) {
            this.pageEvents = (int) atLeast(1, events, "pageEvents");
            return this;
        }

        /** The bytes of events after which one read of the log ends, at least 1; 1 MiB by default. */
        public Builder pageBytes(long bytes) {
            this.pageBytes = atLeast(1, bytes, "pageBytes");
            return this;
        }

        /** The bytes of all pages that were read and not taken yet, at least 1; 32 MiB by default. */
        public Builder pageBudgetBytes(long bytes) {
            this.pageBudgetBytes = atLeast(1, bytes, "pageBudgetBytes");
            return this;
        }

        /** Who is told of every transition; nobody by default. */
        public Builder listener(HubListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** Makes the hub's threads, which name themselves; daemon threads by default. */
        public Builder threads(ThreadFactory threads) {
            this.threads = Objects.requireNonNull(threads, "threads");
            return this;
        }

        Builder cursors(HubCursor.Maker maker) {
            this.cursors = maker;
            return this;
        }

        /** A hub that follows the log from now on. */
        public EventHub build() {
            EventHub hub = new EventHub(this);
            hub.dispatchThread.start();
            hub.tailThread.start();
            return hub;
        }

        private static long atLeast(long least, long value, String name) {
            if (value < least) {
                throw new IllegalArgumentException(name + " " + value + " is below " + least);
            }
            return value;
        }
    }
}
