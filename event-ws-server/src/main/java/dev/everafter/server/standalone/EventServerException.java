package dev.everafter.server.standalone;

/** A server could not be started; the message names what stands in the way, and the way out. */
public class EventServerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EventServerException(String message) {
        super(message);
    }

    EventServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
