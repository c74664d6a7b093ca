package dev.everafter.server;

import static dev.everafter.testkit.Patience.await;

import dev.everafter.core.EventHub;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.RawJson;
import dev.everafter.server.standalone.EventServer;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** A log in memory, its hub, and a server of it on a free port. */
public final class Served implements AutoCloseable {
    private static volatile boolean preparedFrames = true;

    public final InMemoryEventLog log = new InMemoryEventLog();
    public final EventHub hub;
    public final EventServer server;

    private Served(
            UnaryOperator<EndpointOptions.Builder> options,
            UnaryOperator<EventHub.Builder> hubOptions,
            UnaryOperator<EventServer.Builder> serverOptions) {
        hub = hubOptions.apply(EventHub.builder(log)).build();
        server = serverOptions
                .apply(EventServer.builder(hub)
                        .port(0)
                        .options(options.apply(endpoint()).build())
                        .drainTimeout(Duration.ofSeconds(5)))
                .start();
        try {
            if (!hub.awaitStarted(Duration.ofSeconds(30))) {
                throw new IllegalStateException("the hub did not start");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static EndpointOptions.Builder endpoint() {
        EndpointOptions.Builder options = EndpointOptions.builder();
        return preparedFrames ? options : options.withoutPreparedFrames();
    }

    /** Whether those that are started from now on send frames by themselves, as it is by default, or leave it to Tyrus. */
    static void preparedFrames(boolean prepared) {
        preparedFrames = prepared;
    }

    public static Served withDefaults() {
        return with(options -> options);
    }

    public static Served with(UnaryOperator<EndpointOptions.Builder> options) {
        return new Served(options, hub -> hub, server -> server);
    }

    public static Served with(UnaryOperator<EndpointOptions.Builder> options, UnaryOperator<EventHub.Builder> hub) {
        return new Served(options, hub, server -> server);
    }

    public static Served by(UnaryOperator<EventServer.Builder> server, UnaryOperator<EndpointOptions.Builder> options) {
        return new Served(options, hub -> hub, server);
    }

    public int port() {
        return server.port();
    }

    public long append(String topic) {
        return log.append(topic, "happened", RawJson.of("{\"n\":1}"));
    }

    public long append(String topic, String data) {
        return log.append(topic, "happened", RawJson.of(data.replace('\'', '"')));
    }

    /**
     * Waits until the hub has all that was appended: what is subscribed to before that comes in other messages, cut where
     * the hub just was.
     */
    public void awaitHead() {
        long id = log.range().head();
        await().until(() -> hub.head().orElseThrow().id() == id);
    }

    @Override
    public void close() {
        server.close();
        hub.close();
        log.close();
    }
}
