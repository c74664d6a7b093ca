package dev.everafter.client;

/** What the server sent does not join on to the position; nothing of it was handled. */
final class HoleException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String flaw;

    HoleException(String flaw) {
        super(flaw);
        this.flaw = flaw;
    }

    /** What did not fit. */
    String flaw() {
        return flaw;
    }
}
