package dev.everafter.cli;

import org.jspecify.annotations.Nullable;

/**
 * What went wrong, in one line for the person at the terminal: the thing, its value and the way out.
 *
 * <p>The message never holds a password. Immutable.
 */
final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final String message;

    CliException(String message) {
        this(ExitCodes.FAILURE, message, null);
    }

    CliException(String message, @Nullable Throwable cause) {
        this(ExitCodes.FAILURE, message, cause);
    }

    CliException(int exitCode, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
        this.message = message;
    }

    int exitCode() {
        return exitCode;
    }

    /** Never absent. */
    @Override
    public String getMessage() {
        return message;
    }
}
