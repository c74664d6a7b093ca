package dev.everafter.server.standalone;

import dev.everafter.server.EventEndpoint;
import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;

/**
 * Tells the endpoint how to send frames and how to end a connection at once. The filter that made the request passes its writer in the place of
 * the HTTP session, which is the one member of a request that Tyrus hands on as it is and that has no meaning here.
 */
final class WriterConfigurator extends ServerEndpointConfig.Configurator {
    private final ServerEndpointConfig.Configurator endpoint;

    private WriterConfigurator(ServerEndpointConfig.Configurator endpoint) {
        this.endpoint = endpoint;
    }

    /** The same endpoint, at its path after {@code prefix}. */
    static ServerEndpointConfig wrap(ServerEndpointConfig config, String prefix) {
        return ServerEndpointConfig.Builder.create(config.getEndpointClass(), prefix + config.getPath())
                .subprotocols(config.getSubprotocols())
                .configurator(new WriterConfigurator(config.getConfigurator()))
                .build();
    }

    @Override
    public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
        if (request.getHttpSession() instanceof SocketWriter writer) {
            config.getUserProperties().put(EventEndpoint.ABORT, writer);
            config.getUserProperties().put(EventEndpoint.FRAMES, writer);
        }
        endpoint.modifyHandshake(config, request, response);
    }

    @Override
    public <T> T getEndpointInstance(Class<T> type) throws InstantiationException {
        return endpoint.getEndpointInstance(type);
    }

    @Override
    public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
        return endpoint.getNegotiatedSubprotocol(supported, requested);
    }

    @Override
    public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
        return endpoint.getNegotiatedExtensions(installed, requested);
    }

    @Override
    public boolean checkOrigin(String origin) {
        return endpoint.checkOrigin(origin);
    }
}
