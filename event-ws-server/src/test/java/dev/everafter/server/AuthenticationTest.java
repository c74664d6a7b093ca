package dev.everafter.server;

import static dev.everafter.server.ConversationTest.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, by which way, for how long, and what those hear who are not: over real sockets. */
class AuthenticationTest {
    private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");
    private static final Instant EXPIRY = START.plusSeconds(600);

    private final AtomicReference<Instant> clock = new AtomicReference<>(START);
    private final KnownTokens tokens = new KnownTokens().with("good", "alice").with("bob", "bob");
    private final List<Served> served = new ArrayList<>();

    private Served serve(UnaryOperator<Authentication> rules) {
        Authentication patient =
                Authentication.by(tokens).withDeadline(Duration.ofMinutes(5)).withPatience(Duration.ofMinutes(5));
        Served server = Served.with(options ->
                options.authentication(rules.apply(patient)).clock(clock::get).heartbeat(Duration.ofMinutes(10)));
        served.add(server);
        return server;
    }

    private Served serve() {
        return serve(rules -> rules);
    }

    @AfterEach
    void close() {
        served.forEach(Served::close);
    }

    private static void assertClosed(int code, String reason, TestClient client) {
        assertEquals(code, client.closeCode());
        assertEquals(reason, client.closeReason().getReasonPhrase());
        assertEquals(0, client.waiting(), "something was said to one who is not known");
    }

    @Test
    void shouldWelcomeWhenTheHandshakeCarriesAToken() {
        Served server = serve();
        try (TestClient client = TestClient.withToken(server.port(), "good")) {
            client.next("welcome");
            client.subscribe("s");
            long id = server.append("a");
            assertEquals(List.of(id), ids(client.next("events")));
        }
    }

    @Test
    void shouldWelcomeWhenTheFirstMessageCarriesAToken() {
        Served server = serve();
        try (TestClient client = TestClient.open(server.port())) {
            client.send("{'type':'auth','token':'good'}");
            client.next("welcome");
            client.subscribe("s");
        }
    }

    /** A browser sends cookies for whichever page asks. */
    @Test
    void shouldKnowNobodyWhenTheHandshakeCarriesOnlyACookie() throws Exception {
        Served server = serve();
        try (RawWebSocket client = RawWebSocket.connect(server.port())
                .header("Cookie", "token=good; access_token=good; Authorization=\"Bearer good\"")) {
            assertEquals(101, client.upgrade().status());
            client.send(0x81, "{\"type\":\"subscribe\",\"sub\":\"s\"}");
            assertEquals("close 4401", client.next());
            assertEquals(List.of(), tokens.asked());
        }
    }

    @Test
    void shouldSubscribeAfterTheWelcomeWhenBothWereSentAtOnce() {
        Served server = serve();
        CompletableFuture<Decision> answer = new CompletableFuture<>();
        tokens.answering("slow", () -> answer);
        try (TestClient client = TestClient.open(server.port())) {
            client.send("{'type':'auth','token':'slow'}");
            client.send("{'type':'subscribe','sub':'s'}");
            await().until(() -> tokens.asked().contains("slow"));
            assertEquals(0, client.waiting());
            answer.complete(Decision.accepted(Principal.of("alice")));
            client.next("welcome");
            assertEquals("s", client.next("subscribed").getString("sub"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'subscribe','sub':'s'}",
                "{'type':'ping'}",
                "{'type':'auth'}",
                "{'type':'auth','token':'has a space'}",
                "{'type':'auth','token':''}",
                "good"
            })
    void shouldCloseWhenTheFirstMessageCarriesNoToken(String message) {
        Served server = serve();
        try (TestClient client = TestClient.open(server.port())) {
            client.send(message);
            assertClosed(4401, "a token is needed: send it first, in \"auth\"", client);
        }
    }

    @Test
    void shouldCloseWhenTheTokenIsNobodys() {
        Served server = serve();
        try (TestClient header = TestClient.withToken(server.port(), "bad");
                TestClient message = TestClient.open(server.port())) {
            message.send("{'type':'auth','token':'bad'}");
            assertClosed(4401, "no such token", header);
            assertClosed(4401, "no such token", message);
        }
    }

    @Test
    void shouldNotHandATokenOnWhenTheNextConnectionHasNone() {
        Served server = serve();
        try (TestClient first = TestClient.withToken(server.port(), "good");
                TestClient second = TestClient.open(server.port())) {
            first.next("welcome");
            second.send("{'type':'ping'}");
            assertEquals(4401, second.closeCode());
        }
    }

    @Test
    void shouldWelcomeWithoutATokenWhenTheAuthenticatorSaysSo() {
        tokens.withAnonymous(Principal.of("everybody"));
        Served server = serve();
        try (TestClient client = TestClient.open(server.port());
                TestClient known = TestClient.withToken(server.port(), "good")) {
            client.next("welcome");
            known.next("welcome");
            client.send("{'type':'auth','token':'good'}");
            assertEquals(4403, client.closeCode());
        }
    }

    @Test
    void shouldCloseWhenNoTokenComesInTime() {
        Served server = serve(rules -> rules.withDeadline(Duration.ofMillis(50)));
        try (TestClient client = TestClient.open(server.port())) {
            assertClosed(4408, "no token came in time", client);
        }
    }

    @Test
    void shouldAskToComeBackWhenTokensCantBeChecked() {
        Served server = serve();
        Served hurried = serve(rules -> rules.withPatience(Duration.ofMillis(50)));
        tokens.answering("throws", () -> {
            throw new IllegalStateException("throws has no answer");
        });
        tokens.answering("fails", () -> CompletableFuture.failedFuture(new IllegalStateException("fails")));
        tokens.answering("hangs", CompletableFuture::new);
        tokens.answering(
                "away", () -> CompletableFuture.completedFuture(Decision.unavailable("the database is away, away")));
        String advice = "tokens can't be checked now: try again later";
        try (TestClient throwing = TestClient.withToken(server.port(), "throws");
                TestClient failing = TestClient.withToken(server.port(), "fails");
                TestClient hanging = TestClient.withToken(hurried.port(), "hangs")) {
            assertClosed(1013, advice, throwing);
            assertClosed(1013, advice, failing);
            assertClosed(1013, advice, hanging);
        }
        try (TestClient client = TestClient.withToken(server.port(), "away")) {
            assertClosed(1013, "the database is (hidden), (hidden)", client);
        }
    }

    @Test
    void shouldTakeATokenFromTheAddressOnlyWhenThatIsAllowed() {
        Served strict = serve();
        Served lax = serve(rules -> rules.withTokenInQuery(true));
        try (TestClient refused = TestClient.open(strict.port(), "/ws?access_token=good", Map.of());
                TestClient client = TestClient.open(lax.port(), "/ws?x=1&access_token=go%6Fd", Map.of())) {
            client.next("welcome");
            refused.send("{'type':'ping'}");
            assertEquals(4401, refused.closeCode());
            assertEquals(List.of("good"), tokens.asked());
        }
    }

    @Test
    void shouldCloseAndSayNothingMoreWhenTheTokenExpires() {
        tokens.with("short", "alice", EXPIRY);
        Served server = serve();
        try (TestClient client = TestClient.withToken(server.port(), "short")) {
            client.next("welcome");
            client.subscribe("s");
            clock.set(EXPIRY.minusNanos(1));
            client.send("{'type':'ping'}");
            client.skipTo("pong");
            clock.set(EXPIRY);
            server.append("a");
            assertClosed(4401, "the token has expired", client);
        }
        try (TestClient client = TestClient.withToken(server.port(), "short")) {
            assertClosed(4401, "the token has expired", client);
        }
    }

    @Test
    void shouldGoOnInPlaceWhenANewTokenOfTheSameSubjectComes() {
        tokens.with("short", "alice", EXPIRY).with("long", "alice", EXPIRY.plusSeconds(600));
        Served server = serve();
        try (TestClient client = TestClient.withToken(server.port(), "short")) {
            client.next("welcome");
            client.subscribe("s");
            long id = server.append("a");
            client.next("events");
            client.send("{'type':'auth','token':'long'}");
            client.send("{'type':'ping'}");
            JsonObject authorized = client.next("authorized");
            assertEquals(Map.of("s", id), places(authorized));
            client.next("pong");

            clock.set(EXPIRY);
            long next = server.append("b");
            assertEquals(List.of(next), ids(client.next("events")));

            clock.set(EXPIRY.plusSeconds(600));
            assertEquals(4401, client.closeCode());
        }
    }

    private static Map<String, Long> places(JsonObject authorized) {
        JsonObject at = authorized.getJsonObject("at");
        return Map.of("s", at.getJsonNumber("s").longValueExact());
    }

    @Test
    void shouldCloseForGoodWhenTheNewTokenIsAnotherSubjects() {
        Served server = serve();
        try (TestClient client = TestClient.withToken(server.port(), "good")) {
            client.next("welcome");
            client.send("{'type':'auth','token':'bob'}");
            assertClosed(4403, "the new token is another subject's: open a connection for it", client);
        }
    }

    @Test
    void shouldCloseWhenTheNewTokenIsRefused() {
        Served server = serve();
        try (TestClient client = TestClient.withToken(server.port(), "good")) {
            client.next("welcome");
            client.send("{'type':'auth','token':'bad'}");
            assertClosed(4401, "no such token", client);
        }
    }

    @Test
    void shouldKeepTheOldTokenWhenTheNewOneCantBeChecked() {
        Served server = serve();
        tokens.answering("fails", () -> CompletableFuture.failedFuture(new IllegalStateException("fails")));
        try (TestClient client = TestClient.withToken(server.port(), "good")) {
            client.next("welcome");
            client.send("{'type':'auth','token':'fails'}");
            JsonObject error = client.next("error");
            assertEquals("auth_unavailable", error.getString("code"));
            assertTrue(error.getBoolean("retry"));
            client.subscribe("s");
        }
    }

    @Test
    void shouldCloseAtExpiryWhenTheNewTokenIsStillBeingChecked() {
        tokens.with("short", "alice", EXPIRY);
        CompletableFuture<Decision> answer = new CompletableFuture<>();
        tokens.answering("slow", () -> answer);
        Served server = serve();
        try (TestClient client = TestClient.withToken(server.port(), "short")) {
            client.next("welcome");
            client.send("{'type':'auth','token':'slow'}");
            client.send("{'type':'auth','token':'good'}");
            await().until(() -> tokens.asked().contains("slow"));
            clock.set(EXPIRY);
            assertClosed(4401, "the token has expired", client);
            answer.complete(Decision.accepted(Principal.of("alice")));
            assertEquals(List.of("short", "slow"), tokens.asked());
        }
    }

    @Test
    void shouldHoldByTheLastTokenWhenTwoComeAtOnce() {
        tokens.with("short", "alice", EXPIRY).with("long", "alice", EXPIRY.plusSeconds(600));
        Served server = serve();
        try (TestClient client = TestClient.withToken(server.port(), "good")) {
            client.next("welcome");
            client.send("{'type':'auth','token':'long'}");
            client.send("{'type':'auth','token':'short'}");
            client.next("authorized");
            client.next("authorized");
            clock.set(EXPIRY);
            assertClosed(4401, "the token has expired", client);
            assertEquals(List.of("good", "long", "short"), tokens.asked());
        }
    }

    @Test
    void shouldServeOthersWhenAnAuthenticatorBlocks() throws Exception {
        CountDownLatch blocked = new CountDownLatch(1);
        tokens.answering("blocks", () -> {
            try {
                assertTrue(blocked.await(60, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return CompletableFuture.completedFuture(Decision.refused("at last"));
        });
        Served server = serve();
        List<TestClient> waiting = new ArrayList<>();
        try (TestClient client = TestClient.withToken(server.port(), "good")) {
            client.next("welcome");
            client.subscribe("s");
            for (int i = 0; i < 40; i++) {
                waiting.add(TestClient.withToken(server.port(), "blocks"));
            }
            await().until(() -> tokens.asked().size() > 4);
            for (int i = 0; i < 20; i++) {
                long id = server.append("a");
                assertEquals(List.of(id), ids(client.skipTo("events")));
            }
            blocked.countDown();
            for (TestClient other : waiting) {
                assertClosed(4401, "at last", other);
            }
        } finally {
            blocked.countDown();
            waiting.forEach(TestClient::close);
        }
    }

    @Test
    void shouldSayGoodbyeAtOnceWhenOneWhoIsNotKnownIsThere() {
        Served server = serve();
        try (TestClient client = TestClient.open(server.port())) {
            await().until(() -> server.server.sessions() == 1);
            server.server.close();
            assertEquals(1001, client.closeCode());
        }
    }

    @Test
    void shouldAnswerToEveryNameWhenClientsAuthenticate() throws Exception {
        Served server = serve();
        try (RawClient client = new RawClient(server.port(), 1 << 16)) {
            assertEquals(101, client.upgrade("events.example.org", Map.of("Authorization", "bearer good")));
            assertTrue(client.read().startsWith("{\"type\":\"welcome\""));
        }
    }
}
