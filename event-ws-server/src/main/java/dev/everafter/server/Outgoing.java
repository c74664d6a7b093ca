package dev.everafter.server;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A text message ready to be sent: the bytes of one WebSocket frame (RFC 6455, section 5.2; a server's are not masked), made
 * once however many sessions send them, and how many events are in it.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class Outgoing {
    /** What must be left free before the payload. */
    static final int MAX_HEADER = 10;

    private static final byte FINAL_TEXT = (byte) 0x81;
    private static final int SHORT_LENGTH = 126;
    private static final int LONG_LENGTH = 127;

    private final byte[] bytes;
    private final int start;
    private final int payload;
    private final int end;
    private final int events;

    private Outgoing(byte[] bytes, int payload, int end, int events) {
        this.bytes = bytes;
        this.payload = payload;
        this.end = end;
        this.events = events;
        int length = end - payload;
        this.start = payload - (length < SHORT_LENGTH ? 2 : length < 1 << 16 ? 4 : MAX_HEADER);
        ByteBuffer header = ByteBuffer.wrap(bytes, start, payload - start).put(FINAL_TEXT);
        switch (payload - start) {
            case 2 -> header.put((byte) length);
            case 4 -> header.put((byte) SHORT_LENGTH).putShort((short) length);
            default -> header.put((byte) LONG_LENGTH).putLong(length);
        }
    }

    /** A message without events. */
    static Outgoing of(String text) {
        return of(text, 0);
    }

    /** A message of {@code events} events. */
    static Outgoing of(String text, int events) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = new byte[MAX_HEADER + utf8.length];
        System.arraycopy(utf8, 0, bytes, MAX_HEADER, utf8.length);
        return new Outgoing(bytes, MAX_HEADER, bytes.length, events);
    }

    /**
     * A message out of bytes that are the callee's from now on.
     *
     * @param bytes the payload, UTF-8, up to {@code end}, behind {@link #MAX_HEADER} bytes of no meaning
     */
    static Outgoing of(byte[] bytes, int end, int events) {
        return new Outgoing(bytes, MAX_HEADER, end, events);
    }

    /** For containers that make frames by themselves. */
    String text() {
        return new String(bytes, payload, end - payload, StandardCharsets.UTF_8);
    }

    /** Another view of the frame's bytes for each sender. */
    ByteBuffer frame() {
        return ByteBuffer.wrap(bytes, start, end - start).asReadOnlyBuffer();
    }

    /** The payload's length in bytes. */
    int length() {
        return end - payload;
    }

    /** What keeping it costs, in bytes. */
    int size() {
        return bytes.length;
    }

    int events() {
        return events;
    }
}
