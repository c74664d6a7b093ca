package dev.everafter.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A loopback port that forwards to a server, until a test says otherwise: every fault of a network that a client, or a
 * server that stands behind it, can see.
 *
 * <p>Bytes are passed on as they come and in order. What is under way when a connection is cut is lost, as it is when a
 * cable is. Nothing follows a loss: a connection that has lost bytes never passes on later ones.
 *
 * <p>Safe for use by any thread. It has one thread of its own, and two for each connection; {@link #close()} returns
 * after the end of them all.
 */
public final class TcpProxy implements AutoCloseable {
    /** A slowed direction passes that many portions a second. */
    private static final int PORTIONS = 50;

    private final InetSocketAddress target;
    private final ServerSocket server;
    private final Thread acceptor;

    // All guarded by this.
    private final Set<ProxiedConnection> open = new HashSet<>();
    private final Set<Direction> stalled = EnumSet.noneOf(Direction.class);
    private final Map<Direction, Integer> bytesPerSecond = new EnumMap<>(Direction.class);
    private final Map<Direction, Supplier<Passage>> passages = new EnumMap<>(Direction.class);
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
        onAll(ProxiedConnection::cut);
    }

    /**
     * Cuts one direction of all open connections, and lets the other go on: from now on what comes in it vanishes, its end
     * too, and neither side is told. New connections are forwarded.
     */
    public void swallow(Direction direction) {
        onAll(connection -> connection.swallow(direction));
    }

    /**
     * Ends one direction of all open connections as if its sender had nothing more to say, and lets the other go on; what
     * comes in it later vanishes. New connections are forwarded.
     */
    public void end(Direction direction) {
        onAll(connection -> connection.end(direction));
    }

    private void onAll(Consumer<ProxiedConnection> fault) {
        List<ProxiedConnection> all;
        synchronized (this) {
            all = List.copyOf(open);
        }
        all.forEach(fault);
    }

    /** Resets new connections at once ({@code true}), or forwards them again. Those that are open stay. */
    public synchronized void refuse(boolean refuse) {
        refusing = refuse;
    }

    /** Keeps what comes in this direction, on all connections, until {@link #resume}: the sender fills its buffers. */
    public synchronized void stall(Direction direction) {
        stalled.add(direction);
    }

    /**
     * Passes on what comes in this direction slowly, on each connection, until {@link #resume}.
     *
     * @param bytesPerSecond at least 1
     */
    public synchronized void slow(Direction direction, int bytesPerSecond) {
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException(bytesPerSecond + " bytes per second is not slow, but stalled");
        }
        this.bytesPerSecond.put(direction, bytesPerSecond);
    }

    /** Passes on what was kept, and what follows, at full speed. */
    public synchronized void resume(Direction direction) {
        stalled.remove(direction);
        bytesPerSecond.remove(direction);
        notifyAll();
    }

    /** Lets what comes in this direction pass through one of {@code passages} for each connection made from now on. */
    public synchronized void through(Direction direction, Supplier<Passage> passages) {
        this.passages.put(direction, passages);
    }

    /** Cuts everything and listens no more. Does nothing the second time. */
    @Override
    public void close() throws InterruptedException {
        synchronized (this) {
            closed = true;
        }
        ProxiedConnection.quietly(server);
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
        ProxiedConnection connection = new ProxiedConnection(this, client, new Socket());
        // Before the target can know of it: whoever has seen it there can cut it here.
        if (!admit(connection)) {
            ProxiedConnection.reset(client);
            return;
        }
        try {
            connection.connect(target);
            start(connection);
        } catch (IOException unreachable) {
            // the client learns it as it would learn it from the target
            withdraw(connection);
            connection.cut();
        }
    }

    private synchronized boolean admit(ProxiedConnection connection) {
        if (refusing || closed) {
            refused++;
            return false;
        }
        connections++;
        return open.add(connection);
    }

    private synchronized void withdraw(ProxiedConnection connection) {
        if (open.remove(connection)) {
            connections--;
            refused++;
        }
    }

    private synchronized void start(ProxiedConnection connection) {
        pumps.removeIf(pump -> !pump.isAlive());
        if (!open.contains(connection)) {
            return;
        }
        for (Direction direction : Direction.values()) {
            Passage passage =
                    passages.getOrDefault(direction, () -> Passage.FREE).get();
            Thread pump = new Thread(() -> connection.pump(direction, passage), "proxy " + port() + " " + direction);
            pump.setDaemon(true);
            pump.start();
            pumps.add(pump);
        }
    }

    synchronized void forget(ProxiedConnection connection) {
        open.remove(connection);
        notifyAll();
    }

    /** Waits until the direction isn't stalled, or the connection is no more; how many of {@code wanted} bytes may go. */
    synchronized int awaitFlow(Direction direction, ProxiedConnection connection, int wanted)
            throws InterruptedException {
        while (stalled.contains(direction) && open.contains(connection)) {
            wait();
        }
        int rate = bytesPerSecond.getOrDefault(direction, 0);
        if (rate == 0) {
            return wanted;
        }
        int portion = Math.min(wanted, Math.max(1, rate / PORTIONS));
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(portion) / rate;
        long left = until - System.nanoTime();
        while (left > 0 && bytesPerSecond.containsKey(direction) && open.contains(connection)) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = until - System.nanoTime();
        }
        return portion;
    }

    /** Which way bytes go. */
    public enum Direction {
        /** From the client to the server. */
        TO_SERVER,
        /** From the server to the client. */
        TO_CLIENT
    }

    /** What becomes of the bytes of one direction of one connection. For one thread. */
    @FunctionalInterface
    public interface Passage {
        /** Passes all on as it is. */
        Passage FREE = (bytes, from, count, out) -> out.write(bytes, from, count);

        /** Writes what is to be passed on of {@code count} bytes of an array, from {@code from} on. */
        void pass(byte[] bytes, int from, int count, OutputStream out) throws IOException;
    }
}
