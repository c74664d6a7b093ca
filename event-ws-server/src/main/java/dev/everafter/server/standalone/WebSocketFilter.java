package dev.everafter.server.standalone;

import dev.everafter.server.ArvadosEndpoint;
import dev.everafter.server.EndpointOptions;
import dev.everafter.server.Limit;
import dev.everafter.server.OriginCheck;
import dev.everafter.server.RateLimit;
import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import java.net.InetAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.CloseType;
import org.glassfish.grizzly.Closeable;
import org.glassfish.grizzly.Grizzly;
import org.glassfish.grizzly.attributes.Attribute;
import org.glassfish.grizzly.attributes.AttributeStorage;
import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.http.HttpContent;
import org.glassfish.grizzly.http.HttpRequestPacket;
import org.glassfish.grizzly.http.HttpResponsePacket;
import org.glassfish.grizzly.http.Protocol;
import org.glassfish.grizzly.http.util.Header;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.tyrus.core.RequestContext;
import org.glassfish.tyrus.core.TyrusUpgradeResponse;
import org.glassfish.tyrus.core.Utils;
import org.glassfish.tyrus.spi.Connection;
import org.glassfish.tyrus.spi.UpgradeResponse;
import org.glassfish.tyrus.spi.WebSocketEngine;

/**
 * Refuses requests that should not be here, upgrades those that ask for it, and passes the messages of upgraded
 * connections to Tyrus.
 *
 * <p>Where nobody is asked who they are, every request must be addressed to a name of this machine's loopback, or a page
 * could make its own name point there and read what it likes (DNS rebinding); and one to be upgraded must not come from another site's page. Tyrus ships a
 * filter of its own, which can do neither, and whose writer can't end a connection that is stuck.
 *
 * <p>Called by the selector threads, for one connection by one at a time.
 */
final class WebSocketFilter extends BaseFilter {
    private static final Attribute<Upgraded> UPGRADED =
            Grizzly.DEFAULT_ATTRIBUTE_BUILDER.createAttribute(WebSocketFilter.class.getName());

    /** The most bytes that Tyrus gets at once. */
    static final int PIECE = 8 << 10;

    private static final String RETRY_SECONDS = "30";
    private static final int FRAMES_PER_MESSAGE = 100;

    private final WebSocketEngine engine;
    private final EndpointOptions options;
    private final OriginCheck origins;
    private final ConnectionGuard guard;
    private final Front front;
    private final long maxPending;
    private final ScheduledExecutorService timer;
    private final Set<Upgraded> open = ConcurrentHashMap.newKeySet();

    /** An upgraded connection: Tyrus's side, ours, and what its frames may cost. */
    private record Upgraded(Connection tyrus, SocketWriter writer, FrameCheck frames) {}

    WebSocketFilter(
            WebSocketEngine engine,
            EndpointOptions options,
            ConnectionGuard guard,
            Front front,
            long maxPending,
            ScheduledExecutorService timer) {
        this.engine = engine;
        this.options = options;
        this.origins = new OriginCheck(options.allowedOrigins());
        this.guard = guard;
        this.front = front;
        this.maxPending = maxPending;
        this.timer = timer;
    }

    /** Waits until no upgraded connection is open. */
    void awaitClosed(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        synchronized (open) {
            for (long left = timeout.toMillis(); !open.isEmpty() && left > 0; ) {
                open.wait(left);
                left = (deadline - System.nanoTime()) / 1_000_000;
            }
        }
    }

    @Override
    public NextAction handleRead(FilterChainContext context) {
        Upgraded upgraded = UPGRADED.get(context.getConnection());
        if (upgraded != null) {
            read(upgraded, context.getMessage());
            return context.getStopAction();
        }
        HttpContent content = context.getMessage();
        HttpRequestPacket request = (HttpRequestPacket) content.getHttpHeader();
        InetAddress peer = ConnectionGuard.peer(ConnectionGuard.connection(context));
        Provenance provenance;
        try {
            provenance = Provenance.of(name -> lines(request, name), peer, front.proxies());
        } catch (Provenance.UnclearException e) {
            return refuse(context, request, new Refusal(400, String.valueOf(e.getMessage())));
        }
        guard.requested(ConnectionGuard.connection(context), provenance.client());
        Optional<Refusal> refusal = refusal(request, provenance).or(() -> excess(context, request));
        if (refusal.isPresent()) {
            return refuse(context, request, refusal.get());
        }
        if (!HandshakeCheck.isUpgrade(request)) {
            return context.getInvokeAction();
        }
        NextAction next = upgrade(context, request, provenance);
        Upgraded opened = UPGRADED.get(context.getConnection());
        if (opened != null && content.getContent().hasRemaining()) {
            // Frames that came in one packet with the request.
            read(opened, content.getContent());
        }
        return next;
    }

    private static List<String> lines(HttpRequestPacket request, String name) {
        List<String> lines = new ArrayList<>();
        request.getHeaders().values(name).forEach(lines::add);
        return lines;
    }

    private Optional<Refusal> refusal(HttpRequestPacket request, Provenance provenance) {
        Optional<String> host = HandshakeCheck.single(request, "Host");
        if (host.isEmpty()) {
            return Optional.of(new Refusal(400, "a request names its host, once"));
        }
        if (options.authentication().isEmpty() && !LoopbackName.isOne(host)) {
            return Optional.of(new Refusal(403, "this server answers to localhost, 127.0.0.1 and [::1] only"));
        }
        if (HandshakeCheck.hasBody(request)) {
            // It would have to be read, and nothing here needs one.
            return Optional.of(new Refusal(413, "no request to this server has a body"));
        }
        if (!HandshakeCheck.isUpgrade(request)) {
            return Optional.empty();
        }
        // Arvados' own pages come from another host, and whoever connects there shows a token.
        boolean anyOrigin = request.getRequestURI().equals(front.pathPrefix() + ArvadosEndpoint.PATH);
        // Without TLS here there may be some before, at a proxy that doesn't say so.
        Optional<String> scheme =
                provenance.scheme().or(() -> request.isSecure() ? Optional.of("https") : Optional.empty());
        Optional<String> asked = provenance.host().or(() -> host);
        if (!anyOrigin && !origins.allows(Optional.ofNullable(request.getHeader("Origin")), asked, scheme)) {
            return Optional.of(new Refusal(403, "pages of this origin may not connect"));
        }
        return HandshakeCheck.flaw(request);
    }

    private Optional<Refusal> excess(FilterChainContext context, HttpRequestPacket request) {
        if (!HandshakeCheck.isUpgrade(request)) {
            return Optional.empty();
        }
        if (open.size() >= options.limits().connections()) {
            options.listener().onLimit(Limit.CONNECTIONS);
            return Optional.of(new Refusal(503, "there are too many connections: try again later")
                    .with("Retry-After", RETRY_SECONDS));
        }
        if (guard.isTooMany(ConnectionGuard.connection(context))) {
            options.listener().onLimit(Limit.CONNECTIONS_PER_ADDRESS);
            return Optional.of(new Refusal(429, "there are too many connections of your address")
                    .with("Retry-After", RETRY_SECONDS));
        }
        return Optional.empty();
    }

    /** Whether what a connection says are frames. */
    static boolean isUpgraded(AttributeStorage connection) {
        return UPGRADED.isSet(connection);
    }

    private void read(Upgraded upgraded, Buffer buffer) {
        if (!buffer.hasRemaining() || upgraded.writer().isClosing()) {
            return;
        }
        // A copy, for Tyrus may keep it, and Grizzly may use its own again.
        byte[] data = new byte[buffer.remaining()];
        buffer.get(data);
        buffer.tryDispose();
        int left;
        try {
            left = upgraded.frames().check(data);
        } catch (FrameCheck.FlawException e) {
            if (e.isRate()) {
                options.listener().onLimit(Limit.MESSAGES_PER_SECOND);
            }
            upgraded.tyrus().close(e.reason());
            return;
        }
        // A read may hold many frames, and Tyrus fails where what it has and what it gets pass its buffer together.
        for (int from = 0; from < left && !upgraded.writer().isClosing(); from += PIECE) {
            ByteBuffer piece = ByteBuffer.wrap(data, from, Math.min(PIECE, left - from));
            // Of its own length, or Tyrus would append to it, over what comes next.
            upgraded.tyrus().getReadHandler().handle(piece.slice());
        }
    }

    private NextAction upgrade(FilterChainContext context, HttpRequestPacket request, Provenance provenance) {
        SocketWriter writer = new SocketWriter(ConnectionGuard.connection(context), maxPending, timer);
        UpgradeResponse response = new TyrusUpgradeResponse();
        WebSocketEngine.UpgradeInfo info = engine.upgrade(request(request, provenance, writer), response);
        return switch (info.getStatus()) {
            case NOT_APPLICABLE -> context.getInvokeAction();
            case HANDSHAKE_FAILED -> {
                answer(context, request, response);
                context.getConnection().closeSilently();
                yield context.getStopAction();
            }
            case SUCCESS -> {
                // First the answer, for the session speaks as soon as it is open.
                answer(context, request, response);
                accept(context, info.createConnection(writer, reason -> writer.close()), writer);
                HttpCodec.forgetRequest(context.getConnection());
                yield context.getStopAction();
            }
        };
    }

    private void accept(FilterChainContext context, Connection tyrus, SocketWriter writer) {
        guard.upgraded(ConnectionGuard.connection(context));
        RateLimit frames = new RateLimit(
                (int) Math.min(
                        Integer.MAX_VALUE,
                        (long) FRAMES_PER_MESSAGE * options.limits().messagesPerSecond()),
                options.ticker());
        Upgraded upgraded = new Upgraded(tyrus, writer, new FrameCheck(options.maxIncoming(), frames, writer::pong));
        UPGRADED.set(context.getConnection(), upgraded);
        open.add(upgraded);
        ConnectionGuard.connection(context).addCloseListener(new CloseListener<Closeable, CloseType>() {
            @Override
            public void onClosed(Closeable closed, CloseType type) {
                tyrus.close(new CloseReason(CloseCodes.CLOSED_ABNORMALLY, "the connection was lost"));
                writer.closed();
                open.remove(upgraded);
                synchronized (open) {
                    open.notifyAll();
                }
            }
        });
    }

    private static RequestContext request(HttpRequestPacket packet, Provenance provenance, SocketWriter writer) {
        RequestContext request = RequestContext.Builder.create()
                .requestURI(URI.create(packet.getRequestURI()))
                .queryString(packet.getQueryString())
                .parameterMap(new HashMap<>())
                .secure(packet.isSecure())
                .remoteAddr(provenance.client().getHostAddress())
                .serverAddr(packet.getLocalAddress())
                .serverPort(packet.getLocalPort())
                .tyrusProperties(new HashMap<>())
                .httpSession(writer)
                .build();
        Map<String, List<String>> headers = request.getHeaders();
        for (String name : packet.getHeaders().names()) {
            for (String value : packet.getHeaders().values(name)) {
                headers.computeIfAbsent(name, ignored -> new ArrayList<>())
                        .addAll(Utils.parseHeaderValue(value.trim()));
            }
        }
        return request;
    }

    private static void answer(FilterChainContext context, HttpRequestPacket request, UpgradeResponse response) {
        HttpResponsePacket packet = request.getResponse();
        packet.setProtocol(Protocol.HTTP_1_1);
        packet.setStatus(response.getStatus());
        response.getHeaders().forEach((name, values) -> packet.setHeader(name, Utils.getHeaderFromList(values)));
        context.write(HttpContent.builder(packet).build());
    }

    private static NextAction refuse(FilterChainContext context, HttpRequestPacket request, Refusal refusal) {
        byte[] body = (refusal.text() + "\n").getBytes(StandardCharsets.UTF_8);
        HttpResponsePacket packet = request.getResponse();
        packet.setProtocol(Protocol.HTTP_1_1);
        packet.setStatus(refusal.status());
        packet.setContentType("text/plain; charset=utf-8");
        packet.setContentLength(body.length);
        packet.setHeader(Header.Connection, "close");
        packet.setUpgrade("");
        refusal.headers().forEach(packet::setHeader);
        context.write(HttpContent.builder(packet)
                .content(Buffers.wrap(context.getMemoryManager(), body))
                .last(true)
                .build());
        context.getConnection().closeSilently();
        return context.getStopAction();
    }
}
