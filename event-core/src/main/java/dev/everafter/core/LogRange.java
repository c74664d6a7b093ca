package dev.everafter.core;

/**
 * What a log holds at one moment.
 *
 * @param epoch the present history's name
 * @param oldest the position after which the log is complete: a reader with {@code after >= oldest} misses nothing
 * @param head the newest id that can be seen; only a {@link Tailer} proves that none below it is still to come
 */
public record LogRange(String epoch, long oldest, long head) {}
