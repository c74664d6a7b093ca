package dev.everafter.testkit;

import dev.everafter.core.EventLog;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import java.util.List;
import org.opentest4j.TestAbortedException;

/**
 * An empty event log under test, and the means to make things happen in it. What a log can't do, it leaves as it is here,
 * and the tests that need it are skipped.
 *
 * <p>{@link #append} and {@link #rollBack} are called by several threads at once; the rest by one.
 */
public interface EventLogSubject extends AutoCloseable {
    /** The log. */
    EventLog log();

    /**
     * Commits one transaction with an event of type {@code test} for each of {@code data}, in that order, and returns
     * after its commit.
     */
    void append(String topic, List<RawJson> data) throws Exception;

    /** Whether a transaction's events have consecutive ids, up to 256 of them, and the log knows which is the last. */
    default boolean keepsTransactionsTogether() {
        return true;
    }

    /** Does what {@link #append} does, but rolls back; a log without transactions leaves ids unused. */
    default void rollBack(String topic, List<RawJson> data) throws Exception {
        throw new TestAbortedException("this log can't roll back");
    }

    /** Commits a change of a row, as one transaction. */
    default void change(Change change) throws Exception {
        throw new TestAbortedException("this log has no rows");
    }

    /** Forgets events up to {@code upTo}, or some of them. */
    default void prune(long upTo) throws Exception {
        throw new TestAbortedException("this log can't be pruned");
    }

    /** Loses all events after {@code fork}, and goes on from there under a new epoch. */
    default void rewind(long fork) throws Exception {
        throw new TestAbortedException("this log can't be rewound");
    }

    @Override
    void close() throws Exception;
}
