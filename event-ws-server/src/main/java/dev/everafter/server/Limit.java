package dev.everafter.server;

/** A limit that a client ran into, see {@link Limits}; {@code docs/operations.md} says how each is answered. */
public enum Limit {
    CONNECTIONS,
    CONNECTIONS_PER_ADDRESS,
    CONNECTIONS_PER_PRINCIPAL,
    MESSAGES_PER_SECOND,
    HEADER_BYTES,
    HANDSHAKE_TIME,
    IDLE_TIME
}
