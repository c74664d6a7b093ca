package dev.everafter.server.standalone;

import dev.everafter.server.FrameWriter;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.EmptyCompletionHandler;
import org.glassfish.grizzly.WriteResult;
import org.glassfish.grizzly.filterchain.FilterChain;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.grizzly.ssl.SSLBaseFilter;
import org.glassfish.tyrus.spi.CompletionHandler;
import org.glassfish.tyrus.spi.Writer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Tyrus writes to, and what sends the frames that sessions share, and pongs: never blocks and never keeps more than {@code most}
 * bytes. A peer that makes the server write more than that, by pings it doesn't read the answers of, is cut off.
 *
 * <p>Frames go out whole and in the order in which they were handed in, and no message after a close frame (RFC 6455, section
 * 5.5.1). One thread at a time passes them on, and takes along what others hand in meanwhile. While nothing waits it writes
 * to the socket itself: Grizzly's way there costs several times what is added here. What the socket doesn't take at once, and
 * all that has to be encrypted first, goes that way.
 *
 * <p>A close is orderly: what was written before goes out, the sending side is shut, and the peer's close is waited for,
 * so that the last words aren't lost to a reset (RFC 6455, section 7.1.1); all that within a few seconds. {@link #run()}
 * is the other way, at once.
 *
 * <p>Safe for use by any thread.
 */
final class SocketWriter extends Writer implements FrameWriter, Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(SocketWriter.class);

    /** The first byte of a frame that is whole and a pong. */
    private static final int PONG = 0x8a;

    private final Connection<SocketAddress> connection;
    private final long most;
    private final ScheduledExecutorService timer;
    private final Optional<SocketChannel> direct;
    /** The bytes that Grizzly has and the socket hasn't. */
    private final AtomicLong pending = new AtomicLong();

    private final Object order = new Object();
    private boolean passingOn;
    private boolean closeSaid;
    private @Nullable ArrayDeque<Frame> waiting;

    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile @Nullable Future<?> linger;

    /** Bytes to go out together, and who is told when they have. */
    private record Frame(ByteBuffer bytes, Consumer<Optional<Throwable>> done) {
        private static final int CLOSE = 8;

        void ends(Optional<Throwable> failure) {
            try {
                done.accept(failure);
            } catch (RuntimeException e) {
                // Its own loss: the frames behind it go on.
                LOG.error("whoever sent a frame failed when told of its end", e);
            }
        }

        /** Nothing to be written, but to be told when all before it is. */
        boolean isEnd() {
            return !bytes.hasRemaining();
        }

        boolean isClose() {
            return !isEnd() && (bytes.get(bytes.position()) & 0x0f) == CLOSE;
        }
    }

    SocketWriter(Connection<SocketAddress> connection, long most, ScheduledExecutorService timer) {
        this.connection = connection;
        this.most = most;
        this.timer = timer;
        this.direct = direct(connection);
    }

    private static Optional<SocketChannel> direct(Connection<SocketAddress> connection) {
        boolean plain = connection.getProcessor() instanceof FilterChain chain
                && chain.stream().noneMatch(SSLBaseFilter.class::isInstance);
        return plain && connection instanceof NIOConnection nio && nio.getChannel() instanceof SocketChannel channel
                ? Optional.of(channel)
                : Optional.empty();
    }

    @Override
    public void write(ByteBuffer buffer, CompletionHandler<ByteBuffer> handler) {
        handIn(new Frame(buffer, failure -> failure.ifPresentOrElse(handler::failed, () -> handler.completed(buffer))));
    }

    @Override
    public void send(ByteBuffer bytes, Consumer<Optional<Throwable>> done) {
        handIn(new Frame(bytes, done));
    }

    private void handIn(Frame frame) {
        boolean late;
        synchronized (order) {
            late = closeSaid && !frame.isEnd();
            if (!late) {
                closeSaid |= frame.isClose();
                if (passingOn) {
                    waiting = waiting == null ? new ArrayDeque<>(2) : waiting;
                    waiting.addLast(frame);
                    return;
                }
                passingOn = true;
            }
        }
        if (late) {
            frame.ends(Optional.of(new IOException("the connection is being closed")));
            return;
        }
        for (Optional<Frame> next = Optional.of(frame); next.isPresent(); next = next()) {
            passOn(next.get());
        }
    }

    private Optional<Frame> next() {
        synchronized (order) {
            Optional<Frame> next = waiting == null ? Optional.empty() : Optional.ofNullable(waiting.pollFirst());
            passingOn = next.isPresent();
            return next;
        }
    }

    /** Without a lock: who is told that a frame is out may hold some, and hand in the next. */
    private void passOn(Frame frame) {
        if (!connection.isOpen()) {
            frame.ends(Optional.of(new IOException("the connection is closed")));
            return;
        }
        if (direct.isPresent() && !frame.isEnd() && !isQueued()) {
            try {
                direct.get().write(frame.bytes);
            } catch (IOException e) {
                run();
                frame.ends(Optional.of(e));
                return;
            }
            if (!frame.bytes.hasRemaining()) {
                frame.ends(Optional.empty());
                return;
            }
        }
        queue(frame);
    }

    /** Whether something is to be written first: of ours, or the answer to the handshake. */
    private boolean isQueued() {
        return pending.get() > 0
                || (connection instanceof NIOConnection nio
                        && !nio.getAsyncWriteQueue().isEmpty());
    }

    private void queue(Frame frame) {
        int bytes = frame.bytes.remaining();
        if (pending.addAndGet(bytes) > most) {
            pending.addAndGet(-bytes);
            LOG.info("a connection is cut off: more than {} bytes wait for a client that doesn't read", most);
            run();
            frame.ends(Optional.of(new IOException("more than " + most + " bytes wait to be sent")));
            return;
        }
        Buffer message =
                frame.isEnd() ? Buffers.EMPTY_BUFFER : Buffers.wrap(connection.getMemoryManager(), frame.bytes);
        connection.write(message, new EmptyCompletionHandler<WriteResult<Buffer, SocketAddress>>() {
            @Override
            public void completed(WriteResult<Buffer, SocketAddress> result) {
                pending.addAndGet(-bytes);
                frame.ends(Optional.empty());
            }

            @Override
            public void failed(Throwable error) {
                pending.addAndGet(-bytes);
                frame.ends(Optional.of(error));
            }

            @Override
            public void cancelled() {
                failed(new IOException("the write was cancelled"));
            }
        });
    }

    /** Answers a ping with what it held (RFC 6455, section 5.5.3), unless a close was begun. */
    void pong(byte[] body) {
        ByteBuffer frame = ByteBuffer.allocate(2 + body.length);
        frame.put((byte) PONG).put((byte) body.length).put(body).flip();
        // Whoever is gone has no use for an answer.
        send(frame, failure -> {});
    }

    /** Whether nothing that still comes in is of interest. */
    boolean isClosing() {
        return closing.get();
    }

    @Override
    public void close() {
        if (!connection.isOpen() || !closing.compareAndSet(false, true)) {
            return;
        }
        try {
            linger = timer.schedule(this, HttpListener.LINGER.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The listener is being closed, and all connections with it.
            run();
            return;
        }
        // Nothing to write, but with TLS the word that this is the end.
        handIn(new Frame(ByteBuffer.allocate(0), failure -> {
            if (failure.isEmpty()) {
                shutOutput();
            }
        }));
    }

    private void shutOutput() {
        if (connection instanceof NIOConnection nio && nio.getChannel() instanceof SocketChannel channel) {
            try {
                channel.shutdownOutput();
            } catch (IOException e) {
                run();
            }
        }
    }

    /** The connection is closed: nothing is left to be waited for. */
    void closed() {
        Future<?> waiting = linger;
        if (waiting != null) {
            waiting.cancel(false);
        }
    }

    /** Ends the connection at once, whatever is still to be written. */
    @Override
    public void run() {
        connection.terminateSilently();
    }
}
