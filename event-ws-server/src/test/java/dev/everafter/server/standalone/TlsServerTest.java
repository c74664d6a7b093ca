package dev.everafter.server.standalone;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.Limit;
import dev.everafter.server.Limits;
import dev.everafter.server.RawWebSocket;
import dev.everafter.server.Served;
import dev.everafter.server.ServerListener;
import dev.everafter.testkit.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that speaks TLS: what it agrees on, what it costs to stall it, and a certificate that changes meanwhile. */
class TlsServerTest implements ServerListener {
    private static TlsIdentity first;
    private static TlsIdentity second;

    private final Set<Limit> reached = ConcurrentHashMap.newKeySet();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void identify(@TempDir Path one, @TempDir Path two) throws Exception {
        first = TlsIdentity.create(one);
        second = TlsIdentity.create(two);
    }

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

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    private int serve(Tls tls, Limits limits) {
        return opened(Served.by(
                        server -> server.tls(tls),
                        options -> options.limits(limits).listener(this)))
                .port();
    }

    private int serve() {
        return serve(Tls.pem(first.certificate(), first.key()), Limits.DEFAULT);
    }

    private RawWebSocket welcomed(int port, TlsIdentity trusted) throws Exception {
        return opened(RawWebSocket.connect(port, trusted.trusting())).welcomed();
    }

    private SSLSocket socket(int port, String protocol) throws Exception {
        SSLSocket socket = opened(
                (SSLSocket) first.trusting().getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port));
        socket.setSoTimeout(30_000);
        socket.setEnabledProtocols(new String[] {protocol});
        return socket;
    }

    private static HttpResponse<String> get(int port, String path, TlsIdentity trusted) throws Exception {
        return HttpClient.newBuilder()
                .sslContext(trusted.trusting())
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path))
                                .build(),
                        BodyHandlers.ofString());
    }

    @Test
    void shouldServeHealthConsoleAndEventsWhenTheClientTrustsTheCertificate() throws Exception {
        int port = serve();
        assertTrue(get(port, "/health/ready", first)
                .body()
                .contains(first.x509().getNotAfter().toInstant().toString()));
        HttpResponse<String> console = get(port, "/", first);
        assertEquals(200, console.statusCode());
        assertTrue(console.headers()
                .firstValue("Content-Security-Policy")
                .orElseThrow()
                .contains("wss://127.0.0.1:"));
        RawWebSocket page = opened(RawWebSocket.connect(port, first.trusting()))
                .header("Origin", "https://127.0.0.1:" + port)
                .welcomed();
        for (int i = 0; i < 10; i++) {
            assertTrue(page.isAnswered());
        }
    }

    @Test
    void shouldDeliverItsCloseFrameAndEndWhenItClosesAConnection() throws Exception {
        int port = serve();
        RawWebSocket client = welcomed(port, first);
        // Java's client doesn't tell an end without the word of TLS from one with it.
        client.send(0x82, "binary");
        assertEquals("close 4400", client.next());
        assertEquals("eof", client.next());
        RawWebSocket polite = welcomed(port, first).send(0x88, "");
        assertEquals("close 1000", polite.next());
        assertEquals("eof", polite.next());
    }

    @Test
    void shouldRefuseAPageOfTheSameHostWhenItCameWithoutEncryption() throws Exception {
        int port = serve();
        RawWebSocket page = opened(RawWebSocket.connect(port, first.trusting()));
        assertEquals(
                403, page.header("Origin", "http://127.0.0.1:" + port).upgrade().status());
    }

    // ---- what is agreed on

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void shouldAgreeOnAnAuthenticatedCipherWithEphemeralKeys(String protocol) throws Exception {
        SSLSocket socket = socket(serve(), protocol);
        socket.startHandshake();
        assertEquals(protocol, socket.getSession().getProtocol());
        assertTrue(socket.getSession().getCipherSuite().matches("TLS_(ECDHE|AES|CHACHA20).*(GCM|CHACHA20).*"));
    }

    @Test
    void shouldRefuseWhenAClientOffersNothingButCiphersOfOld() throws Exception {
        SSLSocket socket = socket(serve(), "TLSv1.2");
        socket.setEnabledCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"});
        assertThrows(SSLHandshakeException.class, socket::startHandshake);
    }

    @Test
    void shouldHangUpWhenAClientNegotiatesAnewAndIsSilentThen() throws Exception {
        int port = serve();
        RawWebSocket other = welcomed(port, first);
        // More than there are selector threads, each of which would wait for the rest.
        for (int i = 0; i < 20; i++) {
            SSLSocket socket = socket(port, "TLSv1.2");
            socket.startHandshake();
            // Asks for a second handshake, and reads the answer: there is none.
            assertThrows(IOException.class, () -> {
                socket.startHandshake();
                socket.getInputStream().read();
            });
        }
        assertTrue(other.isAnswered());
    }

    // ---- what it costs to stall it

    /** The first thing that a client says. */
    private static byte[] hello() throws Exception {
        SSLEngine engine = first.trusting().createSSLEngine("127.0.0.1", 1);
        engine.setUseClientMode(true);
        ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), out);
        return Arrays.copyOf(out.array(), out.position());
    }

    @Test
    void shouldHangUpWhenATlsHandshakeIsNotFinishedInTime() throws Exception {
        int port = serve(
                Tls.pem(first.certificate(), first.key()),
                Limits.DEFAULT.withTimes(Duration.ofSeconds(2), Duration.ofSeconds(30)));
        byte[] hello = hello();
        List<RawWebSocket> stalled = new ArrayList<>();
        // Any of them in a thread of its own would leave none for the others.
        for (int i = 0; i < 60; i++) {
            byte[] sent = Arrays.copyOf(hello, i % 3 == 0 ? hello.length : i % 3 == 1 ? hello.length / 2 : 3);
            stalled.add(opened(RawWebSocket.connect(port)).write(sent));
        }
        // This one as well has to be in time, which a busy machine may prevent.
        await().ignoreExceptions().until(() -> welcomed(port, first).isAnswered());
        for (RawWebSocket client : stalled) {
            client.awaitEnd();
        }
        assertEquals(Set.of(Limit.HANDSHAKE_TIME), reached);
    }

    @Test
    void shouldHangUpWhenAClientDoesNotSpeakTls() throws Exception {
        int port = serve();
        RawWebSocket plain = opened(RawWebSocket.connect(port));
        assertEquals(0, plain.upgrade().status());
        RawWebSocket garbage = opened(RawWebSocket.connect(port));
        garbage.write("\u0016\u0003\u0001\u0000\u0005hello".getBytes(StandardCharsets.ISO_8859_1));
        garbage.awaitEnd();
        assertTrue(welcomed(port, first).isAnswered());
    }

    // ---- a certificate that changes

    @Test
    void shouldGiveNewConnectionsTheNewCertificateAndLeaveTheOthersWhenTheFilesChange(@TempDir Path folder)
            throws Exception {
        Path chain = Files.copy(first.certificate(), folder.resolve("chain"));
        Path key = Files.copy(first.key(), folder.resolve("key"));
        int port = serve(Tls.pem(chain, key), Limits.DEFAULT);
        RawWebSocket before = welcomed(port, first);
        Map.of(second.certificate(), chain, second.key(), key).forEach((from, to) -> {
            try {
                Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        await().ignoreExceptions().until(() -> welcomed(port, second).isAnswered());
        assertThrows(IOException.class, () -> welcomed(port, first));
        assertTrue(before.isAnswered());
    }
}
