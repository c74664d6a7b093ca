package dev.everafter.server;

import static dev.everafter.server.ConversationTest.ids;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.RawJson;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.glassfish.tyrus.container.grizzly.server.GrizzlyServerContainer;
import org.glassfish.tyrus.server.TyrusServerContainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The endpoint in a container that knows nothing of it: Tyrus's own. */
class PlainContainerTest {
    private final InMemoryEventLog log = new InMemoryEventLog();
    private final EventHub hub = EventHub.builder(log).build();
    private final TyrusServerContainer container =
            (TyrusServerContainer) new GrizzlyServerContainer().createContainer(Map.of());

    @BeforeEach
    void start() throws Exception {
        assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
        container.addEndpoint(EventEndpoint.config(
                hub,
                EndpointOptions.builder()
                        .limits(Limits.DEFAULT.withConnections(1))
                        .build()));
        container.start("", 0);
    }

    @AfterEach
    void stop() {
        container.stop();
        hub.close();
        log.close();
    }

    @Test
    void shouldServeWhenDeployedByItsConfigAlone() {
        try (TestClient client = TestClient.welcomed(container.getPort())) {
            client.subscribe("s");
            long id = log.append("a", "t", RawJson.of("{}"));
            assertEquals(List.of(id), ids(client.next("events")));
        }
    }

    @Test
    void shouldCloseBeforeItSaysAnythingWhenAForeignPageConnects() throws Exception {
        try (RawClient client = new RawClient(container.getPort(), 1 << 16)) {
            assertEquals(101, client.upgrade("localhost", Map.of("Origin", "https://evil.example")));
            assertEquals("close 4403", client.read());
        }
    }

    @Test
    void shouldCloseWith1013WhenThereAreTooManyConnections() {
        try (TestClient first = TestClient.welcomed(container.getPort());
                TestClient second = TestClient.open(container.getPort())) {
            assertEquals(1013, second.closeCode());
            first.subscribe("still there");
        }
    }
}
