package dev.everafter.server.standalone;

import java.nio.ByteBuffer;

/**
 * Follows the frames of one connection (RFC 6455, section 5.2) just far enough to see their lengths, so that one that is
 * too large is refused at its header, before any of it is kept.
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

    /** Whether no frame that begins in {@code data} is too large; leaves {@code data} as it is. */
    boolean allows(ByteBuffer data) {
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
            long length = length();
            if (Long.compareUnsigned(length, most) > 0) {
                return false;
            }
            bodyLeft = length + ((header[1] & 0x80) == 0 ? 0 : MASK_BYTES);
            have = 0;
        }
        return true;
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
