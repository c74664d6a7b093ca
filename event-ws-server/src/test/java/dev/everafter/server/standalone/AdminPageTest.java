package dev.everafter.server.standalone;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.BearerToken;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may revoke over HTTP, and what comes of it. */
class AdminPageTest {
    private static final String TOKEN = "a-token-of-the-admin-with-more-than-32-characters";

    private final InMemoryEventLog log = new InMemoryEventLog();
    private final EventHub hub = EventHub.builder(log).build();
    private final List<Revocation> told = new CopyOnWriteArrayList<>();
    private final EventServer server = EventServer.builder(hub)
            .port(0)
            .adminToken(BearerToken.parse(TOKEN).orElseThrow())
            .start();
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void watch() throws InterruptedException {
        assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
        var unused = hub.onRevoked(told::add);
    }

    @AfterEach
    void close() {
        server.close();
        hub.close();
        log.close();
    }

    private HttpResponse<String> send(int port, String method, String query, Optional<String> authorization)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + AdminPage.REVOKE + query))
                .timeout(Duration.ofSeconds(30))
                .method(method, HttpRequest.BodyPublishers.noBody());
        authorization.ifPresent(value -> request.header("Authorization", value));
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String query) throws Exception {
        return send(server.port(), "POST", query, Optional.of("Bearer " + TOKEN));
    }

    @Test
    void shouldPutTheRevocationIntoTheLogWhenTheAdminSaysSo() throws Exception {
        assertEquals(204, post("?subject=b%C3%B6b+%26+%22eve%22").statusCode());
        assertEquals(204, post("").statusCode());
        long head = log.range().head();
        await().until(() -> hub.head().orElseThrow().id() == head);
        assertEquals(List.of(new Revocation(Optional.of("böb & \"eve\"")), Revocation.OF_EVERYONE), told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"?subject=", "?subject=a&all=true", "?user=bob", "?subject", "?x"})
    void shouldRefuseWhatItDoesNotUnderstandRatherThanRevokeEveryone(String query) throws Exception {
        assertEquals(400, post(query).statusCode());
        assertEquals(0, log.range().head());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer x", "Basic " + TOKEN, "Bearer " + TOKEN + "x", TOKEN})
    void shouldRefuseWhoeverHasNotTheToken(String authorization) throws Exception {
        HttpResponse<String> answer = send(
                server.port(),
                "POST",
                "?subject=bob",
                Optional.of(authorization).filter(text -> !text.isEmpty()));
        assertEquals(401, answer.statusCode());
        assertEquals("Bearer", answer.headers().firstValue("WWW-Authenticate").orElse(""));
        assertEquals(0, log.range().head());
    }

    @Test
    void shouldTakeOnlyPosts() throws Exception {
        assertEquals(
                405,
                send(server.port(), "GET", "", Optional.of("Bearer " + TOKEN)).statusCode());
        assertEquals(0, log.range().head());
    }

    @Test
    void shouldHaveNoSuchPageWhenNoTokenIsConfigured() throws Exception {
        try (EventServer plain = EventServer.builder(hub).port(0).start()) {
            assertEquals(
                    405,
                    send(plain.port(), "POST", "", Optional.of("Bearer " + TOKEN))
                            .statusCode());
            assertEquals(
                    404,
                    send(plain.port(), "GET", "", Optional.of("Bearer " + TOKEN))
                            .statusCode());
        }
        assertEquals(0, log.range().head());
    }
}
