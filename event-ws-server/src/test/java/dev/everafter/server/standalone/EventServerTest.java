package dev.everafter.server.standalone;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.server.EndpointOptions;
import dev.everafter.server.Limits;
import dev.everafter.server.RawClient;
import dev.everafter.server.Served;
import dev.everafter.server.TestClient;
import dev.everafter.testkit.LoopbackPorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server around the endpoint: who may come in, how it is asked for its health, how it ends. */
class EventServerTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Served served = Served.with(options -> options.allowedOrigins(Set.of("https://app.example.org"))
            .limits(Limits.DEFAULT.withMessagesPerSecond(1_000_000)));

    @AfterEach
    void close() {
        served.close();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + served.port() + path))
                        .build(),
                BodyHandlers.ofString());
    }

    // ---- health and pages

    @Test
    void shouldBeLiveAndReadyWhenTheLogIsFollowed() throws Exception {
        assertEquals(200, get("/health/live").statusCode());
        HttpResponse<String> ready = get("/health/ready");
        assertEquals(200, ready.statusCode());
        assertTrue(ready.body().contains(served.log.range().epoch()), ready::body);
    }

    @Test
    void shouldNotBeReadyWhenTheHubHasNotStarted() throws Exception {
        // The log's one tailer is taken, so this hub finds none.
        try (EventHub late = EventHub.builder(served.log).build();
                EventServer server = EventServer.builder(late).port(0).start()) {
            HttpResponse<String> ready = HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/health/ready"))
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(503, ready.statusCode());
            assertTrue(ready.body().contains("head is not known"), ready::body);
            try (TestClient client = TestClient.open(server.port())) {
                assertEquals(1013, client.closeCode());
            }
        }
    }

    @Test
    void shouldServeTheConsoleWithAPolicyThatLetsNothingElseRun() throws Exception {
        HttpResponse<String> page = get("/");
        assertEquals(200, page.statusCode());
        assertTrue(page.headers().firstValue("Content-Type").orElseThrow().startsWith("text/html"));
        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertTrue(policy.startsWith("default-src 'none'; script-src 'sha256-"), policy);
        assertFalse(policy.contains("unsafe"), policy);
        assertFalse(page.body().contains("innerHTML"));
        assertFalse(page.body().matches("(?s).*(src|href)=.*"), "no external assets");
    }

    @Test
    void shouldSayWhatThereIsWhenAPathIsUnknown() throws Exception {
        assertEquals(404, get("/nothing").statusCode());
        assertEquals(426, get("/ws").statusCode());
    }

    // ---- who may come in

    @ParameterizedTest
    @CsvSource({
        "101, 127.0.0.1:%d, http://127.0.0.1:%d",
        "101, localhost:%d, http://localhost:%d",
        "101, LOCALHOST:%d, http://localhost:%d",
        "101, [::1]:%d, http://[::1]:%d",
        "101, 127.0.0.1:%d, https://app.example.org",
        "403, 127.0.0.1:%d, http://127.0.0.1:1",
        "403, 127.0.0.1:%d, http://localhost:%d",
        "403, 127.0.0.1:%d, https://evil.example",
        "403, 127.0.0.1:%d, null",
        "403, 127.0.0.1:%d, file://127.0.0.1:%d",
        "403, evil.example:%d, http://evil.example:%d",
        "403, evil.example, http://evil.example",
        "403, localhost.evil.example:%d, http://localhost.evil.example:%d",
        "403, 127.0.0.1.evil.example:%d, http://127.0.0.1.evil.example:%d",
    })
    void shouldLetInOnlyItsOwnPagesWhenABrowserConnects(int status, String host, String origin) throws Exception {
        String port = Integer.toString(served.port());
        try (RawClient client = new RawClient(served.port(), 1 << 16)) {
            assertEquals(
                    status, client.upgrade(host.replace("%d", port), Map.of("Origin", origin.replace("%d", port))));
            if (status == 101) {
                assertTrue(client.read().contains("welcome"));
            }
        }
    }

    @Test
    void shouldRefuseEveryRequestWhenItIsAddressedToAForeignName() throws Exception {
        try (RawClient client = new RawClient(served.port(), 1 << 16)) {
            assertEquals(403, client.upgrade("evil.example", Map.of("Upgrade", "none")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
    void shouldRefuseToListenWhenTheAddressIsNotLoopback(String host) {
        EventServer.Builder builder = EventServer.builder(served.hub).host(host).port(0);
        EventServerException refused = assertThrows(EventServerException.class, builder::start);
        assertTrue(refused.toString().contains(host), refused::toString);
        assertTrue(refused.toString().contains("127.0.0.1"), refused::toString);
    }

    @Test
    void shouldNameThePortWhenItIsInUse() {
        EventServer.Builder builder = EventServer.builder(served.hub).port(served.port());
        EventServerException refused = assertThrows(EventServerException.class, builder::start);
        assertTrue(refused.toString().contains("port " + served.port()), refused::toString);
    }

    @Test
    void shouldListenAgainAtOnceWhenItWasClosed() {
        // A port that no outgoing connection is given in between.
        int port = LoopbackPorts.free();
        try (EventServer first = EventServer.builder(served.hub).port(port).start();
                TestClient client = TestClient.welcomed(port)) {
            first.close();
            assertEquals(1001, client.closeCode());
        }
        try (EventServer again = EventServer.builder(served.hub).port(port).start()) {
            TestClient.welcomed(again.port()).close();
        }
    }

    // ---- what one connection may cost

    @Test
    void shouldCloseAtTheHeaderWhenAFrameIsTooLarge() throws Exception {
        try (RawClient client = new RawClient(served.port(), 1 << 16)) {
            client.upgrade("localhost", Map.of());
            client.read();
            client.announce(1L << 40);
            assertEquals("close 1009", client.read());
            assertEquals("eof", client.read());
        }
    }

    @Test
    void shouldCloseWhenAFrameIsNotMasked() throws Exception {
        try (RawClient client = new RawClient(served.port(), 1 << 16)) {
            client.upgrade("localhost", Map.of());
            client.read();
            client.sendUnmasked("{'type':'ping'}");
            assertEquals("close 1002", client.read());
            assertEquals("eof", client.read());
        }
    }

    @Test
    void shouldAnswerWhatCameInOnePacketWithTheUpgrade() throws Exception {
        try (RawClient client = new RawClient(served.port(), 1 << 16)) {
            assertEquals(101, client.upgradeAndSend("localhost", "{'type':'ping','nonce':'first'}"));
            assertTrue(client.read().contains("welcome"));
            assertTrue(client.read().contains("first"));
            client.send("{'type':'ping','nonce':'second'}");
            assertTrue(client.read().contains("second"));
        }
    }

    @Test
    void shouldGoOnWhenAClientPingsAndNeverReads() throws Exception {
        try (RawClient rude = new RawClient(served.port(), 4 << 10)) {
            rude.upgrade("localhost", Map.of());
            // More than any socket buffer takes. The server hangs up before the end, and long before the send deadline.
            assertTimeoutPreemptively(
                    Duration.ofSeconds(25),
                    () -> assertThrows(IOException.class, () -> {
                        for (int i = 0; i < 1_000_000; i++) {
                            rude.ping();
                        }
                    }));
        }
        TestClient.welcomed(served.port()).close();
    }

    // ---- the end

    @Test
    void shouldSayWhenToComeBackWhenItEnds() {
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(TestClient.welcomed(served.port()));
        }
        served.server.close();

        Set<Integer> slots = new HashSet<>();
        for (TestClient client : clients) {
            var goodbye = client.next("goodbye");
            assertEquals("shutdown", goodbye.getString("reason"));
            slots.add(goodbye.getInt("reconnectAfterMs"));
            assertEquals(1001, client.closeCode());
        }
        assertEquals(Set.of(500, 510, 520, 530, 540), slots);
    }

    @Test
    void shouldEndInTimeWhenAClientTakesNothing() throws Exception {
        InMemoryEventLog log = served.log;
        try (EventServer server = EventServer.builder(served.hub)
                        .port(0)
                        .options(EndpointOptions.defaults())
                        .drainTimeout(Duration.ofMillis(300))
                        .start();
                RawClient stuck = new RawClient(server.port(), 4 << 10)) {
            stuck.upgrade("localhost", Map.of());
            stuck.read();
            stuck.send("{'type':'subscribe','sub':'s'}");
            stuck.read();
            for (int i = 0; i < 30; i++) {
                log.append("t", "t", dev.everafter.core.RawJson.of("\"" + "x".repeat(700_000) + "\""));
            }
            long start = System.nanoTime();
            server.close();
            // Not after the send deadline, which is 30 s.
            assertTrue(System.nanoTime() - start < 25_000_000_000L);
            // Cut off, the session ends by itself.
            await().until(() -> server.sessions() == 0);
        }
    }
}
