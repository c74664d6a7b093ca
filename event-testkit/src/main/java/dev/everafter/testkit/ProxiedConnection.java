package dev.everafter.testkit;

import dev.everafter.testkit.TcpProxy.Direction;
import dev.everafter.testkit.TcpProxy.Passage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** One connection of a {@link TcpProxy}, and what has happened to it. Safe for use by any thread. */
final class ProxiedConnection {
    private static final int BUFFER = 8_192;

    private final TcpProxy proxy;
    private final Socket client;
    private final Socket server;

    // All guarded by this.
    private final Set<Direction> swallowed = EnumSet.noneOf(Direction.class);
    private final Map<Direction, OutputStream> outputs = new EnumMap<>(Direction.class);
    private int ended;

    ProxiedConnection(TcpProxy proxy, Socket client, Socket server) {
        this.proxy = proxy;
        this.client = client;
        this.server = server;
    }

    /** In one step with taking the streams: whom the target has told of the connection may end a direction of it. */
    synchronized void connect(InetSocketAddress target) throws IOException {
        server.connect(target);
        for (Direction direction : Direction.values()) {
            outputs.put(direction, receiver(direction).getOutputStream());
        }
    }

    /** Passes on what comes in one direction, until it ends. */
    void pump(Direction direction, Passage passage) {
        try {
            InputStream in = (direction == Direction.TO_SERVER ? client : server).getInputStream();
            OutputStream out = output(direction);
            byte[] buffer = new byte[BUFFER];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                pass(direction, buffer, n, passage, out);
            }
            proxy.awaitFlow(direction, this, 0);
            if (!isSwallowed(direction)) {
                receiver(direction).shutdownOutput();
            }
            endHalf();
        } catch (IOException | InterruptedException e) {
            // one side has reset: so does the other
            cut();
        }
    }

    private void pass(Direction direction, byte[] bytes, int count, Passage passage, OutputStream out)
            throws IOException, InterruptedException {
        int done = 0;
        while (done < count) {
            int portion = proxy.awaitFlow(direction, this, count - done);
            synchronized (this) {
                if (swallowed.contains(direction)) {
                    return;
                }
            }
            passage.pass(bytes, done, portion, out);
            done += portion;
        }
    }

    private Socket receiver(Direction direction) {
        return direction == Direction.TO_SERVER ? server : client;
    }

    private synchronized OutputStream output(Direction direction) {
        return Objects.requireNonNull(outputs.get(direction));
    }

    private synchronized boolean isSwallowed(Direction direction) {
        return swallowed.contains(direction);
    }

    synchronized void swallow(Direction direction) {
        swallowed.add(direction);
    }

    void end(Direction direction) {
        swallow(direction);
        try {
            receiver(direction).shutdownOutput();
        } catch (IOException gone) {
            // then it has ended already
        }
    }

    /** After an orderly end of both directions there is nothing left to do. */
    private void endHalf() {
        synchronized (this) {
            ended++;
            if (ended < Direction.values().length) {
                return;
            }
        }
        quietly(client);
        quietly(server);
        proxy.forget(this);
    }

    void cut() {
        // before a stalled pump is let go, so that it has nowhere to send what it kept
        reset(client);
        reset(server);
        proxy.forget(this);
    }

    static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException gone) {
            // then there is nothing to reset
        }
        quietly(socket);
    }

    static void quietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            // it is as closed as it gets
        }
    }
}
