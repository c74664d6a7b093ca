package dev.everafter.testkit;

import dev.everafter.testkit.TcpProxy.Direction;
import dev.everafter.testkit.TcpProxy.Passage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Lets one WebSocket message of a server vanish on its way: what no network does, and a faulty gateway may. All else passes
 * as it is; so do fragments, of which nothing is dropped.
 *
 * <p>Frames are those of RFC 6455, section 5.2, not masked, as a server's must be. Safe for use by any thread.
 */
public final class MessageDropper {
    private static final int TEXT = 0x81; // a whole message
    private static final byte[] HANDSHAKE_END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final AtomicReference<@Nullable Order> order = new AtomicReference<>();

    private MessageDropper() {}

    /** Stands between the servers behind {@code proxy} and the connections that are made from now on. */
    public static MessageDropper in(TcpProxy proxy) {
        MessageDropper dropper = new MessageDropper();
        proxy.through(Direction.TO_CLIENT, () -> dropper.new Frames());
        return dropper;
    }

    /** Drops the next message that {@code which} accepts, on any of the connections; the result is what was dropped. */
    public Future<String> dropNext(Predicate<String> which) {
        CompletableFuture<String> dropped = new CompletableFuture<>();
        order.set(new Order(which, dropped));
        return dropped;
    }

    private boolean drops(String message) {
        Order open = order.get();
        if (open == null || !open.which.test(message) || !order.compareAndSet(open, null)) {
            return false;
        }
        open.dropped.complete(message);
        return true;
    }

    private record Order(Predicate<String> which, CompletableFuture<String> dropped) {}

    /** The frames of one connection, however they are split over reads. */
    private final class Frames implements Passage {
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private int ofHandshakeEnd;

        @Override
        public void pass(byte[] bytes, int from, int count, OutputStream out) throws IOException {
            int at = from;
            while (ofHandshakeEnd < HANDSHAKE_END.length && at < from + count) {
                byte next = bytes[at++];
                ofHandshakeEnd = next == HANDSHAKE_END[ofHandshakeEnd] ? ofHandshakeEnd + 1 : next == '\r' ? 1 : 0;
            }
            out.write(bytes, from, at - from);
            kept.write(bytes, at, from + count - at);
            passFrames(out);
        }

        private void passFrames(OutputStream out) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(kept.toByteArray());
            kept.reset();
            while (true) {
                int begin = bytes.position();
                int payload = payload(bytes);
                if (payload < 0) {
                    kept.write(bytes.array(), begin, bytes.limit() - begin);
                    return;
                }
                int end = bytes.position() + payload;
                boolean text = Byte.toUnsignedInt(bytes.get(begin)) == TEXT;
                if (!text || !drops(new String(bytes.array(), bytes.position(), payload, StandardCharsets.UTF_8))) {
                    out.write(bytes.array(), begin, end - begin);
                }
                bytes.position(end);
            }
        }

        /** Reads a frame's head, and returns the length of what follows; -1 if not all of it is there yet. */
        private int payload(ByteBuffer bytes) throws IOException {
            if (bytes.remaining() < 2) {
                return -1;
            }
            bytes.get();
            int second = Byte.toUnsignedInt(bytes.get());
            if (second > 127) {
                throw new IOException("a masked frame from a server");
            }
            if (bytes.remaining() < (second < 126 ? 0 : second == 126 ? 2 : 8)) {
                return -1;
            }
            long length =
                    second < 126 ? second : second == 126 ? Short.toUnsignedInt(bytes.getShort()) : bytes.getLong();
            return length > bytes.remaining() ? -1 : (int) length;
        }
    }
}
