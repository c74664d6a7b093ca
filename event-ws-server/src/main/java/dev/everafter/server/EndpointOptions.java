package dev.everafter.server;

import dev.everafter.core.FilterRules;
import dev.everafter.server.spi.AccessPolicy;
import dev.everafter.server.spi.Renderer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * The rules by which an {@link EventEndpoint} serves. {@link Builder} has the defaults.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class EndpointOptions {
    private final String logName;
    private final Duration heartbeat;
    private final Duration sendDeadline;
    private final int subscriptions;
    private final int batch;
    private final int maxMessage;
    private final int maxIncoming;
    private final int maxWindow;
    private final int reconnectsPerSecond;
    private final int workers;
    private final Limits limits;
    private final FilterRules filters;
    private final Set<String> allowedOrigins;
    private final ServerListener listener;
    private final ThreadFactory threads;
    private final Optional<ScheduledExecutorService> timer;
    private final LongSupplier ticker;
    private final Optional<Authentication> authentication;
    private final Optional<AccessPolicy> accessPolicy;
    private final InstantSource clock;
    private final Optional<EventChecking> eventChecking;
    private final RandomGenerator random;
    private final Map<String, Renderer> renderings;
    private final long renderingBytes;
    private final boolean preparedFrames;

    private EndpointOptions(Builder builder) {
        this.logName = builder.logName;
        this.heartbeat = builder.heartbeat;
        this.sendDeadline = builder.sendDeadline;
        this.subscriptions = builder.subscriptions;
        this.batch = builder.batch;
        this.maxMessage = builder.maxMessage;
        this.maxIncoming = builder.maxIncoming;
        this.maxWindow = builder.maxWindow;
        this.reconnectsPerSecond = builder.reconnectsPerSecond;
        this.workers = builder.workers;
        this.limits = builder.limits;
        this.filters = builder.filters;
        this.allowedOrigins = Set.copyOf(builder.allowedOrigins);
        this.listener = builder.listener;
        this.threads = builder.threads;
        this.timer = builder.timer;
        this.ticker = builder.ticker;
        this.authentication = builder.authentication;
        this.accessPolicy = builder.accessPolicy;
        this.clock = builder.clock;
        this.eventChecking = builder.eventChecking;
        this.random = builder.random;
        this.renderings = builder.renderings;
        this.renderingBytes = builder.renderingBytes;
        this.preparedFrames = builder.preparedFrames;
    }

    /** All defaults. */
    public static EndpointOptions defaults() {
        return builder().build();
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** The log's name in {@code welcome}. */
    public String logName() {
        return logName;
    }

    /** The time in which at least one message goes out to each client. */
    public Duration heartbeat() {
        return heartbeat;
    }

    /** How long a client may accept nothing of a message. */
    public Duration sendDeadline() {
        return sendDeadline;
    }

    /** The most subscriptions of one connection. */
    public int subscriptions() {
        return subscriptions;
    }

    /** The most events in one message. */
    public int batch() {
        return batch;
    }

    /** The most bytes of one message to a client. */
    public int maxMessage() {
        return maxMessage;
    }

    /** The most bytes of one message from a client. */
    public int maxIncoming() {
        return maxIncoming;
    }

    /** The largest {@code window} that a client may ask for. */
    public int maxWindow() {
        return maxWindow;
    }

    /** How many clients a second are asked back by a drain. */
    public int reconnectsPerSecond() {
        return reconnectsPerSecond;
    }

    /** How many threads serve the sessions. */
    public int workers() {
        return workers;
    }

    /** What clients may take, one by one and together. */
    public Limits limits() {
        return limits;
    }

    /** What a filter of a client may be. */
    public FilterRules filters() {
        return filters;
    }

    /** Origins beside the server's own whose pages may connect. */
    public Set<String> allowedOrigins() {
        return allowedOrigins;
    }

    /** Who is told. */
    public ServerListener listener() {
        return listener;
    }

    ThreadFactory threads() {
        return threads;
    }

    Optional<ScheduledExecutorService> timer() {
        return timer;
    }

    /** Tells the time in nanoseconds from some origin, never going back. */
    public LongSupplier ticker() {
        return ticker;
    }

    /** How clients become known; empty where nobody is asked who they are. */
    public Optional<Authentication> authentication() {
        return authentication;
    }

    /** What says what those who are known may see; empty where they may see everything. */
    public Optional<AccessPolicy> accessPolicy() {
        return accessPolicy;
    }

    /** Tells the time by which tokens and certificates expire. */
    public InstantSource clock() {
        return clock;
    }

    /** How it is known of single events who may see them; empty where filters alone say it. */
    public Optional<EventChecking> eventChecking() {
        return eventChecking;
    }

    /** How clients may see events, by name; with none of them they see all that was captured. */
    public Map<String, Renderer> renderings() {
        return renderings;
    }

    /** How many bytes of rendered events are kept for others, of each rendering. */
    public long renderingBytes() {
        return renderingBytes;
    }

    RandomGenerator random() {
        return random;
    }

    /** Whether a container's {@link FrameWriter} is used. */
    boolean preparedFrames() {
        return preparedFrames;
    }

    /**
     * Describes an {@link EndpointOptions}. Not safe for use by several threads; {@link #build()} copies.
     *
     * <p>Defaults: heartbeat 15 s, send deadline 30 s, 64 subscriptions a connection, 500 events and 1 MiB a message, 64
     * KiB a message from a client, windows up to 10,000 events, 100 reconnects a second after a drain, as many workers as
     * processors but at least 2, no foreign origins, nobody is asked who they are and all is seen, filters within {@link FilterRules#DEFAULT}, log name {@code everafter}, no listener, daemon threads.
     */
    public static final class Builder {
        private String logName = "everafter";
        private Duration heartbeat = Duration.ofSeconds(15);
        private Duration sendDeadline = Duration.ofSeconds(30);
        private int subscriptions = 64;
        private int batch = 500;
        private int maxMessage = 1 << 20;
        private int maxIncoming = 64 << 10;
        private int maxWindow = 10_000;
        private int reconnectsPerSecond = 100;
        private int workers = Math.max(2, Runtime.getRuntime().availableProcessors());
        private Limits limits = Limits.DEFAULT;
        private FilterRules filters = FilterRules.DEFAULT;
        private Set<String> allowedOrigins = Set.of();
        private ServerListener listener = ServerListener.NONE;
        private Optional<ScheduledExecutorService> timer = Optional.empty();
        private LongSupplier ticker = System::nanoTime;
        private Optional<Authentication> authentication = Optional.empty();
        private Optional<AccessPolicy> accessPolicy = Optional.empty();
        private InstantSource clock = InstantSource.system();
        private Optional<EventChecking> eventChecking = Optional.empty();
        private RandomGenerator random = new Random();
        private Map<String, Renderer> renderings = Map.of();
        private long renderingBytes = 64 << 20;
        private boolean preparedFrames = true;
        private ThreadFactory threads = task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        };

        private Builder() {}

        /** The log's name in {@code welcome}, for people; {@code everafter} by default. */
        public Builder logName(String name) {
            this.logName = Objects.requireNonNull(name, "logName");
            return this;
        }

        /** The time in which at least one message goes out to each client, at least 10 ms; 15 s by default. */
        public Builder heartbeat(Duration heartbeat) {
            this.heartbeat = atLeast10ms(heartbeat, "heartbeat");
            return this;
        }

        /**
         * How long a client may accept nothing of a message before its connection is closed, at least 10 ms; 30 s by
         * default. A slow client that accepts a little is not closed by it unless one message takes that long.
         */
        public Builder sendDeadline(Duration deadline) {
            this.sendDeadline = atLeast10ms(deadline, "sendDeadline");
            return this;
        }

        /** The most subscriptions of one connection, at least 1; 64 by default. */
        public Builder subscriptions(int subscriptions) {
            this.subscriptions = atLeast(1, subscriptions, "subscriptions");
            return this;
        }

        /** The most events in one message, at least 1; 500 by default. A client may ask for fewer. */
        public Builder batch(int events) {
            this.batch = atLeast(1, events, "batch");
            return this;
        }

        /** The most bytes of one message to a client, at least 1,024; 1 MiB by default. A client may ask for fewer. */
        public Builder maxMessage(int bytes) {
            this.maxMessage = atLeast(MessageParser.MIN_MAX_MESSAGE, bytes, "maxMessage");
            return this;
        }

        /** The most bytes of one message from a client, at least 1,024; 64 KiB by default. */
        public Builder maxIncoming(int bytes) {
            this.maxIncoming = atLeast(1024, bytes, "maxIncoming");
            return this;
        }

        /** The largest {@code window} that a client may ask for, at least 1; 10,000 events by default, of 8 bytes each. */
        public Builder maxWindow(int events) {
            this.maxWindow = atLeast(1, events, "maxWindow");
            return this;
        }

        /** How many clients a second a drain asks back, at least 1; 100 by default. */
        public Builder reconnectsPerSecond(int clients) {
            this.reconnectsPerSecond = atLeast(1, clients, "reconnectsPerSecond");
            return this;
        }

        /** How many threads serve the sessions, at least 1; as many as processors, but at least 2, by default. */
        public Builder workers(int threads) {
            this.workers = atLeast(1, threads, "workers");
            return this;
        }

        /** What clients may take, one by one and together; {@link Limits#DEFAULT} by default. */
        public Builder limits(Limits limits) {
            this.limits = Objects.requireNonNull(limits, "limits");
            return this;
        }

        /** What a filter of a client may be; {@link FilterRules#DEFAULT} by default. */
        public Builder filters(FilterRules rules) {
            this.filters = Objects.requireNonNull(rules, "filters");
            return this;
        }

        /**
         * Origins beside the server's own whose pages may connect, as a browser writes them ({@code
         * https://app.example.org}); none by default. Clients that send no {@code Origin} are no browsers and not asked.
         */
        public Builder allowedOrigins(Set<String> origins) {
            this.allowedOrigins = Set.copyOf(origins);
            return this;
        }

        /** Who is told; nobody by default. */
        public Builder listener(ServerListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** Makes the endpoint's threads, which name themselves; daemon threads by default. */
        public Builder threads(ThreadFactory threads) {
            this.threads = Objects.requireNonNull(threads, "threads");
            return this;
        }

        /** Runs the heartbeat; a thread of the endpoint's own by default. It stays the caller's to shut down. */
        public Builder timer(ScheduledExecutorService timer) {
            this.timer = Optional.of(timer);
            return this;
        }

        /** Tells the time in nanoseconds from some origin, never going back; {@link System#nanoTime} by default. */
        public Builder ticker(LongSupplier nanos) {
            this.ticker = Objects.requireNonNull(nanos, "ticker");
            return this;
        }

        /** How clients become known; by default nobody is asked who they are, and everybody may see everything. */
        public Builder authentication(Authentication authentication) {
            this.authentication = Optional.of(authentication);
            return this;
        }

        /** Says what those who are known may see; by default everything. Needs an {@link #authentication}. */
        public Builder accessPolicy(AccessPolicy policy) {
            this.accessPolicy = Optional.of(policy);
            return this;
        }

        /** Tells the time by which tokens and certificates expire; the system's by default. */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /** For tests: as in a container that has no {@link FrameWriter}. */
        Builder withoutPreparedFrames() {
            this.preparedFrames = false;
            return this;
        }

        /**
         * Asks, event by event, what each client may see, beyond what its filters say; by default no event is asked
         * about. It needs {@link #authentication}.
         */
        public Builder eventChecking(EventChecking checking) {
            this.eventChecking = Optional.of(checking);
            return this;
        }

        /**
         * How clients may see events, by the name that they give as {@code render}; {@code default} for those who give
         * none. By default everybody sees all that was captured.
         *
         * @throws IllegalArgumentException if there are some, and none is named {@code default}
         */
        public Builder renderings(Map<String, Renderer> renderers) {
            if (!renderers.isEmpty() && !renderers.containsKey(Renderings.DEFAULT)) {
                throw new IllegalArgumentException("no rendering is named \"" + Renderings.DEFAULT
                        + "\", for those who ask for none: " + renderers.keySet());
            }
            this.renderings = Map.copyOf(renderers);
            return this;
        }

        /** How many bytes of rendered events are kept for others, of each rendering, at least 0; 64 MiB by default. */
        public Builder renderingBytes(int bytes) {
            this.renderingBytes = atLeast(0, bytes, "renderingBytes");
            return this;
        }

        /** Spreads pauses, so that they don't all end at once; safe for use by any thread. */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random");
            return this;
        }

        /**
         * The options.
         *
         * @throws IllegalStateException if there is an access policy, or events are to be checked, but nobody is asked who
         *     they are
         */
        public EndpointOptions build() {
            if (accessPolicy.isPresent() && authentication.isEmpty()) {
                throw new IllegalStateException(
                        "an access policy needs an authentication: it is asked of whom is known");
            }
            if (eventChecking.isPresent() && authentication.isEmpty()) {
                throw new IllegalStateException(
                        "a check of events needs an authentication: it is asked of whom is known");
            }
            return new EndpointOptions(this);
        }

        private static int atLeast(int least, int value, String name) {
            if (value < least) {
                throw new IllegalArgumentException(name + " " + value + " is below " + least);
            }
            return value;
        }
    }

    static Duration atLeast10ms(Duration value, String name) {
        if (value.compareTo(Duration.ofMillis(10)) < 0) {
            throw new IllegalArgumentException(name + " " + value + " is below 10 ms");
        }
        return value;
    }
}
