package dev.everafter.server.standalone;

import dev.everafter.server.EndpointOptions;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.filterchain.TransportFilter;
import org.glassfish.grizzly.http.HttpServerFilter;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.nio.transport.TCPNIOTransport;
import org.glassfish.grizzly.nio.transport.TCPNIOTransportBuilder;
import org.glassfish.grizzly.ssl.SSLBaseFilter;
import org.glassfish.grizzly.strategies.SameThreadIOStrategy;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.glassfish.tyrus.core.TyrusWebSocketEngine;
import org.glassfish.tyrus.server.TyrusServerContainer;
import org.glassfish.tyrus.spi.WebSocketEngine;

/**
 * One port: Grizzly's HTTP server, with our WebSocket filter in front of its handlers and Tyrus's engine behind it.
 *
 * <p>Reads are handled by the selector threads themselves, so those of one connection come in order; nothing that they
 * call blocks.
 *
 * <p>Safe for use by any thread once started.
 */
final class HttpListener {
    /** How long a close waits for the peer to take what is left and to close as well. */
    static final Duration LINGER = Duration.ofSeconds(3);

    /** How often it is looked whether the certificate has changed. */
    private static final Duration REFRESH = Duration.ofSeconds(5);

    private static final String NAME = "everafter";
    /** Frames that Tyrus writes by itself (pongs, a close) beside the one message of ours. */
    private static final int CONTROL_BYTES = 64 << 10;

    private final HttpServer server = new HttpServer();
    private final NetworkListener listener;
    private final Container container;
    private final WebSocketFilter filter;
    private final Front front;
    private final ScheduledThreadPoolExecutor timer;
    private final Optional<TlsEngines> engines;

    HttpListener(
            String host, int port, EndpointOptions options, Pages pages, Optional<TlsEngines> engines, Front front) {
        this.engines = engines;
        this.front = front;
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "everafter-linger");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(10, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        container = new Container(options.maxIncoming());
        ConnectionGuard guard =
                new ConnectionGuard(options.limits(), engines.isPresent(), options.listener(), timer, front.proxies());
        filter = new WebSocketFilter(
                container.getWebSocketEngine(), options, guard, front, options.maxMessage() + CONTROL_BYTES, timer);
        listener = new NetworkListener(NAME, host, port);
        listener.setTransport(transport());
        listener.setSecure(engines.isPresent());
        // Upgraded connections count as idle requests to this timer; the guard has another.
        listener.getKeepAlive().setIdleTimeoutInSeconds(-1);
        // The filter's writer has a limit of its own, which it can act on.
        listener.setMaxPendingBytes(-1);
        listener.registerAddOn((network, chain) -> {
            int codec = chain.indexOfType(HttpServerFilter.class);
            chain.set(
                    codec, new HttpCodec(options.limits().headerBytes(), listener.getKeepAlive(), options.listener()));
            // Before all that takes what is read for HTTP.
            chain.add(codec + 1, filter);
            engines.ifPresent(made -> chain.set(chain.indexOfType(SSLBaseFilter.class), new TlsFilter(made)));
            chain.add(chain.indexOfType(TransportFilter.class) + 1, guard);
        });
        server.addListener(listener);
        server.getServerConfiguration().addHttpHandler(pages, "/");
    }

    private static TCPNIOTransport transport() {
        ThreadPoolConfig selectors = ThreadPoolConfig.defaultConfig()
                .copy()
                .setPoolName(NAME + "-io")
                .setDaemon(true);
        TCPNIOTransport transport = TCPNIOTransportBuilder.newInstance()
                .setIOStrategy(SameThreadIOStrategy.getInstance())
                .setSelectorThreadPoolConfig(selectors)
                .setReuseAddress(true)
                .setKeepAlive(true)
                .setTcpNoDelay(true)
                .build();
        return transport;
    }

    void start(List<ServerEndpointConfig> configs) throws IOException, DeploymentException {
        for (ServerEndpointConfig config : configs) {
            container.addEndpoint(WriterConfigurator.wrap(config, front.pathPrefix()));
        }
        container.start("", listener.getPort());
        container.doneDeployment();
        server.start();
        if (engines.isPresent()) {
            Future<?> unused = timer.scheduleWithFixedDelay(
                    engines.get()::refresh, REFRESH.toMillis(), REFRESH.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    int port() {
        return listener.getPort();
    }

    void stopAccepting() {
        listener.getTransport().unbindAll();
    }

    /** Waits until what was said last is on its way, or has had its time. */
    void awaitFlushed() throws InterruptedException {
        filter.awaitClosed(LINGER.plusMillis(500));
    }

    void close() {
        server.shutdownNow();
        container.stop();
        timer.shutdownNow();
    }

    /** Tyrus's container without its own way to start a server. */
    private static final class Container extends TyrusServerContainer {
        private final TyrusWebSocketEngine engine;

        private Container(int maxIncoming) {
            super(Set.of());
            // Not 0, for which Tyrus arms a timer all the same.
            setDefaultMaxSessionIdleTimeout(-1);
            // A frame of that size with its header, and the piece that ends it.
            engine = TyrusWebSocketEngine.builder(this)
                    .incomingBufferSize(maxIncoming + 2 * WebSocketFilter.PIECE)
                    .build();
        }

        @Override
        public void register(Class<?> endpointClass) throws DeploymentException {
            engine.register(endpointClass, "");
        }

        @Override
        public void register(ServerEndpointConfig config) throws DeploymentException {
            engine.register(config, "");
        }

        @Override
        public Map<String, Object> getProperties() {
            return Map.of();
        }

        @Override
        public WebSocketEngine getWebSocketEngine() {
            return engine;
        }
    }
}
