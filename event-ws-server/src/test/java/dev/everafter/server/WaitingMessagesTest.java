package dev.everafter.server;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A client that says more than is answered, which no rate forbids: its connection is closed, nothing that waited is kept, and
 * another notices nothing.
 */
class WaitingMessagesTest implements ServerListener {
    private static final String TOO_MANY = "more messages than the server can handle are waiting";
    private static final int MESSAGES = 1_000;

    private final AtomicInteger received = new AtomicInteger();
    private final List<Integer> closed = new CopyOnWriteArrayList<>();
    private final Served served = Served.with(options -> options.authentication(Authentication.by(new KnownTokens()
                            .with("other", "bob")
                            .with("known", "alice")
                            .answering("slow", CompletableFuture::new))
                    .withPatience(Duration.ofMinutes(5)))
            .limits(Limits.DEFAULT.withMessagesPerSecond(100_000))
            .listener(this));
    private final TestClient other = TestClient.withToken(served.port(), "other");

    @Override
    public void onMessageReceived(int characters) {
        received.incrementAndGet();
    }

    @Override
    public void onSessionClosed(int code) {
        closed.add(code);
    }

    @BeforeEach
    void welcome() {
        other.next("welcome");
    }

    @AfterEach
    void othersNoticeNothing() {
        other.subscribe("still there");
        other.close();
        served.close();
    }

    @Test
    void shouldCloseWith4429WhenMoreMessagesWaitThanMay() {
        try (TestClient client = TestClient.withToken(served.port(), "slow")) {
            for (int i = 0; i < MESSAGES; i++) {
                client.send("{'type':'ping'}");
            }
            await().until(() -> received.get() == MESSAGES);
            assertEquals(List.of(), closed);
            client.send("{'type':'ping'}");
            assertTooMany(client);
        }
    }

    @Test
    void shouldCloseWith4429WhenFewMessagesThatWaitAreTooMuch() {
        String large = "{'type':'ping','padding':'" + "x".repeat(60_000) + "'}";
        try (TestClient client = TestClient.withToken(served.port(), "slow")) {
            // A million characters and a few.
            for (int i = 0; i < 18; i++) {
                client.send(large);
            }
            assertTooMany(client);
        }
    }

    private void assertTooMany(TestClient client) {
        assertEquals(4429, client.closeCode());
        assertEquals(TOO_MANY, client.closeReason().getReasonPhrase());
        await().until(() -> served.server.sessions() == 1);
    }

    @Test
    void shouldCloseWith4429WhenAClientAsksAndDoesNotReadTheAnswers() throws Exception {
        try (RawClient client = new RawClient(served.port(), 4 << 10)) {
            client.upgrade("localhost", Map.of("Authorization", "Bearer known"));
            assertTrue(client.read().contains("welcome"));
            String ping = "{'type':'ping','nonce':'" + "x".repeat(90) + "'}";
            try {
                // More answers than a socket takes.
                for (int i = 0; i < 500_000 && closed.isEmpty(); i++) {
                    client.send(ping);
                }
            } catch (IOException e) {
                // Hung up on.
            }
            await().until(() -> closed.equals(List.of(4429)));
            assertEquals(1, served.server.sessions());
        }
    }
}
