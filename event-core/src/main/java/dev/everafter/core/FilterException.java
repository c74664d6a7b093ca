package dev.everafter.core;

/** A filter that can't be used; the message says where, quotes what is wrong, and names what was expected. */
public class FilterException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** With what is wrong. */
    public FilterException(String message) {
        super(message);
    }
}
