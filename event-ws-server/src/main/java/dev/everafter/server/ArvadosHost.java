package dev.everafter.server;

import dev.everafter.core.EventHub;
import dev.everafter.server.spi.BearerToken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the connections of one v0 endpoint share: the hub, what is known of tokens and rows, the threads, the clock, and the list
 * of themselves. Its threads end when they have had nothing to do for a while.
 *
 * <p>Safe for use by any thread.
 */
final class ArvadosHost {
    private static final Logger LOG = LoggerFactory.getLogger(ArvadosHost.class);

    private final EventHub hub;
    private final ArvadosOptions rules;
    private final EndpointOptions options;
    private final ArvadosCounters counters = new ArvadosCounters();
    private final ArvadosFilters filters;
    private final ArvadosRows rows;
    private final ArvadosChecks checks;
    private final ThreadPoolExecutor workers;
    private final ThreadPoolExecutor blocking;
    private final ThreadPoolExecutor asking;
    private final Optional<ScheduledExecutorService> ownTimer;
    private final ScheduledExecutorService timer;
    private final Set<ArvadosSession> sessions = ConcurrentHashMap.newKeySet();
    private final Object lock = new Object();
    private @Nullable ScheduledFuture<?> ticking;
    private boolean closed;

    ArvadosHost(EventHub hub, ArvadosOptions rules, EndpointOptions options) {
        this.hub = hub;
        this.rules = rules;
        this.options = options;
        this.workers = Pools.fixed(options.workers(), options.threads(), "everafter-arvados");
        this.blocking = Pools.fixed(2, options.threads(), "everafter-arvados-blocking");
        this.asking = Pools.fixed(2, options.threads(), "everafter-arvados-api");
        this.ownTimer = options.timer().isPresent()
                ? Optional.empty()
                : Optional.of(Pools.timer(options.threads(), "everafter-arvados-timer"));
        this.timer = options.timer().or(() -> ownTimer).orElseThrow();
        ArvadosKinds kinds = new ArvadosKinds(rules.classes());
        this.filters = new ArvadosFilters(options.filters(), kinds);
        this.rows = new ArvadosRows(kinds, new ArvadosMessages(rules.shownAttributes()), counters);
        Answers.Means means = new Answers.Means(
                asking,
                this::after,
                options.ticker(),
                () -> ThreadLocalRandom.current().nextDouble());
        this.checks = new ArvadosChecks(rules, means, asking, counters);
    }

    EventHub hub() {
        return hub;
    }

    ArvadosOptions rules() {
        return rules;
    }

    EndpointOptions options() {
        return options;
    }

    ArvadosCounters counters() {
        return counters;
    }

    ArvadosFilters filters() {
        return filters;
    }

    ArvadosRows rows() {
        return rows;
    }

    ArvadosChecks checks() {
        return checks;
    }

    Executor workers() {
        return workers;
    }

    /** Runs {@code task}, which must be quick, once {@code delay} has passed; what is returned takes it back. */
    Runnable after(Duration delay, Runnable task) {
        try {
            ScheduledFuture<?> scheduled = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        } catch (RejectedExecutionException e) {
            LOG.debug("the endpoint was closed before a delay had passed", e);
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

    int size() {
        return sessions.size();
    }

    /**
     * Begins a session.
     *
     * @param token what the client showed at the handshake
     * @return empty if the host is closed
     */
    Optional<ArvadosSession> open(Channel channel, Optional<BearerToken> token) {
        ArvadosSession session = new ArvadosSession(this, channel, token);
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
        session.signal();
        return Optional.of(session);
    }

    void remove(ArvadosSession session) {
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
                Math.min(rules.heartbeat().toMillis(), options.sendDeadline().toMillis()) / 8;
        return Duration.ofMillis(Math.max(2, Math.min(1_000, least)));
    }

    private void tick() {
        long now = options.ticker().getAsLong();
        sessions.forEach(session -> session.tick(now));
    }

    /**
     * Takes no more sessions, and closes those that are there one after the other, so that they don't all come back at once.
     *
     * @return done when all have ended
     */
    CompletableFuture<Void> drain() {
        List<ArvadosSession> leaving;
        synchronized (lock) {
            closed = true;
            leaving = new ArrayList<>(sessions);
        }
        Collections.shuffle(leaving);
        for (int i = 0; i < leaving.size(); i++) {
            ArvadosSession session = leaving.get(i);
            var unused = after(
                    Duration.ofMillis(i * 1_000L / options.reconnectsPerSecond()),
                    () -> session.leave(CloseCode.GOING_AWAY, "the server is shutting down"));
        }
        return CompletableFuture.allOf(
                leaving.stream().map(ArvadosSession::ended).toArray(CompletableFuture[]::new));
    }

    /** Ends what is left at once. */
    void close() {
        synchronized (lock) {
            closed = true;
        }
        sessions.forEach(ArvadosSession::abort);
        workers.shutdown();
        blocking.shutdown();
        asking.shutdown();
        ownTimer.ifPresent(ScheduledExecutorService::shutdown);
    }
}
