package dev.everafter.client;

import java.util.Objects;

/** A bearer token (RFC 6750) that shows itself to nobody but the server. Immutable. */
final class Token {
    private final String value;

    /** @throws IllegalArgumentException if it could not stand in a header */
    Token(String value) {
        this.value = Objects.requireNonNull(value, "token");
        if (value.isEmpty() || value.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new IllegalArgumentException("the token is empty, or holds a character that no header may");
        }
    }

    String header() {
        return "Bearer " + value;
    }

    @Override
    public String toString() {
        return "(hidden)";
    }
}
