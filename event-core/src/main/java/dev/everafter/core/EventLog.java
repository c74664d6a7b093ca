package dev.everafter.core;

/**
 * Committed events in the order of their ids, each id given once in an epoch.
 *
 * <p>A log is read in two ways: {@link #read} for what is past, by as many readers as there are, and one
 * {@link #tailer} for what is to come. A cold read never looks past the head that a tailer proved, so both together miss
 * nothing and repeat nothing. Every implementation passes {@code EventLogContract} of the test kit.
 *
 * <p>Safe for use by any thread; all methods but {@link #status()} may block on the log's storage.
 */
public interface EventLog extends AutoCloseable {
    /**
     * What the log holds now.
     *
     * @throws EventLogException if the log is out of reach
     */
    LogRange range();

    /**
     * Every event with {@code after < id <= upTo} that may match {@code filter}, in id order, within the limits.
     *
     * <p>The filter is a hint: events that don't match may be among them, none that does is left out. The window that is
     * examined is bounded, so a filter that matches little neither runs for minutes nor holds a snapshot; {@link
     * Page#scannedTo()} says how far it got, always beyond {@code after} where {@code after < upTo}.
     *
     * @param after an id of the page's own epoch
     * @param upTo a head that a tailer proved before this call
     * @throws EventLogException if the log is out of reach
     */
    Page read(long after, long upTo, Filter filter, ReadLimits limits);

    /**
     * Carries a start over to the present epoch. {@link StartFrom.Now} lands on {@link LogRange#head()}; a hub answers it
     * from its own, proven head instead.
     *
     * @throws EventLogException if the log is out of reach
     */
    Start resolve(StartFrom from);

    /**
     * Follows the log from its present head on.
     *
     * @throws IllegalStateException if a tailer of this log is open already
     */
    Tailer tailer();

    /**
     * Commits {@code revocation}: it takes its place in the log, and every hub that follows the log acts on it there.
     *
     * @throws EventLogException if it can't be written
     * @throws UnsupportedOperationException if this log can't be written to
     */
    default void revoke(Revocation revocation) {
        throw new UnsupportedOperationException("this log can't be written to");
    }

    /** Whether the log can be followed just now; never blocks. */
    LogStatus status();

    /** Closes the tailer, if one is open, and frees what the log itself has opened. */
    @Override
    void close();
}
