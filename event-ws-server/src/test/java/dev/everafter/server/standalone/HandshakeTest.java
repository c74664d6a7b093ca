package dev.everafter.server.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.RawWebSocket;
import dev.everafter.server.RawWebSocket.Answer;
import dev.everafter.server.Served;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What RFC 6455, section 4.2, says of the opening handshake, on a bare socket. */
class HandshakeTest {
    private static final Served SERVED = Served.withDefaults();

    @AfterAll
    static void close() {
        SERVED.close();
    }

    private static RawWebSocket connect() throws Exception {
        return RawWebSocket.connect(SERVED.port());
    }

    @Test
    void shouldAnswerWithTheKeysDigestWhenAllIsWell() throws Exception {
        try (RawWebSocket client = connect()) {
            Answer answer = client.upgrade();
            assertEquals(101, answer.status());
            // The example of section 1.3.
            assertEquals("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.headers().get("sec-websocket-accept"));
            assertEquals("websocket", answer.header("upgrade"));
            assertEquals("upgrade", answer.header("connection"));
            assertEquals("everafter.v1", answer.headers().get("sec-websocket-protocol"));
            assertFalse(answer.headers().containsKey("sec-websocket-extensions"), answer::toString);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        101 | Connection             | keep-alive, Upgrade
        101 | Connection             | UPGRADE
        101 | Upgrade                | WebSocket
        101 | Sec-WebSocket-Extensions | permessage-deflate; client_max_window_bits
        101 | Sec-WebSocket-Protocol | chat, everafter.v1
        400 | Host                   | ''
        400 | Connection             | ''
        400 | Connection             | close
        400 | Sec-WebSocket-Key      | ''
        400 | Sec-WebSocket-Key      | dGhlIHNhbXBsZSBub25jZQ
        400 | Sec-WebSocket-Key      | dGhlIHNhbXBsZSBub25j
        400 | Sec-WebSocket-Key      | dGhlIHNhbXBsZSBub25jZSE=
        400 | Sec-WebSocket-Key      | dGhlIHNhbXBsZSBub25jZ!==
        413 | Content-Length         | 1
        413 | Transfer-Encoding      | chunked
        426 | Upgrade                | ''
        426 | Upgrade                | h2c
        426 | Sec-WebSocket-Version  | ''
        426 | Sec-WebSocket-Version  | 8
        426 | Sec-WebSocket-Version  | 14
        426 | Sec-WebSocket-Version  | thirteen
        """)
    void shouldAnswerAsTheStandardSaysWhenAHeaderIs(int status, String header, String value) throws Exception {
        try (RawWebSocket client = connect()) {
            Answer answer = client.header(header, value).upgrade();
            assertEquals(status, answer.status(), answer::toString);
            if (status == 426) {
                assertEquals("13", answer.headers().get("sec-websocket-version"), answer::toString);
                assertTrue(answer.header("upgrade").contains("websocket"), answer::toString);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "405, POST /ws HTTP/1.1",
        "405, HEAD /ws HTTP/1.1",
        "400, GET /ws HTTP/1.0",
        "404, GET /other HTTP/1.1",
        "404, GET /ws/ HTTP/1.1",
        "101, GET /ws?x=%20y&z HTTP/1.1",
        "400, GET /ws?x=%zz HTTP/1.1",
        "400, GET /ws?x={} HTTP/1.1",
        "400, GET /%zz HTTP/1.1",
    })
    void shouldRefuseWhenTheRequestLineIsNoHandshakes(int status, String line) throws Exception {
        try (RawWebSocket client = connect()) {
            assertEquals(status, client.request(line).status());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "400, Host: 127.0.0.1",
        "400, Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "426, Sec-WebSocket-Version: 13",
    })
    void shouldRefuseWhenAHeaderThatNamesOneThingComesTwice(int status, String again) throws Exception {
        try (RawWebSocket client = connect()) {
            assertEquals(
                    status,
                    client.header("X-Padding", "x\r\n" + again).upgrade().status());
        }
    }

    @Test
    void shouldCloseWith4400WhenTheSubprotocolIsNoneOfOurs() throws Exception {
        for (String protocols : new String[] {"", "chat", "everafter.v2", "EVERAFTER.V1"}) {
            try (RawWebSocket client = connect()) {
                Answer answer =
                        client.header("Sec-WebSocket-Protocol", protocols).upgrade();
                assertEquals(101, answer.status());
                // None is negotiated that wasn't asked for (4.2.2).
                assertFalse(answer.headers().containsKey("sec-websocket-protocol"), answer::toString);
                assertEquals("close 4400", client.next());
                assertEquals("eof", client.next());
            }
        }
    }

    @Test
    void shouldTellTheVersionWhenAPlainRequestAsksForTheEndpoint() throws Exception {
        try (RawWebSocket client = connect()) {
            client.write("GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            Answer answer = client.answer();
            assertEquals(426, answer.status());
            assertEquals("13", answer.headers().get("sec-websocket-version"), answer::toString);
        }
    }
}
