package dev.everafter.server.standalone;

import dev.everafter.core.EventHub;
import dev.everafter.server.ArvadosEndpoint;
import dev.everafter.server.EndpointOptions;
import dev.everafter.server.EventEndpoint;
import dev.everafter.server.spi.BearerToken;
import jakarta.websocket.DeploymentException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one hub on one port: protocol v1 at {@code /ws}, {@code /health/live} and {@code /health/ready}, and a console
 * page at {@code /}.
 *
 * <p>Without {@link EndpointOptions#authentication()} it listens on a loopback address alone, and answers only to names of
 * one: nobody is asked who they are, so whoever reaches it may read every event. Pages of other sites are refused, see
 * {@link dev.everafter.server.OriginCheck}.
 *
 * <p>{@link #close()} drains: every client is told when to come back before its connection ends. The hub and its log are
 * the caller's, and stay open.
 *
 * <p>Safe for use by any thread.
 */
public final class EventServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventServer.class);
    /** Without segments of dots, which clients would resolve. */
    private static final Pattern PREFIX = Pattern.compile("(/(?!\\.{1,2}(/|$))[A-Za-z0-9._~-]+)*");

    private final EventEndpoint endpoint;
    private final Optional<ArvadosEndpoint> arvados;
    private final HttpListener http;
    private final Pages pages;
    private final Duration drainTimeout;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EventServer(
            EventEndpoint endpoint,
            Optional<ArvadosEndpoint> arvados,
            HttpListener http,
            Pages pages,
            Duration drainTimeout) {
        this.endpoint = endpoint;
        this.arvados = arvados;
        this.http = http;
        this.pages = pages;
        this.drainTimeout = drainTimeout;
    }

    /** Starts describing a server of {@code hub}. */
    public static Builder builder(EventHub hub) {
        return new Builder(hub);
    }

    /** The port it listens on. */
    public int port() {
        return http.port();
    }

    /** How many WebSocket connections are open. */
    public int sessions() {
        return endpoint.sessions() + arvados.map(ArvadosEndpoint::sessions).orElse(0);
    }

    /**
     * Takes no more connections, says goodbye to those that are there, and ends; within the drain timeout and a few
     * seconds. Does nothing the second time.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        pages.draining();
        http.stopAccepting();
        try {
            boolean drained = arvados.isEmpty() || arvados.get().drain(drainTimeout);
            if (!endpoint.drain(drainTimeout) || !drained) {
                LOG.warn("{} connections did not end within {} ms and are cut", sessions(), drainTimeout.toMillis());
            }
            http.awaitFlushed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            endpoint.close();
            arvados.ifPresent(ArvadosEndpoint::close);
            http.close();
            pages.close();
        }
    }

    /**
     * Describes an {@link EventServer}. Not safe for use by several threads; {@link #start()} copies.
     *
     * <p>Defaults: host {@code 127.0.0.1}, port 8800, {@link EndpointOptions#defaults()}, no TLS, no trusted proxies, no path prefix, 10 s to drain.
     */
    public static final class Builder {
        private final EventHub hub;
        private String host = "127.0.0.1";
        private int port = 8800;
        private EndpointOptions options = EndpointOptions.defaults();
        private Duration drainTimeout = Duration.ofSeconds(10);
        private Optional<Tls> tls = Optional.empty();
        private Optional<ArvadosEndpoint> arvados = Optional.empty();
        private TrustedProxies trustedProxies = TrustedProxies.NONE;
        private String pathPrefix = "";
        private Optional<BearerToken> adminToken = Optional.empty();

        private Builder(EventHub hub) {
            this.hub = Objects.requireNonNull(hub, "hub");
        }

        /** The address to listen on, a loopback address unless clients authenticate; {@code 127.0.0.1} by default. */
        public Builder host(String host) {
            this.host = Objects.requireNonNull(host, "host");
            return this;
        }

        /** The port to listen on, 0 for any that is free; 8800 by default. */
        public Builder port(int port) {
            if (port < 0 || port > 65_535) {
                throw new IllegalArgumentException("port " + port + " is not in 0..65535");
            }
            this.port = port;
            return this;
        }

        /** The rules for connections. */
        public Builder options(EndpointOptions options) {
            this.options = Objects.requireNonNull(options, "options");
            return this;
        }

        /** Speaks TLS, and nothing else, with this certificate; without encryption by default. */
        public Builder tls(Tls tls) {
            this.tls = Optional.of(tls);
            return this;
        }

        /** Whose word is taken for whom a request is from and how it came; nobody's by default. */
        public Builder trustedProxies(TrustedProxies proxies) {
            this.trustedProxies = Objects.requireNonNull(proxies, "trustedProxies");
            return this;
        }

        /**
         * Puts this before every path, as {@code /events} makes {@code /events/ws} of {@code /ws}: for a proxy that passes
         * paths on as they are. Nothing by default.
         *
         * @throws IllegalArgumentException if it is neither empty nor a path such as {@code /events}
         */
        public Builder pathPrefix(String prefix) {
            if (!PREFIX.matcher(prefix).matches()) {
                throw new IllegalArgumentException(
                        "path prefix \"" + prefix + "\" is no path such as /events: it begins with"
                                + " a slash, ends without one, and is of letters, digits and -._~ else");
            }
            this.pathPrefix = prefix;
            return this;
        }

        /** How long {@link EventServer#close()} waits for clients to take their goodbye; 10 s by default. */
        public Builder drainTimeout(Duration timeout) {
            if (timeout.isNegative()) {
                throw new IllegalArgumentException("drainTimeout " + timeout + " is negative");
            }
            this.drainTimeout = timeout;
            return this;
        }

        /** Serves Arvados' clients as well, at {@link ArvadosEndpoint#PATH}; closed with the server. By default not. */
        public Builder arvados(ArvadosEndpoint endpoint) {
            this.arvados = Optional.of(endpoint);
            return this;
        }

        /**
         * Who shows this token may revoke rights by {@code POST /admin/revoke}; nobody by default. It should be random, as
         * those of {@link BearerToken#random} are.
         */
        public Builder adminToken(BearerToken token) {
            this.adminToken = Optional.of(token);
            return this;
        }

        /**
         * A server that is ready for connections.
         *
         * @throws EventServerException if it can't listen where it should, or should not where it could
         */
        public EventServer start() {
            requireLoopbackOrAuthentication();
            Optional<TlsEngines> engines = tls.map(files -> new TlsEngines(files, options.clock()));
            EventEndpoint endpoint = EventEndpoint.of(hub, options);
            Pages pages = new Pages(hub, engines, pathPrefix, adminToken);
            HttpListener http =
                    new HttpListener(host, port, options, pages, engines, new Front(trustedProxies, pathPrefix));
            try {
                http.start(Stream.concat(
                                Stream.of(endpoint.config()), arvados.stream().map(ArvadosEndpoint::config))
                        .toList());
            } catch (BindException e) {
                http.close();
                endpoint.close();
                throw new EventServerException(
                        "port " + port + " of " + host + " can't be listened on (" + e.getMessage()
                                + "): stop what uses it, or choose another; 0 takes one that is free",
                        e);
            } catch (IOException | DeploymentException e) {
                http.close();
                endpoint.close();
                throw new EventServerException("can't listen on port " + port + " of " + host, e);
            }
            LOG.info(
                    "listening on {}://{}:{}{}/",
                    tls.isPresent() ? "https" : "http",
                    host.contains(":") ? "[" + host + "]" : host,
                    http.port(),
                    pathPrefix);
            return new EventServer(endpoint, arvados, http, pages, drainTimeout);
        }

        private void requireLoopbackOrAuthentication() {
            InetAddress address;
            try {
                address = InetAddress.getByName(host);
            } catch (UnknownHostException e) {
                throw new EventServerException("host \"" + host + "\" has no address: use 127.0.0.1 or ::1", e);
            }
            if (!address.isLoopbackAddress() && options.authentication().isEmpty()) {
                throw new EventServerException("refusing to listen on " + host
                        + ": nobody is asked who they are, so whoever reaches it could read every event. Configure an"
                        + " authentication; or listen on 127.0.0.1 or ::1, and let a proxy that authenticates, or ssh -L,"
                        + " forward to it");
            }
        }
    }
}
