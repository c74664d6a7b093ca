package dev.everafter.server.spi;

/**
 * What an {@link Authenticator} made of a token. Reasons go into the close frame, to whoever shows the token, so they say
 * nothing that a stranger may not know; the token itself is cut out of them.
 *
 * <p>Immutable and safe for use by any thread.
 */
public sealed interface Decision {
    /** The token is {@code principal}'s. */
    record Accepted(Principal principal) implements Decision {}

    /** The token is nobody's, or not valid any more: the client is closed with 4401, and gets a new one. */
    record Refused(String reason) implements Decision {}

    /**
     * It can't be told now, for instance because a database is away: a client that waits is closed with 1013, keeps its
     * token, and tries again.
     */
    record Unavailable(String reason) implements Decision {}

    /** The token is {@code principal}'s. */
    static Decision accepted(Principal principal) {
        return new Accepted(principal);
    }

    /** The token is nobody's, or not valid any more; {@code reason} is for the client. */
    static Decision refused(String reason) {
        return new Refused(reason);
    }

    /** It can't be told now; {@code reason} is for the client. */
    static Decision unavailable(String reason) {
        return new Unavailable(reason);
    }
}
