package dev.everafter.core;

import java.util.List;

/**
 * All that a cursor's selection matches in ({@code after}, {@code to}], in id order; after it the cursor's position is
 * {@code to}.
 *
 * @param after the position before
 * @param to the position after; at least the last event's id
 * @param events never empty; each in the form this subscriber may see
 */
public record Batch(long after, long to, List<Event> events) {
    /** Copies the list. */
    public Batch {
        events = List.copyOf(events);
    }
}
