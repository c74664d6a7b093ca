package dev.everafter.benchmarks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Follows one connection's frames (RFC 6455, section 5.2) just far enough to count messages and to find the numbers of
 * {@link Payload}'s events; most bytes are passed over unread.
 *
 * <p>For one thread.
 */
final class FrameReader {
    private static final byte[] NUMBER = Payload.NUMBER.getBytes(StandardCharsets.US_ASCII);
    private static final int CLOSE = 8;
    /** As much of a message as holds its type and, before any items, its position. */
    private static final int HEAD = 160;

    private final int connection;
    private final Listener listener;
    private int opcode;
    private int headerHave;
    private int headerNeed = 2;
    private long length;
    private long left;
    private long skip;
    private int matched;
    private boolean inNumber;
    private long number = -1;
    private final StringBuilder head = new StringBuilder(HEAD);

    FrameReader(int connection, Listener listener) {
        this.connection = connection;
        this.listener = listener;
    }

    /** Told of what is found. */
    interface Listener {
        /** An event, in the bytes that were received at {@code nanos}. */
        void onEvent(int connection, long number, long nanos);

        /** The end of a message, with its first bytes and the bytes of the whole frame. */
        void onMessage(int connection, CharSequence head, long frameBytes);

        /** The server closes. */
        void onClose(int connection);
    }

    /** Takes in everything that remains in {@code bytes}. */
    void feed(ByteBuffer bytes, long nanos) {
        while (bytes.hasRemaining()) {
            if (headerHave < headerNeed) {
                header(bytes.get() & 0xff);
            } else {
                int some = (int) Math.min(left, bytes.remaining());
                payload(bytes, bytes.position() + some, nanos);
                left -= some;
            }
            if (headerHave == headerNeed && left == 0) {
                end();
            }
        }
    }

    private void header(int octet) {
        switch (headerHave++) {
            case 0 -> opcode = octet & 0x0f;
            case 1 -> {
                headerNeed = octet == 126 ? 4 : octet == 127 ? 10 : 2;
                length = headerNeed == 2 ? octet : 0;
            }
            default -> length = length << 8 | octet;
        }
        left = length;
    }

    private void payload(ByteBuffer bytes, int end, long nanos) {
        int at = bytes.position();
        while (at < end) {
            if (skip > 0) {
                int some = (int) Math.min(skip, end - at);
                at += some;
                skip -= some;
                continue;
            }
            byte octet = bytes.get(at++);
            if (head.length() < HEAD) {
                head.append((char) octet);
            }
            if (inNumber) {
                number(octet, nanos);
            } else if (octet == NUMBER[matched]) {
                inNumber = ++matched == NUMBER.length;
            } else {
                matched = octet == NUMBER[0] ? 1 : 0;
            }
        }
        bytes.position(end);
    }

    private void number(byte octet, long nanos) {
        if (octet >= '0' && octet <= '9') {
            number = Math.max(0, number) * 10 + (octet - '0');
        } else if (number >= 0) {
            listener.onEvent(connection, number, nanos);
            skip = Payload.NONE_AFTER;
            restart();
        }
    }

    private void restart() {
        inNumber = false;
        number = -1;
        matched = 0;
    }

    private void end() {
        if (opcode == CLOSE) {
            listener.onClose(connection);
        } else {
            listener.onMessage(connection, head, headerNeed + length);
        }
        head.setLength(0);
        headerHave = 0;
        headerNeed = 2;
        skip = 0;
        restart();
    }
}
