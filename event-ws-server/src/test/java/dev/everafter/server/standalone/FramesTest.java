package dev.everafter.server.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.RawWebSocket;
import dev.everafter.server.Served;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What RFC 6455 says of frames, on a bare socket: each is answered as the standard wants it. */
class FramesTest {
    private static final int TEXT = 0x81;
    private static final int TEXT_BEGINS = 0x01;
    private static final int GOES_ON = 0x00;
    private static final int ENDS = 0x80;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;
    private static final int MOST = 4096;

    private static final Served SERVED = Served.with(options -> options.maxIncoming(MOST));

    @AfterAll
    static void close() {
        SERVED.close();
    }

    private static RawWebSocket open() throws Exception {
        return RawWebSocket.welcomed(SERVED.port());
    }

    /** The close frame, and after it nothing. */
    private static void assertClosed(int code, RawWebSocket client) throws Exception {
        assertEquals("close " + code, client.next());
        assertEquals("eof", client.next());
    }

    // ---- fragments (5.4)

    @Test
    void shouldJoinFragmentsWhenControlFramesComeBetween() throws Exception {
        try (RawWebSocket client = open()) {
            client.send(TEXT_BEGINS, "{\"type\":\"pi")
                    .send(PING, "one")
                    .send(GOES_ON, "ng\",")
                    .send(PONG, "nobody asked")
                    .send(GOES_ON, "")
                    .send(ENDS, "\"nonce\":\"joined\"}");
            assertEquals("pong 6f6e65", client.next());
            assertTrue(client.next().contains("joined"));
            assertTrue(client.isAnswered());
        }
    }

    @Test
    void shouldJoinFragmentsWhenEachByteComesByItself() throws Exception {
        try (RawWebSocket client = open()) {
            for (byte next :
                    RawWebSocket.frame(TEXT, "{\"type\":\"ping\",\"nonce\":\"ü\"}".getBytes(StandardCharsets.UTF_8))) {
                client.write(new byte[] {next});
            }
            assertTrue(client.next().contains("ü"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {GOES_ON, ENDS})
    void shouldFailWhenNothingIsThereToBeContinued(int head) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.send(head, "x"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {TEXT, TEXT_BEGINS, 0x82, 0x02})
    void shouldFailWhenAMessageBeginsWithinAnother(int head) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.send(TEXT_BEGINS, "{").send(head, "}"));
        }
    }

    @Test
    void shouldFailWhenAFinishedMessageIsContinued() throws Exception {
        try (RawWebSocket client = open()) {
            assertTrue(client.isAnswered());
            assertClosed(1002, client.send(ENDS, "more"));
        }
    }

    // ---- control frames (5.5)

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "000102feff"})
    void shouldAnswerAPingWithWhatItHeld(String body) throws Exception {
        try (RawWebSocket client = open()) {
            assertEquals("pong " + body, client.sendHex(PING, body).next());
        }
    }

    @Test
    void shouldAnswerAPingWhenItIsAsLongAsItMayBe() throws Exception {
        try (RawWebSocket client = open()) {
            assertEquals(
                    "pong " + "78".repeat(125),
                    client.send(PING, "x".repeat(125)).next());
        }
    }

    /** Tyrus answered a ping on a session that another thread had just closed with an exception in the log. */
    @Test
    void shouldLogNothingWhenPingsFollowAMessageThatEndsTheConnection() throws Exception {
        byte[] refused = RawWebSocket.frame(0x82, new byte[] {1});
        byte[] ping = RawWebSocket.frame(PING, new byte[] {2});
        byte[] packet = Arrays.copyOf(refused, refused.length + 2_000 * ping.length);
        for (int i = 0; i < 2_000; i++) {
            System.arraycopy(ping, 0, packet, refused.length + i * ping.length, ping.length);
        }
        try (LogFaults faults = new LogFaults()) {
            for (int i = 0; i < 20; i++) {
                try (RawWebSocket client = open()) {
                    String last = client.write(packet).next();
                    while (last.equals("pong 02")) {
                        last = client.next();
                    }
                    assertEquals("close 4400", last);
                }
            }
            assertEquals(List.of(), faults.all());
        }
    }

    @Test
    void shouldGoOnWhenAPongComesThatNobodyAskedFor() throws Exception {
        try (RawWebSocket client = open()) {
            assertTrue(client.send(PONG, "").send(PONG, "x".repeat(125)).isAnswered());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {CLOSE, PING, PONG})
    void shouldFailWhenAControlFrameIsTooLong(int head) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.send(head, "x".repeat(126)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x08, 0x09, 0x0a})
    void shouldFailWhenAControlFrameIsFragmented(int head) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.send(head, ""));
        }
    }

    // ---- UTF-8 (8.1)

    @ParameterizedTest
    @ValueSource(
            strings = {
                "80", // a continuation first
                "c3", // half a character
                "c328",
                "e282",
                "f09f98",
                "c080", // overlong
                "c1bf",
                "e08080",
                "f0808080",
                "eda080", // surrogates
                "edbfbf",
                "f4908080", // beyond U+10FFFF
                "f5808080",
                "fe",
                "ff",
                "2261ff2262"
            })
    void shouldFailWhenTextIsNotUtf8(String body) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1007, client.sendHex(TEXT, body));
        }
        try (RawWebSocket client = open()) {
            // The same, byte by byte.
            client.sendHex(TEXT_BEGINS, "");
            for (int i = 0; i < body.length(); i += 2) {
                client.sendHex(GOES_ON, body.substring(i, i + 2));
            }
            assertClosed(1007, client.sendHex(ENDS, ""));
        }
    }

    @Test
    void shouldFailAtTheFirstBadByteWhenAMessageIsUnfinished() throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1007, client.sendHex(TEXT_BEGINS, "61ff"));
        }
    }

    @Test
    void shouldTakeEveryKindOfCharacterWhenFragmentsCutItAnywhere() throws Exception {
        byte[] text =
                "{\"type\":\"ping\",\"nonce\":\"\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff\"}"
                        .getBytes(StandardCharsets.UTF_8);
        try (RawWebSocket client = open()) {
            client.send(TEXT_BEGINS, "");
            for (byte next : text) {
                client.send(GOES_ON, new byte[] {next});
            }
            assertTrue(client.send(ENDS, "").next().contains("\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff"));
        }
    }

    // ---- the closing handshake (5.5.1, 7.1, 7.4)

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999})
    void shouldAnswerACloseWithItsCodeOnce(int code) throws Exception {
        try (RawWebSocket client = open()) {
            client.sendHex(CLOSE, "%04x".formatted(code));
            assertClosed(code, client);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 999, 1004, 1005, 1006, 1012, 1013, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65_535})
    void shouldFailWhenTheCloseCodeIsNoneThatMayBeSent(int code) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.sendHex(CLOSE, "%04x".formatted(code)));
        }
    }

    @Test
    void shouldFailWhenACloseHoldsHalfACode() throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.sendHex(CLOSE, "03"));
        }
    }

    @Test
    void shouldAnswerACloseWhenItHasNoCode() throws Exception {
        try (RawWebSocket client = open()) {
            String answer = client.sendHex(CLOSE, "").next();
            assertTrue(answer.equals("close") || answer.equals("close 1000"), answer);
            assertEquals("eof", client.next());
        }
    }

    @Test
    void shouldAnswerACloseWhenItsReasonIsAsLongAsItMayBe() throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1000, client.sendHex(CLOSE, "03e8" + "c3bc".repeat(61) + "61"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "c3", "eda080", "c080"})
    void shouldFailWhenTheCloseReasonIsNotUtf8(String reason) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1007, client.sendHex(CLOSE, "03e8" + reason));
        }
    }

    @Test
    void shouldIgnoreWhatComesAfterAClose() throws Exception {
        try (RawWebSocket client = open()) {
            byte[] close = RawWebSocket.frame(CLOSE, new byte[] {0x03, (byte) 0xe8});
            byte[] ping = RawWebSocket.frame(PING, new byte[0]);
            byte[] both = new byte[close.length + ping.length + 1];
            System.arraycopy(close, 0, both, 0, close.length);
            System.arraycopy(ping, 0, both, close.length, ping.length);
            // The last byte would be a flaw.
            both[both.length - 1] = (byte) 0xff;
            assertClosed(1000, client.write(both));
        }
    }

    // ---- masks, reserved bits and opcodes (5.1, 5.2)

    @ParameterizedTest
    @ValueSource(strings = {"81 02 7b7d", "81 00", "89 00", "88 02 03e8", "81 7e 0100"})
    void shouldFailWhenAFrameIsNotMasked(String frame) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.writeHex(frame));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0xc1, 0xa1, 0x91, 0xf1, 0xc9, 0xa8, 0x9a})
    void shouldFailWhenAReservedBitIsSet(int head) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.send(head, "x"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    void shouldFailWhenTheOpcodeIsReserved(int opcode) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.send(0x80 | opcode, "x"));
        }
    }

    // ---- sizes (5.2, 10.4)

    @ParameterizedTest
    @ValueSource(strings = {"81 fe 0000", "81 fe 007d", "81 ff 000000000000007d", "82 ff 000000000000ffff"})
    void shouldFailWhenALengthIsNotWrittenInTheShortestWay(String header) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(1002, client.writeHex(header));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1002, 81 ff 8000000000000000",
        "1002, 81 ff ffffffffffffffff",
        "1009, 81 ff 7fffffffffffffff",
        "1009, 82 ff 7fffffffffffffff",
        "1009, 01 ff 0000000000010000",
        "1009, 81 fe 1001",
    })
    void shouldFailAtTheHeaderWhenAMessageIsTooLarge(int code, String header) throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(code, client.writeHex(header));
        }
    }

    @Test
    void shouldFailWhenFragmentsTogetherAreTooLarge() throws Exception {
        try (RawWebSocket client = open()) {
            client.send(TEXT_BEGINS, " ".repeat(MOST - 1)).send(GOES_ON, " ").send(PING, "x".repeat(125));
            assertEquals("pong " + "78".repeat(125), client.next());
            // One byte more, announced only.
            assertClosed(1009, client.writeHex("00 81"));
        }
        try (RawWebSocket client = open()) {
            // The sum overflows.
            assertClosed(1009, client.send(TEXT_BEGINS, "x").writeHex("00 ff 7fffffffffffffff"));
        }
    }

    @Test
    void shouldReadAMessageWhenItIsAsLargeAsItMayBe() throws Exception {
        String message = "{\"type\":\"ping\",\"nonce\":\"largest\"}";
        try (RawWebSocket client = open()) {
            client.send(TEXT, message + " ".repeat(MOST - message.length()));
            assertTrue(client.next().contains("largest"));
            // And again: what was counted before is forgotten.
            client.send(TEXT, message + " ".repeat(MOST - message.length()));
            assertTrue(client.next().contains("largest"));
        }
    }

    /** It was closed with 1011, and an exception was logged. */
    @Test
    void shouldReadAllMessagesWhenMoreComeAtOnceThanABufferHolds() throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < 40; i++) {
            String message = "{\"type\":\"ping\",\"nonce\":\"n" + i + "\"}";
            String padded = message + " ".repeat(MOST - message.length());
            all.writeBytes(RawWebSocket.frame(TEXT, padded.getBytes(StandardCharsets.UTF_8)));
        }
        try (RawWebSocket client = open()) {
            client.write(all.toByteArray());
            for (int i = 0; i < 40; i++) {
                String answer = client.next();
                assertTrue(answer.contains("\"n" + i + "\""), answer);
            }
        }
    }

    @Test
    void shouldSayThatMessagesAreTextWhenABinaryOneComes() throws Exception {
        try (RawWebSocket client = open()) {
            assertClosed(4400, client.send(0x82, "x"));
        }
    }
}
