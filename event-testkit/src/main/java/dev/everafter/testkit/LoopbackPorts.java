package dev.everafter.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/** Ports for servers that can't choose one themselves. Safe for use by any thread. */
public final class LoopbackPorts {
    private static final int LOWEST = 15_000;
    // JVMs that run at once begin in different places.
    private static final AtomicInteger NEXT =
            new AtomicInteger((int) (ProcessHandle.current().pid() % 1_000) * 17);

    private LoopbackPorts() {}

    /** Below the ports that systems give to outgoing connections, so that nobody takes it during a restart. */
    public static int free() {
        for (int i = 0; i < 1_000; i++) {
            int port = LOWEST + Math.floorMod(NEXT.getAndIncrement(), 17_000);
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return port;
            } catch (IOException taken) {
                // the next one, then
            }
        }
        throw new IllegalStateException("no free port from " + LOWEST + " on");
    }
}
