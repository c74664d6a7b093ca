package dev.everafter.server.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.server.RawWebSocket;
import dev.everafter.server.Served;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server whose paths all begin with {@code /our/events}. */
class PathPrefixTest {
    private static final Served SERVED = Served.by(server -> server.pathPrefix("/our/events"), options -> options);

    @AfterAll
    static void close() {
        SERVED.close();
    }

    private static HttpResponse<String> answer(String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + SERVED.port() + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @ParameterizedTest
    @CsvSource({
        "200, /our/events/",
        "200, /our/events/health/live",
        "200, /our/events/health/ready",
        "426, /our/events/ws",
        "308, /our/events",
        "404, /our/events/other",
        "404, /our/eventsws",
        "404, /our/",
        "404, /",
        "404, /ws",
        "404, /health/live",
    })
    void shouldServeEachPathAfterThePrefixAlone(int status, String path) throws Exception {
        assertEquals(status, answer(path).statusCode());
    }

    @Test
    void shouldLeadToThePageWhoseLinksAreRelativeWhenItsSlashIsMissing() throws Exception {
        assertEquals(
                "/our/events/",
                answer("/our/events").headers().firstValue("Location").orElseThrow());
        assertTrue(answer("/our/events/").body().contains("new URL(\"ws\", location.href)"));
    }

    @ParameterizedTest
    @CsvSource({"101, /our/events/ws", "404, /ws", "404, /our/events/events/ws"})
    void shouldUpgradeAfterThePrefixAlone(int status, String path) throws Exception {
        try (RawWebSocket client = RawWebSocket.connect(SERVED.port())) {
            assertEquals(status, client.request("GET " + path + " HTTP/1.1").status());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"events", "/", "/events/", "//events", "/a//b", "/..", "/a/../b", "/{x}", "/a b", "/%41", "/a?b"
            })
    void shouldRefuseAPrefixThatIsNoPath(String prefix) {
        try (InMemoryEventLog log = new InMemoryEventLog();
                EventHub hub = EventHub.builder(log).build()) {
            EventServer.Builder builder = EventServer.builder(hub);
            assertThrows(IllegalArgumentException.class, () -> builder.pathPrefix(prefix));
        }
    }
}
