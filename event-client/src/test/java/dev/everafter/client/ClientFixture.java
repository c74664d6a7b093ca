package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;

import dev.everafter.client.FakeServer.Connection;
import dev.everafter.core.Position;
import dev.everafter.core.StartFrom;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Timeout;

/** A server and clients that are stopped after each test. */
@Timeout(120)
abstract class ClientFixture {
    static final Position START = new Position("e1", 10);

    final FakeServer server = FakeServer.start();
    final RecordingListener listener = new RecordingListener();
    final RecordingHandler handler = new RecordingHandler();
    final PositionStore store = PositionStore.inMemory();
    private final List<EventClient> clients = new ArrayList<>();

    /** A handler that a failed test left blocked may not hold the others up. */
    @AfterEach
    @Timeout(60)
    void stop() throws Exception {
        clients.forEach(EventClient::close);
        server.close();
    }

    EventClient.Builder builder() {
        return EventClient.builder()
                .uri(server.uri())
                .listener(listener)
                .positionStore(store)
                .random(new Random(1))
                .saveInterval(Duration.ZERO)
                .backoff(Duration.ofMillis(1), Duration.ofMillis(5));
    }

    EventClient client(EventClient.Builder builder) {
        EventClient client = builder.build();
        clients.add(client);
        return client;
    }

    EventClient client() {
        return client(builder());
    }

    static Subscription spec() {
        return Subscription.all().from(StartFrom.after(START)).named("orders");
    }

    /** Accepts the client and confirms its one subscription, as ref 1, wherever it begins. */
    Accepted acceptSubscription() throws Exception {
        Connection connection = server.acceptAndWelcome();
        JsonObject subscribe;
        try {
            subscribe = connection.expect("subscribe");
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; the client told its listener " + listener.told, e);
        }
        JsonObject from = subscribe.getJsonObject("from");
        connection.subscribed(
                subscribe,
                1,
                from.getString("epoch"),
                from.getJsonNumber("after").longValueExact());
        return new Accepted(connection, subscribe);
    }

    record Accepted(Connection connection, JsonObject subscribe) {
        String sub() {
            return subscribe.getString("sub");
        }

        long after() {
            return subscribe.getJsonObject("from").getJsonNumber("after").longValueExact();
        }
    }

    void awaitCalls(Object... calls) {
        await().untilAsserted(() -> Assertions.assertEquals(List.of(calls), handler.calls));
    }

    /** What the subscription ended with. */
    static Throwable failure(ActiveSubscription subscription) throws Exception {
        try {
            subscription.done().toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("it ended without an error");
    }

    static EventClientException.Code failureCode(ActiveSubscription subscription) throws Exception {
        return Assertions.assertInstanceOf(EventClientException.class, failure(subscription))
                .code();
    }
}
