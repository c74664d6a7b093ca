package dev.everafter.server.standalone;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Follows the frames that a client sends (RFC 6455, section 5.2) just far enough to see their lengths and that they are
 * masked, so that one that is too large, or not masked (section 5.1), is refused at its header, before any of it is kept.
 *
 * <p>Not safe for use by several threads.
 */
final class FrameLimit {
    private static final int MASK_BYTES = 4;

    private final long most;
    private final byte[] header = new byte[10];
    private int have;
    private long bodyLeft;

    FrameLimit(long most) {
        this.most = most;
    }

    /** What is wrong with the first bad frame that begins in {@code data}, if any; leaves {@code data} as it is. */
    Optional<CloseReason> flaw(ByteBuffer data) {
        ByteBuffer view = data.duplicate();
        while (view.hasRemaining()) {
            if (bodyLeft > 0) {
                int skipped = (int) Math.min(bodyLeft, view.remaining());
                view.position(view.position() + skipped);
                bodyLeft -= skipped;
                continue;
            }
            header[have++] = view.get();
            if (have < 2 || have < 2 + lengthBytes()) {
                continue;
            }
            if ((header[1] & 0x80) == 0) {
                return Optional.of(new CloseReason(CloseCodes.PROTOCOL_ERROR, "a client's frames must be masked"));
            }
            long length = length();
            if (Long.compareUnsigned(length, most) > 0) {
                return Optional.of(new CloseReason(CloseCodes.TOO_BIG, "a message may have " + most + " bytes"));
            }
            bodyLeft = length + MASK_BYTES;
            have = 0;
        }
        return Optional.empty();
    }

    private int lengthBytes() {
        return switch (header[1] & 0x7f) {
            case 126 -> 2;
            case 127 -> 8;
            default -> 0;
        };
    }

    private long length() {
        int bytes = lengthBytes();
        if (bytes == 0) {
            return header[1] & 0x7f;
        }
        long length = 0;
        for (int i = 0; i < bytes; i++) {
            length = (length << 8) | (header[2 + i] & 0xff);
        }
        return length;
    }
}
