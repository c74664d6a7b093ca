package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.server.ConversationTest.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.everafter.server.spi.EventCheck;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Events that are sent only to those of whom somebody says that they may see them: over real sockets. */
class EventCheckTest {
    private final AtomicInteger failures = new AtomicInteger();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final HandCheck check = new HandCheck();
    private final Served served =
            opened(Served.with(options -> options.authentication(Authentication.by(new KnownTokens()
                            .with("alice", "alice")
                            .with("bob", "bob")
                            .with("alice2", new Principal("alice", Map.of("n", JsonValue.TRUE), Optional.empty()))))
                    .eventChecking(EventChecking.by(check))
                    .heartbeat(Duration.ofMillis(50))
                    .listener(new ServerListener() {
                        @Override
                        public void onEventCheckFailed() {
                            failures.incrementAndGet();
                        }
                    })));

    private <T extends AutoCloseable> T opened(T it) {
        opened.add(0, it);
        return it;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable it : opened) {
            it.close();
        }
    }

    private TestClient client(String who) {
        TestClient client = opened(TestClient.withToken(served.port(), who));
        client.next("welcome");
        client.subscribe("s");
        return client;
    }

    @Test
    void shouldStopBeforeTheFirstEventThatIsUndecided() {
        TestClient alice = client("alice");
        long first = served.append("free");
        long undecided = served.append("a");
        long after = served.append("free");
        assertEquals(List.of(first), ids(alice.skipTo("events")));
        await().until(() -> check.asked() == 1);
        for (int beats = 0; beats < 5; beats++) {
            JsonObject position = alice.next("position");
            assertEquals(0, position.getJsonArray("refs").size(), () -> "moved before " + undecided + ": " + position);
        }
        check.say("alice", "a", EventCheck.Verdict.ALLOWED);
        List<Long> rest = new ArrayList<>();
        while (rest.size() < 2) {
            rest.addAll(ids(alice.skipTo("events")));
        }
        assertEquals(List.of(undecided, after), rest);
    }

    @Test
    void shouldPassOverWhatIsDeniedAndSayThePosition() {
        TestClient alice = client("alice");
        check.say("alice", "a", EventCheck.Verdict.DENIED);
        long denied = served.append("a");
        JsonObject position = alice.skipTo("position");
        while (position.getJsonArray("refs").isEmpty()) {
            position = alice.next("position");
        }
        assertEquals(denied, id(position, "to"));
        long next = served.append("free");
        assertEquals(List.of(next), ids(alice.skipTo("events")));
    }

    @Test
    void shouldLetOneClientWaitAndNotTheOthers() {
        TestClient alice = client("alice");
        TestClient bob = client("bob");
        check.say("bob", "a", EventCheck.Verdict.ALLOWED);
        long event = served.append("a");
        assertEquals(List.of(event), ids(bob.skipTo("events")));
        check.say("alice", "a", EventCheck.Verdict.ALLOWED);
        assertEquals(List.of(event), ids(alice.skipTo("events")));
        assertEquals(2, check.asked());
    }

    @Test
    void shouldAskOnceForAPrincipalWhateverTheNumberOfItsConnections() {
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(client("alice"));
        }
        List<Long> events = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            events.add(served.append("a"));
        }
        served.awaitHead();
        check.say("alice", "a", EventCheck.Verdict.ALLOWED);
        for (TestClient client : clients) {
            List<Long> got = new ArrayList<>();
            while (got.size() < events.size()) {
                got.addAll(ids(client.skipTo("events")));
            }
            assertEquals(events, got);
        }
        assertEquals(1, check.asked());
    }

    @Test
    void shouldWaitAndAskAgainWhenTheCheckThrows() {
        TestClient alice = client("alice");
        check.breakDown(true);
        long event = served.append("a");
        await().until(() -> failures.get() >= 2);
        check.breakDown(false);
        check.say("alice", "a", EventCheck.Verdict.ALLOWED);
        assertEquals(List.of(event), ids(alice.skipTo("events")));
    }

    @Test
    void shouldWaitAndAskAgainWhenTheCheckIsUnavailable() {
        TestClient alice = client("alice");
        check.say("alice", "a", EventCheck.Verdict.UNAVAILABLE);
        long event = served.append("a");
        await().until(() -> failures.get() >= 2);
        check.forgetAnswers();
        check.say("alice", "a", EventCheck.Verdict.ALLOWED);
        assertEquals(List.of(event), ids(alice.skipTo("events")));
    }

    @Test
    void shouldDecideByTheNewTokenWhatWaitsWhenAnotherIsShown() {
        TestClient alice = client("alice");
        long event = served.append("a");
        await().until(() -> check.asked() == 1);
        alice.send("{'type':'auth','token':'alice2'}");
        alice.skipTo("authorized");
        check.say("alice", "a", EventCheck.Verdict.ALLOWED);
        await().until(() -> check.asked() == 2);
        JsonObject position = alice.skipTo("position");
        assertEquals(0, position.getJsonArray("refs").size(), "decided by the token before");
        check.answer("alice[n]", "a").complete(EventCheck.Verdict.ALLOWED);
        assertEquals(List.of(event), ids(alice.skipTo("events")));
    }

    @Test
    void shouldRefuseToCheckEventsForClientsWhomNobodyKnows() {
        EndpointOptions.Builder options = EndpointOptions.builder().eventChecking(EventChecking.by(check));
        assertThrows(IllegalStateException.class, options::build);
    }

    @Test
    void shouldRefuseLimitsWithWhichAnAnswerIsGoneBeforeItIsUsed() {
        EventChecking rules = EventChecking.by(check);
        Duration brief = Duration.ofMillis(999);
        Duration second = Duration.ofSeconds(1);
        assertThrows(IllegalArgumentException.class, () -> rules.withAnswersFor(brief, second));
        assertThrows(IllegalArgumentException.class, () -> rules.withAnswersFor(second, brief));
        assertThrows(IllegalArgumentException.class, () -> rules.withLimits(64, 999));
        assertThrows(IllegalArgumentException.class, () -> rules.withLimits(0, 1_000));
    }
}
