package dev.everafter.benchmarks;

import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.glassfish.tyrus.container.grizzly.server.GrizzlyServerContainer;
import org.glassfish.tyrus.container.grizzly.server.WebSocketAddOn;
import org.glassfish.tyrus.spi.ServerContainer;

/**
 * Tyrus with nothing on it: it takes connections, and says nothing.
 *
 * <p>Safe for use by any thread.
 */
final class TyrusServer {
    private TyrusServer() {}

    /** Returns the port that it listens on, for as long as the process lives. */
    static int start() throws DeploymentException, IOException {
        ServerContainer container = new GrizzlyServerContainer().createContainer(Map.of());
        container
                .getWebSocketEngine()
                .register(
                        ServerEndpointConfig.Builder.create(Silent.class, "/ws").build(), "");
        // The container's own start would listen on all addresses.
        NetworkListener listener =
                new NetworkListener("tyrus", InetAddress.getLoopbackAddress().getHostAddress(), 0);
        listener.registerAddOn(new WebSocketAddOn(container, ""));
        // An upgraded connection that says nothing counts as an idle request.
        listener.getKeepAlive().setIdleTimeoutInSeconds(-1);
        // The process lives as long as it does.
        listener.getTransport()
                .setKernelThreadPoolConfig(
                        ThreadPoolConfig.defaultConfig().copy().setDaemon(false));
        HttpServer server = new HttpServer();
        server.addListener(listener);
        server.start();
        return listener.getPort();
    }

    /** Public, since Tyrus makes it by reflection. */
    public static final class Silent extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {}
    }
}
