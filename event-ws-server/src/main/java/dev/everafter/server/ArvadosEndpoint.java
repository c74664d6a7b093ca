package dev.everafter.server;

import dev.everafter.core.EventHub;
import jakarta.websocket.server.ServerEndpointConfig;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Serves the rows of Arvados' {@code logs} table to Arvados' own clients, by their protocol: each connection gets every event
 * after the place where it subscribed, of any age, that its filters match and that its token may read, each once. They come in
 * the order of their ids, but for those about an object of which the API server doesn't say in time who may read it.
 *
 * <p>Who may read what is asked of the API server, as the client's token; what it doesn't allow is sent to nobody. See {@code
 * docs/arvados.md}.
 *
 * <p>It uses the Jakarta WebSocket API alone, as {@link EventEndpoint} does, and {@link EventEndpoint#ABORT} has the same
 * meaning here.
 *
 * <p>Safe for use by any thread.
 */
public final class ArvadosEndpoint implements AutoCloseable {
    /** Where it is deployed, relative to the container's context. */
    public static final String PATH = "/websocket";

    private final ArvadosHost host;
    private final ServerEndpointConfig config;

    private ArvadosEndpoint(EventHub hub, ArvadosOptions rules, EndpointOptions options) {
        this.host = new ArvadosHost(hub, rules, options);
        this.config = ServerEndpointConfig.Builder.create(ArvadosJakartaEndpoint.class, PATH)
                .configurator(new ArvadosJakartaEndpoint.Configurator(host))
                .build();
    }

    /**
     * What is counted since the endpoint began.
     *
     * @param odd events that are sent to nobody, since their rows don't tell who may see them
     * @param unreadable events whose properties are neither JSON nor YAML, and sent as {@code {}}
     * @param cut events that were too large, and lost properties
     * @param setAside events that waited beside others until it was known who may see them
     * @param givenUp of these, those that were never sent
     * @param asked requests to the API server
     * @param unanswered of these, those that got neither yes nor no
     */
    public record Counts(
            long odd, long unreadable, long cut, long setAside, long givenUp, long asked, long unanswered) {}

    /**
     * An endpoint for {@code hub}, to be deployed by its {@link #config()} and closed after use.
     *
     * @throws IllegalArgumentException if {@code options} has renderings: they would hide nothing from these clients
     */
    public static ArvadosEndpoint of(EventHub hub, ArvadosOptions rules, EndpointOptions options) {
        if (!options.renderings().isEmpty()) {
            throw new IllegalArgumentException("renderings "
                    + options.renderings().keySet() + " are for protocol v1: here shownAttributes says what is shown");
        }
        return new ArvadosEndpoint(hub, rules, options);
    }

    /** What a container deploys. */
    public ServerEndpointConfig config() {
        return config;
    }

    /** How many connections are open. */
    public int sessions() {
        return host.size();
    }

    /** How many questions to the API server wait for an answer. */
    int undecided() {
        return host.checks().waiting();
    }

    /** What it has counted. */
    public Counts counts() {
        ArvadosCounters counters = host.counters();
        return new Counts(
                counters.odd.sum(),
                counters.unreadable.sum(),
                counters.cut.sum(),
                counters.setAside.sum(),
                counters.givenUp.sum(),
                counters.asked.sum(),
                counters.unanswered.sum());
    }

    /**
     * Takes no more connections, and closes those that are there with 1001, one after the other.
     *
     * @return false if some were still open after {@code timeout}; {@link #close()} ends them
     */
    public boolean drain(Duration timeout) throws InterruptedException {
        try {
            host.drain().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends all connections at once, and the endpoint's threads; the hub stays open. Does nothing the second time. */
    @Override
    public void close() {
        host.close();
    }
}
