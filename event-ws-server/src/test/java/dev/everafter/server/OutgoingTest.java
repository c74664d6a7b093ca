package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutgoingTest {
    /** RFC 6455, section 5.2: the length is written in the shortest way. */
    @ParameterizedTest
    @CsvSource({"0, 8100", "125, 817d", "126, 817e007e", "65535, 817effff", "65536, 817f0000000000010000"})
    void shouldBeOneUnmaskedTextFrameOfTheShortestHeader(int length, String header) {
        String text = "x".repeat(length);
        Outgoing message = Outgoing.of(text);

        ByteBuffer frame = message.frame();
        StringBuilder start = new StringBuilder();
        while (frame.remaining() > length) {
            start.append(String.format("%02x", frame.get()));
        }

        assertEquals(header, start.toString());
        assertEquals(text, StandardCharsets.UTF_8.decode(frame).toString());
        assertEquals(text, message.text());
        assertEquals(length, message.length());
    }

    @Test
    void shouldGiveEachSenderAViewOfItsOwnThatCannotChangeTheOthers() {
        Outgoing message = Outgoing.of("ä");
        ByteBuffer one = message.frame();
        one.get();

        assertTrue(one.isReadOnly());
        assertEquals(4, message.frame().remaining());
        assertEquals(2, message.length());
    }
}
