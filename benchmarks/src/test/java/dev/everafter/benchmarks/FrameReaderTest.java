package dev.everafter.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameReaderTest {
    /** As the server writes it: PostgreSQL puts a space behind a colon. */
    private static String item(int number) {
        return "{\"id\":" + number * 256
                + ",\"at\":\"2026-11-24T06:00:00.123456Z\",\"topic\":\"bench\",\"type\":\"tick\","
                + "\"data\":{\"seq\": " + number + ", \"filler\": \"" + "x".repeat(157)
                + "\"},\"tx\":\"1\",\"last\":true}";
    }

    private static ByteBuffer frame(String text) {
        byte[] payload = text.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 4).put((byte) 0x81);
        if (payload.length < 126) {
            frame.put((byte) payload.length);
        } else {
            frame.put((byte) 126).putShort((short) payload.length);
        }
        return frame.put(payload).flip();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 64, 300, 100_000})
    void shouldFindEachEventHoweverTheBytesAreCut(int cut) {
        List<String> seen = new ArrayList<>();
        FrameReader reader = new FrameReader(3, new FrameReader.Listener() {
            @Override
            public void onEvent(int connection, long number, long nanos) {
                seen.add("event " + number);
            }

            @Override
            public void onMessage(int connection, CharSequence head, long frameBytes) {
                seen.add("message of " + frameBytes);
            }

            @Override
            public void onClose(int connection) {
                seen.add("close of " + connection);
            }
        });
        String first =
                "{\"type\":\"events\",\"ref\":1,\"after\":0,\"to\":2560,\"items\":[" + item(9) + "," + item(10) + "]}";
        String second = "{\"type\":\"position\",\"to\":2816,\"refs\":[1]}";
        ByteBuffer all = ByteBuffer.allocate(10_000)
                .put(frame(first))
                .put(frame(second))
                .put(frame("{\"items\":[" + item(11) + "]}"))
                .put(Payload.frame(601, 2))
                .put(new byte[] {(byte) 0x88, 0})
                .flip();

        while (all.hasRemaining()) {
            int some = Math.min(cut, all.remaining());
            reader.feed(all.slice(all.position(), some), 0);
            all.position(all.position() + some);
        }

        assertEquals(
                List.of(
                        "event 9",
                        "event 10",
                        "message of " + (first.length() + 4),
                        "message of " + (second.length() + 2),
                        "event 11",
                        "message of " + (item(11).length() + 16),
                        "event 0",
                        "event 0",
                        "message of 601",
                        "close of 3"),
                seen);
    }
}
