package dev.everafter.server;

/**
 * Told of what an endpoint does, for counting; each method does nothing by default.
 *
 * <p>Called by many threads, so an implementation must be safe for any thread, quick, and never throw.
 */
public interface ServerListener {
    /** A listener that does nothing. */
    ServerListener NONE = new ServerListener() {};

    /** A connection was opened. */
    default void onSessionOpened() {}

    /** A connection has ended; {@code code} is the close code, 1006 where there was none. */
    default void onSessionClosed(int code) {}

    /** A subscription was asked for and accepted; its start may still turn out to be impossible. */
    default void onSubscriptionOpened() {}

    /** A subscription has ended, for whatever reason. */
    default void onSubscriptionClosed() {}

    /** A client's message was read. */
    default void onMessageReceived(int chars) {}

    /** A message of {@code bytes} bytes with {@code events} events was handed to the socket. */
    default void onMessageSent(int bytes, int events) {}

    /** An event of {@code bytes} bytes was sent without its JSON, to keep to {@code maxMessage}. */
    default void onItemOmitted(long bytes) {}

    /** A client was told that it did something wrong, or that the server did. */
    default void onError(ErrorCode code) {}

    /** A connection accepted nothing for the send deadline and is closed. */
    default void onSendDeadline() {}

    /** A token was accepted, or a client welcomed without one. */
    default void onAuthenticated() {}

    /** A token was not accepted; a close follows. */
    default void onTokenRefused() {}

    /** A token could not be checked. */
    default void onAuthenticatorFailed() {}

    /** What somebody may see could not be looked up. */
    default void onAccessPolicyFailed() {}

    /** Rights were revoked, perhaps those of {@code connections} connections: they are looked up anew. */
    default void onRevoked(int connections) {}

    /** A connection's token has expired, and it is closed. */
    default void onTokenExpired() {}

    /** Whether a principal may see an object could not be told; the question is asked again. */
    default void onEventCheckFailed() {}

    /** Events could not be rendered now; it is tried again. */
    default void onRendererFailed() {}

    /** An event that can't be rendered is sent without key, data and old. */
    default void onEventUnrendered() {}

    /** A connection was refused for the origin of the page that wanted it. */
    default void onOriginRefused() {}

    /** A connection, a request or a message was refused for being too much. */
    default void onLimit(Limit limit) {}
}
