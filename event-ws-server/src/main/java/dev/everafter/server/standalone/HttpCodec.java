package dev.everafter.server.standalone;

import dev.everafter.server.Limit;
import dev.everafter.server.ServerListener;
import java.io.IOException;
import java.util.Locale;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.attributes.AttributeHolder;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.http.HttpHeader;
import org.glassfish.grizzly.http.HttpRequestPacket;
import org.glassfish.grizzly.http.HttpServerFilter;
import org.glassfish.grizzly.http.KeepAlive;

/**
 * Grizzly's reading of HTTP, which says 400 to a header that is too large; RFC 6585, section 5, says 431. It also keeps a
 * connection's request for as long as the connection, some 8 kB; after an upgrade there is no further use for it.
 *
 * <p>Called by the selector threads.
 */
final class HttpCodec extends HttpServerFilter {
    /** The name by which {@link HttpServerFilter} keeps it. */
    private static final String KEEP_ALIVE = "HttpServerFilter.KeepAliveContext";

    private final ServerListener listener;

    // The one that isn't deprecated sets no limits.
    @SuppressWarnings("deprecation")
    HttpCodec(int maxHeaderBytes, KeepAlive keepAlive, ServerListener listener) {
        super(true, maxHeaderBytes, keepAlive, null);
        this.listener = listener;
    }

    @Override
    public NextAction handleRead(FilterChainContext context) throws IOException {
        return WebSocketFilter.isUpgraded(context.getConnection())
                ? context.getInvokeAction()
                : super.handleRead(context);
    }

    /** Lets go of the request: what comes from now on are frames. */
    static void forgetRequest(Connection<?> connection) {
        AttributeHolder attributes = connection.getAttributes();
        attributes.removeAttribute(HTTP_SERVER_REQUEST_ATTR_NAME);
        attributes.removeAttribute(KEEP_ALIVE);
    }

    @Override
    protected void onHttpHeaderError(HttpHeader header, FilterChainContext context, Throwable error)
            throws IOException {
        // Grizzly has no type for it, only words.
        String words = String.valueOf(error.getMessage()).toLowerCase(Locale.ROOT);
        if (header instanceof HttpRequestPacket request
                && (words.contains("too large") || words.contains("maximum number"))) {
            listener.onLimit(Limit.HEADER_BYTES);
            request.getResponse().setStatus(431);
        }
        super.onHttpHeaderError(header, context, error);
    }
}
