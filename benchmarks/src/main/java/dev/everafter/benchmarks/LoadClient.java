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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Any number of WebSocket connections on one thread, read for less than they cost their server. With a subscription it
 * checks that each connection gets the events that are its own, evenly spaced numbers, each once and in order, and fails
 * where one doesn't; without one (a bare server's repeated frame) it counts.
 *
 * <p>Methods are safe for use by any thread; the observer is called by the client's own.
 */
final class LoadClient implements AutoCloseable {
    private static final int BUFFER = 256 << 10;
    private static final int SMALL_BUFFER = 4 << 10;

    private final Observer observer;
    private final boolean numbered;
    /** From one event of a connection to its next. */
    private final long stride;

    private final Selector selector;
    private final Thread thread;
    private final Queue<SocketChannel> arriving = new ConcurrentLinkedQueue<>();
    private final List<SocketChannel> channels = new ArrayList<>();
    private final List<FrameReader> readers = new ArrayList<>();
    private final Counting counting = new Counting();
    private volatile long[] next = new long[0];
    private boolean small;
    private volatile boolean closed;
    private Totals published = new Totals(0, 0, 0);
    private @Nullable Throwable failure;

    /** Told of each event. */
    interface Observer {
        void onEvent(int connection, long number, long nanos);
    }

    /** What has come so far over all connections. */
    record Totals(long events, long messages, long bytes) {
        Totals minus(Totals before) {
            return new Totals(events - before.events, messages - before.messages, bytes - before.bytes);
        }
    }

    private LoadClient(boolean numbered, long stride, Observer observer) throws IOException {
        this.numbered = numbered;
        this.stride = stride;
        this.observer = observer;
        this.selector = Selector.open();
        this.thread = new Thread(this::run, "load client");
        thread.setDaemon(true);
    }

    /** Connects {@code count} times to a server that sends without being asked. */
    static LoadClient connect(int port, int count) throws IOException {
        LoadClient client = new LoadClient(false, 0, (connection, number, nanos) -> {});
        client.add(port, count, connection -> Optional.empty(), Optional.empty(), connection -> 0);
        client.thread.start();
        return client;
    }

    /**
     * Subscribes {@code count} times, and returns when all are.
     *
     * @param members what else the subscription says, as JSON members
     * @param first the number of the first event that will come
     */
    static LoadClient subscribe(int port, int count, String members, long first, Observer observer) throws IOException {
        return subscribe(port, count, connection -> Optional.empty(), members, first, observer);
    }

    /** The same with a token for each connection that has one. */
    static LoadClient subscribe(
            int port, int count, IntFunction<Optional<String>> tokens, String members, long first, Observer observer)
            throws IOException {
        LoadClient client = new LoadClient(true, 1, observer);
        client.add(port, count, tokens, Optional.of(connection -> members), connection -> first);
        client.thread.start();
        return client;
    }

    /**
     * Subscribes {@code count} times, each connection to every {@code count}th event from one of its own on, and returns
     * when all are: connection 0 gets the events 1, {@code count} + 1, ..., connection 1 those after them.
     *
     * @param members what else a connection's subscription says, as JSON members
     */
    static LoadClient subscribeInTurn(int port, int count, IntFunction<String> members) throws IOException {
        LoadClient client = new LoadClient(true, count, (connection, number, nanos) -> {});
        client.add(port, count, connection -> Optional.empty(), Optional.of(members), connection -> connection + 1L);
        client.thread.start();
        return client;
    }

    /** Subscribes {@code count} times, and reads nothing any more, with as little in the kernel as it allows. */
    static LoadClient stalled(int port, int count, String members) throws IOException {
        LoadClient client = new LoadClient(true, 0, (connection, number, nanos) -> {});
        client.small = true;
        client.add(port, count, connection -> Optional.empty(), Optional.of(connection -> members), connection -> 0);
        client.arriving.clear();
        client.thread.start();
        return client;
    }

    private void add(
            int port,
            int count,
            IntFunction<Optional<String>> tokens,
            Optional<IntFunction<String>> members,
            IntToLongFunction first)
            throws IOException {
        long[] numbers = new long[count];
        Arrays.setAll(numbers, first);
        next = numbers;
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        for (int i = 0; i < count; i++) {
            SocketChannel channel = SocketChannel.open();
            if (small) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, SMALL_BUFFER);
            }
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channels.add(channel);
            readers.add(new FrameReader(i, counting));
            upgrade(channel, port, tokens.apply(i), buffer);
            readers.get(i).feed(buffer, System.nanoTime());
            if (members.isPresent()) {
                awaitSubscribed(channel, i, members.get().apply(i), buffer);
            }
            channel.configureBlocking(false);
            arriving.add(channel);
        }
        counting.publish();
    }

    /** Leaves in {@code buffer} what came behind the answer. */
    private static void upgrade(SocketChannel channel, int port, Optional<String> token, ByteBuffer buffer)
            throws IOException {
        send(channel, handshake(port, token));
        StringBuilder answer = new StringBuilder();
        buffer.clear().flip();
        while (answer.indexOf("\r\n\r\n") < 0) {
            if (!buffer.hasRemaining()) {
                receive(channel, buffer);
            }
            answer.append((char) buffer.get());
        }
        if (!answer.toString().startsWith("HTTP/1.1 101 ")) {
            throw new IOException("the server answered " + answer);
        }
    }

    private void awaitSubscribed(SocketChannel channel, int connection, String members, ByteBuffer buffer)
            throws IOException {
        send(channel, subscription(members));
        int before = counting.subscribed;
        while (counting.subscribed == before) {
            receive(channel, buffer);
            readers.get(connection).feed(buffer, System.nanoTime());
        }
    }

    /** The request for a connection, of whoever has {@code token}. */
    static ByteBuffer handshake(int port, Optional<String> token) {
        String authorization =
                token.map(shown -> "\r\nAuthorization: Bearer " + shown).orElse("");
        return ByteBuffer.wrap(String.join(
                        "\r\n",
                        "GET /ws HTTP/1.1",
                        "Host: 127.0.0.1:" + port,
                        "Upgrade: websocket",
                        "Connection: Upgrade",
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                        "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Protocol: everafter.v1" + authorization,
                        "",
                        "")
                .getBytes(StandardCharsets.US_ASCII));
    }

    /** The message that subscribes, masked with zeros; its {@code members} are some dozen bytes. */
    static ByteBuffer subscription(String members) {
        byte[] text = ("{\"type\":\"subscribe\",\"sub\":\"s\"," + members + "}").getBytes(StandardCharsets.US_ASCII);
        if (text.length > 125) {
            throw new IllegalArgumentException("too long for a short frame: " + members);
        }
        return ByteBuffer.allocate(text.length + 6)
                .put((byte) 0x81)
                .put((byte) (0x80 | text.length))
                .putInt(0)
                .put(text)
                .flip();
    }

    private static void send(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void receive(SocketChannel channel, ByteBuffer buffer) throws IOException {
        buffer.clear();
        if (channel.read(buffer) < 0) {
            throw new IOException("the server closed a connection");
        }
        buffer.flip();
    }

    private void run() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        try {
            int connection = 0;
            for (SocketChannel channel = arriving.poll(); channel != null; channel = arriving.poll()) {
                channel.register(selector, SelectionKey.OP_READ, readers.get(connection++));
            }
            while (!closed) {
                selector.select(key -> read(key, buffer));
                counting.publish();
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        } finally {
            // by the thread that selects: nobody else may
            closeAll();
        }
    }

    private void read(SelectionKey key, ByteBuffer buffer) {
        try {
            receive((SocketChannel) key.channel(), buffer);
            ((FrameReader) key.attachment()).feed(buffer, System.nanoTime());
        } catch (IOException e) {
            key.cancel();
            fail(e);
        }
    }

    private synchronized void fail(Throwable e) {
        if (failure == null && !closed) {
            failure = e;
        }
        notifyAll();
    }

    /** What has come so far. */
    synchronized Totals totals() {
        return published;
    }

    /** Returns when {@code events} events have come over all connections together. */
    synchronized void await(long events, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (failure == null && published.events() < events) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new IllegalStateException(
                        published.events() + " of " + events + " deliveries within " + patience);
            }
            wait(millis);
        }
        if (failure != null) {
            throw new IllegalStateException("the deliveries are not complete", failure);
        }
        if (published.events() > events) {
            throw new IllegalStateException(published.events() + " deliveries where " + events + " were due");
        }
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        selector.wakeup();
        thread.join();
    }

    private void closeAll() {
        try {
            for (SocketChannel channel : channels) {
                channel.close();
            }
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** For the thread that reads, which is at first the one that connects. */
    private final class Counting implements FrameReader.Listener {
        private long events;
        private long messages;
        private long bytes;
        private int subscribed;

        @Override
        public void onEvent(int connection, long number, long nanos) {
            events++;
            if (numbered) {
                if (number != next[connection]) {
                    throw new IllegalStateException("connection " + connection + " got event " + number + " where "
                            + next[connection] + " was due");
                }
                next[connection] += stride;
                observer.onEvent(connection, number, nanos);
            }
        }

        @Override
        public void onMessage(int connection, CharSequence head, long frameBytes) {
            String type = numbered ? head.toString() : "";
            if (!numbered || type.startsWith("{\"type\":\"events\"")) {
                messages++;
                bytes += frameBytes;
            } else if (type.startsWith("{\"type\":\"subscribed\"")) {
                subscribed++;
            } else if (type.startsWith("{\"type\":\"error\"") || type.startsWith("{\"type\":\"gap\"")) {
                throw new IllegalStateException("the server says " + type);
            }
        }

        @Override
        public void onClose(int connection) {
            throw new IllegalStateException("the server closes connection " + connection);
        }

        private void publish() {
            synchronized (LoadClient.this) {
                published = new Totals(events, messages, bytes);
                LoadClient.this.notifyAll();
            }
        }
    }
}
