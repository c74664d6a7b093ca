package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.server.ConversationTest.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.RawJson;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A session on a connection whose every move the test makes. */
class SessionTest {
    private final InMemoryEventLog log = new InMemoryEventLog();
    private final EventHub hub = EventHub.builder(log).build();
    private final AtomicLong nanos = new AtomicLong();
    private volatile boolean broken;
    private final AtomicInteger deadlines = new AtomicInteger();
    private final SessionHost host = new SessionHost(
            hub,
            EndpointOptions.builder()
                    .limits(Limits.DEFAULT.withMessagesPerSecond(1_000_000))
                    .ticker(nanos::get)
                    .heartbeat(Duration.ofSeconds(15))
                    .sendDeadline(Duration.ofSeconds(30))
                    .listener(new ServerListener() {
                        @Override
                        public void onSubscriptionOpened() {
                            if (broken) {
                                throw new IllegalStateException("broken by the test");
                            }
                        }

                        @Override
                        public void onSendDeadline() {
                            deadlines.incrementAndGet();
                        }
                    })
                    .build());
    private final HandChannel channel = new HandChannel();
    private final EventSession session = host.open(channel, Optional.empty()).orElseThrow();

    @BeforeEach
    void open() throws Exception {
        assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
        channel.take("welcome");
    }

    @AfterEach
    void close() {
        host.close();
        hub.close();
        log.close();
        assertEquals(1, channel.mostInFlight(), "messages on their way at once");
    }

    private void subscribe(String sub, String more) throws InterruptedException {
        session.received("{\"type\":\"subscribe\",\"sub\":\"" + sub + "\"" + more.replace('\'', '"') + "}");
        channel.take("subscribed");
    }

    private long append(String topic) {
        return log.append(topic, "t", RawJson.of("{}"));
    }

    private void awaitHead(long id) {
        await().until(() -> hub.head().orElseThrow().id() == id);
    }

    @Test
    void shouldPutAllThatHappenedMeanwhileInOneMessageWhenTheSocketWasBusy() throws Exception {
        subscribe("s", "");
        channel.take("caughtUp");
        append("a");
        JsonObject first = channel.look();

        long last = 0;
        for (int i = 0; i < 100; i++) {
            last = append("a");
        }
        awaitHead(last);
        assertTrue(channel.isQuiet(), "a second message before the first was accepted");
        channel.accept();

        JsonObject second = channel.take("events");
        assertEquals(List.of(1L), ids(first));
        assertEquals(100, second.getJsonArray("items").size());
        assertEquals(id(first, "to"), id(second, "after"));
        assertEquals(last, id(second, "to"));
    }

    @Test
    void shouldTakeTurnsWhenSeveralSubscriptionsHaveMuchToSay() throws Exception {
        subscribe("one", ",'batch':1");
        channel.take("caughtUp");
        subscribe("two", ",'batch':1");
        channel.take("caughtUp");
        append("a");
        int last = channel.look().getInt("ref");
        for (int i = 0; i < 30; i++) {
            append("a");
        }
        awaitHead(31);
        channel.accept();

        for (int i = 0; i < 61; i++) {
            int next = channel.take("events").getInt("ref");
            assertTrue(next != last, "two turns in a row, at message " + i);
            last = next;
        }
    }

    @Test
    void shouldGiveUpWhenAMessageIsNotAcceptedForTheDeadline() throws Exception {
        subscribe("s", "");
        channel.take("caughtUp");
        append("a");
        channel.look();

        nanos.addAndGet(Duration.ofSeconds(29).toNanos());
        session.tick(nanos.get());
        assertEquals(1, host.size());
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        session.tick(nanos.get());

        assertEquals("4409", channel.nextEnd());
        assertEquals("abort", channel.nextEnd());
        session.ended().get(30, TimeUnit.SECONDS);
        assertEquals(0, host.size());
        assertEquals(1, deadlines.get());
    }

    @Test
    void shouldTellThePositionAfterTheEventsWhenTheHeartbeatComesWhileASendIsUnderWay() throws Exception {
        subscribe("s", ",'where':['topic','=','mine']");
        channel.take("caughtUp");
        append("mine");
        channel.look();
        append("mine");
        awaitHead(2);
        nanos.addAndGet(Duration.ofSeconds(16).toNanos());
        session.tick(nanos.get());
        channel.accept();

        assertEquals(List.of(2L), ids(channel.take("events")));
        long last = append("other");
        awaitHead(last);
        nanos.addAndGet(Duration.ofSeconds(16).toNanos());
        session.tick(nanos.get());
        JsonObject position = channel.take("position");
        assertEquals(last, id(position, "to"));
        assertEquals(1, position.getJsonArray("refs").size());
    }

    @Test
    void shouldTellThePositionAtThisHeartbeatWhenTheSubscriptionHadYetToLook() throws Exception {
        subscribe("s", ",'where':['topic','=','mine']");
        assertEquals("caughtUp", channel.look().getString("type"));
        long last = append("other");
        awaitHead(last);
        nanos.addAndGet(Duration.ofSeconds(16).toNanos());
        session.tick(nanos.get());
        channel.accept();

        JsonObject position = channel.take("position");
        assertEquals(last, id(position, "to"));
        assertEquals("[1]", position.getJsonArray("refs").toString());
    }

    @Test
    void shouldCloseWhenAClientSaysMoreThanCanWait() throws Exception {
        subscribe("s", "");
        channel.look();
        // Nothing is accepted, so the answers wait, and then the questions.
        for (int i = 0; i < 2_000; i++) {
            session.received("{\"type\":\"ping\"}");
        }
        assertEquals("4429", channel.nextEnd());
    }

    @Test
    void shouldGoOnWhenAClientIsAlwaysAFewMessagesAhead() throws Exception {
        // Never fewer than 39 wait, so a count of what waits that only an empty inbox sets right would go astray.
        String ping = "{\"type\":\"ping\",\"nonce\":\"" + "x".repeat(170) + "\"}";
        for (int i = 0; i < 40; i++) {
            session.received(ping);
        }
        for (int i = 0; i < 10_000; i++) {
            channel.take("pong");
            session.received(ping);
        }
        assertTrue(channel.isOpen());
    }

    @Test
    void shouldTakeAnyNumberOfAcksInARow() throws Exception {
        subscribe("s", "");
        append("a");
        awaitHead(1);
        channel.look();
        for (int i = 0; i < 20_000; i++) {
            session.received("{\"type\":\"ack\",\"sub\":\"s\",\"at\":0}");
        }
        channel.accept();
        channel.take("events");
        assertTrue(channel.isOpen());
    }

    @Test
    void shouldSaySoAndCloseWhenItFails() throws Exception {
        broken = true;
        session.received("{\"type\":\"subscribe\",\"sub\":\"s\"}");

        JsonObject error = channel.take("error");
        assertEquals("internal", error.getString("code"));
        assertTrue(error.getBoolean("retry"));
        assertEquals("1011", channel.nextEnd());
        assertEquals(0, host.size());
    }

    @Test
    void shouldEndItsCursorsWhenTheConnectionIsGone() throws Exception {
        subscribe("s", "");
        session.closed(1006);
        session.ended().get(30, TimeUnit.SECONDS);
        assertEquals(0, host.size());
        channel.accept();
        append("a");
    }
}
