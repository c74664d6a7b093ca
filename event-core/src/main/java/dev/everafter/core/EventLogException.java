package dev.everafter.core;

import org.jspecify.annotations.Nullable;

/** A log could not be read or written; the message names the operation and the way out where there is one. */
public class EventLogException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With what was tried, and what went wrong underneath. */
    public EventLogException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
