package dev.everafter.server.standalone;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.Limits;
import dev.everafter.server.RawWebSocket;
import dev.everafter.server.Served;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server behind a proxy, for which 127.0.0.2 stands; 127.0.0.1 is anybody. */
class ProxyTest {
    private static final int MOST = 2;

    private final Served served = Served.by(
            server -> server.trustedProxies(TrustedProxies.of(List.of("127.0.0.2"))),
            options -> options.limits(Limits.DEFAULT.withConnectionsPerAddress(MOST)));
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(served));

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private RawWebSocket through(String address) throws IOException {
        RawWebSocket client = RawWebSocket.connect(served.port(), InetAddress.getByName(address));
        opened.add(client);
        return client;
    }

    private RawWebSocket proxied(String header, String value) throws IOException {
        return through("127.0.0.2").header(header, value);
    }

    @ParameterizedTest
    @CsvSource({
        "X-Forwarded-For, 203.0.113.9, 203.0.113.8",
        "X-Forwarded-For, '198.51.100.1, 203.0.113.9', '198.51.100.1, 203.0.113.8'",
        "Forwarded, for=203.0.113.9, for=203.0.113.8",
        "X-Forwarded-For, 2001:db8::1, 2001:db8:0:1::1",
    })
    void shouldCountForTheClientWhenAProxyNamesIt(String header, String client, String other) throws Exception {
        RawWebSocket first = proxied(header, client).welcomed();
        proxied(header, client).welcomed();
        assertEquals(429, proxied(header, client).upgrade().status());
        assertTrue(proxied(header, other).welcomed().isAnswered());
        assertTrue(first.isAnswered());

        first.close();
        await().ignoreExceptions()
                .until(() -> proxied(header, client).welcomed().isAnswered());
    }

    @Test
    void shouldCountForTheNextClientWhenAProxyUsesItsConnectionAgain() throws Exception {
        for (int i = 0; i < MOST + 3; i++) {
            RawWebSocket again = proxied("X-Forwarded-For", "203.0.113.9").header("Upgrade", "");
            assertEquals(
                    404,
                    again.header("Connection", "keep-alive")
                            .request("HEAD /x HTTP/1.1")
                            .status());
            again.header("X-Forwarded-For", "203.0.113." + (10 + i));
            assertEquals(404, again.request("HEAD /x HTTP/1.1").status());
        }
        // None of those open connections is its own any more.
        assertTrue(proxied("X-Forwarded-For", "203.0.113.9").welcomed().isAnswered());
    }

    @Test
    void shouldNotHeedWhatAClientSaysOfItself() throws Exception {
        for (int i = 0; i < MOST; i++) {
            through("127.0.0.1").header("X-Forwarded-For", "203.0.113." + i).welcomed();
        }
        assertEquals(
                429,
                through("127.0.0.1")
                        .header("X-Forwarded-For", "203.0.113.200")
                        .upgrade()
                        .status());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        101 | 127.0.0.2 | https://events.example.org | events.example.org | https
        101 | 127.0.0.2 | https://events.example.org | events.example.org | ''
        101 | 127.0.0.2 | https://events.example.org | 127.0.0.1, events.example.org | http, https
        403 | 127.0.0.2 | http://events.example.org  | events.example.org | https
        403 | 127.0.0.2 | https://events.example.org | events.example.org | http
        403 | 127.0.0.2 | https://events.example.org | ''                 | https
        403 | 127.0.0.2 | https://evil.example       | events.example.org | https
        403 | 127.0.0.1 | https://events.example.org | events.example.org | https
        """)
    void shouldTakeForItsOwnPagesThoseOfTheNameThatTheProxyWasAskedBy(
            int status, String peer, String origin, String host, String scheme) throws Exception {
        assertEquals(
                status,
                through(peer)
                        .header("Origin", origin)
                        .header("X-Forwarded-Host", host)
                        .header("X-Forwarded-Proto", scheme)
                        .upgrade()
                        .status());
    }

    @Test
    void shouldAnswerToLoopbackNamesAloneWhateverAProxySaysWhenNobodyIsAsked() throws Exception {
        assertEquals(
                403,
                proxied("Host", "evil.example")
                        .header("X-Forwarded-Host", "localhost")
                        .upgrade()
                        .status());
    }

    @Test
    void shouldAnswer400WhenItCantBeToldWhoTheClientIs() throws Exception {
        assertEquals(400, proxied("X-Forwarded-For", "nonsense").upgrade().status());
        assertEquals(
                400,
                proxied("X-Forwarded-For", "203.0.113.9")
                        .header("Forwarded", "for=203.0.113.8")
                        .upgrade()
                        .status());
    }
}
