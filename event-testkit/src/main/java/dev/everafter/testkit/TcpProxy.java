package dev.everafter.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A loopback port that forwards to a server, until a test says otherwise: every fault of a network that a client can see.
 *
 * <p>Bytes are passed on as they come and in order. What is under way when a connection is cut is lost, as it is when a
 * cable is.
 *
 * <p>Safe for use by any thread. It has one thread of its own, and two for each connection; {@link #close()} returns
 * after the end of them all.
 */
public final class TcpProxy implements AutoCloseable {
    private final InetSocketAddress target;
    private final ServerSocket server;
    private final Thread acceptor;

    // All guarded by this.
    private final Set<Connection> open = new HashSet<>();
    private final Set<Direction> stalled = EnumSet.noneOf(Direction.class);
    private final List<Thread> pumps = new ArrayList<>();
    private boolean refusing;
    private boolean closed;
    private int connections;
    private int refused;

    private TcpProxy(InetSocketAddress target, ServerSocket server) {
        this.target = target;
        this.server = server;
        this.acceptor = new Thread(this::accept, "proxy " + server.getLocalPort());
    }

    /** Forwards to {@code port} of this machine. */
    public static TcpProxy to(int port) {
        return to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    /** Forwards to {@code target}. */
    public static TcpProxy to(InetSocketAddress target) {
        try {
            TcpProxy proxy = new TcpProxy(target, new ServerSocket(0, 500, InetAddress.getLoopbackAddress()));
            proxy.acceptor.setDaemon(true);
            proxy.acceptor.start();
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it listens. */
    public int port() {
        return server.getLocalPort();
    }

    /** How many connections it has forwarded so far. */
    public synchronized int connections() {
        return connections;
    }

    /** How many it forwards now. */
    public synchronized int open() {
        return open.size();
    }

    /** How many it has turned away, because of {@link #refuse} or because the target did. */
    public synchronized int refused() {
        return refused;
    }

    /** Resets all connections, on both sides. New ones are forwarded, unless refused. */
    public void cutAll() {
        List<Connection> cut;
        synchronized (this) {
            cut = List.copyOf(open);
        }
        cut.forEach(Connection::cut);
    }

    /** Resets new connections at once ({@code true}), or forwards them again. Those that are open stay. */
    public synchronized void refuse(boolean refuse) {
        refusing = refuse;
    }

    /** Keeps what comes in this direction, on all connections, until {@link #resume}: the sender fills its buffers. */
    public synchronized void stall(Direction direction) {
        stalled.add(direction);
    }

    /** Passes on what was kept, and what follows. */
    public synchronized void resume(Direction direction) {
        stalled.remove(direction);
        notifyAll();
    }

    /** Cuts everything and listens no more. Does nothing the second time. */
    @Override
    public void close() throws InterruptedException {
        synchronized (this) {
            closed = true;
        }
        quietly(server);
        cutAll();
        acceptor.join();
        List<Thread> left;
        synchronized (this) {
            left = List.copyOf(pumps);
        }
        for (Thread pump : left) {
            pump.join();
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                forward(server.accept());
            } catch (IOException closed) {
                // the loop's condition tells
            }
        }
    }

    private void forward(Socket client) {
        Connection connection = new Connection(client, new Socket());
        // Before the target can know of it: whoever has seen it there can cut it here.
        if (!admit(connection)) {
            reset(client);
            return;
        }
        try {
            connection.server.connect(target);
            start(connection);
        } catch (IOException unreachable) {
            // the client learns it as it would learn it from the target
            withdraw(connection);
            connection.cut();
        }
    }

    private synchronized boolean admit(Connection connection) {
        if (refusing || closed) {
            refused++;
            return false;
        }
        connections++;
        return open.add(connection);
    }

    private synchronized void withdraw(Connection connection) {
        if (open.remove(connection)) {
            connections--;
            refused++;
        }
    }

    private synchronized void start(Connection connection) {
        pumps.removeIf(pump -> !pump.isAlive());
        if (!open.contains(connection)) {
            return;
        }
        for (Direction direction : Direction.values()) {
            Thread pump = new Thread(() -> connection.pump(direction), "proxy " + port() + " " + direction);
            pump.setDaemon(true);
            pump.start();
            pumps.add(pump);
        }
    }

    private synchronized void forget(Connection connection) {
        open.remove(connection);
        notifyAll();
    }

    /** Returns when the direction isn't stalled, or the connection is no more. */
    private synchronized void awaitFlow(Direction direction, Connection connection) throws InterruptedException {
        while (stalled.contains(direction) && open.contains(connection)) {
            wait();
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException gone) {
            // then there is nothing to reset
        }
        quietly(socket);
    }

    private static void quietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            // it is as closed as it gets
        }
    }

    /** Which way bytes go. */
    public enum Direction {
        /** From the client to the server. */
        TO_SERVER,
        /** From the server to the client. */
        TO_CLIENT
    }

    private final class Connection {
        private final Socket client;
        private final Socket server;
        private int ended;

        Connection(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        private void pump(Direction direction) {
            boolean up = direction == Direction.TO_SERVER;
            Socket from = up ? client : server;
            Socket to = up ? server : client;
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                byte[] buffer = new byte[8_192];
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    awaitFlow(direction, this);
                    out.write(buffer, 0, n);
                }
                awaitFlow(direction, this);
                to.shutdownOutput();
                endHalf();
            } catch (IOException | InterruptedException e) {
                // one side has reset: so does the other
                cut();
            }
        }

        /** After an orderly end of both directions there is nothing left to do. */
        private void endHalf() {
            synchronized (this) {
                ended++;
                if (ended < 2) {
                    return;
                }
            }
            quietly(client);
            quietly(server);
            forget(this);
        }

        void cut() {
            // before a stalled pump is let go, so that it has nowhere to send what it kept
            reset(client);
            reset(server);
            forget(this);
        }
    }
}
