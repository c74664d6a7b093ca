package dev.everafter.server.standalone;

import dev.everafter.server.Limit;
import dev.everafter.server.Limits;
import dev.everafter.server.Quota;
import dev.everafter.server.ServerListener;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.CloseType;
import org.glassfish.grizzly.Closeable;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.EmptyCompletionHandler;
import org.glassfish.grizzly.Grizzly;
import org.glassfish.grizzly.WriteResult;
import org.glassfish.grizzly.attributes.Attribute;
import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.memory.Buffers;
import org.jspecify.annotations.Nullable;

/**
 * Stands at the door, before TLS and HTTP: counts connections, all of them and those of each client's address, and gives each only
 * so long to make itself useful. So one that says nothing, or says it byte by byte, costs a socket for that time, and who
 * opens many is turned away at once.
 *
 * <p>A few more than may be upgraded are let in, to be told by HTTP that they are too many, and to be asked for health.
 *
 * <p>Called by the selector threads and the timer.
 */
final class ConnectionGuard extends BaseFilter {
    /** Let in to be told that they are too many, of all and of one address. */
    private static final int SPARE = 256;

    private static final int SPARE_PER_ADDRESS = 16;

    private static final Attribute<Visit> VISIT =
            Grizzly.DEFAULT_ATTRIBUTE_BUILDER.createAttribute(ConnectionGuard.class.getName());
    private static final byte[] TIMEOUT =
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final Limits limits;
    private final boolean secure;
    private final ServerListener listener;
    private final ScheduledExecutorService timer;
    private final TrustedProxies proxies;
    private final AtomicInteger total = new AtomicInteger();
    private final Quota addresses = new Quota();

    ConnectionGuard(
            Limits limits,
            boolean secure,
            ServerListener listener,
            ScheduledExecutorService timer,
            TrustedProxies proxies) {
        this.proxies = proxies;
        this.limits = limits;
        this.secure = secure;
        this.listener = listener;
        this.timer = timer;
    }

    @Override
    public NextAction handleAccept(FilterChainContext context) {
        Connection<SocketAddress> connection = connection(context);
        Visit visit = new Visit(connection);
        VISIT.set(connection, visit);
        int all = total.incrementAndGet();
        InetAddress peer = peer(connection);
        // For whom a proxy's connection counts, its requests tell.
        int ofAddress = proxies.trusts(peer) ? 0 : visit.countFor(peer);
        connection.addCloseListener(new CloseListener<Closeable, CloseType>() {
            @Override
            public void onClosed(Closeable closed, CloseType type) {
                visit.end();
            }
        });
        if (all > limits.connections() + SPARE) {
            turnAway(connection, Limit.CONNECTIONS);
        } else if (ofAddress > limits.connectionsPerAddress() + SPARE_PER_ADDRESS) {
            turnAway(connection, Limit.CONNECTIONS_PER_ADDRESS);
        } else {
            visit.expectWithin(limits.handshakeTime());
        }
        return context.getInvokeAction();
    }

    /** Who is connected: a client, or a proxy. */
    static InetAddress peer(Connection<SocketAddress> connection) {
        return ((InetSocketAddress) connection.getPeerAddress()).getAddress();
    }

    /** Grizzly has no types here; its TCP connections are all of this one. */
    @SuppressWarnings("unchecked")
    static Connection<SocketAddress> connection(FilterChainContext context) {
        return context.getConnection();
    }

    private void turnAway(Connection<SocketAddress> connection, Limit limit) {
        listener.onLimit(limit);
        connection.terminateSilently();
    }

    /** A request of {@code client} is complete, and another may follow. */
    void requested(Connection<SocketAddress> connection, InetAddress client) {
        Visit visit = VISIT.get(connection);
        int unused = visit.countFor(client);
        visit.asked = true;
        visit.expectWithin(limits.idleTime());
    }

    /** Whether the connection's address has more than it may. */
    boolean isTooMany(Connection<SocketAddress> connection) {
        return addresses.count(VISIT.get(connection).address) > limits.connectionsPerAddress();
    }

    /** From now on other rules hold: those of the session. */
    void upgraded(Connection<SocketAddress> connection) {
        VISIT.get(connection).expectNothing();
    }

    /** For whom a connection counts: a household has one IPv4 address, and 2^64 of IPv6. */
    private static String key(InetAddress address) {
        byte[] bytes = address.getAddress();
        return HexFormat.of().formatHex(bytes, 0, bytes.length == 16 ? 8 : bytes.length);
    }

    /** One connection, from accept to close. */
    private final class Visit {
        private final Connection<SocketAddress> connection;
        /** Nobody's before the first request that a proxy passes on. */
        private volatile String address = "";

        private volatile boolean asked;
        private @Nullable Future<?> deadline;
        private boolean ended;

        private Visit(Connection<SocketAddress> connection) {
            this.connection = connection;
        }

        /** From now on the connection is {@code client}'s; returns how many that one has. */
        private synchronized int countFor(InetAddress client) {
            String now = key(client);
            if (ended || now.equals(address)) {
                return addresses.count(now);
            }
            addresses.leave(address);
            address = now;
            return addresses.enter(now);
        }

        private synchronized void expectWithin(Duration time) {
            expectNothing();
            if (!ended) {
                try {
                    deadline = timer.schedule(this::late, time.toNanos(), TimeUnit.NANOSECONDS);
                } catch (RejectedExecutionException e) {
                    // The listener is being closed, and all connections with it.
                    connection.terminateSilently();
                }
            }
        }

        private synchronized void expectNothing() {
            if (deadline != null) {
                deadline.cancel(false);
                deadline = null;
            }
        }

        private void late() {
            listener.onLimit(asked ? Limit.IDLE_TIME : Limit.HANDSHAKE_TIME);
            if (asked || secure) {
                connection.terminateSilently();
                return;
            }
            connection.write(
                    Buffers.wrap(connection.getMemoryManager(), TIMEOUT),
                    new EmptyCompletionHandler<WriteResult<Buffer, SocketAddress>>() {
                        @Override
                        public void completed(WriteResult<Buffer, SocketAddress> result) {
                            connection.closeSilently();
                        }
                    });
            // If the answer isn't taken either.
            asked = true;
            expectWithin(HttpListener.LINGER);
        }

        private synchronized void end() {
            expectNothing();
            if (!ended) {
                ended = true;
                total.decrementAndGet();
                addresses.leave(address);
            }
        }
    }
}
