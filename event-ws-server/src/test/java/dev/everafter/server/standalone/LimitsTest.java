package dev.everafter.server.standalone;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.Limit;
import dev.everafter.server.Limits;
import dev.everafter.server.RawWebSocket;
import dev.everafter.server.RawWebSocket.Answer;
import dev.everafter.server.Served;
import dev.everafter.server.ServerListener;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One attack for each limit: it is answered as documented, and who was there before doesn't notice. */
class LimitsTest implements ServerListener {
    private final Set<Limit> reached = ConcurrentHashMap.newKeySet();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @Override
    public void onLimit(Limit limit) {
        reached.add(limit);
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private int serve(UnaryOperator<Limits> limits) {
        return opened(Served.with(
                        options -> options.limits(limits.apply(Limits.DEFAULT)).listener(this)))
                .port();
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    private RawWebSocket welcomed(int port) throws IOException {
        return opened(RawWebSocket.welcomed(port));
    }

    // ---- connections

    @Test
    void shouldAnswer503WhenThereAreTooManyConnections() throws Exception {
        int port = serve(limits -> limits.withConnections(3));
        RawWebSocket first = welcomed(port);
        RawWebSocket second = welcomed(port);
        RawWebSocket third = welcomed(port);

        for (int i = 0; i < 20; i++) {
            Answer answer = opened(RawWebSocket.connect(port)).upgrade();
            assertEquals(503, answer.status());
            assertTrue(answer.headers().containsKey("retry-after"), answer::toString);
        }
        assertEquals(Set.of(Limit.CONNECTIONS), reached);
        // Health is asked for all the same.
        assertEquals(
                200,
                opened(RawWebSocket.connect(port))
                        .header("Upgrade", "")
                        .request("GET /health/live HTTP/1.1")
                        .status());
        assertTrue(first.isAnswered() && second.isAnswered());
        third.close();
        await().ignoreExceptions().until(() -> welcomed(port).isAnswered());
    }

    @Test
    void shouldAnswer429WhenThereAreTooManyConnectionsOfOneAddress() throws Exception {
        int port = serve(limits -> limits.withConnectionsPerAddress(3));
        RawWebSocket first = welcomed(port);
        welcomed(port);
        welcomed(port);

        Answer answer = opened(RawWebSocket.connect(port)).upgrade();
        assertEquals(429, answer.status());
        assertTrue(answer.headers().containsKey("retry-after"), answer::toString);
        assertEquals(Set.of(Limit.CONNECTIONS_PER_ADDRESS), reached);
        assertTrue(first.isAnswered());
        RawWebSocket other = RawWebSocket.connect(port, InetAddress.getByName("127.0.0.2"));
        assertTrue(opened(other).welcomed().isAnswered());
    }

    @Test
    void shouldHangUpAtOnceWhenOneAddressOpensMoreThanThat() throws Exception {
        int port = serve(limits -> limits.withConnectionsPerAddress(1));
        RawWebSocket first = welcomed(port);
        List<RawWebSocket> flood = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            flood.add(opened(RawWebSocket.connect(port)));
        }
        // Long before the time for a handshake has passed.
        assertEquals("eof", flood.get(99).read());
        assertTrue(first.isAnswered());
        RawWebSocket other = RawWebSocket.connect(port, InetAddress.getByName("127.0.0.2"));
        assertTrue(opened(other).welcomed().isAnswered());
    }

    @Test
    void shouldHangUpAtOnceWhenAllTogetherOpenMoreThanThat() throws Exception {
        int port = serve(limits -> limits.withConnections(1));
        RawWebSocket first = welcomed(port);
        List<RawWebSocket> flood = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            flood.add(opened(RawWebSocket.connect(port)));
        }
        // Long before the time for a handshake has passed.
        assertEquals("eof", flood.get(299).read());
        assertEquals(Set.of(Limit.CONNECTIONS), reached);
        assertTrue(first.isAnswered());
        for (RawWebSocket client : flood) {
            client.close();
        }
        await().ignoreExceptions()
                .until(() -> opened(RawWebSocket.connect(port)).upgrade().status() == 503);
    }

    // ---- messages and frames

    @Test
    void shouldCloseWith4429WhenAClientSaysTooMuch() throws Exception {
        int port = serve(limits -> limits.withMessagesPerSecond(1));
        RawWebSocket other = welcomed(port);
        RawWebSocket rude = welcomed(port);
        assertFlooded(rude, RawWebSocket.frame(0x81, bytes("{\"type\":\"ping\"}")), 500);
        assertEquals(Set.of(Limit.MESSAGES_PER_SECOND), reached);
        assertTrue(other.isAnswered());
    }

    @ParameterizedTest
    @ValueSource(ints = {0x89, 0x8a, 0x00})
    void shouldCloseWith4429WhenAClientSendsTooManyFrames(int head) throws Exception {
        int port = serve(limits -> limits.withMessagesPerSecond(1));
        RawWebSocket other = welcomed(port);
        RawWebSocket rude = welcomed(port);
        rude.send(0x01, "");
        assertFlooded(rude, RawWebSocket.frame(head, new byte[0]), 100_000);
        assertEquals(Set.of(Limit.MESSAGES_PER_SECOND), reached);
        assertTrue(other.isAnswered());
    }

    /** Sends a frame often; unless the end of the connection takes its close away, it is the right one. */
    private static void assertFlooded(RawWebSocket client, byte[] frame, int times) throws IOException {
        byte[] some = new byte[frame.length * 100];
        for (int i = 0; i < 100; i++) {
            System.arraycopy(frame, 0, some, i * frame.length, frame.length);
        }
        try {
            for (int i = 0; i < times; i += 100) {
                client.write(some);
            }
            // Nobody who was let do all this would close it; its answer ends the reading.
            client.write(RawWebSocket.frame(0x88, new byte[] {3, (byte) 0xe8}));
        } catch (IOException e) {
            // Hung up on.
        }
        String last = client.next();
        while (last.startsWith("pong") || last.startsWith("text")) {
            last = client.next();
        }
        assertTrue(last.equals("close 4429") || last.equals("eof"), last);
    }

    // ---- requests

    @Test
    void shouldAnswer431WhenAHeaderIsTooLarge() throws Exception {
        int port = serve(limits -> limits.withHeaderBytes(2_000));
        RawWebSocket other = welcomed(port);
        assertEquals(
                431,
                opened(RawWebSocket.connect(port))
                        .header("X-Padding", "x".repeat(2_000))
                        .upgrade()
                        .status());
        assertEquals(Set.of(Limit.HEADER_BYTES), reached);
        assertTrue(other.isAnswered());
    }

    @Test
    void shouldAnswer431WhenThereAreTooManyHeaders() throws Exception {
        int port = serve(limits -> limits);
        RawWebSocket client = opened(RawWebSocket.connect(port));
        for (int i = 0; i < 200; i++) {
            client.header("X-" + i, "x");
        }
        assertEquals(431, client.upgrade().status());
    }

    @Test
    void shouldAnswer413WhenARequestHasABody() throws Exception {
        int port = serve(limits -> limits);
        RawWebSocket client = opened(RawWebSocket.connect(port));
        assertEquals(
                413,
                client.header("Upgrade", "")
                        .header("Content-Length", "1000000000")
                        .request("POST /health/live HTTP/1.1")
                        .status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Slow: "})
    void shouldAnswer408WhenARequestIsNotFinishedInTime(String beginning) throws Exception {
        int port = serve(limits -> limits.withTimes(Duration.ofMillis(500), Duration.ofSeconds(30)));
        // This one as well has to be in time, which a busy machine may prevent.
        RawWebSocket other = await().ignoreExceptions().until(() -> welcomed(port), client -> true);
        RawWebSocket slow = opened(RawWebSocket.connect(port)).write(bytes(beginning));
        assertEquals(408, slow.answer().status());
        assertEquals("eof", slow.read());
        assertEquals(Set.of(Limit.HANDSHAKE_TIME), reached);
        assertTrue(other.isAnswered());
    }

    @Test
    void shouldHangUpWhenAConnectionAsksForNothingMore() throws Exception {
        int port = serve(limits -> limits.withTimes(Duration.ofSeconds(30), Duration.ofSeconds(2)));
        RawWebSocket other = welcomed(port);
        RawWebSocket idle = opened(RawWebSocket.connect(port)).header("Upgrade", "");
        assertEquals(
                404,
                idle.header("Connection", "keep-alive")
                        .request("GET /nothing HTTP/1.1")
                        .status());
        // Neither nothing nor half a request keeps it open.
        idle.write(bytes("GET /nothing HTTP/1.1\r\n"));
        String last = idle.read();
        while (!last.equals("eof")) {
            last = idle.read();
        }
        assertEquals(Set.of(Limit.IDLE_TIME), reached);
        assertTrue(other.isAnswered());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
