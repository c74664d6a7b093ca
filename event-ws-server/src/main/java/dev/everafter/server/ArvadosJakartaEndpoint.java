package dev.everafter.server;

import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ties a container's sessions to v0's. One instance serves all connections.
 *
 * <p>Public only because containers call it by reflection; {@link ArvadosEndpoint#config()} is the way to it.
 *
 * <p>Safe for use by any thread.
 */
public final class ArvadosJakartaEndpoint extends Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(ArvadosJakartaEndpoint.class);
    private static final String SESSION = "dev.everafter.server.arvados.session";

    private final ArvadosHost host;

    ArvadosJakartaEndpoint(ArvadosHost host) {
        this.host = host;
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        // The container's timer would be armed anew on every write, in Tyrus with 0, too; our heartbeat and deadline
        // notice silence.
        session.setMaxIdleTimeout(-1);
        session.setMaxTextMessageBufferSize(host.options().maxIncoming());
        Channel channel = new JakartaChannel(session, JakartaChannel.frames(session));
        if (host.size() >= host.options().limits().connections()) {
            host.options().listener().onLimit(Limit.CONNECTIONS);
            channel.close(CloseCode.OVERLOADED, "there are too many connections: try again later");
            return;
        }
        host.open(channel, ArvadosToken.take(session.getUserProperties()))
                .ifPresentOrElse(
                        opened -> serve(session, opened),
                        () -> channel.close(CloseCode.GOING_AWAY, "the server is shutting down"));
    }

    private static void serve(Session session, ArvadosSession opened) {
        session.getUserProperties().put(SESSION, opened);
        session.addMessageHandler(String.class, opened::received);
        session.addMessageHandler(ByteBuffer.class, (MessageHandler.Whole<ByteBuffer>) bytes -> opened.receivedBytes());
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        if (session.getUserProperties().get(SESSION) instanceof ArvadosSession opened) {
            opened.closed(reason.getCloseCode().getCode());
        }
    }

    @Override
    public void onError(Session session, Throwable error) {
        // The container closes what it can't go on with, and onClose follows.
        LOG.debug("a connection failed", error);
    }

    /** Hands the one instance out, and looks for the token. Pages of any origin may connect: they need a token. */
    static final class Configurator extends ServerEndpointConfig.Configurator {
        private final ArvadosJakartaEndpoint endpoint;

        Configurator(ArvadosHost host) {
            this.endpoint = new ArvadosJakartaEndpoint(host);
        }

        @Override
        public <T> T getEndpointInstance(Class<T> type) {
            return type.cast(endpoint);
        }

        @Override
        public boolean checkOrigin(String origin) {
            return true;
        }

        @Override
        public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
            ArvadosToken.put(config.getUserProperties(), request);
        }
    }
}
