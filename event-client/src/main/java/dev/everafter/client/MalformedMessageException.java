package dev.everafter.client;

import org.jspecify.annotations.Nullable;

/** The server sent what protocol v1 does not allow; the connection is dropped for it. */
final class MalformedMessageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MalformedMessageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
