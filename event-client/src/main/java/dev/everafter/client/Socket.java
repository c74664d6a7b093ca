package dev.everafter.client;

import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import jakarta.websocket.WebSocketContainer;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket connection: opened at most once, closed at most once, one message in flight. Sending never blocks; of the
 * acknowledgements that wait only the last of each subscription is kept, so a server that reads nothing makes nothing
 * grow here.
 *
 * <p>{@link #connect} blocks and belongs to one thread; the other methods may be called by any.
 */
final class Socket extends Endpoint implements MessageHandler.Whole<String> {
    private final Owner owner;
    private final ThreadFactory threads;
    private final int maxBytes;
    private final AtomicBoolean told = new AtomicBoolean();

    private final ArrayDeque<String> waiting = new ArrayDeque<>();
    private final Map<String, Long> acks = new LinkedHashMap<>();
    private @Nullable Session session;
    private @Nullable CloseReason closing;
    private boolean sending;
    private @Nullable Throwable error;

    Socket(Owner owner, ThreadFactory threads, int maxBytes) {
        this.owner = owner;
        this.threads = threads;
        this.maxBytes = maxBytes;
    }

    void connect(WebSocketContainer container, ClientEndpointConfig config, URI uri)
            throws DeploymentException, IOException {
        container.connectToServer(this, config, uri);
    }

    synchronized boolean isOpen() {
        return closing == null;
    }

    /** Sends {@code text} after what was given before; forgets it if the connection is closed. */
    void send(String text) {
        synchronized (this) {
            if (closing != null) {
                return;
            }
            waiting.add(text);
        }
        sendNext();
    }

    /** Acknowledges everything up to {@code at}. */
    void ack(String sub, long at) {
        synchronized (this) {
            if (closing != null) {
                return;
            }
            acks.put(sub, at);
        }
        sendNext();
    }

    /** Sends the end of {@code sub}, after which an acknowledgement would name a subscription that is none. */
    void unsubscribe(String sub) {
        synchronized (this) {
            acks.remove(sub);
        }
        send(ClientMessages.unsubscribe(sub));
    }

    /** Sends what waits, then closes. */
    void close(CloseReason reason) {
        synchronized (this) {
            if (closing != null) {
                return;
            }
            closing = reason;
        }
        sendNext();
    }

    /** Closes without sending what waits. */
    void abandon(CloseReason reason) {
        synchronized (this) {
            waiting.clear();
            acks.clear();
            if (closing == null) {
                closing = reason;
            }
            sending = false;
        }
        sendNext();
    }

    private void sendNext() {
        Session open;
        String text;
        CloseReason reason;
        synchronized (this) {
            if (session == null || sending) {
                return;
            }
            open = session;
            text = next();
            reason = closing;
            if (text == null && reason != null) {
                session = null;
            }
            sending = text != null;
        }
        if (text != null) {
            send(open, text);
        } else if (reason != null) {
            // On a thread of its own: some containers wait for the other side's close.
            threads.newThread(() -> close(open, reason)).start();
        }
    }

    private void send(Session open, String text) {
        try {
            open.getAsyncRemote().sendText(text, this::onSent);
        } catch (RuntimeException e) {
            // The container has closed the session and not said so yet.
            sendFailed(e);
        }
    }

    private @Nullable String next() {
        if (!waiting.isEmpty()) {
            return waiting.remove();
        }
        Iterator<Map.Entry<String, Long>> first = acks.entrySet().iterator();
        if (!first.hasNext()) {
            return null;
        }
        Map.Entry<String, Long> ack = first.next();
        first.remove();
        return ClientMessages.ack(ack.getKey(), ack.getValue());
    }

    private void onSent(SendResult result) {
        if (!result.isOK()) {
            sendFailed(result.getException());
            return;
        }
        synchronized (this) {
            sending = false;
        }
        sendNext();
    }

    private void sendFailed(@Nullable Throwable cause) {
        abandon(new CloseReason(CloseReason.CloseCodes.GOING_AWAY, "could not send"));
        tell(CloseReason.CloseCodes.CLOSED_ABNORMALLY.getCode(), "could not send: " + cause);
    }

    private static void close(Session session, CloseReason reason) {
        try {
            session.close(reason);
        } catch (IOException | RuntimeException e) {
            // It is gone already, which is all that was wanted.
        }
    }

    @Override
    public void onOpen(Session opened, EndpointConfig config) {
        opened.setMaxIdleTimeout(-1);
        opened.setMaxTextMessageBufferSize(maxBytes);
        opened.addMessageHandler(this);
        synchronized (this) {
            session = opened;
        }
        sendNext();
    }

    @Override
    public void onMessage(String text) {
        owner.onText(this, text);
    }

    @Override
    public void onError(Session failed, Throwable thrown) {
        synchronized (this) {
            error = thrown;
        }
    }

    @Override
    public void onClose(Session closed, CloseReason reason) {
        String text = reason.getReasonPhrase() == null ? "" : reason.getReasonPhrase();
        synchronized (this) {
            closing = reason;
            session = null;
            if (error != null) {
                text = text.isEmpty() ? error.toString() : text + " (" + error + ")";
            }
        }
        tell(reason.getCloseCode().getCode(), text);
    }

    private void tell(int code, String reason) {
        if (told.compareAndSet(false, true)) {
            owner.onClosed(this, code, reason);
        }
    }

    /** Whom a connection tells. */
    interface Owner {
        /** A message came; one call at a time. */
        void onText(Socket socket, String text);

        /** The connection is gone; told at most once, and only if it had been open. */
        void onClosed(Socket socket, int code, String reason);
    }
}
