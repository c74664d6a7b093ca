package dev.everafter.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Many clients that connect all at once, on one thread, and remember how far they have come: after {@link #drop} each
 * resumes from its position, and fails where an event is missing, repeated or out of order across the drop. Only messages
 * that have come completely count. Against a bare server, which knows no subscription, a handshake is all they want.
 *
 * <p>For one thread, but for {@link #await}'s condition, which is asked on that thread.
 */
final class StormClient implements AutoCloseable {
    private static final Pattern TO = Pattern.compile("\"to\":(\\d+)");
    private static final Pattern EPOCH = Pattern.compile("\"epoch\":\"([^\"]+)\"");

    private final int port;
    private final boolean subscribes;
    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);
    private final List<Connection> connections = new ArrayList<>();
    private String epoch = "";

    /** @param subscribes whether the server knows the protocol; the events' numbers then begin at 1 */
    StormClient(int port, int count, boolean subscribes) throws IOException {
        this.port = port;
        this.subscribes = subscribes;
        for (int i = 0; i < count; i++) {
            connections.add(new Connection(i));
        }
    }

    /** Begins to connect all of them, without waiting for any. */
    void connect() throws IOException {
        for (Connection connection : connections) {
            connection.connect();
        }
    }

    /** Cuts all connections, as a network does that fails. */
    void drop() throws IOException {
        for (Connection connection : connections) {
            connection.cut();
        }
        selector.selectNow();
    }

    boolean allThere() {
        return connections.stream().allMatch(connection -> connection.there);
    }

    /** Whether each has got every event up to {@code number}. */
    boolean allHave(long number) {
        return connections.stream().allMatch(connection -> connection.next > number);
    }

    /** Reads until {@code condition} holds. */
    void await(String what, BooleanSupplier condition, long seconds) throws IOException {
        long deadline = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not within " + seconds + " s: " + what);
            }
            selector.select(this::handle, 20);
        }
    }

    private void handle(SelectionKey key) {
        try {
            ((Connection) key.attachment()).handle(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        drop();
        selector.close();
    }

    /** One client; its position outlives its sockets. */
    private final class Connection implements FrameReader.Listener {
        private final int number;
        private @Nullable SocketChannel channel;
        private FrameReader reader = new FrameReader(0, this);
        private StringBuilder answer = new StringBuilder();
        private boolean upgraded;
        /** Caught up, or where nothing is subscribed, upgraded. */
        private boolean there;

        private long position = -1;
        private long next = 1;
        private long nextInMessage = 1;

        Connection(int number) {
            this.number = number;
        }

        void connect() throws IOException {
            SocketChannel opened = SocketChannel.open();
            channel = opened;
            opened.configureBlocking(false);
            opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
            reader = new FrameReader(number, this);
            answer = new StringBuilder();
            upgraded = false;
            there = false;
            nextInMessage = next;
            SelectionKey key = opened.register(selector, SelectionKey.OP_CONNECT, this);
            if (opened.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
                connected(key);
            }
        }

        /** A reset: the server need not wait for anything. */
        void cut() throws IOException {
            SocketChannel open = channel;
            if (open != null) {
                open.setOption(StandardSocketOptions.SO_LINGER, 0);
                open.close();
            }
        }

        void handle(SelectionKey key) throws IOException {
            if (key.isConnectable() && open().finishConnect()) {
                connected(key);
            } else if (key.isReadable()) {
                read();
            }
        }

        private void connected(SelectionKey key) throws IOException {
            key.interestOps(SelectionKey.OP_READ);
            send(LoadClient.handshake(port, Optional.empty()));
        }

        private void read() throws IOException {
            buffer.clear();
            if (open().read(buffer) < 0) {
                throw new IOException("the server closed connection " + number);
            }
            buffer.flip();
            while (!upgraded && buffer.hasRemaining()) {
                answer.append((char) buffer.get());
                if (answer.indexOf("\r\n\r\n", answer.length() - 4) >= 0) {
                    upgraded();
                }
            }
            if (upgraded) {
                reader.feed(buffer, System.nanoTime());
            }
        }

        private void upgraded() throws IOException {
            if (!answer.toString().startsWith("HTTP/1.1 101 ")) {
                throw new IOException("the server answered " + answer);
            }
            upgraded = true;
            if (subscribes) {
                String from = position < 0 ? "\"now\"" : "{\"after\":" + position + ",\"epoch\":\"" + epoch + "\"}";
                send(LoadClient.subscription("\"from\":" + from));
            } else {
                there = true;
            }
        }

        private SocketChannel open() {
            return Objects.requireNonNull(channel);
        }

        /** A new connection's buffers hold so little. */
        private void send(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                open().write(bytes);
            }
        }

        @Override
        public void onEvent(int connection, long event, long nanos) {
            if (event != nextInMessage) {
                throw new IllegalStateException(
                        "client " + number + " got event " + event + " where " + nextInMessage + " was due");
            }
            nextInMessage++;
        }

        @Override
        public void onMessage(int connection, CharSequence head, long frameBytes) {
            String text = head.toString();
            if (text.startsWith("{\"type\":\"events\"")) {
                next = nextInMessage;
                position = Long.parseLong(found(TO, text));
            } else if (text.startsWith("{\"type\":\"subscribed\"")) {
                epoch = found(EPOCH, text);
            } else if (text.startsWith("{\"type\":\"caughtUp\"")) {
                there = true;
            } else if (text.startsWith("{\"type\":\"error\"") || text.startsWith("{\"type\":\"gap\"")) {
                throw new IllegalStateException("the server says " + text);
            }
        }

        private static String found(Pattern pattern, String text) {
            Matcher matcher = pattern.matcher(text);
            if (!matcher.find()) {
                throw new IllegalStateException("no " + pattern + " in " + text);
            }
            return matcher.group(1);
        }

        @Override
        public void onClose(int connection) {
            throw new IllegalStateException("the server closes connection " + number);
        }
    }
}
