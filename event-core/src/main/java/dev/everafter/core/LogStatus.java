package dev.everafter.core;

import java.util.Optional;

/**
 * Whether a log can be followed just now.
 *
 * @param following false while the log is out of reach, or stands still although writers commit
 * @param problem what is wrong, for a person to read: names the holder of a gap, the error of a connection
 */
public record LogStatus(boolean following, Optional<String> problem) {
    /** All is well. */
    public static final LogStatus FOLLOWING = new LogStatus(true, Optional.empty());

    /** The log can't be followed, because of {@code problem}. */
    public static LogStatus failing(String problem) {
        return new LogStatus(false, Optional.of(problem));
    }
}
