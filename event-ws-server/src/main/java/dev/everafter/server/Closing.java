package dev.everafter.server;

import java.nio.charset.StandardCharsets;

/** How a connection is to end. The reason is cut to what fits into a close frame (RFC 6455, section 5.5). */
record Closing(CloseCode code, String reason) {
    private static final int MAX_REASON_BYTES = 123;
    private static final int REPLACEMENT_BYTES = 3;

    Closing {
        byte[] utf8 = reason.getBytes(StandardCharsets.UTF_8);
        int fitting = utf8.length <= MAX_REASON_BYTES ? utf8.length : MAX_REASON_BYTES - REPLACEMENT_BYTES;
        reason = new String(utf8, 0, fitting, StandardCharsets.UTF_8);
    }
}
