package dev.everafter.server;

import dev.everafter.core.EventHub;
import dev.everafter.core.LogRange;
import dev.everafter.core.Position;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Renderer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the sessions of one endpoint share: the hub, the threads, the clock, and the list of themselves. Its threads end
 * when they have had nothing to do for a while, so that an endpoint that nobody closes leaves nothing behind.
 *
 * <p>Safe for use by any thread.
 */
final class SessionHost {
    private static final Logger LOG = LoggerFactory.getLogger(SessionHost.class);
    /** How long a session waits for what {@code welcome} says before it goes without, or gives up. */
    static final Duration GREETING_PATIENCE = Duration.ofSeconds(3);

    private static final int CHECK_THREADS = 4;
    private static final Duration POLICY_WATCH = Duration.ofSeconds(1);
    private static final int RENDER_THREADS = 4;
    private static final Duration DRAIN_FIRST_SLOT = Duration.ofMillis(500);

    private final EventHub hub;
    private final EndpointOptions options;
    private final MessageParser parser;
    private final ThreadPoolExecutor workers;
    private final ThreadPoolExecutor blocking;
    private final Optional<ScheduledExecutorService> ownTimer;
    private final ScheduledExecutorService timer;
    private final OldestLookup oldest;
    private final Optional<AuthenticatorCalls> authenticator;
    private final Optional<ThreadPoolExecutor> asking;
    private final Optional<EventChecks> checks;
    private final ThreadPoolExecutor rendering;
    private final Renderings renderings;
    private final Set<EventSession> sessions = ConcurrentHashMap.newKeySet();
    private final Quota principals = new Quota();
    private final Refs refs = new Refs();
    private final Runnable unwatchRevocations;
    private volatile long watchedAt;
    private final Object lock = new Object();
    private @Nullable ScheduledFuture<?> ticking;
    private boolean closed;

    /** What a welcome says of the log. */
    record Greeting(Position head, OptionalLong oldest) {}

    SessionHost(EventHub hub, EndpointOptions options) {
        this.hub = hub;
        this.options = options;
        this.parser = new MessageParser(options);
        Nagging checkFailures = new Nagging(options.ticker());
        this.workers = Pools.fixed(options.workers(), options.threads(), "everafter-session");
        this.blocking = Pools.fixed(2, options.threads(), "everafter-blocking");
        this.ownTimer = options.timer().isPresent()
                ? Optional.empty()
                : Optional.of(Pools.timer(options.threads(), "everafter-heartbeat"));
        this.timer = options.timer().or(() -> ownTimer).orElseThrow();
        this.authenticator = options.authentication().map(rules -> new AuthenticatorCalls(rules, options));
        this.asking =
                options.eventChecking().map(rules -> Pools.fixed(CHECK_THREADS, options.threads(), "everafter-check"));
        this.checks = options.eventChecking()
                .map(rules -> new EventChecks(rules, means(asking.orElseThrow()), why -> {
                    options.listener().onEventCheckFailed();
                    if (checkFailures.mayLog()) {
                        LOG.warn("whether events may be seen can't be told, so subscriptions wait: {}", why.toString());
                    }
                }));
        this.watchedAt = options.ticker().getAsLong();
        // Before any session asks what it may see.
        this.unwatchRevocations = authenticator.isPresent() ? hub.onRevoked(this::revoked) : () -> {};
        this.rendering = Pools.fixed(RENDER_THREADS, options.threads(), "everafter-render");
        this.renderings = new Renderings(options.renderings(), this::rendering);
        this.oldest = new OldestLookup(() -> hub.log().range(), blocking, options.ticker());
    }

    EventHub hub() {
        return hub;
    }

    EndpointOptions options() {
        return options;
    }

    MessageParser parser() {
        return parser;
    }

    Executor workers() {
        return workers;
    }

    /** Empty where nobody is asked who they are. */
    Optional<AuthenticatorCalls> authenticator() {
        return authenticator;
    }

    private Rendering rendering(String name, Renderer renderer) {
        Nagging failures = new Nagging(options.ticker());
        return new Rendering(name, renderer, options.renderingBytes(), means(rendering), options.listener(), why -> {
            if (failures.mayLog()) {
                LOG.warn("{}", why);
            }
        });
    }

    /** How clients may see events. */
    Renderings renderings() {
        return renderings;
    }

    private Answers.Means means(Executor executor) {
        return new Answers.Means(executor, this::after, options.ticker(), options.random()::nextDouble);
    }

    /** Empty where no event is checked by itself. */
    Optional<EventChecks> checks() {
        return checks;
    }

    /**
     * Runs {@code task}, which must be quick, once {@code delay} has passed; never once the host is closed.
     *
     * @return takes it back
     */
    Runnable after(Duration delay, Runnable task) {
        try {
            ScheduledFuture<?> scheduled = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        } catch (RejectedExecutionException e) {
            LOG.debug("the endpoint was closed before what was to come", e);
            return () -> {};
        }
    }

    /** Runs what may wait for a container. Once the host is closed it isn't run, since all connections are ended then. */
    void mayBlock(Runnable task) {
        try {
            blocking.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("the endpoint was closed before a connection was", e);
        }
    }

    /** How many connections each subject has. */
    Quota principals() {
        return principals;
    }

    Refs refs() {
        return refs;
    }

    int size() {
        return sessions.size();
    }

    /** How far the log is proven; 0 while that isn't known. */
    long head() {
        return hub.head().map(Position::id).orElse(0L);
    }

    /** Empty while the log isn't followed. */
    Optional<Greeting> greeting() {
        return hub.head().map(head -> new Greeting(head, oldest(head)));
    }

    private OptionalLong oldest(Position head) {
        Optional<LogRange> range = oldest.latest();
        // Of another history it would be a number without meaning.
        return range.isPresent() && range.get().epoch().equals(head.epoch())
                ? OptionalLong.of(range.get().oldest())
                : OptionalLong.empty();
    }

    /** Whether the log was asked for its oldest position, and no answer is to be waited for. */
    boolean oldestUnknown() {
        return oldest.failed();
    }

    /**
     * Begins a session.
     *
     * @param token what the client showed at the handshake
     * @return empty if the host is closed
     */
    Optional<EventSession> open(Channel channel, Optional<BearerToken> token) {
        EventSession session = new EventSession(this, channel, token);
        synchronized (lock) {
            if (closed) {
                return Optional.empty();
            }
            sessions.add(session);
            if (ticking == null) {
                long period = period().toNanos();
                ticking = timer.scheduleWithFixedDelay(this::tick, period, period, TimeUnit.NANOSECONDS);
            }
        }
        options.listener().onSessionOpened();
        oldest.refresh(session::signal);
        session.signal();
        return Optional.of(session);
    }

    void remove(EventSession session) {
        synchronized (lock) {
            sessions.remove(session);
            if (sessions.isEmpty() && ticking != null) {
                ticking.cancel(false);
                ticking = null;
            }
        }
    }

    /** Fine enough that a deadline is met within an eighth of it. */
    private Duration period() {
        long least =
                Math.min(options.heartbeat().toMillis(), options.sendDeadline().toMillis()) / 8;
        return Duration.ofMillis(Math.max(2, Math.min(1_000, least)));
    }

    private void tick() {
        long now = options.ticker().getAsLong();
        sessions.forEach(session -> session.tick(now));
        if (now - watchedAt >= POLICY_WATCH.toNanos()) {
            watchedAt = now;
            authenticator.ifPresent(asked -> asked.watchPolicy(() -> revoked(Revocation.OF_EVERYONE)));
        }
    }

    /** Nothing that anybody concerned is sent from here on is decided by what was so before. Never waits. */
    private void revoked(Revocation revocation) {
        authenticator.ifPresent(AuthenticatorCalls::forget);
        checks.ifPresent(answers -> answers.forget(revocation));
        int concerned = 0;
        for (EventSession session : sessions) {
            concerned += session.revoke(revocation) ? 1 : 0;
        }
        options.listener().onRevoked(concerned);
    }

    /**
     * Takes no more sessions, asks those that are there to come back one after the other, and closes them.
     *
     * @return done when all have ended
     */
    CompletableFuture<Void> drain() {
        List<EventSession> leaving;
        synchronized (lock) {
            closed = true;
            leaving = new ArrayList<>(sessions);
        }
        // Otherwise those who came first would always be the first to be back.
        Collections.shuffle(leaving);
        long slot = DRAIN_FIRST_SLOT.toMillis();
        for (int i = 0; i < leaving.size(); i++) {
            leaving.get(i).drain(slot + i * 1_000L / options.reconnectsPerSecond());
        }
        return CompletableFuture.allOf(leaving.stream().map(EventSession::ended).toArray(CompletableFuture[]::new));
    }

    /** Ends what is left at once. */
    void close() {
        synchronized (lock) {
            closed = true;
        }
        unwatchRevocations.run();
        sessions.forEach(EventSession::abort);
        workers.shutdown();
        blocking.shutdown();
        authenticator.ifPresent(AuthenticatorCalls::close);
        asking.ifPresent(ThreadPoolExecutor::shutdown);
        rendering.shutdown();
        ownTimer.ifPresent(ScheduledExecutorService::shutdown);
    }
}
