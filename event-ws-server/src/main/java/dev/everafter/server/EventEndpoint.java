package dev.everafter.server;

import dev.everafter.core.EventHub;
import dev.everafter.core.Revocation;
import jakarta.websocket.server.ServerEndpointConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Serves a hub's events by protocol v1: each subscription gets every event after its position that it selects, once, in
 * order, for as long as its connection lasts, and can go on from there on the next. No session waits for another, and
 * one that reads slowly costs no more than one that doesn't.
 *
 * <p>It uses the Jakarta WebSocket API alone, so {@link #config()} can be deployed in any container. Where a container
 * offers a way to end a connection at once, put a {@link Runnable} that does under {@link #ABORT} into the user
 * properties of the handshake; otherwise a client that accepts nothing any more is closed as the container's own close
 * does it. Where one offers a way to send frames that are made already, put a {@link FrameWriter} under {@link #FRAMES}; then
 * a message is made once for all sessions that get it.
 *
 * <p>Without {@link EndpointOptions.Builder#authentication} nobody is asked who they are: then what carries this endpoint
 * must let in only those who may see everything.
 *
 * <p>Safe for use by any thread.
 */
public final class EventEndpoint implements AutoCloseable {
    /** Where it is deployed, relative to the container's context. */
    public static final String PATH = "/ws";

    /** The WebSocket subprotocol that a client must ask for. */
    public static final String SUBPROTOCOL = ServerMessages.PROTOCOL;

    /** The user property for a {@link Runnable} that ends the session's connection at once. */
    public static final String ABORT = "dev.everafter.server.abort";

    /** The user property for a {@link FrameWriter}. */
    public static final String FRAMES = "dev.everafter.server.frames";

    private final SessionHost host;
    private final ServerEndpointConfig config;

    private EventEndpoint(EventHub hub, EndpointOptions options) {
        this.host = new SessionHost(hub, options);
        this.config = ServerEndpointConfig.Builder.create(JakartaEndpoint.class, PATH)
                .subprotocols(List.of(SUBPROTOCOL))
                .configurator(new JakartaEndpoint.Configurator(host))
                .build();
    }

    /** An endpoint for {@code hub}, to be deployed by its {@link #config()} and closed after use. */
    public static EventEndpoint of(EventHub hub, EndpointOptions options) {
        return new EventEndpoint(hub, options);
    }

    /** What a container deploys, for those who have no use for {@link #drain}: it needs no closing. */
    public static ServerEndpointConfig config(EventHub hub, EndpointOptions options) {
        return of(hub, options).config();
    }

    /** What a container deploys. */
    public ServerEndpointConfig config() {
        return config;
    }

    /**
     * Says that what {@code subject} may see has changed: an event in the log, on which every server of the log acts. What
     * comes after it there is sent to that subject by the new rights alone. Blocks until it is committed.
     *
     * @throws dev.everafter.core.EventLogException if it can't be written
     */
    public void revoke(String subject) {
        host.hub().log().revoke(new Revocation(Optional.of(subject)));
    }

    /** The same of everyone. */
    public void revokeAll() {
        host.hub().log().revoke(Revocation.OF_EVERYONE);
    }

    /** How many connections are open. */
    public int sessions() {
        return host.size();
    }

    /**
     * Takes no more connections, tells every client when to come back, one after the other, and closes with 1001.
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
