package dev.everafter.benchmarks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The benchmarks' events: numbered, and about 300 bytes long in a message.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class Payload {
    /** What comes before an event's number. */
    static final String NUMBER = "\"seq\":";

    private static final int FILLER = 157;
    /** After an event's number there is none for so many bytes: a reader may skip them. */
    static final int NONE_AFTER = FILLER + 90;

    private Payload() {}

    /** An SQL expression for the event that the expression {@code number} numbers. */
    static String sql(String number) {
        return "jsonb_build_object('seq', " + number + ", 'filler', repeat('x', " + FILLER + "))";
    }

    /** The same with a column {@code n} before it, which the expression {@code value} says. */
    static String sql(String number, String value) {
        return "jsonb_build_object('n', " + value + ", 'seq', " + number + ", 'filler', repeat('x', " + FILLER + "))";
    }

    /** A WebSocket frame of {@code length} bytes with {@code events} events, all of them number 0. */
    static ByteBuffer frame(int length, int events) {
        int payload = length - (length < 126 + 2 ? 2 : length < 65_536 + 4 ? 4 : 10);
        ByteBuffer frame = ByteBuffer.allocateDirect(length).put((byte) 0x81);
        if (payload < 126) {
            frame.put((byte) payload);
        } else if (payload < 65_536) {
            frame.put((byte) 126).putShort((short) payload);
        } else {
            frame.put((byte) 127).putLong(payload);
        }
        for (int i = 0; i < events; i++) {
            int room = frame.remaining() / (events - i);
            byte[] number = (NUMBER + "0,").getBytes(StandardCharsets.US_ASCII);
            frame.put(
                    "x".repeat(Math.max(0, Math.min(120, room - number.length))).getBytes(StandardCharsets.US_ASCII));
            frame.put(number);
            frame.put("x".repeat(Math.max(0, room - 120 - number.length)).getBytes(StandardCharsets.US_ASCII));
        }
        while (frame.hasRemaining()) {
            frame.put((byte) 'x');
        }
        return frame.flip();
    }
}
