package dev.everafter.server.standalone;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.grizzly.ssl.SSLBaseFilter;
import org.glassfish.grizzly.ssl.SSLConnectionContext;
import org.glassfish.grizzly.ssl.SSLEngineConfigurator;

/**
 * Grizzly's TLS, with two differences. A client that wants to negotiate anew, which only TLS 1.2 has, is hung up on:
 * Grizzly would wait for the rest of it in the selector thread, so that a few who are silent then would stop the server.
 * And an empty write, by which our writer ends what it has to say, tells the peer so (RFC 8446, section 6.1).
 *
 * <p>Called by the selector threads, and where it writes by any.
 */
final class TlsFilter extends SSLBaseFilter {
    private static final int HEADER_BYTES = 5;
    private static final byte HANDSHAKE = 22;

    TlsFilter(SSLEngineConfigurator engines) {
        super(engines);
    }

    @Override
    protected NextAction unwrapAll(FilterChainContext context, SSLConnectionContext tls) throws SSLException {
        Buffer input = context.getMessage();
        if (tls.getSslEngine().getSession().getProtocol().equals("TLSv1.2") && holdsHandshake(input)) {
            ConnectionGuard.connection(context).terminateSilently();
            return context.getStopAction();
        }
        return super.unwrapAll(context, tls);
    }

    /** Whether one of the records (RFC 5246, section 6.2) is part of a handshake. The first begins where the buffer does. */
    private static boolean holdsHandshake(Buffer records) {
        int at = records.position();
        while (at + HEADER_BYTES <= records.limit()) {
            if (records.get(at) == HANDSHAKE) {
                return true;
            }
            at += HEADER_BYTES + ((records.get(at + 3) & 0xff) << 8) + (records.get(at + 4) & 0xff);
        }
        return false;
    }

    @Override
    protected Buffer wrapAll(FilterChainContext context, SSLConnectionContext tls) throws SSLException {
        Buffer message = context.getMessage();
        if (message.hasRemaining()) {
            return super.wrapAll(context, tls);
        }
        SSLEngine engine = tls.getSslEngine();
        ByteBuffer last = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.closeOutbound();
        engine.wrap(ByteBuffer.allocate(0), last);
        return Buffers.wrap(context.getMemoryManager(), last.flip());
    }
}
