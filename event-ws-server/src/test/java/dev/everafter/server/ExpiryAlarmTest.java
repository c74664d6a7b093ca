package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.server.spi.BearerToken;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A token ends at its moment, by the one timer of all sessions and not by their heartbeat, which never comes here. */
class ExpiryAlarmTest {
    private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");

    private final AtomicReference<Instant> clock = new AtomicReference<>(START);
    private final HandTimer timer = new HandTimer();
    private final KnownTokens tokens = new KnownTokens().with("short", "alice", START.plusSeconds(600));
    private final InMemoryEventLog log = new InMemoryEventLog();
    private final EventHub hub = EventHub.builder(log).build();
    private final SessionHost host = new SessionHost(
            hub,
            EndpointOptions.builder()
                    .authentication(Authentication.by(tokens))
                    .clock(clock::get)
                    .timer(timer)
                    .build());
    private final QuietChannel channel = new QuietChannel();

    private record Alarm(Duration delay, Runnable task) {}

    /** Rings when the test says so; what repeats never does. */
    private static final class HandTimer extends ScheduledThreadPoolExecutor {
        private final BlockingQueue<Alarm> alarms = new LinkedBlockingQueue<>();

        private HandTimer() {
            super(0);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            alarms.add(new Alarm(Duration.of(delay, unit.toChronoUnit()), task));
            return super.schedule(() -> {}, 1, TimeUnit.DAYS);
        }

        @Override
        public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long first, long delay, TimeUnit unit) {
            return super.schedule(() -> {}, 1, TimeUnit.DAYS);
        }

        Alarm next() throws InterruptedException {
            Alarm alarm = alarms.poll(30, TimeUnit.SECONDS);
            if (alarm == null) {
                throw new AssertionError("no alarm was set");
            }
            return alarm;
        }
    }

    private static final class QuietChannel implements Channel {
        private final BlockingQueue<String> closed = new LinkedBlockingQueue<>();

        @Override
        public void send(Outgoing message, Consumer<Optional<Throwable>> done) {
            done.accept(Optional.empty());
        }

        @Override
        public void close(CloseCode code, String reason) {
            closed.add(code.number() + " " + reason);
        }

        @Override
        public void abort() {
            closed.add("abort");
        }
    }

    @AfterEach
    void close() {
        host.close();
        hub.close();
        log.close();
        timer.shutdownNow();
    }

    private EventSession open(String token) {
        return host.open(channel, BearerToken.parse(token)).orElseThrow();
    }

    @Test
    void shouldCloseAtTheMomentOfExpiryWhenNothingElseHappens() throws Exception {
        open("short");
        Alarm alarm = timer.next();
        assertEquals(Duration.ofMinutes(10), alarm.delay());
        clock.set(START.plusSeconds(600));
        alarm.task().run();
        assertEquals("4401 the token has expired", channel.closed.poll(30, TimeUnit.SECONDS));
    }

    @Test
    void shouldSetTheAlarmAgainWhenTheClockOfTokensIsBehind() throws Exception {
        open("short");
        Alarm early = timer.next();
        clock.set(START.plusSeconds(599));
        early.task().run();
        Alarm again = timer.next();
        assertEquals(Duration.ofSeconds(1), again.delay());
        clock.set(START.plusSeconds(600));
        again.task().run();
        assertEquals("4401 the token has expired", channel.closed.poll(30, TimeUnit.SECONDS));
    }

    @Test
    void shouldLookAgainOnceADayWhenATokenHoldsForAges() throws Exception {
        tokens.with("ages", "alice", Instant.MAX);
        open("ages");
        assertEquals(Duration.ofDays(1), timer.next().delay());
    }

    @Test
    void shouldMoveTheAlarmWhenANewTokenIsAccepted() throws Exception {
        tokens.with("long", "alice", START.plusSeconds(1200));
        assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
        EventSession session = open("short");
        Alarm first = timer.next();
        session.received("{\"type\":\"auth\",\"token\":\"long\"}");
        Alarm second = timer.next();
        assertEquals(Duration.ofMinutes(20), second.delay());
        clock.set(START.plusSeconds(600));
        first.task().run();
        assertEquals(Duration.ofMinutes(10), timer.next().delay());
        assertTrue(channel.closed.isEmpty());
    }
}
