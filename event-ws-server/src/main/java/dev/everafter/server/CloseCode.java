package dev.everafter.server;

/** The codes with which this server closes (RFC 6455, section 7.4, and the private range 4000-4999). */
enum CloseCode {
    /** The server drains: come back. */
    GOING_AWAY(1001),
    /** What came are no frames of a WebSocket client; the container says this by itself. */
    BAD_FRAME(1002),
    /** What came is not UTF-8; the container, or what stands before it, says this. */
    NOT_TEXT(1007),
    /** A message was larger than the server reads. */
    TOO_BIG(1009),
    /** The server failed. */
    INTERNAL(1011),
    /** The hub behind the endpoint was closed. */
    RESTART(1012),
    /** The log isn't followed yet, or tokens can't be checked. */
    OVERLOADED(1013),
    /** Not this protocol. */
    PROTOCOL(4400),
    /** The token is missing, invalid or expired: get a new one first. */
    UNAUTHORIZED(4401),
    /** A page of another site, or a new token that is another subject's. */
    FORBIDDEN(4403),
    /** No token came in time. */
    LATE(4408),
    /** The client accepted nothing for the send deadline. */
    STALLED(4409),
    /** More messages than the server can handle are waiting. */
    TOO_MANY(4429);

    private final int number;

    CloseCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
