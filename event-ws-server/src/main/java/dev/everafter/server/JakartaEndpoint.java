package dev.everafter.server;

import dev.everafter.server.spi.BearerToken;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ties a container's sessions to ours. One instance serves all connections.
 *
 * <p>Public only because containers call it by reflection; {@link EventEndpoint#config()} is the way to it.
 *
 * <p>Safe for use by any thread.
 */
public final class JakartaEndpoint extends Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(JakartaEndpoint.class);
    private static final String SESSION = "dev.everafter.server.session";
    private static final String FOREIGN = "dev.everafter.server.foreign";

    private final SessionHost host;

    JakartaEndpoint(SessionHost host) {
        this.host = host;
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        // The container's timer would be armed anew on every write, in Tyrus with 0, too; our heartbeat and deadline
        // notice silence.
        session.setMaxIdleTimeout(-1);
        session.setMaxTextMessageBufferSize(host.options().maxIncoming());
        Channel channel = new JakartaChannel(
                session, host.options().preparedFrames() ? JakartaChannel.frames(session) : Optional.empty());
        if (session.getUserProperties().containsKey(FOREIGN)) {
            host.options().listener().onOriginRefused();
            channel.close(CloseCode.FORBIDDEN, "pages of this origin may not connect");
        } else if (!EventEndpoint.SUBPROTOCOL.equals(session.getNegotiatedSubprotocol())) {
            channel.close(CloseCode.PROTOCOL, "ask for the subprotocol " + EventEndpoint.SUBPROTOCOL);
        } else if (host.size() >= host.options().limits().connections()) {
            host.options().listener().onLimit(Limit.CONNECTIONS);
            channel.close(CloseCode.OVERLOADED, "there are too many connections: try again later");
        } else {
            Optional<BearerToken> token = HandshakeToken.take(session.getUserProperties());
            host.open(channel, token)
                    .ifPresentOrElse(
                            opened -> serve(session, opened),
                            () -> channel.close(CloseCode.GOING_AWAY, "the server is shutting down"));
        }
    }

    private void serve(Session session, EventSession opened) {
        session.getUserProperties().put(SESSION, opened);
        int most = host.options().maxIncoming();
        session.addMessageHandler(String.class, text -> {
            if (isLarger(text, most)) {
                opened.refuse(CloseCode.TOO_BIG, "a message may have " + most + " bytes");
            } else {
                opened.received(text);
            }
        });
        session.addMessageHandler(ByteBuffer.class, (MessageHandler.Whole<ByteBuffer>)
                bytes -> opened.refuse(CloseCode.PROTOCOL, "messages of this protocol are text"));
    }

    private static boolean isLarger(String text, int bytes) {
        return text.length() > bytes
                || (text.length() > bytes / 3 && text.getBytes(StandardCharsets.UTF_8).length > bytes);
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        if (session.getUserProperties().get(SESSION) instanceof EventSession opened) {
            opened.closed(reason.getCloseCode().getCode());
        }
    }

    @Override
    public void onError(Session session, Throwable error) {
        // The container closes what it can't go on with, and onClose follows.
        LOG.debug("a connection failed", error);
    }

    /** Hands the one instance out, and looks at the handshake. */
    static final class Configurator extends ServerEndpointConfig.Configurator {
        private final JakartaEndpoint endpoint;
        private final OriginCheck origins;
        private final HandshakeToken tokens;

        Configurator(SessionHost host) {
            this.endpoint = new JakartaEndpoint(host);
            this.origins = new OriginCheck(host.options().allowedOrigins());
            this.tokens = new HandshakeToken(host.options().authentication());
        }

        @Override
        public <T> T getEndpointInstance(Class<T> type) {
            return type.cast(endpoint);
        }

        @Override
        public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
            return requested.contains(EventEndpoint.SUBPROTOCOL) ? EventEndpoint.SUBPROTOCOL : "";
        }

        @Override
        public boolean checkOrigin(String origin) {
            // Without the Host header, which this method isn't given, it can't be said.
            return true;
        }

        @Override
        public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
            if (!origins.allows(header(request, "Origin"), header(request, "Host"))) {
                // The API has no way to refuse here. Closing before the first message says as little.
                config.getUserProperties().put(FOREIGN, true);
            }
            tokens.put(config.getUserProperties(), request);
        }
    }

    /** The first value of a request's header, whose name may be written in any case. */
    static Optional<String> header(HandshakeRequest request, String name) {
        for (Map.Entry<String, List<String>> header : request.getHeaders().entrySet()) {
            if (name.equalsIgnoreCase(header.getKey())) {
                return header.getValue().stream().findFirst();
            }
        }
        return Optional.empty();
    }
}
