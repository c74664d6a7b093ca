package dev.everafter.testkit;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.TcpProxy.Direction;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TcpProxyTest {
    private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();
    private final List<Socket> sockets = new ArrayList<>();
    private ServerSocket server;
    private Thread acceptor;
    private TcpProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        proxy = TcpProxy.to(server.getLocalPort());
        acceptor = new Thread(() -> {
            try {
                while (true) {
                    accepted.add(server.accept());
                }
            } catch (IOException closed) {
                // the test has ended
            }
        });
        acceptor.start();
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        proxy.close();
        server.close();
        acceptor.join();
        for (Socket socket : sockets) {
            socket.close();
        }
        assertEquals(0, proxy.open());
        List<String> left = Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("proxy " + proxy.port()))
                .toList();
        assertEquals(List.of(), left, "threads left behind");
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        socket.setSoTimeout(20_000);
        sockets.add(socket);
        return socket;
    }

    private Socket otherEnd() throws IOException, InterruptedException {
        Socket socket = accepted.poll(20, TimeUnit.SECONDS);
        assertTrue(socket != null, "nothing was forwarded");
        socket.setSoTimeout(20_000);
        sockets.add(socket);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void receive(Socket socket, String text) throws IOException {
        byte[] expected = text.getBytes(StandardCharsets.UTF_8);
        assertArrayEquals(expected, socket.getInputStream().readNBytes(expected.length));
    }

    private static void assertCut(Socket socket) throws IOException {
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (SocketTimeoutException e) {
            throw new AssertionError("not cut", e);
        } catch (SocketException reset) {
            // as it should
        }
    }

    private void assertTurnedAway() throws IOException {
        Socket socket;
        try {
            socket = connect();
        } catch (SocketException reset) {
            // before connect() had even returned
            return;
        }
        assertCut(socket);
    }

    @Test
    void shouldPassBytesBothWaysOnEachConnection() throws Exception {
        Socket one = connect();
        Socket oneEnd = otherEnd();
        Socket two = connect();
        Socket twoEnd = otherEnd();
        send(one, "one");
        send(twoEnd, "dos");
        send(two, "two");
        send(oneEnd, "uno");
        receive(oneEnd, "one");
        receive(two, "dos");
        receive(twoEnd, "two");
        receive(one, "uno");
        assertEquals(2, proxy.connections());
        assertEquals(2, proxy.open());
    }

    @Test
    void shouldPassAnOrderlyEndOfEachDirection() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        send(client, "last words");
        client.shutdownOutput();
        receive(end, "last words");
        assertEquals(-1, end.getInputStream().read());
        send(end, "answer");
        end.close();
        receive(client, "answer");
        assertEquals(-1, client.getInputStream().read());
        await().until(() -> proxy.open() == 0);
    }

    @Test
    void shouldCutBothEndsAndForwardNewConnectionsWhenCutAll() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.cutAll();
        assertCut(client);
        assertCut(end);
        assertEquals(0, proxy.open());

        Socket again = connect();
        send(again, "again");
        receive(otherEnd(), "again");
        assertEquals(2, proxy.connections());
    }

    @Test
    void shouldTurnNewConnectionsAwayAndKeepOpenOnesWhenRefusing() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.refuse(true);
        assertTurnedAway();
        send(client, "still here");
        receive(end, "still here");
        assertEquals(1, proxy.connections());
        assertEquals(1, proxy.refused());

        proxy.refuse(false);
        send(connect(), "back");
        receive(otherEnd(), "back");
    }

    @Test
    void shouldTurnAwayWhenTheTargetDoes() throws Exception {
        server.close();
        // until it is out of accept(), the system goes on accepting
        acceptor.join();
        assertTurnedAway();
        assertEquals(1, proxy.refused());
    }

    @Test
    void shouldKeepOneDirectionUntilResumedWhenStalled() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.stall(Direction.TO_CLIENT);
        send(end, "late");
        client.setSoTimeout(100);
        assertThrows(SocketTimeoutException.class, () -> client.getInputStream().read());
        send(client, "in time");
        receive(end, "in time");

        proxy.resume(Direction.TO_CLIENT);
        client.setSoTimeout(20_000);
        receive(client, "late");
    }

    @Test
    void shouldHoldTheSenderUpWhenStalledForLong() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.stall(Direction.TO_SERVER);
        Thread receiver = new Thread(() -> {
            try {
                end.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException cut) {
                // by the end of the test
            }
        });
        receiver.start();
        Thread sender = new Thread(() -> {
            try {
                byte[] megabyte = new byte[1 << 20];
                for (int i = 0; i < 64; i++) {
                    client.getOutputStream().write(megabyte);
                }
            } catch (IOException cut) {
                // by the end of the test
            }
        });
        sender.start();
        sender.join(500);
        assertTrue(sender.isAlive(), "64 MiB went into buffers");
        proxy.cutAll();
        sender.join();
        receiver.join();
    }

    @Test
    void shouldBeCutWhenStalled() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.stall(Direction.TO_SERVER);
        proxy.stall(Direction.TO_CLIENT);
        send(client, "kept");
        send(end, "kept");
        proxy.cutAll();
        assertCut(client);
        assertCut(end);
    }

    @Test
    void shouldResetTheOtherSideWhenOneResets() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        end.setSoLinger(true, 0);
        end.close();
        assertCut(client);
        await().until(() -> proxy.open() == 0);
    }

    @Test
    void shouldLoseOneDirectionForEverAndPassTheOtherWhenSwallowing() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        send(end, "before");
        receive(client, "before");
        proxy.swallow(Direction.TO_CLIENT);
        send(end, "lost");
        send(client, "the other way");
        receive(end, "the other way");
        client.setSoTimeout(100);
        assertThrows(SocketTimeoutException.class, () -> client.getInputStream().read());

        send(connect(), "anew");
        receive(otherEnd(), "anew");
        proxy.cutAll();
        assertCut(client);
    }

    @Test
    void shouldHideTheEndOfADirectionWhenSwallowing() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.swallow(Direction.TO_SERVER);
        client.shutdownOutput();
        end.setSoTimeout(100);
        assertThrows(SocketTimeoutException.class, () -> end.getInputStream().read());
        send(end, "still here");
        receive(client, "still here");
    }

    @Test
    void shouldEndOneDirectionAndPassTheOtherWhenToldSo() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.end(Direction.TO_CLIENT);
        assertEquals(-1, client.getInputStream().read());
        send(end, "to nobody");
        send(client, "the other way");
        receive(end, "the other way");
        end.close();
        client.close();
        await().until(() -> proxy.open() == 0);
    }

    @Test
    void shouldPassSoManyBytesASecondWhenSlowed() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.slow(Direction.TO_CLIENT, 1_000);
        byte[] sent = new byte[300];
        long began = System.nanoTime();
        end.getOutputStream().write(sent);
        assertArrayEquals(sent, client.getInputStream().readNBytes(sent.length));
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        assertTrue(millis >= 250, "300 bytes passed in " + millis + " ms");
    }

    @Test
    void shouldPassTheRestAtOnceWhenResumedFromBeingSlow() throws Exception {
        Socket client = connect();
        Socket end = otherEnd();
        proxy.slow(Direction.TO_CLIENT, 1);
        byte[] sent = new byte[3_000];
        end.getOutputStream().write(sent);
        client.getInputStream().readNBytes(1);
        proxy.resume(Direction.TO_CLIENT);
        assertEquals(sent.length - 1, client.getInputStream().readNBytes(sent.length - 1).length);
    }
}
