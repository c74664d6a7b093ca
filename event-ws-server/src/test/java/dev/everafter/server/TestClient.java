package dev.everafter.server;

import jakarta.json.JsonObject;
import jakarta.json.spi.JsonProvider;
import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.Session;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.glassfish.tyrus.client.ClientManager;
import org.glassfish.tyrus.client.ClientProperties;

/** A Tyrus client that keeps what it is told. Not safe for use by several threads. */
public final class TestClient implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    private static final int ATTEMPTS = 20;
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final ClientManager CLIENT = client();

    private final BlockingQueue<JsonObject> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
    private final Session session;

    private static ClientManager client() {
        ClientManager client = ClientManager.createClient();
        // One transport for all: a test may have a thousand of these.
        client.getProperties().put(ClientProperties.SHARED_CONTAINER, true);
        // Timers that Tyrus may be shutting down for the session before: even 0 asks for one.
        client.setDefaultMaxSessionIdleTimeout(-1);
        return client;
    }

    private TestClient(int port, List<String> subprotocols, String path, Map<String, String> headers) {
        ClientEndpointConfig config = ClientEndpointConfig.Builder.create()
                .preferredSubprotocols(subprotocols)
                .configurator(new ClientEndpointConfig.Configurator() {
                    @Override
                    public void beforeRequest(Map<String, List<String>> request) {
                        headers.forEach((name, value) -> request.put(name, List.of(value)));
                    }
                })
                .build();
        session = connect(config, URI.create("ws://127.0.0.1:" + port + path));
    }

    /**
     * Again, if need be: where the server's close comes together with the handshake's answer, Tyrus's client may take no
     * notice of either.
     */
    private Session connect(ClientEndpointConfig config, URI uri) {
        for (int attempt = 1; ; attempt++) {
            try {
                return CLIENT.connectToServer(new Receiver(), config, uri);
            } catch (DeploymentException | IOException e) {
                boolean overtaken = String.valueOf(e.getMessage()).contains("Handshake response not received");
                if (!overtaken || attempt == ATTEMPTS) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    public static TestClient open(int port) {
        return open(port, List.of(EventEndpoint.SUBPROTOCOL));
    }

    public static TestClient open(int port, List<String> subprotocols) {
        return new TestClient(port, subprotocols, "/ws", Map.of());
    }

    public static TestClient open(int port, String path, Map<String, String> headers) {
        return new TestClient(port, List.of(EventEndpoint.SUBPROTOCOL), path, headers);
    }

    /** Asks for no subprotocol. */
    public static TestClient plain(int port, String path, Map<String, String> headers) {
        return new TestClient(port, List.of(), path, headers);
    }

    /** Shows {@code token} at the handshake. */
    public static TestClient withToken(int port, String token) {
        return open(port, "/ws", Map.of("Authorization", "Bearer " + token));
    }

    /** Connects and takes the welcome. */
    public static TestClient welcomed(int port) {
        TestClient client = open(port);
        client.next("welcome");
        return client;
    }

    /** Single quotes stand for double ones. */
    public void send(String json) {
        sending(remote -> remote.sendText(json.replace('\'', '"')));
    }

    /** Sends what the protocol doesn't know. */
    public void sendBinary(byte[] bytes) {
        sending(remote -> remote.sendBinary(ByteBuffer.wrap(bytes)));
    }

    /** Sends parts of one message, {@code most} of them if the server doesn't close before. */
    public void sendPartsUntilClosed(String part, int most) {
        for (int i = 0; i < most && !closed.isDone(); i++) {
            sending(remote -> remote.sendText(part, false));
        }
    }

    private void sending(Send send) {
        try {
            send.to(session.getBasicRemote());
        } catch (RejectedExecutionException | IllegalStateException | IOException e) {
            // The server's close may overtake the end of a call, which Tyrus's client answers in one of these ways.
            closeReason();
        }
    }

    private interface Send {
        void to(RemoteEndpoint.Basic remote) throws IOException;
    }

    /** The next message, whatever it is. */
    public JsonObject next() {
        try {
            JsonObject message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message came within " + PATIENCE_SECONDS + " s");
            }
            return message;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The next message, which must be of this type. */
    public JsonObject next(String type) {
        JsonObject message = next();
        if (!message.getString("type").equals(type)) {
            throw new AssertionError("expected " + type + ": " + message);
        }
        return message;
    }

    /** The next message of this type; all before it are let go. */
    public JsonObject skipTo(String type) {
        // Heartbeats would keep it waiting for ever.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2 * PATIENCE_SECONDS);
        while (System.nanoTime() - deadline < 0) {
            JsonObject message = next();
            if (message.getString("type").equals(type)) {
                return message;
            }
        }
        throw new AssertionError("no " + type + " came within " + 2 * PATIENCE_SECONDS + " s");
    }

    /** Subscribes from now on, and takes the answers. */
    public JsonObject subscribe(String sub) {
        send("{'type':'subscribe','sub':'" + sub + "'}");
        JsonObject subscribed = skipTo("subscribed");
        skipTo("caughtUp");
        return subscribed;
    }

    /** How many messages wait to be taken. */
    public int waiting() {
        return messages.size();
    }

    public int closeCode() {
        return closeReason().getCloseCode().getCode();
    }

    public CloseReason closeReason() {
        try {
            return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("not closed", e);
        }
    }

    @Override
    public void close() {
        try {
            if (session.isOpen()) {
                session.close();
            }
        } catch (IllegalStateException | IOException e) {
            // The server's close came first.
            closeReason();
        }
    }

    /** Public, since Tyrus calls it by reflection. */
    public final class Receiver extends Endpoint {
        @Override
        public void onOpen(Session opened, EndpointConfig config) {
            // Its timer would make sends fail in strange ways while the connection is being closed.
            opened.setMaxIdleTimeout(-1);
            opened.addMessageHandler(
                    String.class,
                    text -> messages.add(
                            JSON.createReader(new StringReader(text)).readObject()));
        }

        @Override
        public void onClose(Session ended, CloseReason reason) {
            closed.complete(reason);
        }
    }
}
