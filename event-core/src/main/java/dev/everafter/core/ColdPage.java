package dev.everafter.core;

import java.util.List;

/**
 * What a cursor found when it looked back: in the tail, or in the log.
 *
 * @param generation the hub's epoch that it was read in
 * @param after the position it was read from
 * @param oldest the log keeps all that follows it
 * @param events those that match after {@code after}, in the form in which they are delivered
 * @param scannedTo there is no other up to here
 */
record ColdPage(int generation, long after, long oldest, List<Event> events, long scannedTo) {
    boolean fits(int askedGeneration, long position) {
        return generation == askedGeneration && after <= position && scannedTo > position;
    }
}
