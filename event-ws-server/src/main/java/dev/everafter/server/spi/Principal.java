package dev.everafter.server.spi;

import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Who a connection belongs to: what rules can be made of, and until when it holds. At {@code expiresAt} the connection is
 * closed, unless a new token was shown before.
 *
 * <p>Immutable and safe for use by any thread. Its text form is the subject alone, for attributes may be private.
 *
 * @param subject who it is; a connection keeps its subject for as long as it lasts. Never empty
 * @param attributes what else is known, by name: JSON values, to which rules refer
 * @param expiresAt the first moment at which it doesn't hold any more; empty if it holds for ever
 */
public record Principal(String subject, Map<String, JsonValue> attributes, Optional<Instant> expiresAt) {
    /** @throws IllegalArgumentException if the subject is empty */
    public Principal {
        if (subject.isEmpty()) {
            throw new IllegalArgumentException("a principal's subject is empty");
        }
        attributes = Map.copyOf(attributes);
    }

    /** Of whom nothing else is known, for ever. */
    public static Principal of(String subject) {
        return new Principal(subject, Map.of(), Optional.empty());
    }

    /** Whether it still holds at {@code time}. */
    public boolean holdsAt(Instant time) {
        return expiresAt.map(time::isBefore).orElse(true);
    }

    @Override
    public String toString() {
        return "Principal[" + subject + "]";
    }
}
