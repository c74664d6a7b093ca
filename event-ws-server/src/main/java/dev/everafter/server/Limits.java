package dev.everafter.server;

import java.time.Duration;
import java.util.Objects;

/**
 * What clients may take of a server, one by one and together. What a single connection may say and hold is bounded in
 * {@link EndpointOptions} as well: {@link EndpointOptions#subscriptions()}, {@link EndpointOptions#maxIncoming()}, {@link
 * EndpointOptions#maxWindow()}.
 *
 * <p>An endpoint in a foreign container holds to {@link #connections}, {@link #connectionsPerPrincipal} and {@link
 * #messagesPerSecond}; the rest comes before the endpoint, and only the stand-alone server has it in its hands.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param connections the most WebSocket connections
 * @param connectionsPerAddress the most connections of one client's address, of whatever kind; an IPv6 address counts by
 *     its first 64 bits
 * @param connectionsPerPrincipal the most WebSocket connections of one principal
 * @param messagesPerSecond the most messages a second of one connection, {@code ack} excepted, with ten seconds' worth at
 *     once; frames of any kind may be a hundred times as many
 * @param headerBytes the most bytes of a request's header
 * @param handshakeTime in which a new connection's first request, and TLS before it, must be complete
 * @param idleTime in which each further request of a connection that isn't upgraded must be complete
 */
public record Limits(
        int connections,
        int connectionsPerAddress,
        int connectionsPerPrincipal,
        int messagesPerSecond,
        int headerBytes,
        Duration handshakeTime,
        Duration idleTime) {
    /**
     * 10,000 connections, 1,000 of an address, 1,000 of a principal, 100 messages a second, headers of 16 KiB, 10 s for a
     * handshake, 30 s between requests.
     */
    public static final Limits DEFAULT =
            new Limits(10_000, 1_000, 1_000, 100, 16 << 10, Duration.ofSeconds(10), Duration.ofSeconds(30));

    public Limits {
        atLeast(1, connections, "connections");
        atLeast(1, connectionsPerAddress, "connectionsPerAddress");
        atLeast(1, connectionsPerPrincipal, "connectionsPerPrincipal");
        atLeast(1, messagesPerSecond, "messagesPerSecond");
        atLeast(1024, headerBytes, "headerBytes");
        atLeast10ms(handshakeTime, "handshakeTime");
        atLeast10ms(idleTime, "idleTime");
    }

    /** The same with at most so many WebSocket connections. */
    public Limits withConnections(int most) {
        return new Limits(
                most,
                connectionsPerAddress,
                connectionsPerPrincipal,
                messagesPerSecond,
                headerBytes,
                handshakeTime,
                idleTime);
    }

    /** The same with at most so many connections of one address. */
    public Limits withConnectionsPerAddress(int most) {
        return new Limits(
                connections, most, connectionsPerPrincipal, messagesPerSecond, headerBytes, handshakeTime, idleTime);
    }

    /** The same with at most so many WebSocket connections of one principal. */
    public Limits withConnectionsPerPrincipal(int most) {
        return new Limits(
                connections, connectionsPerAddress, most, messagesPerSecond, headerBytes, handshakeTime, idleTime);
    }

    /** The same with at most so many messages a second of one connection. */
    public Limits withMessagesPerSecond(int most) {
        return new Limits(
                connections,
                connectionsPerAddress,
                connectionsPerPrincipal,
                most,
                headerBytes,
                handshakeTime,
                idleTime);
    }

    /** The same with at most so many bytes of a request's header. */
    public Limits withHeaderBytes(int most) {
        return new Limits(
                connections,
                connectionsPerAddress,
                connectionsPerPrincipal,
                messagesPerSecond,
                most,
                handshakeTime,
                idleTime);
    }

    /** The same with so much time for the first request, and so much for each further one. */
    public Limits withTimes(Duration handshake, Duration idle) {
        return new Limits(
                connections,
                connectionsPerAddress,
                connectionsPerPrincipal,
                messagesPerSecond,
                headerBytes,
                handshake,
                idle);
    }

    private static void atLeast(int least, int value, String name) {
        if (value < least) {
            throw new IllegalArgumentException(name + " " + value + " is below " + least);
        }
    }

    private static void atLeast10ms(Duration value, String name) {
        Objects.requireNonNull(value, name);
        if (value.compareTo(Duration.ofMillis(10)) < 0) {
            throw new IllegalArgumentException(name + " " + value + " is below 10 ms");
        }
    }
}
