package dev.everafter.client;

import dev.everafter.client.EventClientException.Code;
import org.jspecify.annotations.Nullable;

/**
 * Which of protocol v1's close codes end a client's subscriptions, since the same again would be answered the same. After
 * all others - 1001 (drain), 1006 and 4409 (cut), 1012 (restart), 1013, 4408, 4429, ... - it resumes.
 */
final class Closing {
    /** As Tyrus words them; the Jakarta API has no name for the status of a refused handshake. */
    private static final String TYRUS_401 = "Authentication failed.";

    private static final String TYRUS_403 = "Response code was not 101: 403.";

    /** What it closes with by itself when a frame is too long. */
    private static final String TYRUS_OVERFLOW = "Buffer overflow.";

    private Closing() {}

    /** The same for a handshake that was answered with HTTP's 401 or 403, as by a proxy that authenticates. */
    static @Nullable EventClientException fatalHandshake(String message) {
        return switch (message) {
            case TYRUS_401 -> fatal(4401, "HTTP 401");
            case TYRUS_403 -> fatal(4403, "HTTP 403");
            default -> null;
        };
    }

    /** The exception that the subscriptions end with; null where the client comes back. */
    static @Nullable EventClientException fatal(int code, String reason) {
        String said = "close code " + code + (reason.isEmpty() ? "" : ": " + reason);
        return switch (code) {
            case 1009 -> tooLarge(said);
            case 1011 -> reason.equals(TYRUS_OVERFLOW) ? tooLarge(said) : null;
            case 4400 ->
                new EventClientException(Code.PROTOCOL, "the server did not understand this client (" + said + ")");
            case 4401 ->
                new EventClientException(
                        Code.UNAUTHORIZED,
                        "the token is missing, invalid or expired (" + said
                                + "): get a new one, and build a new client with it or with a source of tokens");
            case 4403 -> new EventClientException(Code.FORBIDDEN, "the token's owner may not do this (" + said + ")");
            default -> null;
        };
    }

    private static EventClientException tooLarge(String said) {
        return new EventClientException(
                Code.MESSAGE_TOO_LARGE, "a message was too large (" + said + "): raise maxMessageBytes of the client");
    }
}
