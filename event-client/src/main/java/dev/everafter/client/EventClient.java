package dev.everafter.client;

import jakarta.websocket.ContainerProvider;
import jakarta.websocket.WebSocketContainer;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Subscriptions to one server: the handler of each is called for every matching event after its start, once, in id order,
 * whatever happens to the connection in between.
 *
 * <p>All subscriptions share one WebSocket connection, which exists while there are any. After a loss it is made anew, and
 * each subscription resumes from the last event that its handler has returned from; a message that does not join on to
 * that position is a hole, which is never handled: the client asks again, and ends the subscription if it gets the same
 * answer. So it does with a message that it can't read. What ends a subscription is told by {@link ActiveSubscription#done()}, never by silence.
 *
 * <p>The guarantee holds within a process from the position it started with. Across processes it needs a position that is
 * kept: see {@link PositionStore} for what a crash repeats.
 *
 * <p>Safe for use by any thread. Handlers run on the client's executor, one call at a time for each subscription; the
 * client's other threads never run a handler, nor wait for one.
 */
public final class EventClient implements AutoCloseable {
    private final Settings settings;
    private final Runnable freeExecutor;
    private final Link link;
    private final Waiting waiting = new Waiting();

    private final Object lock = new Object();
    private final List<Worker> workers = new ArrayList<>();
    private @Nullable CompletableFuture<?> closed;

    private EventClient(Settings settings, Runnable freeExecutor) {
        this.settings = settings;
        this.freeExecutor = freeExecutor;
        this.link = new Link(settings);
    }

    /** Begins a client. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts a subscription: at the position kept under its name, else at its own start. Returns at once; whether the
     * server can be reached is told by the {@link ClientListener}.
     *
     * @throws IllegalStateException if the client is closed
     * @throws IllegalArgumentException if a subscription of that name is at work
     * @throws EventClientException if the position store can't be read
     */
    public ActiveSubscription subscribe(Subscription spec, EventHandler handler) {
        Objects.requireNonNull(handler, "handler");
        Worker worker;
        synchronized (lock) {
            if (closed != null) {
                throw new IllegalStateException("the client is closed");
            }
            workers.removeIf(Worker::isDone);
            spec.name()
                    .filter(name -> workers.stream().anyMatch(other -> other.isNamed(name)))
                    .ifPresent(name -> {
                        throw new IllegalArgumentException("a subscription named \"" + name + "\" is at work already");
                    });
            worker = new Worker(spec, handler, settings, link, waiting);
            workers.add(worker);
            link.attach(worker);
        }
        return worker;
    }

    /**
     * Ends all subscriptions as {@link ActiveSubscription#close()} does, then the connection. Returns when that is done;
     * called by one of the handlers it returns at once. Does nothing the second time but wait.
     */
    @Override
    public void close() {
        List<Worker> all;
        CompletableFuture<?> end;
        synchronized (lock) {
            all = List.copyOf(workers);
            if (closed == null) {
                CompletableFuture<?>[] ends = all.stream()
                        .map(worker -> worker.done().toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new);
                closed = CompletableFuture.allOf(ends).handle((nothing, error) -> free());
            }
            end = closed;
        }
        all.forEach(worker -> worker.end(Optional.empty()));
        waiting.await(end);
    }

    private @Nullable Void free() {
        link.close();
        settings.timer().close();
        freeExecutor.run();
        return null;
    }

    @Override
    public String toString() {
        return "EventClient[" + settings.uri() + "]";
    }

    /**
     * Builds an {@link EventClient}. Only {@link #uri} is needed; the defaults are:
     *
     * <ul>
     *   <li>no token, positions in memory, no listener;
     *   <li>a new try after a random part of 100 ms, doubled with each failure up to 30 s, from the start again after a
     *       connection that lasted 30 s;
     *   <li>10 s for a connection to be made and welcomed;
     *   <li>positions saved at most every 250 ms;
     *   <li>messages of at most 1 MiB;
     *   <li>daemon threads of its own, one for each subscription whose handler is at work.
     * </ul>
     *
     * <p>Not safe for use by several threads.
     */
    public static final class Builder {
        private static final int MAX_MESSAGE_BYTES = 1 << 30;

        private @Nullable URI uri;
        private Tokens tokens = Tokens.NONE;
        private Optional<SSLContext> sslContext = Optional.empty();
        private PositionStore positions = PositionStore.inMemory();
        private ClientListener listener = ClientListener.NONE;
        private @Nullable WebSocketContainer container;
        private @Nullable Timer timer;
        private ThreadFactory threads = daemons();
        private @Nullable Executor executor;
        private RandomGenerator random = RandomGenerator.getDefault();
        private Duration minBackoff = Duration.ofMillis(100);
        private Duration maxBackoff = Duration.ofSeconds(30);
        private Duration stableAfter = Duration.ofSeconds(30);
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration saveInterval = Duration.ofMillis(250);
        private int maxMessageBytes = 1024 * 1024;
        private Progress.Maker progress = Progress::new;

        private Builder() {}

        /** The server's endpoint, {@code ws://host:8800/ws} or {@code wss://}. */
        public Builder uri(URI uri) {
            if (!"ws".equals(uri.getScheme()) && !"wss".equals(uri.getScheme())) {
                throw new IllegalArgumentException("not a WebSocket address (ws: or wss:): " + uri);
            }
            this.uri = uri;
            return this;
        }

        /** Sent as {@code Authorization: Bearer}, and never shown in a log. When it has expired, subscriptions end. */
        public Builder token(String token) {
            this.tokens = Tokens.fixed(new Token(token));
            return this;
        }

        /**
         * Asked for a token for each connection, by a thread that may wait for it. When one has expired, or is refused,
         * the next is asked for; after 5 in a row that were refused, subscriptions end.
         */
        public Builder token(Supplier<String> source) {
            return tokens(() -> CompletableFuture.completedFuture(source.get()));
        }

        /** As {@link #token(Supplier)}, where tokens come later. */
        public Builder tokens(TokenSource source) {
            this.tokens = Tokens.from(source);
            return this;
        }

        /**
         * Which certificates to trust, and which to show, at {@code wss:} addresses; without it those that the JVM trusts.
         * The server's name must be that of its certificate either way.
         */
        public Builder sslContext(SSLContext context) {
            this.sslContext = Optional.of(context);
            return this;
        }

        /** Where the positions of named subscriptions are kept. */
        public Builder positionStore(PositionStore store) {
            this.positions = Objects.requireNonNull(store, "store");
            return this;
        }

        /** Who is told of reconnects, holes, gaps and the like. */
        public Builder listener(ClientListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** Makes the connections: for proxy settings and the like; else the one that {@link ContainerProvider} finds. */
        public Builder container(WebSocketContainer container) {
            this.container = Objects.requireNonNull(container, "container");
            return this;
        }

        /**
         * Runs the handlers; it is left open. A single thread serves all subscriptions in turn. An executor that runs
         * tasks on the calling thread lets a handler stand in the connection's way.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Makes the client's threads: for the timer, for connecting and closing, and for handlers without an executor. */
        public Builder threads(ThreadFactory threads) {
            this.threads = Objects.requireNonNull(threads, "threads");
            return this;
        }

        /** The source of the jitter. */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random");
            return this;
        }

        /**
         * The limits of the random wait before a new try.
         *
         * @param min the first limit, above zero
         * @param max the last, at least {@code min}
         */
        public Builder backoff(Duration min, Duration max) {
            this.minBackoff = positive("backoff", min);
            if (max.compareTo(min) < 0) {
                throw new IllegalArgumentException("the longest backoff " + max + " is below the shortest " + min);
            }
            this.maxBackoff = max;
            return this;
        }

        /** How long a connection must have lasted for the backoff to begin again. */
        public Builder stableAfter(Duration duration) {
            this.stableAfter = positive("stableAfter", duration);
            return this;
        }

        /**
         * How long a connection may take until the server's welcome. Tyrus doesn't notice that the other side ends the
         * TCP connection before it has answered the handshake, so behind a TCP load balancer that accepts for a server
         * which is down, this is also what each try takes before the backoff begins.
         */
        public Builder connectTimeout(Duration timeout) {
            this.connectTimeout = positive("connectTimeout", timeout);
            return this;
        }

        /** How often a position is saved at most; after a crash the events of that time are seen again. */
        public Builder saveInterval(Duration interval) {
            if (interval.isNegative()) {
                throw new IllegalArgumentException("saveInterval is negative: " + interval);
            }
            this.saveInterval = interval;
            return this;
        }

        /**
         * The longest message to take, in bytes; see {@link EventHandler#onOmitted} for an event that is longer.
         *
         * @param bytes from 1024 to 1 GiB
         */
        public Builder maxMessageBytes(int bytes) {
            if (bytes < 1024 || bytes > MAX_MESSAGE_BYTES) {
                throw new IllegalArgumentException(
                        "maxMessageBytes is not in 1024.." + MAX_MESSAGE_BYTES + ": " + bytes);
            }
            this.maxMessageBytes = bytes;
            return this;
        }

        /** Time, where a test owns it. */
        Builder timer(Timer timer) {
            this.timer = timer;
            return this;
        }

        Builder progress(Progress.Maker maker) {
            this.progress = maker;
            return this;
        }

        /** @throws IllegalStateException if {@link #uri} was not called */
        public EventClient build() {
            URI target = uri;
            if (target == null) {
                throw new IllegalStateException("no uri: where is the server?");
            }
            Executor handlers = executor;
            Runnable freeExecutor = () -> {};
            if (handlers == null) {
                ExecutorService own = Executors.newCachedThreadPool(threads);
                handlers = own;
                freeExecutor = own::shutdown;
            }
            Settings settings = new Settings(
                    target,
                    tokens,
                    sslContext,
                    positions,
                    listener,
                    withoutIdleTimer(container == null ? ContainerProvider.getWebSocketContainer() : container),
                    timer == null ? new SystemTimer(threads) : timer,
                    threads,
                    handlers,
                    random,
                    minBackoff,
                    maxBackoff,
                    stableAfter,
                    connectTimeout,
                    saveInterval,
                    maxMessageBytes,
                    progress);
            return new EventClient(settings, freeExecutor);
        }

        /**
         * Below zero means what 0 does, no idle timeout, but Tyrus 2.2.2 arms a timer for 0, too, on an executor that
         * it shuts down with the session before: the session of a quick reconnect is refused its timer then, and its
         * connection dropped without a word.
         */
        private static WebSocketContainer withoutIdleTimer(WebSocketContainer container) {
            if (container.getDefaultMaxSessionIdleTimeout() == 0) {
                container.setDefaultMaxSessionIdleTimeout(-1);
            }
            return container;
        }

        private static Duration positive(String name, Duration value) {
            if (value.isZero() || value.isNegative()) {
                throw new IllegalArgumentException(name + " is not above zero: " + value);
            }
            return value;
        }

        private static ThreadFactory daemons() {
            AtomicInteger count = new AtomicInteger();
            return task -> {
                Thread thread = new Thread(task, "everafter-client-" + count.incrementAndGet());
                thread.setDaemon(true);
                return thread;
            };
        }
    }
}
