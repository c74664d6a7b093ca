package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.server.ConversationTest.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.Filter;
import dev.everafter.core.FilterText;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.AccessPolicy;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a session says once its rights were revoked: nothing that the old ones decided, and all that the new ones show. */
class RevokeTest {
    private static final Revocation OF_ALICE = new Revocation(Optional.of("alice"));

    private final InMemoryEventLog log = new InMemoryEventLog();
    /** Begun before anybody is asked, for then everyone is asked again. */
    private final EventHub hub = begun(EventHub.builder(log).build());

    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong version = new AtomicLong();
    private final KnownTokens tokens = new KnownTokens().with("good", "alice");
    private final Asked asked = new Asked();
    private final SessionHost host = new SessionHost(
            hub,
            EndpointOptions.builder()
                    .authentication(Authentication.by(tokens).withPatience(Duration.ofMinutes(5)))
                    .accessPolicy(asked)
                    .ticker(nanos::get)
                    .build());
    private final HandChannel channel = new HandChannel();
    private final EventSession session =
            host.open(channel, BearerToken.parse("good")).orElseThrow();

    /** A policy that answers when the test does. */
    private final class Asked implements AccessPolicy {
        private final LinkedBlockingQueue<CompletableFuture<Filter>> questions = new LinkedBlockingQueue<>();

        @Override
        public CompletionStage<Filter> visibility(Principal principal) {
            CompletableFuture<Filter> answer = new CompletableFuture<>();
            questions.add(answer);
            return answer;
        }

        @Override
        public long version() {
            return version.get();
        }

        CompletableFuture<Filter> next() throws InterruptedException {
            CompletableFuture<Filter> question = questions.poll(30, TimeUnit.SECONDS);
            if (question == null) {
                throw new AssertionError("the policy was not asked");
            }
            return question;
        }

        void answer(String filter) throws InterruptedException {
            next().complete(FilterText.parse(filter));
        }
    }

    private static EventHub begun(EventHub hub) {
        try {
            assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
            return hub;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void begin() throws Exception {
        asked.answer("topic = 'red'");
        channel.take("welcome");
    }

    @AfterEach
    void close() {
        host.close();
        hub.close();
        log.close();
        assertEquals(1, channel.mostInFlight(), "messages on their way at once");
    }

    private void subscribe(String more) throws InterruptedException {
        session.received("{\"type\":\"subscribe\",\"sub\":\"s\"" + more.replace('\'', '"') + "}");
        channel.take("subscribed");
        channel.take("caughtUp");
    }

    private long append(String topic) {
        return log.append(topic, "t", RawJson.of("{}"));
    }

    private long append(String topic, int bytes) {
        return log.append(topic, "t", RawJson.of("\"" + "x".repeat(bytes) + "\""));
    }

    private void awaitHead() {
        long id = log.range().head();
        await().until(() -> hub.head().map(Position::id).orElse(-1L) == id);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
        session.tick(nanos.get());
    }

    @Test
    void shouldSendNothingUntilTheNewRightsAreKnownAndThenWhatTheyShow() throws Exception {
        subscribe("");
        long before = append("red");
        assertEquals(List.of(before), ids(channel.take("events")));
        log.revoke(OF_ALICE);
        append("red");
        long blue = append("blue");
        CompletableFuture<Filter> question = asked.next();
        awaitHead();
        // The connection is alive meanwhile, and says nothing else.
        pass(Duration.ofSeconds(16));
        assertEquals("[]", channel.take("position").getJsonArray("refs").toString());
        assertTrue(channel.isQuiet());

        question.complete(FilterText.parse("topic = 'blue'"));
        JsonObject authorized = channel.take("authorized");
        assertEquals(before, id(authorized.getJsonObject("at"), "s"));
        JsonObject events = nextEvents();
        assertEquals(List.of(blue), ids(events));
        assertEquals(before, id(events, "after"));
    }

    private JsonObject nextEvents() throws InterruptedException {
        JsonObject next = channel.look();
        channel.accept();
        while (!next.getString("type").equals("events")) {
            next = channel.look();
            channel.accept();
        }
        return next;
    }

    @Test
    void shouldTakeBackWhatWasBuiltAndNotSentWhenRightsAreRevoked() throws Exception {
        subscribe(",'maxMessage':1024");
        append("red");
        JsonObject inFlight = channel.look();
        long second = append("red", 600);
        append("red", 600);
        long blue = append("blue", 600);
        awaitHead();
        channel.accept();
        // Of two messages that were built from one poll this one is on its way, and the other waits.
        JsonObject onItsWay = channel.look();
        assertEquals(List.of(second), ids(onItsWay));
        log.revoke(OF_ALICE);
        CompletableFuture<Filter> question = asked.next();
        channel.accept();
        question.complete(FilterText.parse("topic = 'blue'"));

        JsonObject authorized = channel.take("authorized");
        assertEquals(second, id(authorized.getJsonObject("at"), "s"));
        assertEquals(List.of(blue), ids(nextEvents()));
        assertEquals(List.of(1L), ids(inFlight));
    }

    @Test
    void shouldGoOnWithWhatWasBuiltWhenTheNewRightsShowIt() throws Exception {
        subscribe(",'maxMessage':1024");
        append("red");
        channel.look();
        List<Long> sent = new ArrayList<>();
        IntStream.range(0, 6).forEach(i -> sent.add(append("red", 600)));
        awaitHead();
        channel.accept();
        List<Long> received = new ArrayList<>(ids(channel.look()));
        log.revoke(OF_ALICE);
        CompletableFuture<Filter> question = asked.next();
        channel.accept();
        question.complete(FilterText.parse("topic = 'red' or topic = 'blue'"));
        channel.take("authorized");
        while (received.size() < sent.size()) {
            received.addAll(ids(nextEvents()));
        }
        assertEquals(sent, received);
    }

    @Test
    void shouldAskAgainWhenTheAnswerMayBeFromBeforeTheRevocation() throws Exception {
        subscribe("");
        log.revoke(OF_ALICE);
        CompletableFuture<Filter> stale = asked.next();
        log.revoke(OF_ALICE);
        awaitHead();
        stale.complete(FilterText.parse("topic = 'red'"));
        CompletableFuture<Filter> question = asked.next();
        append("red");
        awaitHead();
        assertTrue(channel.isQuiet());
        question.complete(FilterText.parse("topic = 'blue'"));
        channel.take("authorized");
        long blue = append("blue");
        assertEquals(List.of(blue), ids(nextEvents()));
    }

    @Test
    void shouldAskAgainForWhomIsNotKnownYetWhenRightsAreRevokedMeanwhile() throws Exception {
        HandChannel other = new HandChannel();
        EventSession late = host.open(other, BearerToken.parse("good")).orElseThrow();
        CompletableFuture<Filter> stale = asked.next();
        log.revoke(OF_ALICE);
        awaitHead();
        // The one that is welcome is asked for as well.
        asked.answer("topic = 'blue'");
        stale.complete(FilterText.parse("topic = 'red'"));
        asked.answer("topic = 'blue'");
        other.take("welcome");
        late.received("{\"type\":\"subscribe\",\"sub\":\"s\"}");
        other.take("subscribed");
        other.take("caughtUp");
        append("red");
        long blue = append("blue");
        assertEquals(List.of(blue), ids(other.take("events")));
        assertEquals(1, other.mostInFlight());
        channel.take("authorized");
    }

    @Test
    void shouldLeaveOthersAloneWhenOneIsRevoked() throws Exception {
        subscribe("");
        log.revoke(new Revocation(Optional.of("bob")));
        long red = append("red");
        assertEquals(List.of(red), ids(channel.take("events")));
        assertTrue(asked.questions.isEmpty());
    }

    @Test
    void shouldAskForEveryoneWhenEveryoneIsRevokedOrAPartOfTheLogIsGone() throws Exception {
        subscribe("");
        log.revoke(Revocation.OF_EVERYONE);
        asked.answer("topic = 'red'");
        channel.take("authorized");
        append("red");
        channel.take("events");
        awaitHead();
        log.rewind(log.range().head());
        asked.answer("topic = 'red'");
        assertEquals("authorized", channel.take("authorized").getString("type"));
    }

    @Test
    void shouldAskForEveryoneWhenThePolicySaysThatItHasChanged() throws Exception {
        subscribe("");
        version.incrementAndGet();
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        // The host looks at its own times.
        CompletableFuture<Filter> question = asked.next();
        question.complete(FilterText.parse("topic = 'blue'"));
        channel.take("authorized");
        append("red");
        long blue = append("blue");
        assertEquals(List.of(blue), ids(nextEvents()));
    }

    @Test
    void shouldKeepSilentAndTryAgainWhileTheNewRightsCannotBeLookedUp() throws Exception {
        subscribe("");
        log.revoke(OF_ALICE);
        append("red");
        asked.next().completeExceptionally(new IllegalStateException("broken by the test"));
        await().until(() -> {
            pass(Duration.ofMillis(10));
            return !asked.questions.isEmpty();
        });
        asked.answer("topic = 'blue'");
        takeAfterHeartbeats("authorized");
        long blue = append("blue");
        assertEquals(List.of(blue), ids(nextEvents()));
    }

    private void takeAfterHeartbeats(String type) throws InterruptedException {
        JsonObject next = channel.look();
        channel.accept();
        while (next.getString("type").equals("position")) {
            assertEquals("[]", next.getJsonArray("refs").toString());
            next = channel.look();
            channel.accept();
        }
        assertEquals(type, next.getString("type"));
    }

    @Test
    void shouldCloseForLaterWhenTheNewRightsCannotBeLookedUpForLong() throws Exception {
        subscribe("");
        log.revoke(OF_ALICE);
        append("red");
        await().until(() -> {
            pass(Duration.ofSeconds(1));
            CompletableFuture<Filter> question = asked.questions.poll();
            if (question != null) {
                question.completeExceptionally(new IllegalStateException("broken by the test"));
            }
            if (!channel.isQuiet()) {
                channel.take("position");
            }
            return !channel.isOpen();
        });
        assertEquals("1013", channel.nextEnd());
    }

    @Test
    void shouldCloseWhenTheTokenIsNotAcceptedAnyMore() throws Exception {
        subscribe("");
        tokens.answering("good", () -> CompletableFuture.completedFuture(Decision.refused("taken back")));
        log.revoke(OF_ALICE);
        append("red");
        assertEquals("4401", channel.nextEnd());
        assertTrue(channel.isQuiet());
    }

    @Test
    void shouldCloseWhenTheTokenIsAnotherSubjectsNow() throws Exception {
        subscribe("");
        tokens.with("good", "bob");
        log.revoke(OF_ALICE);
        asked.answer("topic = 'red'");
        assertEquals("4403", channel.nextEnd());
    }

    @Test
    void shouldAnswerASubscribeByTheNewRightsWhenItComesWhileTheyAreLookedUp() throws Exception {
        append("red");
        long blue = append("blue");
        awaitHead();
        log.revoke(OF_ALICE);
        CompletableFuture<Filter> question = asked.next();
        session.received("{\"type\":\"subscribe\",\"sub\":\"s\",\"from\":\"start\"}");
        assertTrue(channel.isQuiet());
        question.complete(FilterText.parse("topic = 'blue'"));
        channel.take("authorized");
        assertEquals(List.of(blue), ids(nextEvents()));
    }
}
