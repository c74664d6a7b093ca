package dev.everafter.pg;

/**
 * Something that a log's promise suffers from, found by {@link Doctor}.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param code a short name that doesn't change, for programs
 * @param cause what is the case
 * @param evidence what was seen in this database
 * @param effect what it does to subscribers
 * @param remedy what can be done
 */
public record Finding(String code, String cause, String evidence, String effect, String remedy) {
    /** All of it on one line. */
    @Override
    public String toString() {
        return code + ": " + cause + " (" + evidence + "); " + effect + "; " + remedy;
    }
}
