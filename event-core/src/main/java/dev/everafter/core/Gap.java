package dev.everafter.core;

/**
 * Events that can't be had, said aloud: those with ids in ({@code after}, {@code to}].
 *
 * <p>The subscriber's position <em>becomes</em> {@code resume}, even where that is a smaller id than before.
 *
 * @param reason why
 * @param after the last id that is certain
 * @param to the last id of the missing range
 * @param resume where the subscription goes on
 */
public record Gap(Reason reason, long after, long to, Position resume) {
    /** Why events are missing. */
    public enum Reason {
        /** The log no longer keeps the range. */
        RETENTION,
        /** The log went back to {@code after} under a new epoch; what was delivered up to {@code to} may never have happened. */
        REWOUND
    }
}
