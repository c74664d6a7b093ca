package dev.everafter.core;

/**
 * How much one {@link EventLog#read} may return and examine.
 *
 * @param events the most rows to examine, at least 1
 * @param bytes the bytes of events after which it stops (the event that passes the limit is still returned, so a
 *     reader always gets on), at least 1
 */
public record ReadLimits(int events, long bytes) {
    /** @throws IllegalArgumentException if a limit is below 1 */
    public ReadLimits {
        if (events < 1 || bytes < 1) {
            throw new IllegalArgumentException("limits must be at least 1: events " + events + ", bytes " + bytes);
        }
    }
}
