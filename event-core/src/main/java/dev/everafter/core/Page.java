package dev.everafter.core;

import java.util.List;

/**
 * What one {@link EventLog#read} found.
 *
 * @param epoch the history the rows were read from; a page of another history than the reader's is thrown away
 * @param oldest {@link LogRange#oldest()}, of the same snapshot as the events
 * @param events in id order
 * @param scannedTo everything up to here was examined: the last row if a limit was hit, else the window's end
 */
public record Page(String epoch, long oldest, List<Event> events, long scannedTo) {
    /** Copies the list. */
    public Page {
        events = List.copyOf(events);
    }
}
