package dev.everafter.server;

import static dev.everafter.testkit.Patience.await;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.server.standalone.EventServer;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A log in memory with rows of Arvados, an API server's stub, and a v0 endpoint on a free port. */
public final class ServedArvados implements AutoCloseable {
    /** As clients have them, with slashes. */
    public static final String TOKEN = "v2/zzzzz-gj3su-000000000000001/s3cret";

    /** Longer than a test lasts, wherever it doesn't say otherwise. */
    private static final Duration NEVER = Duration.ofHours(10);

    public final InMemoryEventLog log = new InMemoryEventLog();
    public final ArvadosApi api = new ArvadosApi().knowing(TOKEN);
    public final EventHub hub;
    public final ArvadosEndpoint endpoint;
    public final EventServer server;

    private ServedArvados(
            UnaryOperator<ArvadosOptions.Builder> rules,
            UnaryOperator<EndpointOptions.Builder> options,
            UnaryOperator<EventHub.Builder> hubOptions) {
        hub = hubOptions.apply(EventHub.builder(log)).build();
        EndpointOptions shared = options.apply(EndpointOptions.builder()).build();
        endpoint = ArvadosEndpoint.of(
                hub,
                rules.apply(ArvadosOptions.builder(api.uri())
                                .heartbeat(NEVER)
                                .checkPatience(NEVER)
                                .permissionWait(NEVER)
                                .tokenPatience(NEVER))
                        .build(),
                shared);
        server = EventServer.builder(hub)
                .port(0)
                .options(shared)
                .arvados(endpoint)
                .drainTimeout(Duration.ofSeconds(5))
                .start();
        try {
            if (!hub.awaitStarted(Duration.ofSeconds(30))) {
                throw new IllegalStateException("the hub did not start");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public static ServedArvados withDefaults() {
        return with(rules -> rules);
    }

    public static ServedArvados with(UnaryOperator<ArvadosOptions.Builder> rules) {
        return with(rules, options -> options);
    }

    public static ServedArvados with(
            UnaryOperator<ArvadosOptions.Builder> rules, UnaryOperator<EndpointOptions.Builder> options) {
        return new ServedArvados(rules, options, hub -> hub);
    }

    /** What isn't live is read from the log, in small pages. */
    public static ServedArvados withSmallMemory() {
        return new ServedArvados(
                rules -> rules, options -> options, hub -> hub.tailBytes(0).pageEvents(7));
    }

    public int port() {
        return server.port();
    }

    /** Connected with the token that is known. */
    public TestClient connect() {
        return connect(TOKEN);
    }

    public TestClient connect(String token) {
        return TestClient.plain(port(), "/websocket?api_token=" + token, Map.of());
    }

    /** Connected, and subscribed to everything from now on. */
    public TestClient subscribed() {
        TestClient client = connect();
        client.send("{'method':'subscribe'}");
        expectStatus(client, 200);
        return client;
    }

    public static void expectStatus(TestClient client, int status) {
        JsonObject message = client.next();
        if (message.getInt("status", 0) != status) {
            throw new AssertionError("expected status " + status + ": " + message);
        }
    }

    /** The ids of the next {@code count} messages, which must be events. */
    public static List<Long> ids(TestClient client, int count) {
        return Stream.generate(client::next)
                .limit(count)
                .map(message -> message.getJsonNumber("id").longValue())
                .toList();
    }

    public long append(LogsRow row) {
        long id = log.range().head() + 1;
        log.append(List.of(row.change(id)));
        return id;
    }

    /** Appends updates of these collections, one after the other. */
    public void appendUpdates(int... collections) {
        for (int collection : collections) {
            append(LogsRow.update(collection));
        }
    }

    /** Waits until the hub has all that was appended. */
    public void awaitHead() {
        long id = log.range().head();
        await().until(() -> hub.head().orElseThrow().id() == id);
    }

    @Override
    public void close() {
        server.close();
        hub.close();
        log.close();
        api.close();
    }
}
