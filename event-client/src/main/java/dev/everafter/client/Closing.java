package dev.everafter.client;

import dev.everafter.client.EventClientException.Code;
import org.jspecify.annotations.Nullable;

/**
 * Which of protocol v1's close codes end a client's subscriptions, since the same again would be answered the same. After
 * all others - 1001 (drain), 1006 and 4409 (cut), 1012 (restart), 1013, 4408, 4429, ... - it resumes.
 */
final class Closing {
    private Closing() {}

    /** The exception that the subscriptions end with; null where the client comes back. */
    static @Nullable EventClientException fatal(int code, String reason) {
        String said = reason.isEmpty() ? "" : ": " + reason;
        return switch (code) {
            case 1009 ->
                new EventClientException(
                        Code.MESSAGE_TOO_LARGE,
                        "a message was too large (close code 1009" + said + "): raise maxMessageBytes of the client");
            case 4400 ->
                new EventClientException(
                        Code.PROTOCOL, "the server did not understand this client (close code 4400" + said + ")");
            case 4401 ->
                new EventClientException(
                        Code.UNAUTHORIZED,
                        "the token is missing, invalid or expired (close code 4401" + said
                                + "): get a new one and build a new client with it");
            case 4403 ->
                new EventClientException(
                        Code.FORBIDDEN, "the token's owner may not do this (close code 4403" + said + ")");
            default -> null;
        };
    }
}
