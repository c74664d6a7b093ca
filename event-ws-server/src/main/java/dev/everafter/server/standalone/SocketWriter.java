package dev.everafter.server.standalone;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.EmptyCompletionHandler;
import org.glassfish.grizzly.WriteResult;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.tyrus.spi.CompletionHandler;
import org.glassfish.tyrus.spi.Writer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Tyrus writes to: never blocks and never keeps more than {@code most} bytes. A peer that makes the server write
 * more than that, by pings it doesn't read the answers of, is cut off.
 *
 * <p>A close is orderly: what was written before goes out, the sending side is shut, and the peer's close is waited for,
 * so that the last words aren't lost to a reset (RFC 6455, section 7.1.1); all that within a few seconds. {@link #run()}
 * is the other way, at once.
 *
 * <p>Safe for use by any thread.
 */
final class SocketWriter extends Writer implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(SocketWriter.class);

    private final Connection<SocketAddress> connection;
    private final long most;
    private final ScheduledExecutorService timer;
    private final AtomicLong pending = new AtomicLong();
    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile @Nullable Future<?> linger;

    SocketWriter(Connection<SocketAddress> connection, long most, ScheduledExecutorService timer) {
        this.connection = connection;
        this.most = most;
        this.timer = timer;
    }

    @Override
    public void write(ByteBuffer buffer, CompletionHandler<ByteBuffer> handler) {
        int bytes = buffer.remaining();
        if (!connection.isOpen()) {
            handler.failed(new IOException("the connection is closed"));
            return;
        }
        if (pending.addAndGet(bytes) > most) {
            pending.addAndGet(-bytes);
            LOG.info("a connection is cut off: more than {} bytes wait for a client that doesn't read", most);
            run();
            handler.failed(new IOException("more than " + most + " bytes wait to be sent"));
            return;
        }
        Buffer message = Buffers.wrap(connection.getMemoryManager(), buffer);
        connection.write(message, new EmptyCompletionHandler<WriteResult<Buffer, SocketAddress>>() {
            @Override
            public void completed(WriteResult<Buffer, SocketAddress> result) {
                pending.addAndGet(-bytes);
                handler.completed(buffer);
            }

            @Override
            public void failed(Throwable error) {
                pending.addAndGet(-bytes);
                handler.failed(error);
            }

            @Override
            public void cancelled() {
                failed(new IOException("the write was cancelled"));
            }
        });
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
        connection.write(Buffers.EMPTY_BUFFER, new EmptyCompletionHandler<WriteResult<Buffer, SocketAddress>>() {
            @Override
            public void completed(WriteResult<Buffer, SocketAddress> result) {
                shutOutput();
            }
        });
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
